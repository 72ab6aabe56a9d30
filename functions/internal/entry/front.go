package entry

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// frontHeader carries what only our CloudFront distribution knows, so that nobody walks around it and its firewall.
const frontHeader = "X-Lumo-Front"

// passFront checks that the request came through the front, when there is one, and takes the caller's address from it: what API Gateway calls
// the source is then CloudFront itself. CloudFront appends the caller to X-Forwarded-For, API Gateway appends CloudFront; what stands before
// these two anybody may have written.
func passFront(req *Request, key string) (status int) {
	if key == "" {
		return 0
	}
	got := req.Header.Get(frontHeader)
	req.Header.Del(frontHeader)
	if subtle.ConstantTimeCompare([]byte(got), []byte(key)) != 1 {
		return http.StatusForbidden
	}
	hops := strings.Split(req.Header.Get("X-Forwarded-For"), ",")
	if len(hops) >= 2 {
		req.SourceIP = strings.TrimSpace(hops[len(hops)-2])
	}
	return 0
}
