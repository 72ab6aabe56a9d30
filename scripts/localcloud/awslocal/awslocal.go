// Package awslocal holds what every part of the local cloud agrees on: region, account, credentials that nobody checks, and an
// HTTP client that is safe against stand-ins on the same machine.
package awslocal

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

const (
	Region    = "us-east-1"
	Account   = "000000000000"
	AccessKey = "local"
	SecretKey = "local"
)

// Config reaches the stand-in at endpoint.
func Config(endpoint string) aws.Config {
	return aws.Config{
		Region:       Region,
		BaseEndpoint: &endpoint,
		Credentials:  credentials.NewStaticCredentialsProvider(AccessKey, SecretKey, ""),
		HTTPClient:   OwnBody{&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}},
	}
}

// InProcess reaches a stand-in of the same process without a network, as a single-threaded simulation needs it.
func InProcess(h http.Handler) aws.Config {
	c := Config("http://in-process")
	c.HTTPClient = &http.Client{Transport: direct{h}}
	return c
}

// OwnBody gives net/http its own copy of the request body. smithy-go (1.28.8) closes the body it built as soon as the reply's
// headers are in; a stand-in that answers within microseconds can beat the transport's last look at that body, and the transport
// then closes the connection under a large reply ("use of closed network connection").
type OwnBody struct{ Client *http.Client }

func (o OwnBody) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(b))
	}
	return o.Client.Do(r)
}

type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, in)
	in.Body.Close()
	res := w.Result()
	res.Request = r
	return res, nil
}
