package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lumo/shared/blob"
	"lumo/shared/id"
)

// partSize is what is held of an object at a time; S3 takes parts from 5 MiB on, 10,000 of them.
const partSize = 8 << 20

// keepTag is what the bucket's rule in template.yaml looks for.
const keepTag = "keep=90-days"

// Parts is the part of the S3 client that a Depot uses.
type Parts interface {
	CreateMultipartUpload(context.Context, *awss3.CreateMultipartUploadInput, ...func(*awss3.Options)) (*awss3.CreateMultipartUploadOutput, error)
	UploadPart(context.Context, *awss3.UploadPartInput, ...func(*awss3.Options)) (*awss3.UploadPartOutput, error)
	CompleteMultipartUpload(context.Context, *awss3.CompleteMultipartUploadInput, ...func(*awss3.Options)) (*awss3.CompleteMultipartUploadOutput, error)
	AbortMultipartUpload(context.Context, *awss3.AbortMultipartUploadInput, ...func(*awss3.Options)) (*awss3.AbortMultipartUploadOutput, error)
	Deleter
}

// Depot is blob.Depot over one bucket.
type Depot struct {
	api    Parts
	bucket string
}

var _ blob.Depot = (*Depot)(nil)

// NewDepot streams into bucket.
func NewDepot(api Parts, bucket string) *Depot { return &Depot{api: api, bucket: bucket} }

// Stream implements blob.Depot. An upload that a killed process leaves behind is ended by the bucket's rule.
func (d *Depot) Stream(ctx context.Context, p id.PortalID, name, contentType string, body io.Reader) error {
	key, err := blob.Key(p, name)
	if err != nil {
		return err
	}
	up, err := d.api.CreateMultipartUpload(ctx, &awss3.CreateMultipartUploadInput{Bucket: &d.bucket, Key: &key, ContentType: &contentType, Tagging: aws.String(keepTag)})
	if err != nil {
		return fmt.Errorf("begin blob: %w", err)
	}
	parts, err := d.parts(ctx, key, up.UploadId, body)
	if err == nil {
		_, err = d.api.CompleteMultipartUpload(ctx, &awss3.CompleteMultipartUploadInput{
			Bucket: &d.bucket, Key: &key, UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
		})
	}
	if err != nil {
		d.abort(ctx, key, up.UploadId)
		return err
	}
	return nil
}

func (d *Depot) parts(ctx context.Context, key string, upload *string, body io.Reader) (out []types.CompletedPart, err error) {
	buf := make([]byte, partSize)
	for {
		n, err := io.ReadFull(body, buf)
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return nil, err
		}
		if n > 0 || len(out) == 0 {
			number := aws.Int32(int32(len(out)) + 1)
			part, err := d.api.UploadPart(ctx, &awss3.UploadPartInput{Bucket: &d.bucket, Key: &key, UploadId: upload, PartNumber: number, Body: bytes.NewReader(buf[:n])})
			if err != nil {
				return nil, fmt.Errorf("put part of blob: %w", err)
			}
			out = append(out, types.CompletedPart{ETag: part.ETag, PartNumber: number})
		}
		if end {
			return out, nil
		}
	}
}

// abort goes on although ctx has ended: what was uploaded costs money until then.
func (d *Depot) abort(ctx context.Context, key string, upload *string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, _ = d.api.AbortMultipartUpload(ctx, &awss3.AbortMultipartUploadInput{Bucket: &d.bucket, Key: &key, UploadId: upload})
}

// Delete implements blob.Depot.
func (d *Depot) Delete(ctx context.Context, p id.PortalID, name string) error {
	return remove(ctx, d.api, d.bucket, p, name)
}
