package config

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// resolve replaces the values that are ARNs, all at the same time: a start waits for one reply, not for their sum.
func resolve(ctx context.Context, secrets Secrets, all map[string]*Secret) error {
	var (
		wg       sync.WaitGroup
		mu       sync.Mutex
		problems []error
	)
	for name, s := range all {
		if !strings.HasPrefix(s.value, arnPrefix) {
			continue
		}
		wg.Go(func() {
			value, err := fetch(ctx, secrets, s.value)
			if err != nil {
				mu.Lock()
				problems = append(problems, fmt.Errorf("%s: %w", name, err))
				mu.Unlock()
				return
			}
			s.value = value
		})
	}
	wg.Wait()
	return errors.Join(problems...)
}

func fetch(ctx context.Context, secrets Secrets, arn string) (string, error) {
	if secrets == nil {
		return "", errors.New("holds an ARN, and no Secrets Manager is configured")
	}
	value, err := secrets.Secret(ctx, arn)
	if err != nil {
		return "", err
	}
	if value == "" {
		return "", errors.New("the secret is empty")
	}
	return value, nil
}
