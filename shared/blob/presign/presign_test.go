package presign

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"lumo/shared/blob"
	"lumo/shared/clock"
)

// addresses are those of a bucket in one region.
func addresses() Addresses {
	return Addresses{
		Region: "us-east-1", Bucket: "examplebucket", Clock: clock.NewVirtual(time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)),
		Credentials: credentials.StaticCredentialsProvider{Value: aws.Credentials{AccessKeyID: "signer", SecretAccessKey: "not a secret"}},
	}
}

func TestAnAddressIsASignedGetOfOneObject(t *testing.T) {
	t.Parallel()
	got, err := addresses().Address(t.Context(), 7, "inbox/1/U1/22", blob.Download{Name: "会議 plan.pdf", Type: "application/pdf"}, 5*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if u.Scheme != "https" || u.Host != "s3.us-east-1.amazonaws.com" || u.Path != "/examplebucket/portal/7/inbox/1/U1/22" {
		t.Error(got)
	}
	for name, want := range map[string]string{
		"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": "signer/20130524/us-east-1/s3/aws4_request", "X-Amz-Date": "20130524T000000Z",
		"X-Amz-Expires": "300", "X-Amz-SignedHeaders": "host", "response-content-type": "application/pdf", "response-cache-control": "private, no-store",
		"response-content-disposition": "attachment; filename*=utf-8''%E4%BC%9A%E8%AD%B0%20plan.pdf",
	} {
		if q.Get(name) != want {
			t.Errorf("%s is %q", name, q.Get(name))
		}
	}
	if len(q.Get("X-Amz-Signature")) != 64 || strings.Contains(got, "not a secret") {
		t.Error(got)
	}
	// Every part of it is signed.
	other, err := addresses().Address(t.Context(), 8, "inbox/1/U1/22", blob.Download{Name: "会議 plan.pdf", Type: "application/pdf"}, 5*time.Minute)
	if o, _ := url.Parse(other); err != nil || o.Query().Get("X-Amz-Signature") == q.Get("X-Amz-Signature") {
		t.Errorf("another object, the same signature: %v", err)
	}
}

func TestAnAddressStaysInItsPortalAndDoesNotLiveLong(t *testing.T) {
	t.Parallel()
	a := addresses()
	if _, err := a.Address(t.Context(), 7, "../8/a", blob.Download{}, time.Minute); !errors.Is(err, blob.ErrName) {
		t.Errorf("left the portal: %v", err)
	}
	for _, life := range []time.Duration{0, 8 * 24 * time.Hour} {
		if _, err := a.Address(t.Context(), 7, "a", blob.Download{}, life); err == nil {
			t.Errorf("%v is allowed", life)
		}
	}
	a.Endpoint = "http://127.0.0.1:9000/"
	if got, err := a.Address(t.Context(), 7, "a", blob.Download{}, time.Minute); err != nil || !strings.HasPrefix(got, "http://127.0.0.1:9000/examplebucket/portal/7/a?") {
		t.Errorf("%s, %v", got, err)
	}
}
