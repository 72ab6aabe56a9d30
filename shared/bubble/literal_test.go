package bubble

import (
	"errors"
	"strings"
	"testing"
)

func TestLiteralTextsKeepTheirBraces(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"{{firstname|there}}", "{{", "a {{b}} c", "<b> & {\"x\":1}"} {
		bs := OfText(s)
		if err := CheckLiteral(bs); err != nil {
			t.Errorf("%s: %v", s, err)
		}
		if bs[0].Text != s {
			t.Errorf("%s became %s", s, bs[0].Text)
		}
		got, err := MessagesLiteral(bs)
		if want := `{"text":"` + strings.ReplaceAll(s, `"`, `\"`) + `","type":"text"}`; err != nil || len(got) != 1 || string(got[0]) != want {
			t.Errorf("%s, want %s, %v", got, want, err)
		}
	}
}

func TestLiteralTextsAreCheckedAsTheyStand(t *testing.T) {
	t.Parallel()
	for s, code := range map[string]string{
		" \n": CodeEmpty, strings.Repeat("{{a|}}", 834): CodeTooLong, strings.Repeat("😀", 2501): CodeTooLong, "a\x00": CodeText,
	} {
		var ps Problems
		if err := CheckLiteral(OfText(s)); !errors.As(err, &ps) || ps[0].Code != code {
			t.Errorf("%.10q: %v", s, err)
		}
	}
	var ps Problems
	if err := CheckLiteral(OfImage("https://a.example/{{x}}.png", "http://a.example/b.png")); !errors.As(err, &ps) || len(ps) != 2 {
		t.Errorf("addresses: %v", err)
	}
	if err := CheckLiteral(OfImage("https://a.example/a.png", "https://a.example/b.png")); err != nil {
		t.Error(err)
	}
}
