package s3

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lumo/shared/blob"
)

type fake struct {
	keys []string
	err  error
}

func (f *fake) PutObject(_ context.Context, in *awss3.PutObjectInput, _ ...func(*awss3.Options)) (*awss3.PutObjectOutput, error) {
	f.keys = append(f.keys, "put "+*in.Bucket+"/"+*in.Key+" "+*in.ContentType)
	return &awss3.PutObjectOutput{}, f.err
}

func (f *fake) GetObject(_ context.Context, in *awss3.GetObjectInput, _ ...func(*awss3.Options)) (*awss3.GetObjectOutput, error) {
	f.keys = append(f.keys, "get "+*in.Key)
	return &awss3.GetObjectOutput{Body: io.NopCloser(strings.NewReader("x"))}, f.err
}

func (f *fake) DeleteObject(_ context.Context, in *awss3.DeleteObjectInput, _ ...func(*awss3.Options)) (*awss3.DeleteObjectOutput, error) {
	f.keys = append(f.keys, "delete "+*in.Key)
	return &awss3.DeleteObjectOutput{}, f.err
}

func TestStore(t *testing.T) {
	t.Parallel()
	f, ctx := &fake{}, t.Context()
	s := New(f, "bucket")
	if err := blob.PutBytes(ctx, s, 7, "a/b", "text/csv", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if b, err := blob.GetBytes(ctx, s, 7, "a/b"); err != nil || string(b) != "x" {
		t.Errorf("%q, %v", b, err)
	}
	if err := s.Delete(ctx, 7, "a/b"); err != nil {
		t.Fatal(err)
	}
	for _, call := range []error{
		blob.PutBytes(ctx, s, 7, "../8/a", "text/csv", nil), s.Delete(ctx, 7, "../8/a"), func() error { _, err := s.Get(ctx, 7, "../8/a"); return err }(),
	} {
		if !errors.Is(call, blob.ErrName) {
			t.Errorf("left the portal: %v", call)
		}
	}
	if got := strings.Join(f.keys, "; "); got != "put bucket/portal/7/a/b text/csv; get portal/7/a/b; delete portal/7/a/b" {
		t.Error(got)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	s := New(&fake{err: &types.NoSuchKey{}}, "bucket")
	if _, err := s.Get(t.Context(), 7, "a"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("%v", err)
	}
	down := errors.New("no route")
	s = New(&fake{err: down}, "bucket")
	_, err := s.Get(t.Context(), 7, "a")
	for _, err := range []error{err, s.Delete(t.Context(), 7, "a"), blob.PutBytes(t.Context(), s, 7, "a", "text/csv", nil)} {
		if !errors.Is(err, down) || errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%v", err)
		}
	}
}
