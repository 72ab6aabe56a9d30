package kms_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/kms"
)

func client(h http.Handler) *awskms.Client { return awskms.NewFromConfig(awslocal.InProcess(h)) }

func TestDataKeysSurviveAndAreBoundToTheirContext(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sub", "keys.json")
	s, err := kms.New(file, "one", "two")
	if err != nil {
		t.Fatal(err)
	}
	context := map[string]string{"portal": "1", "use": "x"}
	k, err := client(s).GenerateDataKey(t.Context(), &awskms.GenerateDataKeyInput{KeyId: aws.String(kms.ARN("one")), KeySpec: types.DataKeySpecAes256, EncryptionContext: context})
	if err != nil || len(k.Plaintext) != 32 || *k.KeyId != kms.ARN("one") {
		t.Fatal(err, k)
	}
	if i, err := os.Stat(file); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", i.Mode(), err)
	}

	s, err = kms.New(file, "one", "two", "three") // a restart
	if err != nil {
		t.Fatal(err)
	}
	c := client(s)
	o, err := c.Decrypt(t.Context(), &awskms.DecryptInput{CiphertextBlob: k.CiphertextBlob, EncryptionContext: context})
	if err != nil || !bytes.Equal(o.Plaintext, k.Plaintext) || *o.KeyId != kms.ARN("one") {
		t.Fatal(err, o)
	}
	var invalid *types.InvalidCiphertextException
	for name, in := range map[string]*awskms.DecryptInput{
		"other context": {CiphertextBlob: k.CiphertextBlob, EncryptionContext: map[string]string{"portal": "2", "use": "x"}},
		"no context":    {CiphertextBlob: k.CiphertextBlob},
		"damaged":       {CiphertextBlob: k.CiphertextBlob[:len(k.CiphertextBlob)-1], EncryptionContext: context},
		"short":         {CiphertextBlob: []byte{200}, EncryptionContext: context},
	} {
		if _, err := c.Decrypt(t.Context(), in); !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var incorrect *types.IncorrectKeyException
	if _, err := c.Decrypt(t.Context(), &awskms.DecryptInput{KeyId: aws.String(kms.ARN("two")), CiphertextBlob: k.CiphertextBlob, EncryptionContext: context}); !errors.As(err, &incorrect) {
		t.Errorf("another key: %v", err)
	}
	var missing *types.NotFoundException
	if _, err := c.GenerateDataKey(t.Context(), &awskms.GenerateDataKeyInput{KeyId: aws.String("none"), KeySpec: types.DataKeySpecAes256}); !errors.As(err, &missing) {
		t.Errorf("unknown key: %v", err)
	}
}

// What older material sealed still opens, also after a restart.
func TestRotatedKeysOpenWhatTheySealed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keys.json")
	s, err := kms.New(file, "one")
	if err != nil {
		t.Fatal(err)
	}
	var all []*awskms.GenerateDataKeyOutput
	for range 3 {
		k, err := client(s).GenerateDataKey(t.Context(), &awskms.GenerateDataKeyInput{KeyId: aws.String("one"), KeySpec: types.DataKeySpecAes256})
		if err != nil || *k.KeyId != kms.ARN("one") {
			t.Fatal(err, k)
		}
		all = append(all, k)
		if _, err := client(s).RotateKeyOnDemand(t.Context(), &awskms.RotateKeyOnDemandInput{KeyId: aws.String(kms.ARN("one"))}); err != nil {
			t.Fatal(err)
		}
	}
	if s, err = kms.New(file, "one"); err != nil {
		t.Fatal(err)
	}
	for i, k := range all {
		o, err := client(s).Decrypt(t.Context(), &awskms.DecryptInput{KeyId: aws.String("one"), CiphertextBlob: k.CiphertextBlob})
		if err != nil || !bytes.Equal(o.Plaintext, k.Plaintext) || *o.KeyId != kms.ARN("one") {
			t.Errorf("material %d: %v", i, err)
		}
	}
	if len(all) == 3 && bytes.Equal(all[0].CiphertextBlob[:6], all[1].CiphertextBlob[:6]) {
		t.Error("the material did not change")
	}
}
