// Package secretsmanager reads secrets from AWS Secrets Manager.
package secretsmanager

import (
	"context"
	"errors"
	"fmt"

	awssecrets "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"lumo/shared/config"
)

// API is the part of the Secrets Manager client in use.
type API interface {
	GetSecretValue(context.Context, *awssecrets.GetSecretValueInput, ...func(*awssecrets.Options)) (*awssecrets.GetSecretValueOutput, error)
}

// Secrets is config.Secrets over Secrets Manager. Open is called for each secret and never without one, so that a
// function without ARNs makes no client.
type Secrets struct {
	Open func(context.Context) (API, error)
}

var _ config.Secrets = Secrets{}

// Secret returns the current text of the secret.
func (s Secrets) Secret(ctx context.Context, arn string) (string, error) {
	api, err := s.Open(ctx)
	if err != nil {
		return "", fmt.Errorf("Secrets Manager: %w", err)
	}
	out, err := api.GetSecretValue(ctx, &awssecrets.GetSecretValueInput{SecretId: &arn})
	if err != nil {
		return "", fmt.Errorf("Secrets Manager: %w", err)
	}
	if out.SecretString == nil {
		return "", errors.New("Secrets Manager: the secret is not text")
	}
	return *out.SecretString, nil
}
