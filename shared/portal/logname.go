package portal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// Unnamed is what a portal without a key is called in the log.
const Unnamed = "unnamed"

// LogName is what the portal is called in the log: nobody can tell the portal from it without the row's key.
func (p Portal) LogName() string {
	if p.LogKey == "" {
		return Unnamed
	}
	h := hmac.New(sha256.New, []byte(p.LogKey))
	h.Write([]byte("portal|" + p.ID.String()))
	return hex.EncodeToString(h.Sum(nil)[:10])
}
