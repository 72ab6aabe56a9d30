package dynamo

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lumo/shared/broadcast"
	"lumo/shared/bubble"
	"lumo/shared/id"
	"lumo/shared/internal/dynamotest"
	"lumo/shared/portal"
	"lumo/shared/tracking"
)

func TestBroadcastsKeepEverything(t *testing.T) {
	t.Parallel()
	db := dynamotest.Start(t)
	s := Broadcasts{New(db.Client, db.Name)}
	ctx := t.Context()
	b := broadcast.Broadcast{
		ID: "01A", Slot: 1, Name: "Sale", Bubbles: bubble.OfText("hello"), Silent: true, Tracking: broadcast.Personal, Audience: broadcast.Audience{Kind: broadcast.WithTag, Ref: "x"},
		TestUsers: []id.LineUserID{"U1"}, SendAt: 1, Status: broadcast.Held, CreatedAt: 2, CreatedBy: portal.Actor{UserID: 3}, UpdatedAt: 4, ConfirmedAt: 5, StartedAt: 6, EndedAt: 7,
		Frozen: &broadcast.Frozen{Blob: "b", Count: 8, AsOf: 9, MembersAsOf: 10, Limit: 11, Order: broadcast.Random}, Hold: &broadcast.Hold{Reason: broadcast.NoQuota, Need: 5, Remaining: 3},
		Progress: broadcast.Progress{Next: 1, Sent: 1, Refused: map[string]int{"X": 1}, Unsure: []broadcast.Span{{From: 1, To: 2}}, Missed: broadcast.Places{2, 1}, Done: []byte{1}, Since: 3},
		Links:    []string{"https://a.example"}, Pictures: []string{"https://b.example"}, Attempt: 2, Due: 500,
	}
	saved, err := s.Save(ctx, 7, b)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Get(ctx, 7, 1, "01A")
	if err != nil || cmp.Diff(saved, got) != "" {
		t.Fatalf("%v %s", err, cmp.Diff(saved, got))
	}
	if _, err := s.Save(ctx, 7, b); !errors.Is(err, broadcast.ErrChanged) {
		t.Errorf("over a newer one: %v", err)
	}
	if _, err := s.Get(ctx, 8, 1, "01A"); !errors.Is(err, broadcast.ErrUnknown) {
		t.Errorf("another portal reads it: %v", err)
	}
	for _, name := range []string{"01B", "01C"} {
		if _, err := s.Save(ctx, 7, broadcast.Broadcast{ID: name, Slot: 1, Status: broadcast.Scheduled, Due: 1000}); err != nil {
			t.Fatal(err)
		}
	}
	list, next, err := s.List(ctx, 7, 1, "", 2)
	if err != nil || len(list) != 2 || list[0].ID != "01C" || next == "" {
		t.Fatalf("%v %q %v", list, next, err)
	}
	if list, _, err = s.List(ctx, 7, 1, next, 2); err != nil || len(list) != 1 || list[0].ID != "01A" || list[0].Bubbles != nil {
		t.Errorf("%v %v", list, err)
	}
	due, at, err := s.Due(ctx, 7, 600)
	if err != nil || len(due) != 1 || due[0].ID != "01A" || at != 1000 {
		t.Errorf("due %v, next %d, %v", due, at, err)
	}
	if err := s.Delete(ctx, 7, b); !errors.Is(err, broadcast.ErrChanged) {
		t.Errorf("delete of an older one: %v", err)
	}
	if err := s.Delete(ctx, 7, saved); err != nil {
		t.Error(err)
	}
}

func TestReservationsAreOneAfterTheOther(t *testing.T) {
	t.Parallel()
	db := dynamotest.Start(t)
	s := Reservations{New(db.Client, db.Name)}
	r, err := s.Load(t.Context(), 7, 1)
	if err != nil {
		t.Fatal(err)
	}
	mine := r.Reserve("a", 5, "2026-11", "2026-11")
	if err := s.Save(t.Context(), 7, 1, mine); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), 7, 1, r.Reserve("b", 5, "2026-11", "2026-11")); !errors.Is(err, broadcast.ErrReservations) {
		t.Errorf("the second of two: %v", err)
	}
	if r, err = s.Load(t.Context(), 7, 1); err != nil || r.By["a"].Messages != 5 || len(r.By) != 1 {
		t.Errorf("%+v %v", r, err)
	}
	settings := Broadcasts(s)
	want := broadcast.Settings{Tracking: true, NoWriteBack: true, Price: 2.5, Currency: "JPY"}
	if err := settings.SaveSettings(t.Context(), 7, 1, want); err != nil {
		t.Fatal(err)
	}
	if got, err := settings.Settings(t.Context(), 7, 1); err != nil || got != want {
		t.Errorf("%+v %v", got, err)
	}
}

func TestMarksCountOnce(t *testing.T) {
	t.Parallel()
	db := dynamotest.Start(t)
	s := Tracking{New(db.Client, db.Name)}
	ctx := t.Context()
	for i, want := range []int{2, 0, 1} {
		var m tracking.Marks
		m[0] = 3
		if i == 2 {
			m[9] = 1
		}
		if n, err := s.Mark(ctx, 7, "b", "click.0", 4, m); err != nil || n != want {
			t.Errorf("%d new, want %d, %v", n, want, err)
		}
	}
	seen := 0
	err := s.Marked(ctx, 7, "b", func(name string, block uint32, m tracking.Marks) {
		if seen += m.Count(); name != "click.0" || block != 4 {
			t.Errorf("%s %d", name, block)
		}
	})
	if err != nil || seen != 3 {
		t.Errorf("%d %v", seen, err)
	}
	for range 2 {
		if err := s.Add(ctx, 7, "b", map[string]int{"taps.0": 2, "open@5": 1}); err != nil {
			t.Fatal(err)
		}
	}
	if c, err := s.Counters(ctx, 7, "b"); err != nil || c["taps.0"] != 4 || c["open@5"] != 2 || len(c) != 2 {
		t.Errorf("%v %v", c, err)
	}
	if _, err := s.Targets(ctx, 7, 1, "b"); !errors.Is(err, tracking.ErrNoTarget) {
		t.Errorf("targets of nothing: %v", err)
	}
}
