package tracking

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/clock"
	"lumo/shared/id"
)

var (
	now    = time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC)
	signer = Signer{Key: []byte("a key of thirty-two bytes or more")}
	who    = uint32(42)
)

const (
	phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Safari Line/15.12.1"
	robot = "facebookexternalhit/1.1;line-poker/1.0"
)

type targets map[string]Targets

func (s targets) Targets(_ context.Context, p id.PortalID, slot id.Slot, name string) (Targets, error) {
	t, ok := s[p.String()+"/"+slot.String()+"/"+name]
	if !ok {
		return t, ErrNoTarget
	}
	return t, nil
}

func desk() Desk {
	return Desk{Signer: signer, Clock: clock.NewVirtual(now), Targets: targets{"7/1/b": {
		Links: []string{"https://shop.example/?a=1&openExternalBrowser=1", "javascript:alert(1)"}, Pictures: []string{"https://img.example/sale"},
	}}}
}

func link(n int, ordinal *uint32) string {
	return strings.TrimPrefix(Links{Signer: signer, Origin: "https://t.example"}.Link(7, 1, "b", n, ordinal, now), "https://t.example/l/")
}

func TestVisit(t *testing.T) {
	t.Parallel()
	picture := strings.TrimPrefix(Links{Signer: signer, Origin: "https://t.example"}.Picture(7, 1, "b", 0, who, now), "https://t.example/p/")
	other := Signer{Key: []byte("another key")}.Sign(Token{Portal: 7, Slot: 1, Broadcast: "b", Expires: 1 << 30})
	old := signer.Sign(Token{Portal: 7, Slot: 1, Broadcast: "b", Expires: now.Unix() / 3600})
	for _, c := range []struct {
		name          string
		picture       bool
		token, rest   string
		method, agent string
		to            string
		kind          Kind
		personal      bool
		err           error
	}{
		{"a tap", false, link(0, &who), "", "GET", phone, "https://shop.example/?a=1&openExternalBrowser=1", Click, true, nil},
		{"a tap on a shared link", false, link(0, nil), "", "GET", phone, "https://shop.example/?a=1&openExternalBrowser=1", Click, false, nil},
		{"LINE draws a preview", false, link(0, &who), "", "GET", robot, "https://shop.example/?a=1&openExternalBrowser=1", Open, true, nil},
		{"LINE draws a shared preview", false, link(0, nil), "", "GET", robot, "https://shop.example/?a=1&openExternalBrowser=1", "", false, nil},
		{"some crawler", false, link(0, &who), "", "GET", "Slackbot 1.0", "https://shop.example/?a=1&openExternalBrowser=1", "", false, nil},
		{"a head", false, link(0, &who), "", "HEAD", phone, "https://shop.example/?a=1&openExternalBrowser=1", "", false, nil},
		{"a picture", true, picture, "1040", "GET", "", "https://img.example/sale/1040", Open, true, nil},
		{"a picture of another place", true, picture, "../x", "GET", "", "", "", false, ErrForged},
		{"a picture as a link", false, picture, "", "GET", phone, "", "", false, ErrForged},
		{"a link as a picture", true, link(0, &who), "", "GET", phone, "", "", false, ErrForged},
		{"a target that was never stored", false, link(5, &who), "", "GET", phone, "", "", false, ErrNoTarget},
		{"a target that is no page", false, link(1, &who), "", "GET", phone, "", "", false, ErrNoTarget},
		{"another broadcast", false, signer.Sign(Token{Portal: 7, Slot: 1, Broadcast: "c", Expires: 1 << 30}), "", "GET", phone, "", "", false, ErrNoTarget},
		{"another portal's", false, signer.Sign(Token{Portal: 8, Slot: 1, Broadcast: "b", Expires: 1 << 30}), "", "GET", phone, "", "", false, ErrNoTarget},
		{"another key", false, other, "", "GET", phone, "", "", false, ErrForged},
		{"expired", false, old, "", "GET", phone, "", "", false, ErrExpired},
		{"an address instead of a token", false, "https://evil.example", "", "GET", phone, "", "", false, ErrForged},
		{"nothing", false, "", "", "GET", phone, "", "", false, ErrForged},
	} {
		to, e, err := desk().Visit(t.Context(), c.picture, c.token, c.rest, c.method, c.agent)
		kind, personal := Kind(""), false
		if e != nil {
			kind, personal = e.Kind, e.Personal
		}
		if to != c.to || kind != c.kind || personal != c.personal || !errors.Is(err, c.err) {
			t.Errorf("%s: %s %s %v %v", c.name, to, kind, personal, err)
		}
	}
	if l := (Links{Signer: signer, Origin: "https://t.example"}).Link(1<<40, 10, "01J00000000000000000000000", 99, &who, now); len(l) > 120 || strings.Contains(l, "U0") {
		t.Errorf("%d characters: %s", len(l), l)
	}
}

func TestTokensKeepWhatTheyHold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := Token{
			Portal: id.PortalID(rapid.Int64Range(1, 1<<60).Draw(t, "portal")), Slot: id.Slot(rapid.IntRange(1, 10).Draw(t, "slot")),
			Broadcast: rapid.StringMatching(`[0-9A-Z]{1,26}`).Draw(t, "broadcast"), Target: rapid.IntRange(0, 500).Draw(t, "target"),
			Picture: rapid.Bool().Draw(t, "picture"), Expires: now.Unix()/3600 + rapid.Int64Range(1, 10000).Draw(t, "life"),
		}
		if in.Personal = rapid.Bool().Draw(t, "personal"); in.Personal {
			in.Ordinal = rapid.Uint32().Draw(t, "ordinal")
		}
		if out, err := signer.Read(signer.Sign(in), now); err != nil || out != in {
			t.Fatalf("%+v became %+v: %v", in, out, err)
		}
	})
}

// Whatever somebody makes of a token: it is either the token itself or refused.
func FuzzToken(f *testing.F) {
	good := link(0, &who)
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(good + "A")
	f.Add(base64.RawURLEncoding.EncodeToString(make([]byte, 60)))
	f.Fuzz(func(t *testing.T, s string) {
		to, _, err := desk().Visit(context.Background(), false, s, "", "GET", phone)
		if err == nil && (s != good || to != "https://shop.example/?a=1&openExternalBrowser=1") {
			t.Fatalf("%q leads to %s", s, to)
		}
	})
}

// FuzzTampering changes one byte of a good token at a time.
func FuzzTampering(f *testing.F) {
	f.Add(3, byte(1))
	f.Fuzz(func(t *testing.T, at int, by byte) {
		raw, _ := base64.RawURLEncoding.DecodeString(link(0, &who))
		if by == 0 || at < 0 || at >= len(raw) {
			return
		}
		raw[at] ^= by
		if _, err := signer.Read(base64.RawURLEncoding.EncodeToString(raw), now); !errors.Is(err, ErrForged) {
			t.Fatalf("byte %d changed: %v", at, err)
		}
	})
}

type memory struct {
	marks  map[string]map[uint32]Marks
	counts map[string]int
}

func (m *memory) Mark(_ context.Context, _ id.PortalID, name, mark string, block uint32, bits Marks) (int, error) {
	k := name + "/" + mark
	if m.marks[k] == nil {
		m.marks[k] = map[uint32]Marks{}
	}
	had := m.marks[k][block]
	before := had.Count()
	for i := range had {
		had[i] |= bits[i]
	}
	m.marks[k][block] = had
	return had.Count() - before, nil
}

func (m *memory) Add(_ context.Context, _ id.PortalID, _ string, counts map[string]int) error {
	for k, n := range counts {
		m.counts[k] += n
	}
	return nil
}

func (m *memory) Marked(_ context.Context, _ id.PortalID, name string, visit func(string, uint32, Marks)) error {
	for k, blocks := range m.marks {
		if mark, ok := strings.CutPrefix(k, name+"/"); ok {
			for b, bits := range blocks {
				visit(mark, b, bits)
			}
		}
	}
	return nil
}

func (m *memory) Counters(context.Context, id.PortalID, string) (map[string]int, error) {
	return maps.Clone(m.counts), nil
}

func (m *memory) Users(context.Context, id.PortalID, id.Slot, []uint32) (map[uint32]id.LineUserID, error) {
	return nil, nil
}

func (m *memory) Tracks(context.Context, id.PortalID, id.Slot) (bool, error) { return true, nil }

// Events come twice, in any order and in any batches: people are counted once.
func TestCountsPeopleOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &memory{marks: map[string]map[uint32]Marks{}, counts: map[string]int{}}
		c := Counter{Store: m, Users: m, Switch: m, Notes: &Notes{Friends: noFriends{}}}
		opened, clicked, first := map[uint32]bool{}, map[uint32]bool{}, map[uint32]bool{}
		var es []Event
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			e := Event{Portal: 7, Slot: 1, Broadcast: "b", Personal: true, Ordinal: uint32(rapid.IntRange(0, 5000).Draw(t, "who")), Kind: rapid.SampledFrom([]Kind{Click, Open}).Draw(t, "kind"), At: now.UnixMilli()}
			if e.Kind == Click {
				e.Target = rapid.IntRange(0, 1).Draw(t, "link")
				clicked[e.Ordinal] = true
				if e.Target == 0 {
					first[e.Ordinal] = true
				}
			}
			opened[e.Ordinal] = true
			es = append(es, e)
		}
		again := rapid.Permutation(append(es, es...)).Draw(t, "order")
		cut := rapid.IntRange(0, len(again)).Draw(t, "cut")
		for _, batch := range [][]Event{again[:cut], again[cut:]} {
			if err := c.Apply(context.Background(), 7, 1, batch); err != nil {
				t.Fatal(err)
			}
		}
		r, err := c.Read(context.Background(), 7, "b", []string{"https://a.example", "https://b.example"})
		if err != nil || r.Opened != len(opened) || r.Clicked != len(clicked) || r.Links[0].Clicked != len(first) {
			t.Fatalf("%+v, want %d opened, %d clicked", r, len(opened), len(clicked))
		}
		if len(r.Hours) != 1 || r.Hours[0].Opened != len(opened) || r.Hours[0].Clicked != len(clicked) {
			t.Fatalf("hours %+v", r.Hours)
		}
	})
}

func TestSharedTapsAreAnonymous(t *testing.T) {
	t.Parallel()
	m := &memory{marks: map[string]map[uint32]Marks{}, counts: map[string]int{}}
	c := Counter{Store: m, Users: m, Switch: m, Notes: &Notes{}}
	es := []Event{{Broadcast: "b", Kind: Click, Target: 1, At: 1}, {Broadcast: "b", Kind: Click, Target: 1, At: 2}}
	if err := c.Apply(t.Context(), 7, 1, es); err != nil {
		t.Fatal(err)
	}
	r, err := c.Read(t.Context(), 7, "b", []string{"x", "y"})
	if err != nil || r.Taps != 2 || r.Links[1].Taps != 2 || r.Opened != 0 || r.Hours[0].Taps != 2 {
		t.Errorf("%+v %v", r, err)
	}
}
