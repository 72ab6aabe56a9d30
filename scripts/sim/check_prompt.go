package sim

import (
	"fmt"
	"time"

	"lumo/shared/friend"
	"lumo/shared/mapping"
	"lumo/shared/register"
)

// checkPrompt is I1 in time (P-45): in fair weather an edit reaches HubSpot within seconds, and the next one of the same contact when the 30 s
// in which writes are gathered are over.
func (w *World) checkPrompt() {
	if w.options.Plant == LostFlushes {
		return // then the tick brings it, later
	}
	for _, t := range w.portals {
		if t.removed || !w.healthy() {
			continue
		}
		f, m, ok := w.writable(t)
		if !ok {
			continue
		}
		for i, most := range []time.Duration{10 * time.Second, 50 * time.Second} {
			value := fmt.Sprintf("%s prompt %d", t.canary, i)
			w.editFriend(t, f.Key, m.Property, value)
			w.advance(most)
			r, err := w.hubspot.Record(t.hub(), "contacts", int64(f.Link.Contact))
			w.check(err)
			w.evaluate("I1")
			if held := r.Value(m.Property); held != value {
				w.violate("I1", "portal %d: %s after an edit of %s, HubSpot holds %q and not %q", t.id, most, m.Property, held, value)
			}
		}
	}
}

// writable finds a linked friend and a text field whose edits go to HubSpot.
func (w *World) writable(t *tenant) (friend.Friend, mapping.Mapping, bool) {
	v := w.look(t)
	for _, m := range v.set.Mappings {
		if !m.Status.Flows() || m.Rule != register.NewestWins || m.FieldType != "text" || m.Property == mapping.Company {
			continue
		}
		for _, c := range t.channels {
			for _, u := range sortedUsers(v.friends[c]) {
				if f := v.friends[c][u]; f.Link.State == friend.Linked {
					return f, m, true
				}
			}
		}
	}
	return friend.Friend{}, mapping.Mapping{}, false
}
