package deploy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Secret rotates HubSpot's client secret: file holds the new one. The present one moves to a second secret, which functions go on accepting until the
// next Up, whose parameters do not name it. That parameter's change is also what makes functions start anew: they read secrets at their start.
func (s Stage) Secret(ctx context.Context, file string) (err error) {
	p, err := s.Parameters()
	if err != nil {
		return err
	}
	const parameter = "HubspotClientSecretPrevious"
	if p[parameter] != "" {
		return fmt.Errorf("%w: %s is set: a rotation is under way; empty it and deploy first", ErrStage, parameter)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if text := string(b); text == "" || strings.TrimSpace(text) != text {
		return fmt.Errorf("%s must hold the secret and nothing else, not even the end of a line", file)
	}
	present, err := s.run(ctx, "aws", "secretsmanager", "get-secret-value", "--secret-id", p["HubspotClientSecret"], "--query", "SecretString", "--output", "text")
	if err != nil {
		return err
	}
	present = strings.TrimRight(present, "\n")
	name := "lumo/" + s.Name + "/hubspot-client-secret-previous"
	if present == string(b) { // broken off before: what is left is the deployment
		previous, err := s.known(ctx, name)
		if err == nil && previous == "" {
			err = fmt.Errorf("%s holds the present secret", file)
		}
		if err != nil {
			return err
		}
		p[parameter] = previous
		return s.up(ctx, p)
	}
	// Through files: arguments of commands can be seen by others on the machine.
	folder, err := os.MkdirTemp("", "lumo-secret")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	old := filepath.Join(folder, "old")
	if err := os.WriteFile(old, []byte(present), 0o600); err != nil {
		return err
	}
	previous, err := s.keep(ctx, name, old)
	if err != nil {
		return err
	}
	whole, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	if _, err := s.run(ctx, "aws", "secretsmanager", "put-secret-value", "--secret-id", p["HubspotClientSecret"], "--secret-string", "file://"+whole); err != nil {
		return err
	}
	p[parameter] = previous
	return s.up(ctx, p)
}

// keep puts a file into a secret, which it makes the first time, and returns its ARN.
func (s Stage) keep(ctx context.Context, name, file string) (string, error) {
	known, err := s.known(ctx, name)
	if err != nil {
		return "", err
	}
	args := []string{"secretsmanager", "create-secret", "--name", name}
	if known != "" {
		args = []string{"secretsmanager", "put-secret-value", "--secret-id", name}
	}
	arn, err := s.run(ctx, "aws", append(args, "--secret-string", "file://"+file, "--query", "ARN", "--output", "text")...)
	return strings.TrimSpace(arn), err
}

// known is the ARN of a secret, "" when there is none.
func (s Stage) known(ctx context.Context, name string) (string, error) {
	arn, err := s.run(ctx, "aws", "secretsmanager", "list-secrets", "--filters", "Key=name,Values="+name, "--query", "SecretList[].ARN", "--output", "text")
	return strings.TrimSpace(arn), err
}
