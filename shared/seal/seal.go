// Package seal encrypts secrets of a portal (tokens, channel secrets) before they are stored. Each portal has a data key of its
// own that only KMS can unwrap, and only for that portal (encryption context). The sealed text carries the wrapped key.
package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"lumo/shared/clock"
	"lumo/shared/id"
)

// ErrRefused means that this sealed text can never be opened for this portal: it belongs to another one, was tampered with, or
// is no sealed text. Any other error of Open means that the key service could not be asked: try again.
var ErrRefused = errors.New("sealed text refused")

// Sealer keeps secrets of portals.
type Sealer interface {
	Seal(ctx context.Context, p id.PortalID, plain []byte) (string, error)
	Open(ctx context.Context, p id.PortalID, sealed string) ([]byte, error)
}

// KeyService makes and unwraps data keys; seal/kms is the real one. A wrapped key that was made under another context, or was
// changed, is refused with an error that wraps ErrRefused.
type KeyService interface {
	GenerateDataKey(ctx context.Context, context map[string]string) (plain, wrapped []byte, err error)
	Decrypt(ctx context.Context, context map[string]string, wrapped []byte) (plain []byte, err error)
}

// Envelope is the Sealer: AES-256-GCM under a data key per portal.
type Envelope struct {
	keys *keyring
	// Rand gives nonces; replace it only in the simulation.
	Rand io.Reader
}

var _ Sealer = (*Envelope)(nil)

// New seals with keys of ks. Data keys stay in memory for 5 minutes of c.
func New(ks KeyService, c clock.Clock) *Envelope {
	return &Envelope{keys: newKeyring(ks, c), Rand: rand.Reader}
}

// version begins every sealed text, so that the format can change.
const version = "s1"

var encoding = base64.RawURLEncoding

// Seal encrypts plain. The result is text: version.wrapped-key.nonce+ciphertext.
func (e *Envelope) Seal(ctx context.Context, p id.PortalID, plain []byte) (string, error) {
	k, err := e.keys.current(ctx, p)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	nonce := make([]byte, k.aead.NonceSize(), k.aead.NonceSize()+len(plain)+k.aead.Overhead())
	if _, err := io.ReadFull(e.Rand, nonce); err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	box := k.aead.Seal(nonce, nonce, plain, bound(p))
	return strings.Join([]string{version, encoding.EncodeToString(k.wrapped), encoding.EncodeToString(box)}, "."), nil
}

// Open decrypts what Seal made for the same portal.
func (e *Envelope) Open(ctx context.Context, p id.PortalID, sealed string) ([]byte, error) {
	wrapped, box, err := split(sealed)
	if err != nil {
		return nil, err
	}
	k, err := e.keys.unwrap(ctx, p, wrapped)
	if err != nil {
		return nil, fmt.Errorf("open sealed text: %w", err)
	}
	n := k.aead.NonceSize()
	if len(box) < n {
		return nil, fmt.Errorf("%w: cut short", ErrRefused)
	}
	plain, err := k.aead.Open(nil, box[:n], box[n:], bound(p))
	if err != nil {
		return nil, fmt.Errorf("%w: not for this portal, or changed", ErrRefused)
	}
	return plain, nil
}

// KeyOf tells which data key a sealed text is under: texts of one key have the same. ok is false for what is no sealed text.
func KeyOf(sealed string) (key string, ok bool) {
	wrapped, _, err := split(sealed)
	return string(wrapped), err == nil
}

func split(sealed string) (wrapped, box []byte, err error) {
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || parts[0] != version {
		return nil, nil, fmt.Errorf("%w: unknown format", ErrRefused)
	}
	strict := encoding.Strict()
	wrapped, err1 := strict.DecodeString(parts[1])
	box, err2 := strict.DecodeString(parts[2])
	if err1 != nil || err2 != nil || len(wrapped) == 0 {
		return nil, nil, fmt.Errorf("%w: unreadable", ErrRefused)
	}
	return wrapped, box, nil
}

// keyContext is what KMS ties a data key to.
func keyContext(p id.PortalID) map[string]string { return map[string]string{"portal": p.String()} }

// bound ties the ciphertext itself to portal and format, besides the key.
func bound(p id.PortalID) []byte { return []byte(version + "|portal|" + p.String()) }

func newAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != 32 {
		return nil, errors.New("data key is not 256 bits")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
