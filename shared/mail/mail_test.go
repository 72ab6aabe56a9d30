package mail

import (
	"errors"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	good := Mail{To: "a@example.com", Subject: "Two runs failed", Text: "x"}
	for name, change := range map[string]func(*Mail){
		"no address":         func(m *Mail) { m.To = "" },
		"two addresses":      func(m *Mail) { m.To = "a@example.com, b@example.com" },
		"a name in front":    func(m *Mail) { m.To = "A <a@example.com>" },
		"header in address":  func(m *Mail) { m.To = "a@example.com\r\nBcc: b@example.com" },
		"header in subject":  func(m *Mail) { m.Subject = "x\r\nBcc: b@example.com" },
		"no subject":         func(m *Mail) { m.Subject = "" },
		"no text, only HTML": func(m *Mail) { m.Text, m.HTML = "", "<p>x" },
	} {
		m := good
		change(&m)
		err := Check(m)
		if !errors.Is(err, ErrInvalid) || strings.Contains(err.Error(), "example.com") {
			t.Errorf("%s: %v", name, err)
		}
	}
	var r Recorder
	if err := r.Send(t.Context(), good); err != nil || len(r.Sent()) != 1 {
		t.Errorf("%v, %v", err, r.Sent())
	}
	if err := r.Send(t.Context(), Mail{}); err == nil {
		t.Error("the recorder is more lenient than SES")
	}
}
