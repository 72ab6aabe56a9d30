package blob

import (
	"context"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lumo/shared/id"
)

func TestKey(t *testing.T) {
	t.Parallel()
	if got, err := Key(7, "lists/12/2026-01-01.json"); err != nil || got != "portal/7/lists/12/2026-01-01.json" {
		t.Errorf("%q, %v", got, err)
	}
	for _, name := range []string{
		"", "/a", "a/", "a//b", "..", "a/../../8/b", ".", "a b", "a\\b", "a%2f", "あ", "a?b", strings.Repeat("a", 513),
	} {
		if got, err := Key(7, name); !errors.Is(err, ErrName) {
			t.Errorf("%q became %q", name, got)
		}
	}
	if _, err := Key(0, "a"); !errors.Is(err, ErrName) {
		t.Error("a key without portal")
	}
}

func TestKeyStaysInItsPortal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := id.PortalID(rapid.Int64Range(1, 1<<40).Draw(t, "portal"))
		key, err := Key(p, rapid.StringMatching(`[a./%-]{0,20}`).Draw(t, "name"))
		if err == nil && (!strings.HasPrefix(key, "portal/"+p.String()+"/") || strings.Contains(key, "..") && strings.Contains(key, "/../")) {
			t.Fatal(key)
		}
	})
}

func TestMemory(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	m := &Memory{}
	if err := PutBytes(ctx, m, 7, "a", "text/plain", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if b, err := GetBytes(ctx, m, 7, "a"); err != nil || string(b) != "x" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := GetBytes(ctx, m, 8, "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("another portal: %v", err)
	}
	for range 2 {
		if err := m.Delete(ctx, 7, "a"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.Get(ctx, 7, "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("after delete: %v", err)
	}
}
