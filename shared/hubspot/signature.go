package hubspot

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"lumo/shared/id"
)

// maxSkew is how far a signed request's time may be from ours. HubSpot names the five minutes back; the same forward refuses
// timestamps that would stay valid for ever.
const maxSkew = 5 * time.Minute

// Refusals of a signature; answer 401 to all of them and tell the caller nothing.
var (
	ErrUnsigned     = errors.New("hubspot: the request carries no signature")
	ErrBadSignature = errors.New("hubspot: the signature does not match")
	ErrStale        = errors.New("hubspot: the signature's timestamp is missing, unreadable or too far from now")
	ErrBadCaller    = errors.New("hubspot: the request does not say clearly who calls")
)

// SignatureHeaders are the headers that HubSpot signs with.
type SignatureHeaders struct {
	V3        string // X-HubSpot-Signature-v3
	Timestamp string // X-HubSpot-Request-Timestamp, ms
	Signature string // X-HubSpot-Signature
	Version   string // X-HubSpot-Signature-Version: v1 or v2
}

// HeadersFrom picks them with a case-insensitive getter such as http.Header.Get.
func HeadersFrom(get func(string) string) SignatureHeaders {
	return SignatureHeaders{
		V3: get("X-HubSpot-Signature-v3"), Timestamp: get("X-HubSpot-Request-Timestamp"),
		Signature: get("X-HubSpot-Signature"), Version: get("X-HubSpot-Signature-Version"),
	}
}

// VerifySignature checks that HubSpot sent this request. uri is the public address that HubSpot called (our own origin from the
// configuration, raw path, raw query), body the raw bytes. More than one secret is accepted while a secret is being rotated.
// Where a v3 header exists it must match; v2 and v1, which anyone who has seen one request can replay, count only without it.
func VerifySignature(secrets []string, method, uri string, body []byte, h SignatureHeaders, now time.Time) error {
	_, err := MatchSignature(secrets, method, uri, body, h, now)
	return err
}

// MatchSignature is VerifySignature that also tells the matching form for the log: "v3", "v3-raw", "v2" or "v1".
func MatchSignature(secrets []string, method, uri string, body []byte, h SignatureHeaders, now time.Time) (form string, err error) {
	switch {
	case h.V3 != "":
		return matchV3(secrets, method, uri, body, h, now)
	case h.Signature == "":
		return "", ErrUnsigned
	}
	got, err := hex.DecodeString(h.Signature)
	if err != nil {
		return "", ErrBadSignature
	}
	for _, s := range secrets {
		if s == "" {
			continue
		}
		switch h.Version {
		case "v2":
			if equal(got, sha([]byte(s+method+uri), body)) {
				return "v2", nil
			}
		case "v1", "":
			if equal(got, sha([]byte(s), body)) {
				return "v1", nil
			}
		}
	}
	return "", ErrBadSignature
}

func matchV3(secrets []string, method, uri string, body []byte, h SignatureHeaders, now time.Time) (string, error) {
	if !digits.MatchString(h.Timestamp) {
		return "", ErrStale
	}
	ms, err := strconv.ParseInt(h.Timestamp, 10, 64)
	if err != nil {
		return "", ErrStale
	}
	if age := now.Sub(time.UnixMilli(ms)); age > maxSkew || age < -maxSkew {
		return "", ErrStale
	}
	got, err := base64.StdEncoding.DecodeString(h.V3)
	if err != nil {
		return "", ErrBadSignature
	}
	// The documentation wants some escapes decoded before hashing, HubSpot's own library hashes the address as it is.
	forms := [...]struct{ name, uri string }{{"v3", signedEscapes.Replace(uri)}, {"v3-raw", uri}}
	for _, s := range secrets {
		if s == "" {
			continue
		}
		for _, f := range forms {
			m := hmac.New(sha256.New, []byte(s))
			m.Write([]byte(method + f.uri))
			m.Write(body)
			m.Write([]byte(h.Timestamp))
			if equal(got, m.Sum(nil)) {
				return f.name, nil
			}
		}
	}
	return "", ErrBadSignature
}

var digits = regexp.MustCompile(`^[0-9]{1,16}$`)

// signedEscapes is the documented list; every other escape stays as it is.
var signedEscapes = strings.NewReplacer(
	"%3A", ":", "%3a", ":", "%2F", "/", "%2f", "/", "%3F", "?", "%3f", "?", "%40", "@", "%21", "!", "%24", "$", "%27", "'",
	"%28", "(", "%29", ")", "%2A", "*", "%2a", "*", "%2C", ",", "%2c", ",", "%3B", ";", "%3b", ";",
)

func sha(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// Caller is the HubSpot user on whose behalf hubspot.fetch calls us.
type Caller struct {
	Portal    id.PortalID
	UserID    int64
	UserEmail string
	AppID     int64
}

// VerifyUIRequest checks a hubspot.fetch call and says who makes it: only from the parameters that HubSpot appends to the signed
// address, never from the body. A user can alter what the card sends, so an identity parameter that occurs twice is refused, as is
// another app's id.
func VerifyUIRequest(secrets []string, appID int64, method, uri string, body []byte, h SignatureHeaders, now time.Time) (Caller, error) {
	if h.V3 == "" {
		return Caller{}, ErrUnsigned
	}
	if err := VerifySignature(secrets, method, uri, body, h, now); err != nil {
		return Caller{}, err
	}
	_, raw, _ := strings.Cut(uri, "?")
	q, err := url.ParseQuery(raw)
	if err != nil {
		return Caller{}, ErrBadCaller
	}
	counts := map[string]int{}
	for name, values := range q {
		counts[strings.ToLower(name)] += len(values)
	}
	for _, name := range []string{"portalid", "userid", "useremail", "appid"} {
		if counts[name] > 1 {
			return Caller{}, ErrBadCaller
		}
	}
	portal, err1 := id.ParsePortal(q.Get("portalId"))
	user, err2 := strconv.ParseInt(q.Get("userId"), 10, 64)
	app, err3 := strconv.ParseInt(q.Get("appId"), 10, 64)
	if err1 != nil || err2 != nil || err3 != nil || user <= 0 || app != appID || appID == 0 {
		return Caller{}, ErrBadCaller
	}
	return Caller{portal, user, q.Get("userEmail"), app}, nil
}
