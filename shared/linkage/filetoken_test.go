package linkage

import (
	"errors"
	"testing"
	"time"
)

// A file's token can be made again, opens that file alone, and passes as no other token.
func TestAFileTokenNamesOneFile(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	until, s := now.Add(90*24*time.Hour), Signer{Key: []byte("key")}
	token := s.FileToken(7, "1/U1/22", until)
	if again := s.FileToken(7, "1/U1/22", until); again != token {
		t.Errorf("%s, then %s", token, again)
	}
	if p, err := s.Read(File, token, now); err != nil || p != 7 {
		t.Errorf("%d, %v", p, err)
	}
	if _, err := s.Read(File, token, until); !errors.Is(err, ErrExpired) {
		t.Errorf("after its end: %v", err)
	}
	for name, other := range map[string]string{
		"another file": s.FileToken(7, "1/U1/23", until), "another portal": s.FileToken(8, "1/U1/22", until), "another key": Signer{Key: []byte("other")}.FileToken(7, "1/U1/22", until),
	} {
		if Hash(other) == Hash(token) {
			t.Errorf("%s has the same", name)
		}
	}
	for _, u := range []Use{Invite, Session, State} {
		if _, err := s.Read(u, token, now); !errors.Is(err, ErrForged) {
			t.Errorf("passes as %c: %v", u, err)
		}
	}
	for i := range token {
		b := []byte(token)
		b[i] ^= 1
		if p, err := s.Read(File, string(b), now); err == nil {
			t.Errorf("edited at %d: portal %d", i, p)
		}
	}
}
