// Package kms makes and unwraps data keys with AWS KMS.
package kms

import (
	"context"
	"errors"
	"fmt"

	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"lumo/shared/seal"
)

// API is the part of the KMS client in use.
type API interface {
	GenerateDataKey(context.Context, *awskms.GenerateDataKeyInput, ...func(*awskms.Options)) (*awskms.GenerateDataKeyOutput, error)
	Decrypt(context.Context, *awskms.DecryptInput, ...func(*awskms.Options)) (*awskms.DecryptOutput, error)
}

// Keys is seal.KeyService over one KMS key.
type Keys struct {
	api API
	key string
}

var _ seal.KeyService = (*Keys)(nil)

// New uses the KMS key with the id or ARN key.
func New(api API, key string) *Keys { return &Keys{api: api, key: key} }

// GenerateDataKey makes a 256-bit key tied to the context.
func (k *Keys) GenerateDataKey(ctx context.Context, context map[string]string) (plain, wrapped []byte, err error) {
	out, err := k.api.GenerateDataKey(ctx, &awskms.GenerateDataKeyInput{
		KeyId: &k.key, KeySpec: types.DataKeySpecAes256, EncryptionContext: context,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("KMS GenerateDataKey: %w", err)
	}
	return out.Plaintext, out.CiphertextBlob, nil
}

// Decrypt unwraps a data key. Naming the key keeps a text that was wrapped by somebody else's key out.
func (k *Keys) Decrypt(ctx context.Context, context map[string]string, wrapped []byte) ([]byte, error) {
	out, err := k.api.Decrypt(ctx, &awskms.DecryptInput{KeyId: &k.key, CiphertextBlob: wrapped, EncryptionContext: context})
	if err == nil {
		return out.Plaintext, nil
	}
	var invalid *types.InvalidCiphertextException
	var other *types.IncorrectKeyException
	if errors.As(err, &invalid) || errors.As(err, &other) {
		return nil, fmt.Errorf("%w: KMS Decrypt: %w", seal.ErrRefused, err)
	}
	return nil, fmt.Errorf("KMS Decrypt: %w", err)
}
