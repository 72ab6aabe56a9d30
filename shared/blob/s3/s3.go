// Package s3 keeps blobs in Amazon S3.
package s3

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lumo/shared/blob"
	"lumo/shared/id"
)

// API is the part of the S3 client in use.
type API interface {
	PutObject(context.Context, *awss3.PutObjectInput, ...func(*awss3.Options)) (*awss3.PutObjectOutput, error)
	GetObject(context.Context, *awss3.GetObjectInput, ...func(*awss3.Options)) (*awss3.GetObjectOutput, error)
	Deleter
}

// Deleter is the part that removes.
type Deleter interface {
	DeleteObject(context.Context, *awss3.DeleteObjectInput, ...func(*awss3.Options)) (*awss3.DeleteObjectOutput, error)
}

// Store is blob.Store over one bucket.
type Store struct {
	api    API
	bucket string
}

var _ blob.Store = (*Store)(nil)

// New keeps blobs in bucket.
func New(api API, bucket string) *Store { return &Store{api: api, bucket: bucket} }

// Client makes an S3 client that puts the bucket into the path: a bucket's name as a host name does not resolve locally.
func Client(c aws.Config) *awss3.Client {
	return awss3.NewFromConfig(c, func(o *awss3.Options) { o.UsePathStyle = true })
}

func (s *Store) Put(ctx context.Context, p id.PortalID, name, contentType string, body io.ReadSeeker) error {
	key, err := blob.Key(p, name)
	if err != nil {
		return err
	}
	_, err = s.api.PutObject(ctx, &awss3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: body, ContentType: &contentType})
	if err != nil {
		return fmt.Errorf("put blob: %w", err)
	}
	return nil
}

func (s *Store) Get(ctx context.Context, p id.PortalID, name string) (io.ReadCloser, error) {
	key, err := blob.Key(p, name)
	if err != nil {
		return nil, err
	}
	out, err := s.api.GetObject(ctx, &awss3.GetObjectInput{Bucket: &s.bucket, Key: &key})
	var none *types.NoSuchKey
	if errors.As(err, &none) {
		return nil, fmt.Errorf("get blob: %w", blob.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("get blob: %w", err)
	}
	return out.Body, nil
}

func (s *Store) Delete(ctx context.Context, p id.PortalID, name string) error {
	return remove(ctx, s.api, s.bucket, p, name)
}

func remove(ctx context.Context, api Deleter, bucket string, p id.PortalID, name string) error {
	key, err := blob.Key(p, name)
	if err != nil {
		return err
	}
	if _, err := api.DeleteObject(ctx, &awss3.DeleteObjectInput{Bucket: &bucket, Key: &key}); err != nil {
		return fmt.Errorf("delete blob: %w", err)
	}
	return nil
}
