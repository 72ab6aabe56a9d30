package s3_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/s3"
)

func client(t *testing.T, h http.Handler) *awss3.Client {
	t.Helper()
	web := httptest.NewServer(h)
	t.Cleanup(web.Close)
	return awss3.NewFromConfig(awslocal.Config(web.URL), func(o *awss3.Options) { o.UsePathStyle = true })
}

func TestObjects(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"", "objects.db"} {
		t.Run("file="+file, func(t *testing.T) {
			t.Parallel()
			if file != "" {
				file = filepath.Join(t.TempDir(), file)
			}
			s, err := s3.New(file, "box")
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			ctx, c, box := t.Context(), client(t, s), aws.String("box")
			large := bytes.Repeat([]byte("0123456789"), 700_000)
			for i := range 5 {
				key := fmt.Sprintf("portal/%d/snapshot", i)
				if _, err := c.PutObject(ctx, &awss3.PutObjectInput{Bucket: box, Key: &key, Body: bytes.NewReader(large), ContentType: aws.String("text/plain")}); err != nil {
					t.Fatal(err)
				}
			}
			if file != "" { // a restart keeps them
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if s, err = s3.New(file, "box"); err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				c = client(t, s)
			}
			o, err := c.GetObject(ctx, &awss3.GetObjectInput{Bucket: box, Key: aws.String("portal/3/snapshot")})
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(o.Body)
			if err != nil || !bytes.Equal(got, large) || aws.ToString(o.ContentType) != "text/plain" {
				t.Errorf("%d bytes, %v, %v", len(got), err, aws.ToString(o.ContentType))
			}
			keys := []string{}
			p := awss3.NewListObjectsV2Paginator(c, &awss3.ListObjectsV2Input{Bucket: box, Prefix: aws.String("portal/"), MaxKeys: aws.Int32(2)})
			for p.HasMorePages() {
				l, err := p.NextPage(ctx)
				if err != nil {
					t.Fatal(err)
				}
				for _, x := range l.Contents {
					keys = append(keys, *x.Key)
				}
			}
			if len(keys) != 5 {
				t.Errorf("listed %v", keys)
			}
			if _, err := c.DeleteObject(ctx, &awss3.DeleteObjectInput{Bucket: box, Key: aws.String("portal/3/snapshot")}); err != nil {
				t.Fatal(err)
			}
			var none *types.NoSuchKey
			if _, err := c.GetObject(ctx, &awss3.GetObjectInput{Bucket: box, Key: aws.String("portal/3/snapshot")}); !errors.As(err, &none) {
				t.Errorf("a deleted object: %v", err)
			}
		})
	}
}
