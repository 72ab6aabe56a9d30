package inbox_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/inbox"
)

// shelf is HubSpot's files.
type shelf struct {
	asked int
	err   error
}

func (s *shelf) File(_ context.Context, _ id.PortalID, fileID string, _ int) (inbox.Signed, error) {
	s.asked++
	return inbox.Signed{URL: fmt.Sprintf("https://files.example/%s?signature=%d", fileID, s.asked)}, s.err
}

// An address is asked for once in six days, while it is certainly good; a file that is gone has none, and trouble is no answer.
func TestWhereAFileOpens(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.held["1"] = held{body: png}
	w.must(t, said(sent("image", "", 0), start))
	files := &shelf{}
	l := &inbox.Library{Store: w.Store, HubSpot: files, Clock: w.clock}
	k := friend.Key{Slot: 1, User: said(sent("image", "", 0), start).User}
	look := func(message string) string {
		t.Helper()
		got, err := l.Address(t.Context(), hub, k, message)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := look("2"); got != "" || files.asked != 0 {
		t.Errorf("no file: %q", got)
	}
	first := look("1")
	w.clock.Advance(5 * 24 * time.Hour)
	if got := look("1"); first == "" || got != first || files.asked != 1 {
		t.Errorf("%q, then %q, asked %d times", first, got, files.asked)
	}
	w.clock.Advance(2 * 24 * time.Hour)
	if got := look("1"); got == first || files.asked != 2 {
		t.Errorf("%q is too old, asked %d times", got, files.asked)
	}
	w.clock.Advance(7 * 24 * time.Hour)
	files.err = away()
	if got, err := l.Address(t.Context(), hub, k, "1"); err == nil {
		t.Errorf("HubSpot is away: %q", got)
	}
	files.err = refused(fault.NotFound, "HUBSPOT_NOT_FOUND")
	if got := look("1"); got != "" {
		t.Errorf("gone: %q", got)
	}
}
