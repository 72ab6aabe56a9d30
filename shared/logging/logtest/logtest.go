// Package logtest proves that a log is silent about secrets and people: plant canaries where such data goes in, then scan what came out.
package logtest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Canaries are values that must never be seen again.
type Canaries struct {
	mu     sync.Mutex
	seed   string
	values map[string]string // value -> what it stands for
}

// New makes canaries that are recognisable and, by seed, unlike those of another test.
func New(seed string) *Canaries { return &Canaries{seed: seed, values: map[string]string{}} }

// Plant makes a canary for a kind of data ("access token", "message text").
func (c *Canaries) Plant(kind string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := fmt.Sprintf("canary-%s-%d-%s", c.seed, len(c.values)+1, strings.ReplaceAll(kind, " ", "-"))
	c.values[v] = kind
	return v
}

// Add watches for a value whose form is not free, such as a LINE user id.
func (c *Canaries) Add(kind, value string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values[value] = kind
	return value
}

// Found lists the kinds of canaries in out, plain or in one of the encodings that data passes through.
func (c *Canaries) Found(out []byte) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []string
	for v, kind := range c.values {
		for form, s := range forms(v) {
			if bytes.Contains(out, []byte(s)) {
				found = append(found, fmt.Sprintf("%s (%s)", kind, form))
				break
			}
		}
	}
	return found
}

// Check fails the test when a canary is in out.
func (c *Canaries) Check(t testing.TB, out []byte) {
	t.Helper()
	for _, f := range c.Found(out) {
		t.Errorf("the output shows the %s", f)
	}
}

func forms(v string) map[string]string {
	quoted, _ := json.Marshal(v)
	return map[string]string{
		"plain": v, "JSON": strings.Trim(string(quoted), `"`), "URL": url.QueryEscape(v), "hex": hex.EncodeToString([]byte(v)),
		"base64": trimmed(base64.StdEncoding, v), "base64url": trimmed(base64.RawURLEncoding, v),
	}
}

// trimmed leaves the last group out, which depends on what follows. Offsets other than 0 are not looked for.
func trimmed(e *base64.Encoding, v string) string {
	return e.EncodeToString([]byte(v[:len(v)/3*3]))
}

// Buffer is a writer for a logger under test; safe for concurrent use.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// Bytes is everything written so far.
func (b *Buffer) Bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.b.Bytes())
}
