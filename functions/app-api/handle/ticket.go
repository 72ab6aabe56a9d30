package handle

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"lumo/shared/id"
)

// ticket lets a browser fetch one export without HubSpot's signature: an extension cannot offer a file, so a page of ours does. It names
// the tenant, the user and the filter, all under our mark, and is worth nothing after a few minutes. It travels behind the # of the
// address, which browsers send to nobody, so that no log and no referrer holds it.
type ticket struct {
	Portal  id.PortalID `json:"p"`
	UserID  int64       `json:"u"`
	Email   string      `json:"e"`
	What    string      `json:"w"`
	Filter  string      `json:"f"` // as a query string
	Lang    string      `json:"l"`
	Expires int64       `json:"x"` // Unix ms
}

const (
	// ticketLife is for opening the page.
	ticketLife = 10 * time.Minute
	// exportLife is for finishing what was begun in time.
	exportLife = 2 * time.Hour
)

var (
	errTicket  = errors.New("malformed or foreign ticket")
	errExpired = &problem{status: http.StatusOK, Code: "EXPORT_EXPIRED", Message: "This link has expired. Make a new one in Lumo."}
)

func ticketMark(secret string, payload []byte) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte("export\x00"))
	m.Write(payload)
	return m.Sum(nil)
}

func (h *Handler) issue(t ticket) (string, error) {
	payload, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	return enc.EncodeToString(payload) + "." + enc.EncodeToString(ticketMark(h.Secrets[0], payload)), nil
}

// admit believes only tickets that this app wrote.
func (h *Handler) admit(text string) (ticket, error) {
	var t ticket
	first, second, _ := strings.Cut(text, ".")
	payload, err1 := base64.RawURLEncoding.Strict().DecodeString(first)
	mark, err2 := base64.RawURLEncoding.Strict().DecodeString(second)
	if err1 != nil || err2 != nil {
		return t, errTicket
	}
	for _, secret := range h.Secrets {
		if hmac.Equal(ticketMark(secret, payload), mark) {
			d := json.NewDecoder(bytes.NewReader(payload))
			return t, d.Decode(&t)
		}
	}
	return t, errTicket
}
