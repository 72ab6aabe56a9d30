package handle

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"lumo/functions/internal/entry"
	"lumo/shared/clock"
	"lumo/shared/failure"
	"lumo/shared/id"
	"lumo/shared/queue"
	"lumo/shared/redrive"
	"lumo/shared/seal"
)

// filed is where items go, by portal and id as in the table.
type filed struct {
	failure.Store
	items  map[id.PortalID]map[string]failure.Item
	refuse id.PortalID
}

var errStore = errors.New("the table does not answer")

func (f *filed) Put(_ context.Context, p id.PortalID, it failure.Item) error {
	if p == f.refuse {
		return errStore
	}
	if f.items[p] == nil {
		f.items[p] = map[string]failure.Item{}
	}
	f.items[p][it.ID()] = it
	return nil
}

func world() (*filed, Deps) {
	now := clock.NewVirtual(time.UnixMilli(1_700_000_000_000))
	f := &filed{items: map[id.PortalID]map[string]failure.Item{}}
	return f, Deps{Failures: f, Sealer: seal.New(&seal.MemoryKeys{}, now), Clock: now}
}

// What somebody would miss becomes an item of its tenant; what a row or a marker still stands for, the minute tick queues again.
func TestWhatBecomesAFailedItem(t *testing.T) {
	t.Parallel()
	for _, q := range queue.All() {
		f, d := world()
		record := entry.Record{ID: "letter-1", Body: []byte(`{"portal":7,"text":"山田さん"}`)}
		failed, err := New(d).DeadLetters(t.Context(), q, []entry.Record{record})
		if err != nil || len(failed) > 0 {
			t.Fatalf("%s: %v, %v", q, failed, err)
		}
		if want := slices.Contains(redrive.Letters(), q); want != (len(f.items[7]) == 1) {
			t.Errorf("%s: items %v, want one: %v", q, f.items, want)
		}
	}
}

func TestALetterCanBeOpenedAgainByItsTenantOnly(t *testing.T) {
	t.Parallel()
	f, d := world()
	body := []byte(`{"portal":7,"text":"山田さん"}`)
	for range 2 { // SQS delivers at least once
		if failed, err := New(d).DeadLetters(t.Context(), queue.LineEvents, []entry.Record{{ID: "letter-1", Body: body}}); err != nil || len(failed) > 0 {
			t.Fatal(failed, err)
		}
	}
	if len(f.items) != 1 || len(f.items[7]) != 1 {
		t.Fatalf("%v", f.items)
	}
	it := f.items[7]["dead_letter#letter-1"]
	if it.Code != "EVENT_NOT_PROCESSED" || it.Queue != "LineEvents" || it.LastAt != 1_700_000_000_000 || strings.Contains(it.Body, "山田") || strings.Contains(it.Message, "山田") {
		t.Errorf("%+v", it)
	}
	if got, err := d.Sealer.Open(t.Context(), 7, it.Body); err != nil || string(got) != string(body) {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := d.Sealer.Open(t.Context(), 8, it.Body); err == nil {
		t.Error("another tenant opened it")
	}
}

// One that cannot be filed comes again; the others of the batch are done, and what no tenant can be told of ends here.
func TestALetterThatCannotBeFiledStays(t *testing.T) {
	t.Parallel()
	f, d := world()
	f.refuse = 8
	batch := []entry.Record{
		{ID: "a", Body: []byte(`{"portal":7}`)}, {ID: "b", Body: []byte(`{"portal":8}`)}, {ID: "c", Body: []byte(`no json`)},
		{ID: "d", Body: []byte(`{"portal":0}`)}, {ID: "e", Body: []byte(`{"portal":9}`)},
	}
	failed, err := New(d).DeadLetters(t.Context(), queue.HubspotEvents, batch)
	if !slices.Equal(failed, []string{"b"}) || !errors.Is(err, errStore) {
		t.Errorf("failed %v, %v", failed, err)
	}
	if len(f.items[7]) != 1 || len(f.items[9]) != 1 || len(f.items) != 2 {
		t.Errorf("%v", f.items)
	}
}

func TestALetterIsNotFiledUnsealed(t *testing.T) {
	t.Parallel()
	f, d := world()
	d.Sealer = seal.New(&seal.MemoryKeys{Fail: func() error { return errStore }}, d.Clock)
	failed, err := New(d).DeadLetters(t.Context(), queue.Inbox, []entry.Record{{ID: "a", Body: []byte(`{"portal":7}`)}})
	if !slices.Equal(failed, []string{"a"}) || err == nil || len(f.items) != 0 {
		t.Errorf("failed %v, %v, items %v", failed, err, f.items)
	}
}
