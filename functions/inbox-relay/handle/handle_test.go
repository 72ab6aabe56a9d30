package handle

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"lumo/functions/internal/entry"
	"lumo/shared/id"
	"lumo/shared/inbox"
	"lumo/shared/queue"
)

// A batch holds parts of several conversations: each is carried on in its order, none waits for another, and after a failure the rest of that
// one comes again.
func TestConversationsOfABatchAreCarriedOnSideBySide(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	begun := map[string]bool{}
	both := make(chan struct{})
	d := Deps{Relay: &inbox.Relay{}, Parallel: 2, Runs: func(_ context.Context, p id.PortalID) (bool, error) {
		mu.Lock()
		begun[p.String()] = true
		if len(begun) == 2 && both != nil {
			close(both)
			both = nil
		}
		wait := both
		mu.Unlock()
		if wait != nil {
			<-wait // hangs for good where one conversation waits for the other's end
		}
		if p == 2 {
			return false, fmt.Errorf("portal %d cannot be read", p)
		}
		return false, nil
	}}
	record := func(name, group string, portal int) entry.Record {
		return entry.Record{ID: name, Group: group, Body: fmt.Appendf(nil, `{"portal":%d}`, portal)}
	}
	batch := []entry.Record{record("a1", "a", 1), record("b1", "b", 2), record("b2", "b", 2), record("a2", "a", 1), record("b3", "b", 2)}
	failed, err := New(d).Queues[queue.Inbox](t.Context(), batch)
	if !slices.Equal(failed, []string{"b1", "b2", "b3"}) || err == nil {
		t.Errorf("failed %v, %v", failed, err)
	}
}
