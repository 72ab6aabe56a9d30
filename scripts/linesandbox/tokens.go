package linesandbox

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// tokenKind tells LINE's channel access tokens apart (LINE docs: Channel access token).
type tokenKind string

const (
	statelessToken  tokenKind = "stateless"
	jwtToken        tokenKind = "v2.1"
	shortLivedToken tokenKind = "short-lived"
	longLivedToken  tokenKind = "long-lived"
	userToken       tokenKind = "user"
	refreshToken    tokenKind = "refresh"
)

const (
	statelessLife  = 900 * time.Second
	shortLivedLife = 30 * 24 * time.Hour
	maxTokens      = 30
	assertionType  = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// oauthError is the shape of token endpoints' errors, unlike the Messaging API's (LINE docs: Channel access token).
type oauthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

func refuseOAuth(code, description string) answer {
	return answer{status: http.StatusBadRequest, body: oauthError{code, description}}
}

func (c *call) form() url.Values {
	v, err := url.ParseQuery(string(c.body))
	if err != nil {
		return url.Values{}
	}
	return v
}

// newToken stores a token under fresh opaque text. Expired ones are swept so that a long run stays small.
func (s *Server) newToken(t token, size int) string {
	now := s.now()
	if len(s.st.Tokens)%256 == 255 {
		for text, old := range s.st.Tokens {
			if old.expired(now) {
				delete(s.st.Tokens, text)
			}
		}
	}
	t.Issued = now
	text := s.secretText(size)
	s.st.Tokens[text] = &t
	return text
}

func (t *token) expired(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }

// validToken returns a live token, or nil.
func (s *Server) validToken(text string) *token {
	t := s.st.Tokens[text]
	if t == nil || t.expired(s.now()) || s.st.channels[t.Channel] == nil || t.Kind == refreshToken {
		return nil
	}
	return t
}

// IssueLongLivedToken does what the console's button does: one per channel, the former one dies.
func (s *Server) IssueLongLivedToken(channelID string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.messaging(channelID)
	if err != nil {
		return "", err
	}
	for text, t := range s.st.Tokens {
		if t.Channel == c.ID && t.Kind == longLivedToken {
			delete(s.st.Tokens, text)
		}
	}
	s.changes++
	return s.newToken(token{Kind: longLivedToken, Channel: c.ID}, 129), nil
}

func issueStateless(c *call) answer {
	f := c.form()
	if f.Get("grant_type") != "client_credentials" {
		return refuseOAuth("unsupported_grant_type", "unsupported_grant_type")
	}
	var ch *channel
	if f.Get("client_assertion_type") == assertionType {
		claims, err := c.s.checkAssertion(f.Get("client_assertion"))
		if err != nil {
			return refuseOAuth("invalid_client", err.Error())
		}
		ch = claims.channel
	} else if ch = c.s.st.channels[f.Get("client_id")]; ch == nil || ch.Secret != f.Get("client_secret") {
		return refuseOAuth("invalid_request", "Invalid 'client_credentials'.")
	}
	c.ch = ch
	text := c.s.newToken(token{Kind: statelessToken, Channel: ch.ID, Expires: c.s.now().Add(statelessLife)}, 180)
	return ok(object{"token_type": "Bearer", "access_token": text, "expires_in": int(statelessLife.Seconds())})
}

// issueJWTOrLogin serves one path for two products: channel tokens v2.1 and LINE Login (LINE Login v2.1 reference).
func issueJWTOrLogin(c *call) answer {
	f := c.form()
	if f.Get("grant_type") != "client_credentials" {
		return loginToken(c, f)
	}
	if f.Get("client_assertion_type") != assertionType {
		return refuseOAuth("invalid_request", "client_assertion_type is invalid")
	}
	claims, err := c.s.checkAssertion(f.Get("client_assertion"))
	if err != nil {
		return refuseOAuth("invalid_client", err.Error())
	}
	if claims.life <= 0 || claims.life > shortLivedLife {
		return refuseOAuth("invalid_client", "token_exp is invalid")
	}
	c.ch = claims.channel
	if len(c.s.tokensOf(claims.channel.ID, jwtToken)) >= maxTokens {
		return answer{status: http.StatusBadRequest, body: errorBody{Message: "The maximum number of access tokens has already been issued"}}
	}
	keyID := c.s.secretText(16)
	text := c.s.newToken(token{Kind: jwtToken, Channel: claims.channel.ID, Expires: c.s.now().Add(claims.life), KeyID: keyID}, 180)
	return ok(object{"access_token": text, "token_type": "Bearer", "expires_in": int(claims.life.Seconds()), "key_id": keyID})
}

func (s *Server) tokensOf(channelID string, kind tokenKind) []string {
	var out []string
	now := s.now()
	for text, t := range s.st.Tokens {
		if t.Channel == channelID && t.Kind == kind && !t.expired(now) {
			out = append(out, text)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if d := s.st.Tokens[a].Issued.Compare(s.st.Tokens[b].Issued); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return out
}

func listKeyIDs(c *call) answer {
	q := c.r.URL.Query()
	claims, err := c.s.checkAssertion(q.Get("client_assertion"))
	if q.Get("client_assertion_type") != assertionType || err != nil {
		return refuseOAuth("invalid_client", "Invalid client assertion")
	}
	kids := []string{}
	for _, text := range c.s.tokensOf(claims.channel.ID, jwtToken) {
		kids = append(kids, c.s.st.Tokens[text].KeyID)
	}
	return ok(object{"kids": kids})
}

// verifyAccessToken serves channel tokens v2.1 and user tokens.
func verifyAccessToken(c *call) answer {
	t := c.s.st.Tokens[c.r.URL.Query().Get("access_token")]
	known := t != nil && (t.Kind == jwtToken || t.Kind == userToken || t.Kind == statelessToken && c.s.assumes("verify_accepts_stateless", "on"))
	if !known {
		return refuseOAuth("invalid_request", "access token invalid")
	}
	left := t.Expires.Sub(c.s.now())
	if left <= 0 {
		return refuseOAuth("invalid_request", "The access token expired")
	}
	scope := t.Scope
	if t.Kind != userToken {
		scope = "profile chat_message.write"
	}
	return ok(object{"client_id": t.Channel, "expires_in": int(left.Seconds()), "scope": scope})
}

func revokeToken(c *call) answer {
	f := c.form()
	ch := c.s.st.channels[f.Get("client_id")]
	if ch == nil || ch.Secret != f.Get("client_secret") {
		return refuseOAuth("invalid_client", "invalid client_id or client_secret")
	}
	text := f.Get("access_token")
	if t := c.s.st.Tokens[text]; t != nil && t.Channel == ch.ID && (t.Kind == jwtToken || t.Kind == userToken) {
		delete(c.s.st.Tokens, text)
	}
	return answer{status: http.StatusOK}
}

func issueShortLived(c *call) answer {
	f := c.form()
	if f.Get("grant_type") != "client_credentials" {
		return refuseOAuth("unsupported_grant_type", "unsupported_grant_type")
	}
	ch := c.s.st.channels[f.Get("client_id")]
	if ch == nil {
		return refuseOAuth("invalid_client", "invalid client_id")
	}
	if ch.Secret != f.Get("client_secret") {
		return refuseOAuth("invalid_client", "invalid client_secret")
	}
	c.ch = ch
	for live := c.s.tokensOf(ch.ID, shortLivedToken); len(live) >= maxTokens; live = live[1:] {
		delete(c.s.st.Tokens, live[0]) // the oldest dies
	}
	text := c.s.newToken(token{Kind: shortLivedToken, Channel: ch.ID, Expires: c.s.now().Add(shortLivedLife)}, 129)
	return ok(object{"access_token": text, "expires_in": int(shortLivedLife.Seconds()), "token_type": "Bearer"})
}

func verifyShortLived(c *call) answer {
	t := c.s.validToken(c.form().Get("access_token"))
	if t == nil || t.Kind != shortLivedToken && t.Kind != longLivedToken {
		return refuseOAuth("invalid_request", "access_token invalid")
	}
	left := int64(3138007490) // what LINE answers for a token without end
	if !t.Expires.IsZero() {
		left = int64(t.Expires.Sub(c.s.now()).Seconds())
	}
	return ok(object{"client_id": t.Channel, "expires_in": left, "scope": "P CM"})
}

func revokeShortLived(c *call) answer {
	text := c.form().Get("access_token")
	if t := c.s.st.Tokens[text]; t != nil && (t.Kind == shortLivedToken || t.Kind == longLivedToken) {
		delete(c.s.st.Tokens, text)
	}
	return answer{status: http.StatusOK}
}

// assertionKey is a public key registered in the console for JWT assertions.
type assertionKey struct {
	KID string          `json:"kid"`
	JWK json.RawMessage `json:"jwk"`
}

type jwk struct {
	KTY string `json:"kty"`
	KID string `json:"kid"`
	N   string `json:"n"`
	E   string `json:"e"`
}

func (k jwk) public() (*rsa.PublicKey, error) {
	n, errN := base64.RawURLEncoding.DecodeString(k.N)
	e, errE := base64.RawURLEncoding.DecodeString(k.E)
	if k.KTY != "RSA" || errN != nil || errE != nil || len(n) < 256 {
		return nil, fmt.Errorf("an RSA key of 2048 bits is needed: %w", ErrNotPossible)
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
}

// RegisterKey registers a public JWK (without kid) for JWT assertions, as the console does, and returns its kid.
func (s *Server) RegisterKey(channelID string, key json.RawMessage) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channel(channelID)
	if err != nil {
		return "", err
	}
	var k jwk
	if err := json.Unmarshal(key, &k); err != nil {
		return "", fmt.Errorf("read JWK: %w", err)
	}
	if k.KID != "" {
		return "", fmt.Errorf("the JWK must not contain kid: %w", ErrNotPossible)
	}
	if _, err := k.public(); err != nil {
		return "", err
	}
	kid := s.uuid()
	c.Keys = append(c.Keys, assertionKey{kid, key})
	s.changes++
	return kid, nil
}

type assertion struct {
	channel *channel
	life    time.Duration
}

// checkAssertion verifies a JWT assertion (LINE docs: Channel access token): RS256, known kid, iss = sub = channel, our audience, at most 30 minutes.
func (s *Server) checkAssertion(text string) (assertion, error) {
	parts := strings.Split(text, ".")
	var head struct{ Alg, Kid string }
	var claims struct {
		Iss, Sub string
		Aud      string
		Exp      int64
		TokenExp int64 `json:"token_exp"`
	}
	if len(parts) != 3 || !decodePart(parts[0], &head) || !decodePart(parts[1], &claims) {
		return assertion{}, refusedAssertion("Invalid client assertion")
	}
	ch := s.st.channels[claims.Iss]
	left := time.Unix(claims.Exp, 0).Sub(s.now())
	if head.Alg != "RS256" || ch == nil || claims.Sub != claims.Iss || claims.Aud != "https://api.line.me/" || left <= 0 || left > 30*time.Minute {
		return assertion{}, refusedAssertion("Invalid client assertion claims")
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return assertion{}, refusedAssertion("Invalid client assertion")
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	for _, k := range ch.Keys {
		var key jwk
		if k.KID != head.Kid || json.Unmarshal(k.JWK, &key) != nil {
			continue
		}
		if public, err := key.public(); err == nil && rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], sig) == nil {
			return assertion{ch, time.Duration(claims.TokenExp) * time.Second}, nil
		}
	}
	return assertion{}, refusedAssertion("Cannot find channel key that satisfies the conditions")
}

func decodePart(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(raw, into) == nil
}

// refusedAssertion is an error in LINE's own words.
type refusedAssertion string

func (e refusedAssertion) Error() string { return string(e) }
