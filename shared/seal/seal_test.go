package seal

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/clock"
	"lumo/shared/id"
)

var day = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newTest() (*Envelope, *MemoryKeys, *clock.Virtual) {
	keys, c := &MemoryKeys{}, clock.NewVirtual(day)
	return New(keys, c), keys, c
}

func mustSeal(t testing.TB, e *Envelope, p id.PortalID, plain string) string {
	t.Helper()
	s, err := e.Seal(context.Background(), p, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealedTextOpens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, _, c := newTest()
		p := id.PortalID(rapid.Int64Range(1, 1<<40).Draw(t, "portal"))
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		s, err := e.Seal(context.Background(), p, plain)
		if err != nil {
			t.Fatal(err)
		}
		c.Advance(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "later")))
		got, err := e.Open(context.Background(), p, s)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%q opened as %q, %v", plain, got, err)
		}
	})
}

func TestSealedTextHidesAndVaries(t *testing.T) {
	t.Parallel()
	e, _, _ := newTest()
	one, two := mustSeal(t, e, 7, "secret-token"), mustSeal(t, e, 7, "secret-token")
	if one == two {
		t.Error("the same text sealed twice looks the same")
	}
	if strings.Contains(one, "secret") {
		t.Error("the text shows through")
	}
}

func TestAnotherPortalCannotOpen(t *testing.T) {
	t.Parallel()
	e, _, _ := newTest()
	mine := mustSeal(t, e, 7, "secret")
	mustSeal(t, e, 8, "other") // portal 8 has a key in memory too
	if _, err := e.Open(t.Context(), 8, mine); !errors.Is(err, ErrRefused) {
		t.Errorf("portal 8 opened a text of portal 7: %v", err)
	}
	if _, err := e.Open(t.Context(), 7, mine); err != nil {
		t.Errorf("portal 7 can no longer open its own: %v", err)
	}
}

// Ensure that the ciphertext itself is bound to the portal, were a key ever shared.
func TestPortalIsBoundBesidesTheKey(t *testing.T) {
	t.Parallel()
	e, keys, _ := newTest()
	mine := mustSeal(t, e, 7, "secret")
	for name, k := range keys.keys {
		k.context = keyContext(8)
		keys.keys[name] = k
	}
	if _, err := e.Open(t.Context(), 8, mine); !errors.Is(err, ErrRefused) {
		t.Errorf("opened: %v", err)
	}
}

func TestTamperedTextIsRefused(t *testing.T) {
	t.Parallel()
	e, _, _ := newTest()
	s := mustSeal(t, e, 7, "secret")
	for i := range s {
		for _, b := range []byte{s[i] ^ 1, 'A', '.'} {
			if b == s[i] {
				continue
			}
			if plain, err := e.Open(t.Context(), 7, s[:i]+string(b)+s[i+1:]); !errors.Is(err, ErrRefused) {
				t.Fatalf("byte %d changed to %q: %q, %v", i, b, plain, err)
			}
		}
		if _, err := e.Open(t.Context(), 7, s[:i]); !errors.Is(err, ErrRefused) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
}

// Ensure that a portal costs at most one call to KMS in 5 minutes while it seals, and that what it opens is cached.
func TestCallsToKMS(t *testing.T) {
	t.Parallel()
	e, keys, c := newTest()
	want := func(what string, generated, decrypted int) {
		t.Helper()
		if g, d := keys.Calls(); g != generated || d != decrypted {
			t.Errorf("%s: %d keys made and %d unwrapped, want %d and %d", what, g, d, generated, decrypted)
		}
	}
	first := mustSeal(t, e, 7, "a")
	for range 20 {
		mustSeal(t, e, 7, "b")
		if _, err := e.Open(t.Context(), 7, first); err != nil {
			t.Fatal(err)
		}
	}
	want("within 5 minutes", 1, 0)
	mustSeal(t, e, 8, "c")
	want("another portal", 2, 0)
	c.Advance(5*time.Minute - 1)
	mustSeal(t, e, 7, "d")
	want("just before 5 minutes", 2, 0)
	c.Advance(1)
	for range 3 {
		if _, err := e.Open(t.Context(), 7, first); err != nil {
			t.Fatal(err)
		}
		mustSeal(t, e, 7, "e")
	}
	want("after 5 minutes an opened key serves for sealing too", 2, 1)
}

func TestAnotherEnvironmentJoinsTheSameKey(t *testing.T) {
	t.Parallel()
	e, keys, c := newTest()
	other := New(keys, c)
	token := mustSeal(t, e, 7, "token")
	if _, err := other.Open(t.Context(), 7, token); err != nil {
		t.Fatal(err)
	}
	secret := mustSeal(t, other, 7, "secret")
	if strings.Split(token, ".")[1] != strings.Split(secret, ".")[1] {
		t.Error("the portal has two data keys")
	}
}

func TestConcurrentCallersShareOneKey(t *testing.T) {
	t.Parallel()
	e, keys, _ := newTest()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { mustSeal(t, e, 7, "x") })
	}
	wg.Wait()
	if g, _ := keys.Calls(); g != 1 {
		t.Errorf("%d keys made", g)
	}
}

// Ensure that a key service that is down is told apart from a text that is wrong.
func TestKMSDownIsNotRefused(t *testing.T) {
	t.Parallel()
	e, keys, c := newTest()
	s := mustSeal(t, e, 7, "x")
	c.Advance(time.Hour)
	down := errors.New("KMS is down")
	keys.Fail = func() error { return down }
	if _, err := e.Open(t.Context(), 7, s); !errors.Is(err, down) || errors.Is(err, ErrRefused) {
		t.Errorf("open: %v", err)
	}
	if _, err := e.Seal(t.Context(), 7, nil); !errors.Is(err, down) {
		t.Errorf("seal: %v", err)
	}
	keys.Fail = nil
	if _, err := e.Open(t.Context(), 7, s); err != nil {
		t.Errorf("after recovery: %v", err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	e, _, _ := newTest()
	for p := range id.PortalID(maxPortals + 10) {
		mustSeal(t, e, p+1, "x")
	}
	if n := len(e.keys.portals); n > maxPortals {
		t.Errorf("%d portals in memory", n)
	}
}
