package secretsmanager

import (
	"context"
	"errors"
	"testing"

	awssecrets "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

type fake struct{ text *string }

func (f fake) GetSecretValue(_ context.Context, in *awssecrets.GetSecretValueInput, _ ...func(*awssecrets.Options)) (*awssecrets.GetSecretValueOutput, error) {
	if *in.SecretId != "arn:1" {
		return nil, errors.New("no such secret")
	}
	return &awssecrets.GetSecretValueOutput{SecretString: f.text}, nil
}

func TestSecret(t *testing.T) {
	t.Parallel()
	value := "s3cret"
	vault := func(f fake, err error) Secrets {
		return Secrets{Open: func(context.Context) (API, error) { return f, err }}
	}
	if got, err := vault(fake{&value}, nil).Secret(t.Context(), "arn:1"); err != nil || got != value {
		t.Errorf("%q, %v", got, err)
	}
	for name, s := range map[string]Secrets{
		"binary secret": vault(fake{}, nil),
		"no client":     vault(fake{&value}, errors.New("no credentials")),
	} {
		if _, err := s.Secret(t.Context(), "arn:1"); err == nil {
			t.Error(name)
		}
	}
	if _, err := vault(fake{&value}, nil).Secret(t.Context(), "arn:2"); err == nil {
		t.Error("an unknown secret")
	}
}
