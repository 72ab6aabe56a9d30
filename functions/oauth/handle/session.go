package handle

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"lumo/shared/id"
	"lumo/shared/portal"
)

const (
	sessionLife    = 8 * time.Hour
	languageCookie = "lumo_lang"
	yearSeconds    = 365 * 24 * 3600
)

// session is a browser, and the portal that its person has authorized us for, if any. It lives in a signed cookie only.
type session struct {
	ID      string      `json:"i"`
	Portal  id.PortalID `json:"p,omitempty"`
	User    int64       `json:"u,omitempty"`
	Return  string      `json:"r,omitempty"` // where to go after HubSpot's page
	Expires int64       `json:"e"`
}

func (s session) actor() portal.Actor { return portal.Actor{UserID: s.User} }

// hash names the session in the directory, so that its rows are of no use to who reads them.
func (s session) hash() string { return hash(s.ID) }

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// sealer signs cookies and form tokens with keys derived from the app's secrets, so that there is no further secret to keep.
type sealer struct{ keys [][]byte }

func newSealer(secrets []string) sealer {
	var s sealer
	for _, secret := range secrets {
		if secret != "" {
			s.keys = append(s.keys, mac([]byte(secret), "lumo setup session v1"))
		}
	}
	return s
}

func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(strings.Join(parts, "\x00")))
	return h.Sum(nil)
}

var text64 = base64.RawURLEncoding

func (s sealer) seal(v session) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	body := text64.EncodeToString(b)
	return body + "." + text64.EncodeToString(mac(s.keys[0], "cookie", body)), nil
}

// open returns an empty session for anything that is not one of ours, or is over.
func (s sealer) open(cookie string, now time.Time) session {
	body, sign, ok := strings.Cut(cookie, ".")
	given, err := text64.DecodeString(sign)
	if !ok || err != nil {
		return session{}
	}
	for _, k := range s.keys {
		if !hmac.Equal(given, mac(k, "cookie", body)) {
			continue
		}
		var v session
		b, err := text64.DecodeString(body)
		if err != nil || json.Unmarshal(b, &v) != nil || v.Expires <= now.UnixMilli() {
			return session{}
		}
		return v
	}
	return session{}
}

// token is what a form must send back: it belongs to the browser and to the portal, so that a form of another portal's page is refused.
func (s sealer) token(v session) string {
	return text64.EncodeToString(mac(s.keys[0], "form", v.ID, v.Portal.String()))
}

func (s sealer) tokenOK(v session, given string) bool {
	got, err := text64.DecodeString(given)
	if err != nil {
		return false
	}
	for _, k := range s.keys {
		if hmac.Equal(got, mac(k, "form", v.ID, v.Portal.String())) {
			return true
		}
	}
	return false
}

// cookieName has the prefix that keeps others from setting it, where browsers allow that.
func (h *Handler) cookieName() string {
	if h.secure {
		return "__Host-lumo"
	}
	return "lumo"
}

// cookie must come along when HubSpot sends the browser back, which needs SameSite=None; browsers take that with Secure only, and over
// plain http (a laptop) Lax is enough, because HubSpot comes back with a plain link.
func (h *Handler) cookie(name, value string, seconds int) *http.Cookie {
	c := &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if h.secure {
		c.Secure, c.SameSite = true, http.SameSiteNoneMode
	}
	return c
}

// keep writes the session into the answer.
func (h *Handler) keep(x *exchange) error {
	if x.session.ID == "" {
		x.session.ID = hex.EncodeToString(h.Random(16))
	}
	x.session.Expires = h.Clock.Now().Add(sessionLife).UnixMilli()
	value, err := h.seal.seal(x.session)
	if err != nil {
		return err
	}
	x.cookies = append(x.cookies, h.cookie(h.cookieName(), value, int(sessionLife/time.Second)))
	return nil
}

// end forgets the session.
func (h *Handler) end(x *exchange) {
	x.session = session{}
	x.cookies = append(x.cookies, h.cookie(h.cookieName(), "", -1))
}
