package linesandbox

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"
)

// issuer is LINE's, whatever this server's own address: apps compare with it.
const issuer = "https://access.line.me"

// IDTokenSpec asks for an id token. Web logins are signed HS256 with the channel secret, LIFF apps ES256 (LINE Login v2.1 reference).
type IDTokenSpec struct {
	Channel  string `json:"channel"`
	User     string `json:"user"`
	LIFF     bool   `json:"liff"`
	Nonce    string `json:"nonce,omitempty"`
	Scope    string `json:"scope,omitempty"`    // default "openid profile"
	Audience string `json:"audience,omitempty"` // a wrong one, to test that it is refused
	Issuer   string `json:"issuer,omitempty"`   // likewise
}

// IDToken makes an id token as a LIFF page would get it, or a wrong one on demand.
func (s *Server) IDToken(spec IDTokenSpec) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channel(spec.Channel)
	if err != nil {
		return "", err
	}
	u, err := s.user(spec.User)
	if err != nil {
		return "", err
	}
	if spec.Scope == "" {
		spec.Scope = "openid profile"
	}
	return s.idToken(c, u, spec), nil
}

func (s *Server) idToken(c *channel, u *User, spec IDTokenSpec) string {
	now := s.now()
	claims := object{
		"iss": issuer, "sub": lineUserID(c.Provider, u.ID), "aud": c.ID, "iat": now.Unix(), "exp": now.Add(idTokenLife).Unix(), "amr": []string{"linesso"},
	}
	if spec.Audience != "" {
		claims["aud"] = spec.Audience
	}
	if spec.Issuer != "" {
		claims["iss"] = spec.Issuer
	}
	claims.put("nonce", spec.Nonce)
	if hasScope(spec.Scope, "profile") {
		claims["name"] = u.Name
		claims.put("picture", s.pictureURL(u))
	}
	if hasScope(spec.Scope, "email") {
		claims.put("email", u.Email)
	}
	if spec.LIFF {
		return s.signES256(claims)
	}
	text := jwtPart(object{"typ": "JWT", "alg": "HS256"}) + "." + jwtPart(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(hs256(c.Secret, text))
}

func jwtPart(o object) string {
	raw, _ := json.Marshal(o) // strings and numbers only
	return base64.RawURLEncoding.EncodeToString(raw)
}

func hs256(secret, text string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// loginKey follows from the seed, so that tokens outlive a restart.
func (s *Server) loginKey() *ecdsa.PrivateKey {
	for i := 0; ; i++ {
		d := sha256.Sum256(fmt.Appendf(nil, "login key %d %d", s.cfg.Seed, i))
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d[:]); err == nil {
			return key
		}
	}
}

func (s *Server) loginKeyID() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "login kid %d", s.cfg.Seed))
	return hex.EncodeToString(sum[:16])
}

type ecSignature struct{ R, S *big.Int }

func (s *Server) signES256(claims object) string {
	text := jwtPart(object{"typ": "JWT", "alg": "ES256", "kid": s.loginKeyID()}) + "." + jwtPart(claims)
	digest := sha256.Sum256([]byte(text))
	der, err := s.loginKey().Sign(nil, digest[:], crypto.SHA256) // nil: deterministic, RFC 6979
	var sig ecSignature
	if err == nil {
		_, err = asn1.Unmarshal(der, &sig)
	}
	if err != nil {
		s.cfg.Log.Error("id token not signed", "error", err)
		return ""
	}
	out := make([]byte, 64)
	sig.R.FillBytes(out[:32])
	sig.S.FillBytes(out[32:])
	return text + "." + base64.RawURLEncoding.EncodeToString(out)
}

func certs(c *call) answer {
	point, err := c.s.loginKey().PublicKey.Bytes() // 04, x, y
	if err != nil {
		return refuse(http.StatusInternalServerError, "no key")
	}
	return ok(object{"keys": []object{{
		"kty": "EC", "alg": "ES256", "use": "sig", "kid": c.s.loginKeyID(), "crv": "P-256",
		"x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:]),
	}}})
}

func discovery(c *call) answer {
	base := c.s.cfg.PublicURL
	return ok(object{
		"issuer": issuer, "authorization_endpoint": base + "/oauth2/v2.1/authorize", "token_endpoint": base + "/oauth2/v2.1/token",
		"revocation_endpoint": base + "/oauth2/v2.1/revoke", "userinfo_endpoint": base + "/oauth2/v2.1/userinfo",
		"jwks_uri": base + "/oauth2/v2.1/certs", "scopes_supported": []string{"openid", "profile", "email"},
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"ES256"}, "code_challenge_methods_supported": []string{"S256"},
	})
}

// verifyIDToken serves POST /oauth2/v2.1/verify with LINE's six error texts (LINE Login v2.1 reference).
func verifyIDToken(c *call) answer {
	f := c.form()
	text := f.Get("id_token")
	claims, genuine := c.s.readIDToken(text, f.Get("client_id"))
	if !genuine {
		return refuseOAuth("invalid_request", "Invalid IdToken.")
	}
	exp, _ := claims["exp"].(float64)
	want := func(name, param string) bool { return f.Get(param) == "" || claims[name] == f.Get(param) }
	switch {
	case claims["iss"] != issuer:
		return refuseOAuth("invalid_request", "Invalid IdToken Issuer.")
	case !c.s.now().Before(time.Unix(int64(exp), 0)):
		return refuseOAuth("invalid_request", "IdToken expired.")
	case claims["aud"] != f.Get("client_id"):
		return refuseOAuth("invalid_request", "Invalid IdToken Audience.")
	case !want("nonce", "nonce"):
		return refuseOAuth("invalid_request", "Invalid IdToken Nonce.")
	case !want("sub", "user_id"):
		return refuseOAuth("invalid_request", "Invalid IdToken Subject Identifier.")
	}
	return ok(claims)
}

// readIDToken checks the signature: ES256 with LINE's key, HS256 with the secret of the channel it was made for.
func (s *Server) readIDToken(text, clientID string) (object, bool) {
	parts := strings.Split(text, ".")
	var head struct{ Alg string }
	claims := object{}
	if len(parts) != 3 || !decodePart(parts[0], &head) || !decodePart(parts[1], &claims) {
		return nil, false
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, false
	}
	signed := parts[0] + "." + parts[1]
	switch head.Alg {
	case "HS256":
		for _, c := range s.st.Channels {
			if (c.ID == claims["aud"] || c.ID == clientID) && hmac.Equal(sig, hs256(c.Secret, signed)) {
				return claims, true
			}
		}
	case "ES256":
		digest := sha256.Sum256([]byte(signed))
		if len(sig) == 64 && ecdsa.Verify(&s.loginKey().PublicKey, digest[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
			return claims, true
		}
	}
	return nil, false
}
