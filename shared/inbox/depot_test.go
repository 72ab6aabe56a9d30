package inbox_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"lumo/shared/blob"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/inbox"
)

// keptFiles are the rows of kept files.
type keptFiles struct{ rows map[string]inbox.Kept }

func (s *keptFiles) PutKept(_ context.Context, _ id.PortalID, hash string, f inbox.Kept) error {
	s.rows[hash] = f
	return nil
}

func (s *keptFiles) Kept(_ context.Context, _ id.PortalID, hash string) (inbox.Kept, bool, error) {
	f, ok := s.rows[hash]
	return f, ok, nil
}

func (s *keptFiles) DropKept(_ context.Context, _ id.PortalID, hash string) error {
	delete(s.rows, hash)
	return nil
}

func (s *keptFiles) AllKept(context.Context, id.PortalID, string) (map[string]inbox.Kept, string, error) {
	all := map[string]inbox.Kept{}
	for hash, f := range s.rows {
		all[hash] = f
	}
	return all, "", nil
}

// bucket holds objects in memory.
type bucket struct {
	blob.Memory
	streams int
	fail    error
}

func (b *bucket) Stream(ctx context.Context, p id.PortalID, name, contentType string, body io.Reader) error {
	b.streams++
	if b.fail != nil {
		return b.fail
	}
	return b.Memory.Stream(ctx, p, name, contentType, body)
}

func (b *bucket) Address(_ context.Context, p id.PortalID, name string, as blob.Download, _ time.Duration) (string, error) {
	key, err := blob.Key(p, name)
	return "https://bucket.example/" + key + "?name=" + as.Name, err
}

// tokens say what they are for; those of the product are signed (shared/linkage).
type tokens struct{}

func (tokens) Make(p id.PortalID, of string, until time.Time) (token, hash string) {
	token = strings.ReplaceAll(p.String()+"~"+of+"~"+until.UTC().Format(time.RFC3339), "/", "_")
	return token, "hash of " + token
}

func (tokens) Read(token string, _ time.Time) (id.PortalID, string, error) {
	if !strings.HasPrefix(token, hub.String()+"~") {
		return 0, "", inbox.ErrNoFile
	}
	return hub, "hash of " + token, nil
}

func large() []byte { return append(bytes.Clone(mp4), bytes.Repeat([]byte("frame "), 21<<20/6)...) }

const object = "inbox/1/U0123456789abcdef0123456789abcdef/1"

// link is the address in a message's text.
func link(t *testing.T, m shownMessage) string {
	t.Helper()
	_, token, ok := strings.Cut(m.Text, "https://t.example/f/")
	if !ok {
		t.Fatalf("no link in %q", m.Text)
	}
	return token
}

func (w *world) pickup() *inbox.Pickup {
	return &inbox.Pickup{Store: w.kept, Addresses: &w.bucket, Tokens: tokens{}, Clock: w.clock}
}

// A file that HubSpot does not take opens by a link for 90 days, in the thread and on the card, whoever told its size.
func TestALargeFileOpensByALink(t *testing.T) {
	t.Parallel()
	film := large()
	for name, c := range map[string]struct {
		event inbox.Event
		held  held
	}{
		"LINE's event tells":  {sent("file", "film.mp4", int64(len(film))), held{body: film}},
		"LINE's answer tells": {sent("video", "film.mp4", 0), held{body: film}},
		"nobody tells":        {sent("video", "film.mp4", 0), held{body: film, size: -1}},
	} {
		w := newWorld()
		w.held["1"] = c.held
		w.must(t, said(c.event, start))
		token := link(t, w.thread[0])
		if !strings.Contains(w.thread[0].Text, "opens until 18 February 2027: https://") || len(w.thread[0].Files) != 0 || len(w.uploads) != 0 {
			t.Errorf("%s: %q", name, w.thread[0].Text)
		}
		if b, err := blob.GetBytes(t.Context(), &w.bucket, hub, object); err != nil || !bytes.Equal(b, film) {
			t.Errorf("%s: %d bytes, %v", name, len(b), err)
		}
		to, err := w.pickup().Open(t.Context(), token)
		if err != nil || to != "https://bucket.example/portal/7/"+object+"?name=film.mp4" {
			t.Errorf("%s: %q, %v", name, to, err)
		}
		l := &inbox.Library{Store: w.Store, Depot: w.depot, HubSpot: &shelf{}, Clock: w.clock}
		if got, err := l.Address(t.Context(), hub, aiko, "1"); err != nil || got != "https://t.example/f/"+token {
			t.Errorf("%s: on the card %q, %v", name, got, err)
		}
		w.clock.Advance(blob.Keep)
		if _, err := w.pickup().Open(t.Context(), token); !errors.Is(err, inbox.ErrNoFile) {
			t.Errorf("%s: after 90 days: %v", name, err)
		}
		if got, err := l.Address(t.Context(), hub, aiko, "1"); err != nil || got != "" {
			t.Errorf("%s: after 90 days on the card %q, %v", name, got, err)
		}
	}
}

func TestWhatTheDepotDoesNotTake(t *testing.T) {
	t.Parallel()
	exe := large()
	copy(exe, "MZ")
	for name, c := range map[string]struct {
		event inbox.Event
		held  held
		text  string
	}{
		"a program":                  {sent("file", "film.mp4", int64(len(exe))), held{body: exe}, "[File] film.mp4 (not attached: it is a program)"},
		"400 MB, says LINE's event":  {sent("file", "film.mp4", 400<<20), held{}, "[File] film.mp4 (not attached: larger than 300 MB; open it at https://chat.line.biz/)"},
		"400 MB, says LINE's answer": {sent("video", "", 0), held{body: mp4, size: 400 << 20}, "[Video] (not attached: larger than 300 MB; open it at https://chat.line.biz/)"},
	} {
		w := newWorld()
		w.held["1"] = c.held
		w.must(t, said(c.event, start))
		if w.thread[0].Text != c.text || w.bucket.streams != 0 {
			t.Errorf("%s: %q, %d streams", name, w.thread[0].Text, w.bucket.streams)
		}
	}
}

// Dying anywhere and being asked again, the message says the same link, and it works.
func TestALargeFileIsKeptOnceWhereverTheProcessDies(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"before mark", "after mark", "before publish", "after publish"} {
		w := newWorld()
		w.held["1"] = held{body: large()}
		n := said(sent("video", "film.mp4", 0), start)
		w.dies = func(at string) bool { return at == where }
		w.run(func() { _ = w.Handle(t.Context(), n) })
		w.dies = func(string) bool { return false }
		w.must(t, n)
		if len(w.thread) != 1 || w.bucket.streams != 1 || len(w.kept.rows) != 1 {
			t.Errorf("%s: %d messages, %d streams, %d rows", where, len(w.thread), w.bucket.streams, len(w.kept.rows))
		}
		if _, err := w.pickup().Open(t.Context(), link(t, w.thread[0])); err != nil {
			t.Errorf("%s: %v", where, err)
		}
	}
}

// What is cut off, or cannot be stored, is shown only when it is whole.
func TestALargeFileIsShownWholeOrNotYet(t *testing.T) {
	t.Parallel()
	n := said(sent("video", "film.mp4", 30<<20), start)
	for name, hurt := range map[string]func(*world){
		"cut off":             func(w *world) { w.held["1"] = held{body: large(), cutting: true} },
		"shorter than told":   func(w *world) { w.held["1"] = held{body: large(), size: 30 << 20} },
		"the bucket is away":  func(w *world) { w.held["1"] = held{body: large()}; w.bucket.fail = io.ErrClosedPipe },
		"LINE is still at it": func(w *world) { w.held["1"] = held{body: large(), waits: 10} },
	} {
		w := newWorld()
		hurt(w)
		if err := w.Handle(t.Context(), n); err == nil || len(w.thread) != 0 || len(w.kept.rows) != 0 {
			t.Errorf("%s: %v, %d shown, %d rows", name, err, len(w.thread), len(w.kept.rows))
		}
		w.held["1"], w.bucket.fail, w.asked["1"] = held{body: large()}, nil, 0
		w.must(t, n)
		link(t, w.thread[0])
	}
}

// A friend who takes the message back takes the file along, and so does the privacy deletion of the contact.
func TestALargeFileEndsWithItsMessageAndItsContact(t *testing.T) {
	t.Parallel()
	gone := said(inbox.Event{Kind: inbox.Unsent, ID: "1", At: start.UnixMilli()}, start)
	for name, c := range map[string]struct {
		end  func(t *testing.T, w *world)
		left bool
	}{
		"unsent":           {func(t *testing.T, w *world) { w.must(t, gone); w.must(t, gone) }, false},
		"erased":           {func(t *testing.T, w *world) { w.forget(t, 501); w.forget(t, 501) }, false},
		"erased by friend": {func(t *testing.T, w *world) { w.forgetFriend(t, aiko); w.forgetFriend(t, aiko) }, false},
		"another friend":   {func(t *testing.T, w *world) { w.forgetFriend(t, friend.Key{Slot: 1, User: "U1"}) }, true},
		"another contact":  {func(t *testing.T, w *world) { w.forget(t, 502) }, true},
	} {
		w := newWorld()
		w.held["1"] = held{body: large()}
		w.must(t, said(sent("video", "film.mp4", 0), start))
		c.end(t, w)
		_, err := w.pickup().Open(t.Context(), link(t, w.thread[0]))
		_, oerr := w.bucket.Get(t.Context(), hub, object)
		if left := err == nil; left != c.left || left != (oerr == nil) || left != (len(w.kept.rows) == 1) {
			t.Errorf("%s: link %v, object %v, %d rows", name, err, oerr, len(w.kept.rows))
		}
		l := &inbox.Library{Store: w.Store, Depot: w.depot, HubSpot: &shelf{}, Clock: w.clock}
		if got, err := l.Address(t.Context(), hub, aiko, "1"); err != nil || name == "unsent" && got != "" {
			t.Errorf("%s: on the card %q, %v", name, got, err)
		}
	}
}

func (w *world) forget(t *testing.T, c id.ContactID) {
	t.Helper()
	if next, err := w.depot.ForgetFiles(t.Context(), hub, []id.ContactID{c}, ""); err != nil || next != "" {
		t.Fatal(next, err)
	}
}

func (w *world) forgetFriend(t *testing.T, k friend.Key) {
	t.Helper()
	if err := w.depot.ForgetFriends(t.Context(), hub, []friend.Key{k}); err != nil {
		t.Fatal(err)
	}
}

func TestAForeignTokenOpensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for _, token := range []string{"", "8~x", "7~nothing"} {
		if _, err := w.pickup().Open(t.Context(), token); !errors.Is(err, inbox.ErrNoFile) {
			t.Errorf("%q: %v", token, err)
		}
	}
}
