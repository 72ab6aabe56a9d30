package once_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"lumo/shared/clock"
	"lumo/shared/dynamo"
	"lumo/shared/internal/dynamotest"
	"lumo/shared/once"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func newGuard(t *testing.T) (*once.Guard, *clock.Virtual) {
	db := dynamotest.Start(t)
	c := clock.NewVirtual(noon)
	var mu sync.Mutex
	n := 0
	return &once.Guard{Store: dynamo.Onces{Table: dynamo.New(db.Client, db.Name)}, Clock: c, NewID: func() string {
		mu.Lock()
		defer mu.Unlock()
		n++
		return fmt.Sprint("id-", n)
	}}, c
}

func TestARepeatedRequestGetsTheStoredAnswer(t *testing.T) {
	t.Parallel()
	g, c := newGuard(t)
	done := 0
	work := func(_ context.Context, a once.Attempt) ([]byte, error) {
		done++
		if a.Again || !a.At.Equal(noon) {
			t.Errorf("attempt %+v", a)
		}
		return fmt.Appendf(nil, "answer %d", done), nil
	}
	for range 3 {
		got, err := g.Do(t.Context(), 7, "k", "f", work)
		if err != nil || string(got) != "answer 1" {
			t.Fatalf("%s, %v", got, err)
		}
		c.Advance(time.Hour)
	}
	if _, err := g.Do(t.Context(), 7, "k", "other", work); !errors.Is(err, once.ErrOther) {
		t.Errorf("another request with the same id: %v", err)
	}
}

func TestAnErrorIsNotRemembered(t *testing.T) {
	t.Parallel()
	g, c := newGuard(t)
	failed := errors.New("HubSpot is away")
	var first once.Attempt
	_, err := g.Do(t.Context(), 7, "k", "f", func(_ context.Context, a once.Attempt) ([]byte, error) {
		first = a
		return nil, failed
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	c.Advance(time.Second)
	got, err := g.Do(t.Context(), 7, "k", "f", func(_ context.Context, a once.Attempt) ([]byte, error) {
		if !a.Again || a.Seed != first.Seed || !a.At.Equal(first.At) {
			t.Errorf("second attempt %+v, first %+v", a, first)
		}
		return []byte("done"), nil
	})
	if err != nil || string(got) != "done" {
		t.Fatalf("%s, %v", got, err)
	}
}

// TestTheNextArrivalTakesOverFromADeadOne: whoever died in the middle left its time and seed.
func TestTheNextArrivalTakesOverFromADeadOne(t *testing.T) {
	t.Parallel()
	g, c := newGuard(t)
	died := once.Row{Fingerprint: "f", At: noon.UnixMilli(), Seed: "seed", Holder: "seed", Until: noon.Add(30 * time.Second).UnixMilli()}
	if _, mine, err := g.Store.Claim(t.Context(), 7, "k", died, noon.UnixMilli()); err != nil || !mine {
		t.Fatal(mine, err)
	}
	never := func(context.Context, once.Attempt) ([]byte, error) {
		t.Error("two at work")
		return nil, nil
	}
	if _, err := g.Do(t.Context(), 7, "k", "f", never); !errors.Is(err, once.ErrRunning) {
		t.Fatalf("while it may live: %v", err)
	}
	c.Advance(30 * time.Second)
	got, err := g.Do(t.Context(), 7, "k", "f", func(_ context.Context, a once.Attempt) ([]byte, error) {
		if !a.Again || a.Seed != "seed" || !a.At.Equal(noon) {
			t.Errorf("attempt %+v", a)
		}
		return []byte("done"), nil
	})
	if err != nil || string(got) != "done" {
		t.Fatalf("%s, %v", got, err)
	}
}

func TestFingerprintsKeepTheirParts(t *testing.T) {
	t.Parallel()
	if once.Fingerprint("a", "bc") == once.Fingerprint("ab", "c") {
		t.Error("parts run together")
	}
}
