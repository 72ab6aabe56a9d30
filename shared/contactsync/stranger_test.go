package contactsync_test

import (
	"fmt"
	"testing"
	"time"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// Somebody overwrites a linked contact's LINE User ID: with an id that LINE does not know, with no id at all, with another friend's. The link
// stays until people decide, so a run still brings the contact's edits to its friend, and the friend's own id back.
func TestAContactThatNamesSomebodyElseStillReachesItsFriend(t *testing.T) {
	t.Parallel()
	unknown, other := id.LineUserID("U"+fmt.Sprintf("%032x", 0xdead)), id.LineUserID("U"+fmt.Sprintf("%032x", 0xb))
	for name, written := range map[string]string{"an unknown id": string(unknown), "no id": "call me", "another contact's friend": string(other)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			k := w.link(t, 1, userA)
			w.link(t, 2, other)
			w.clock.Advance(time.Minute)
			w.edit(1, "line_user_id", written, false)
			w.clock.Advance(time.Minute)
			w.edit(1, "firstname", "Renamed", false)
			w.reconcile(t)
			w.clock.Advance(time.Minute)
			w.flush(t)
			if got := w.shown(k, "firstname"); got != "Renamed" || w.friends[k].Link.Contact != 1 {
				t.Errorf("the friend shows %q, linked to %d", got, w.friends[k].Link.Contact)
			}
			if got := w.value(1, "line_user_id"); got != string(userA) {
				t.Errorf("the contact names %q", got)
			}
			if f := w.friends[friend.Key{Slot: 1, User: other}]; f.Link.Contact != 2 {
				t.Errorf("the other friend is linked to %d", f.Link.Contact)
			}
		})
	}
}
