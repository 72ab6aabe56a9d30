package broadcast

import (
	"testing"
	"time"
)

// TestWhatIsScheduledIsTakenBackWhenThePortalStops, and what is being sent stands still, so that neither goes on when the app comes back.
func TestWhatIsScheduledIsTakenBackWhenThePortalStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1200)
	ctx := t.Context()
	for _, name := range []string{"a", "b"} {
		w.draft(name, "hello")
		w.confirm(name, start.Add(time.Hour).UnixMilli())
	}
	w.draft("now", "hello")
	if _, err := w.service.Confirm(ctx, hub, slot, "now", me, 0); err != nil {
		t.Fatal(err)
	}
	bs, more, err := w.service.Waiting(ctx, hub)
	if err != nil || more || len(bs) != 3 {
		t.Fatalf("%d are waiting, more %v, %v", len(bs), more, err)
	}
	w.line.noAccount = true // as of a portal that does not run
	for range 2 {
		if err := w.service.PortalStopped(ctx, hub); err != nil {
			t.Fatal(err)
		}
	}
	w.run()
	for name, want := range map[string]Status{"a": Draft, "b": Draft, "now": Held} {
		if b := w.get(name); b.Status != want || b.Due != 0 {
			t.Errorf("%s is %s, due %d", name, b.Status, b.Due)
		}
	}
	w.line.noAccount = false // installed again, months later
	w.clock.Advance(60 * 24 * time.Hour)
	if next, err := w.sender.Look(ctx, hub); err != nil || !next.IsZero() {
		t.Errorf("next look %s, %v", next, err)
	}
	w.run()
	if len(w.line.got) != 0 {
		t.Errorf("%d got a message", len(w.line.got))
	}
	if bs, _, err := w.service.Waiting(ctx, hub); err != nil || len(bs) != 0 {
		t.Errorf("%d are waiting, %v", len(bs), err)
	}
}
