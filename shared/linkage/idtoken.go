package linkage

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"lumo/shared/id"
)

// ErrIDToken: an id token that proves nothing.
var ErrIDToken = errors.New("the id token of LINE does not hold")

// Issuer of LINE's id tokens.
const Issuer = "https://access.line.me"

// slack is how far LINE's clock may be from ours.
const slack = 60 * time.Second

// Claims are what LINE says of a person.
type Claims struct {
	Issuer   string        `json:"iss"`
	Subject  id.LineUserID `json:"sub"`
	Audience string        `json:"aud"`
	Expires  int64         `json:"exp"`
	IssuedAt int64         `json:"iat"`
	Nonce    string        `json:"nonce"`
	Email    string        `json:"email"` // verified by LINE; only with LINE's permission for the channel
	Name     string        `json:"name"`
}

// Key is one of LINE's public keys (JWK, P-256).
type Key struct {
	ID  string `json:"kid"`
	Alg string `json:"alg"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y"`
}

// Want is what an id token must say. A nonce of "" asks for none.
type Want struct {
	Channel string
	Nonce   string
	Now     time.Time
}

// WebLogin reads the id token of a web login. LINE signs those HS256 with the channel secret, and nothing else is taken here: an algorithm that
// the token itself may choose is an attacker's choice.
func WebLogin(token, channelSecret string, w Want) (Claims, error) {
	head, signed, sig, err := split(token)
	if err != nil || head.Alg != "HS256" || channelSecret == "" {
		return Claims{}, fmt.Errorf("%w: form or algorithm", ErrIDToken)
	}
	m := hmac.New(sha256.New, []byte(channelSecret))
	m.Write([]byte(signed))
	if !hmac.Equal(m.Sum(nil), sig) {
		return Claims{}, fmt.Errorf("%w: signature", ErrIDToken)
	}
	return claims(signed, w)
}

// InApp reads the id token of a LIFF page. Those are ES256, under one of LINE's public keys.
func InApp(token string, keys []Key, w Want) (Claims, error) {
	head, signed, sig, err := split(token)
	if err != nil || head.Alg != "ES256" || len(sig) != 64 {
		return Claims{}, fmt.Errorf("%w: form or algorithm", ErrIDToken)
	}
	digest := sha256.Sum256([]byte(signed))
	for _, k := range keys {
		pub, ok := k.public()
		if ok && k.ID == head.Kid && ecdsa.Verify(pub, digest[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
			return claims(signed, w)
		}
	}
	return Claims{}, fmt.Errorf("%w: signature", ErrIDToken)
}

type header struct{ Alg, Kid string }

func split(token string) (h header, signed string, sig []byte, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > 4096 {
		return h, "", nil, ErrIDToken
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil || json.Unmarshal(raw, &h) != nil {
		return h, "", nil, ErrIDToken
	}
	sig, err = base64.RawURLEncoding.DecodeString(parts[2])
	return h, parts[0] + "." + parts[1], sig, err
}

func claims(signed string, w Want) (Claims, error) {
	var c Claims
	_, body, _ := strings.Cut(signed, ".")
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || json.Unmarshal(raw, &c) != nil {
		return Claims{}, fmt.Errorf("%w: claims", ErrIDToken)
	}
	user, err := id.ParseLineUser(string(c.Subject))
	switch {
	case c.Issuer != Issuer:
		return Claims{}, fmt.Errorf("%w: issuer", ErrIDToken)
	case c.Audience != w.Channel || w.Channel == "":
		return Claims{}, fmt.Errorf("%w: audience", ErrIDToken)
	case !w.Now.Before(time.Unix(c.Expires, 0)):
		return Claims{}, fmt.Errorf("%w: expired", ErrIDToken)
	case time.Unix(c.IssuedAt, 0).After(w.Now.Add(slack)):
		return Claims{}, fmt.Errorf("%w: from the future", ErrIDToken)
	case w.Nonce != "" && !Same(c.Nonce, w.Nonce):
		return Claims{}, fmt.Errorf("%w: nonce", ErrIDToken)
	case err != nil:
		return Claims{}, fmt.Errorf("%w: subject", ErrIDToken)
	}
	c.Subject = user
	return c, nil
}

func (k Key) public() (*ecdsa.PublicKey, bool) {
	x, err := base64.RawURLEncoding.DecodeString(k.X)
	y, err2 := base64.RawURLEncoding.DecodeString(k.Y)
	if err != nil || err2 != nil || k.Crv != "P-256" || len(x) != 32 || len(y) != 32 {
		return nil, false
	}
	pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
	return pub, err == nil
}
