package handle

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"lumo/shared/id"
)

// request is the part that every write's body may have.
type request struct {
	RequestID string `json:"requestId"`
}

var (
	requestPattern  = regexp.MustCompile(`^[0-9A-Za-z_-]{8,64}$`)
	namePattern     = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`) // ids of our own making
	propertyPattern = regexp.MustCompile(`^[0-9A-Za-z_-]{1,200}$`)
)

func requestID(body []byte) (string, error) {
	var r request
	if len(body) == 0 {
		return "", nil
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return "", invalid("", "The request must be a JSON object.")
	}
	if r.RequestID != "" && !requestPattern.MatchString(r.RequestID) {
		return "", invalid("requestId", "A request id has 8 to 64 letters, digits, hyphens or underscores.")
	}
	return r.RequestID, nil
}

// read decodes the body strictly: an unknown member is a mistake of the caller that would otherwise go unnoticed.
func read[T any](c *call) (T, error) {
	var v T
	body := c.body
	if len(body) == 0 {
		body = []byte("{}")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return v, invalid(kind.Field, "This has the wrong type.")
		}
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return v, invalid(strings.Trim(clip(name, 60), `"`), "There is no such field.")
		}
		return v, invalid("", "The request must be a JSON object.")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return v, invalid("", "The request must be one JSON object.")
	}
	return v, nil
}

func readQuery(raw string) (map[string][]string, error) {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return nil, invalid("", "The address is malformed.")
	}
	for name, values := range q {
		for _, v := range append(values, name) {
			if !utf8.ValidString(v) || len(v) > 2000 {
				return nil, invalid(clip(strings.ToValidUTF8(name, "?"), 60), "This is not readable text.")
			}
		}
	}
	return q, nil
}

// text returns a query parameter; one that occurs twice is refused, so that nobody wonders which counts.
func (c *call) text(name string, most int) (string, error) {
	all := c.query[name]
	switch {
	case len(all) == 0:
		return "", nil
	case len(all) > 1 || utf8.RuneCountInString(all[0]) > most:
		return "", invalid(name, "At most once, and at most "+strconv.Itoa(most)+" characters.")
	}
	return all[0], nil
}

// choice is a query parameter with few values; "" when it is absent.
func (c *call) choice(name string, of ...string) (string, error) {
	s, err := c.text(name, 40)
	if err != nil || s == "" {
		return "", err
	}
	for _, o := range of {
		if s == o {
			return s, nil
		}
	}
	return "", invalid(name, "Must be one of: "+strings.Join(of, ", ")+".")
}

// maxRows of one page.
const maxRows = 50

// page reads limit and cursor. The cursor is ours: it carries our mark, so that nobody can make the stores read elsewhere.
func (c *call) page() (after string, limit int, err error) {
	limit = maxRows
	s, err := c.text("limit", 10)
	if err != nil {
		return "", 0, err
	}
	if s != "" {
		if limit, err = strconv.Atoi(s); err != nil || limit < 1 || limit > maxRows {
			return "", 0, invalid("limit", "Must be 1 to "+strconv.Itoa(maxRows)+".")
		}
	}
	s, err = c.text("cursor", 2000)
	if err != nil || s == "" {
		return "", limit, err
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) < markSize {
		return "", 0, badCursor()
	}
	after = string(b[markSize:])
	for _, secret := range c.Secrets {
		if hmac.Equal(c.mark(secret, after), b[:markSize]) {
			return after, limit, nil
		}
	}
	return "", 0, badCursor()
}

func badCursor() error {
	return invalid("cursor", "This cursor is not valid here. Start again from the first page.")
}

const markSize = 12

func (c *call) mark(secret, inner string) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte("cursor\x00" + c.portal().String() + "\x00" + c.route.pattern + "\x00" + inner))
	return m.Sum(nil)[:markSize]
}

// next makes the cursor of the following page; nil at the end.
func (c *call) next(inner string) *string {
	if inner == "" {
		return nil
	}
	s := base64.RawURLEncoding.EncodeToString(append(c.mark(c.Secrets[0], inner), inner...))
	return &s
}

func malformed(field string, err error) error {
	if err == nil {
		return nil
	}
	return invalid(field, "This is not a valid id.")
}

func (c *call) slot() (id.Slot, error) {
	s, err := id.ParseSlot(c.params["slot"])
	return s, malformed("slot", err)
}

// name reads a path parameter that is an id of our own making.
func (c *call) name(param string) (string, error) {
	if s := c.params[param]; namePattern.MatchString(s) {
		return s, nil
	}
	return "", malformed(param, id.ErrMalformed)
}

func property(s string) (string, error) {
	if propertyPattern.MatchString(s) {
		return s, nil
	}
	return "", invalid("property", "This is not the internal name of a HubSpot property.")
}

// clip cuts a text to so many characters.
func clip(s string, most int) string {
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}
