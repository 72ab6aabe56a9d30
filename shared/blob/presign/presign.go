// Package presign signs addresses of objects in Amazon S3. It is apart from the client of S3, which is megabytes in a binary.
package presign

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"lumo/shared/blob"
	"lumo/shared/clock"
	"lumo/shared/id"
)

// Addresses is blob.Addresses for one bucket.
type Addresses struct {
	// Endpoint is S3's address without a slash at its end; "" is that of the region.
	Endpoint, Region, Bucket string
	Credentials              aws.CredentialsProvider
	Clock                    clock.Clock
}

var _ blob.Addresses = Addresses{}

// maxLife is the longest that signature version 4 allows.
const maxLife = 7 * 24 * time.Hour

// Address implements blob.Addresses: a GET in S3's query form of signature version 4, with the headers of the answer signed, too.
func (a Addresses) Address(ctx context.Context, p id.PortalID, name string, as blob.Download, life time.Duration) (string, error) {
	key, err := blob.Key(p, name)
	if err != nil {
		return "", err
	}
	if life < time.Second || life > maxLife {
		return "", errors.New("an address lives for a second at least and seven days at most")
	}
	who, err := a.Credentials.Retrieve(ctx)
	if err != nil {
		return "", fmt.Errorf("sign address: %w", err)
	}
	endpoint := strings.TrimSuffix(a.Endpoint, "/")
	if endpoint == "" {
		endpoint = "https://s3." + a.Region + ".amazonaws.com"
	}
	query := url.Values{
		"X-Amz-Expires":                {strconv.Itoa(int(life / time.Second))},
		"response-content-disposition": {mime.FormatMediaType("attachment", map[string]string{"filename": as.Name})},
		"response-content-type":        {as.Type},
		"response-cache-control":       {"private, no-store"},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/"+a.Bucket+"/"+key+"?"+query.Encode(), nil)
	if err != nil {
		return "", fmt.Errorf("sign address: %w", err)
	}
	// S3 wants its paths as they are, not escaped twice.
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	signed, _, err := signer.PresignHTTP(ctx, who, req, "UNSIGNED-PAYLOAD", "s3", a.Region, a.Clock.Now())
	if err != nil {
		return "", fmt.Errorf("sign address: %w", err)
	}
	return signed, nil
}
