package dynamodb

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Counter is a reverse proxy that counts requests by caller and operation, and refuses what DynamoDB would (see Throttle). Each caller has its own endpoint below the proxy's
// address: <address>/<caller>.
type Counter struct {
	proxy *httputil.ReverseProxy
	*Throttle
	mu     sync.Mutex
	counts map[string]map[string]int
}

// NewCounter forwards to the server at target.
func NewCounter(target string) (*Counter, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	return &Counter{
		counts: map[string]map[string]int{}, Throttle: NewThrottle(time.Now),
		proxy: &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(u)
				r.Out.URL.Path, r.Out.URL.RawPath = u.JoinPath("/").Path, ""
			},
			Transport: &http.Transport{MaxIdleConnsPerHost: 64},
		},
	}, nil
}

func (c *Counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	caller, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	c.mu.Lock()
	if c.counts[caller] == nil {
		c.counts[caller] = map[string]int{}
	}
	c.counts[caller][operation]++
	c.mu.Unlock()
	// The stand-in may answer before the transport has had its last look at the body. net/http's server would close a body of its own by
	// then, and the transport the connection under the answer.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if !c.Take(operation, body) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"The level of configured provisioned throughput for one or more keys was exceeded."}`)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	c.proxy.ServeHTTP(w, r)
}

// Counts are the requests so far, by caller, then by operation.
func (c *Counter) Counts() map[string]map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[string]map[string]int, len(c.counts))
	for caller, n := range c.counts {
		out[caller] = maps.Clone(n)
	}
	return out
}
