package queue

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

// SQS refuses bodies with characters outside XML 1.0 (U+FFFF, control characters, broken UTF-8), and a chat message may hold
// them. Such a body travels as base64 behind this mark, so that nothing a user types can make a message unsendable.
const encodedMark = "base64:"

// Encode gives the text that travels as the message body.
func Encode(body []byte) string {
	s := string(body)
	if !strings.HasPrefix(s, encodedMark) && carriable(s) {
		return s
	}
	return encodedMark + base64.StdEncoding.EncodeToString(body)
}

// Decode undoes Encode.
func Decode(s string) ([]byte, error) {
	rest, encoded := strings.CutPrefix(s, encodedMark)
	if !encoded {
		return []byte(s), nil
	}
	b, err := base64.StdEncoding.DecodeString(rest)
	if err != nil {
		return nil, fmt.Errorf("message body: %w", err)
	}
	return b, nil
}

func carriable(s string) bool {
	for i, r := range s {
		switch {
		case r == utf8.RuneError:
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return false
			}
		case r < ' ' && r != '\t' && r != '\n' && r != '\r':
			return false
		case r == 0xFFFE || r == 0xFFFF:
			return false
		}
	}
	return true
}
