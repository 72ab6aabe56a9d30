package kms

import (
	"context"
	"errors"
	"testing"

	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"lumo/shared/seal"
)

type fake struct {
	key     string
	context map[string]string
	err     error
}

func (f *fake) GenerateDataKey(_ context.Context, in *awskms.GenerateDataKeyInput, _ ...func(*awskms.Options)) (*awskms.GenerateDataKeyOutput, error) {
	f.key, f.context = *in.KeyId, in.EncryptionContext
	return &awskms.GenerateDataKeyOutput{Plaintext: make([]byte, 32), CiphertextBlob: []byte("wrapped")}, f.err
}

func (f *fake) Decrypt(_ context.Context, in *awskms.DecryptInput, _ ...func(*awskms.Options)) (*awskms.DecryptOutput, error) {
	f.key, f.context = *in.KeyId, in.EncryptionContext
	if f.err != nil {
		return nil, f.err
	}
	return &awskms.DecryptOutput{Plaintext: make([]byte, 32)}, nil
}

func TestKeyAndContextAreNamed(t *testing.T) {
	t.Parallel()
	f := &fake{}
	k := New(f, "arn:key")
	portal := map[string]string{"portal": "7"}
	if _, wrapped, err := k.GenerateDataKey(t.Context(), portal); err != nil || string(wrapped) != "wrapped" {
		t.Errorf("%q, %v", wrapped, err)
	}
	if f.key != "arn:key" || f.context["portal"] != "7" {
		t.Errorf("generate: %+v", f)
	}
	f.context = nil
	if _, err := k.Decrypt(t.Context(), portal, []byte("wrapped")); err != nil || f.context["portal"] != "7" || f.key != "arn:key" {
		t.Errorf("decrypt: %+v, %v", f, err)
	}
}

func TestRefusalIsToldFromFailure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err     error
		refused bool
	}{
		{&types.InvalidCiphertextException{}, true},
		{&types.IncorrectKeyException{}, true},
		{&types.KMSInternalException{}, false},
		{errors.New("no route"), false},
	} {
		_, err := New(&fake{err: c.err}, "k").Decrypt(t.Context(), nil, nil)
		if errors.Is(err, seal.ErrRefused) != c.refused || !errors.Is(err, c.err) {
			t.Errorf("%v became %v", c.err, err)
		}
	}
}
