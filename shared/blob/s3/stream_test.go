package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"lumo/shared/blob"
)

// uploads is S3's multipart upload: objects appear when they are completed.
type uploads struct {
	fake
	objects map[string][]byte
	parts   map[string][][]byte // by upload
	tags    []string
	fail    string // the call that fails
}

var errS3 = errors.New("S3 does not answer")

func (u *uploads) trouble(call string) error {
	if u.fail == call {
		return errS3
	}
	return nil
}

func (u *uploads) CreateMultipartUpload(_ context.Context, in *awss3.CreateMultipartUploadInput, _ ...func(*awss3.Options)) (*awss3.CreateMultipartUploadOutput, error) {
	u.tags = append(u.tags, *in.Tagging)
	u.parts[*in.Key] = [][]byte{}
	return &awss3.CreateMultipartUploadOutput{UploadId: in.Key}, u.trouble("create")
}

func (u *uploads) UploadPart(_ context.Context, in *awss3.UploadPartInput, _ ...func(*awss3.Options)) (*awss3.UploadPartOutput, error) {
	b, err := io.ReadAll(in.Body)
	if err != nil || int(*in.PartNumber) != len(u.parts[*in.UploadId])+1 {
		return nil, fmt.Errorf("part %d: %w", *in.PartNumber, err)
	}
	u.parts[*in.UploadId] = append(u.parts[*in.UploadId], b)
	return &awss3.UploadPartOutput{ETag: aws.String(fmt.Sprint(*in.PartNumber))}, u.trouble("part")
}

func (u *uploads) CompleteMultipartUpload(_ context.Context, in *awss3.CompleteMultipartUploadInput, _ ...func(*awss3.Options)) (*awss3.CompleteMultipartUploadOutput, error) {
	if err := u.trouble("complete"); err != nil {
		return nil, err
	}
	var whole []byte
	for i, p := range in.MultipartUpload.Parts {
		if int(*p.PartNumber) != i+1 || *p.ETag != fmt.Sprint(i+1) {
			return nil, errors.New("parts in disorder")
		}
		whole = append(whole, u.parts[*in.UploadId][i]...)
	}
	u.objects[*in.Key] = whole
	delete(u.parts, *in.UploadId)
	return &awss3.CompleteMultipartUploadOutput{}, nil
}

func (u *uploads) AbortMultipartUpload(ctx context.Context, in *awss3.AbortMultipartUploadInput, _ ...func(*awss3.Options)) (*awss3.AbortMultipartUploadOutput, error) {
	delete(u.parts, *in.UploadId)
	return &awss3.AbortMultipartUploadOutput{}, ctx.Err()
}

func newUploads() *uploads {
	return &uploads{objects: map[string][]byte{}, parts: map[string][][]byte{}}
}

func TestObjectsOfAnySizeAreStreamed(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, partSize - 1, partSize, partSize + 1, 3*partSize + 7} {
		u := newUploads()
		body := bytes.Repeat([]byte("0123456"), size/7+1)[:size]
		if err := NewDepot(u, "bucket").Stream(t.Context(), 7, "inbox/1/a", "video/mp4", iotest.HalfReader(bytes.NewReader(body))); err != nil {
			t.Fatal(err)
		}
		if got, ok := u.objects["portal/7/inbox/1/a"]; !ok || !bytes.Equal(got, body) || len(u.parts) != 0 || u.tags[0] != "keep=90-days" {
			t.Errorf("%d bytes: got %d, %v", size, len(got), u.tags)
		}
	}
}

// Whatever fails, nothing is kept: neither the object nor the parts of it.
func TestABrokenStreamLeavesNothing(t *testing.T) {
	t.Parallel()
	broken := errors.New("cut off")
	for name, c := range map[string]struct {
		fail string
		body io.Reader
		want error
	}{
		"the body breaks":          {"", io.MultiReader(bytes.NewReader(make([]byte, partSize+1)), iotest.ErrReader(broken)), broken},
		"a part is refused":        {"part", bytes.NewReader(make([]byte, 10)), errS3},
		"the end is not confirmed": {"complete", bytes.NewReader(make([]byte, 10)), errS3},
	} {
		u := newUploads()
		u.fail = c.fail
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // also when the invocation is over
		if err := NewDepot(u, "bucket").Stream(ctx, 7, "inbox/1/a", "video/mp4", c.body); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if len(u.objects)+len(u.parts) != 0 {
			t.Errorf("%s: %d objects, %d uploads", name, len(u.objects), len(u.parts))
		}
	}
	if err := NewDepot(newUploads(), "bucket").Stream(t.Context(), 7, "../8/a", "", nil); !errors.Is(err, blob.ErrName) {
		t.Errorf("left the portal: %v", err)
	}
}
