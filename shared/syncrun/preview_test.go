package syncrun

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"lumo/shared/alert"
	"lumo/shared/chain"
	"lumo/shared/changelog"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/portal"
	"lumo/shared/register"
)

// marked is a store of so many outbox markers.
type marked struct {
	friend.Store
	n int
}

func (m marked) Markers(_ context.Context, _ id.PortalID, _ id.Slot, limit int) ([]friend.Marker, error) {
	return make([]friend.Marker, min(m.n, limit)), nil
}

// decisions note what was decided about writing back.
type decisions struct{ held, started int }

func (d *decisions) HoldWriteBack(context.Context, id.PortalID) error  { d.held++; return nil }
func (d *decisions) StartWriteBack(context.Context, id.PortalID) error { d.started++; return nil }

type kicks int

func (k *kicks) Kick(context.Context, id.PortalID) error         { *k++; return nil }
func (*kicks) KickAt(context.Context, id.PortalID, int64) error  { return nil }
func (*kicks) NextGeneration(context.Context, id.PortalID) error { return nil }

// The first writes go by themselves up to a thousand; one more, and somebody must look first (P-64).
func TestFewFirstWritesGoAndManyWait(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		before        portal.WriteBack
		marked        int
		held, started int
	}{
		{"nothing to write decides nothing", portal.Undecided, 0, 0, 0},
		{"a thousand go", portal.Undecided, PreviewAbove, 0, 1},
		{"one more waits", portal.Undecided, PreviewAbove + 1, 1, 0},
		{"held too early", portal.Held, 7, 0, 1},
		{"still too many", portal.Held, PreviewAbove + 1, 1, 0},
		{"once confirmed, for good", portal.Approved, 50_000, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, k := &decisions{}, new(kicks)
			r := Runner{Friends: marked{n: c.marked}, WriteBack: d, Outbox: k}
			scope := fixedScope{Portal: 1, Slots: []id.Slot{1}, WriteBack: c.before}
			s, _ := scope.Scope(t.Context(), 1)
			if err := r.decide(t.Context(), s, &Run{}); err != nil {
				t.Fatal(err)
			}
			if d.held != c.held || d.started != c.started || int(*k) != c.started {
				t.Errorf("%+v with %d kicks", *d, *k)
			}
		})
	}
}

// While writes wait, each run ends and says so; people are told after an hour (P-75).
func TestARunThatMayNotWriteEndsAndTells(t *testing.T) {
	t.Parallel()
	v := clock.NewVirtual(time.UnixMilli(1_800_000_000_000))
	store, told := &memory{}, alert.Health{}
	r := Runner{
		Chain: &chain.Engine{Store: store, Clock: v, Alarm: &alarms{}}, Clock: v, Schedule: &oneSchedule{}, Failures: noFailures{}, Friends: marked{n: 1200},
		Scopes: fixedScope{Portal: 1, Slots: []id.Slot{1}, WriteBack: portal.Held, HeldAt: v.Now().Add(-2 * time.Hour).UnixMilli()},
		Judge:  func(_ context.Context, _ id.PortalID, h alert.Health) error { told = h; return nil },
	}
	run := Run{ID: "r", Extent: All, Status: Applying, StartedAt: v.Now().UnixMilli() - 1000, Read: Cursors{Since: 1, Phase: Settling, At: v.Now().UnixMilli()}}
	store.row = chain.Row{Portal: 1, Kind: Kind, ID: "r", Step: 4}
	store.row.State, _ = json.Marshal(run)
	if err := r.Step(t.Context(), chain.Message{Portal: 1, Kind: Kind, ID: "r", Step: 4}); err != nil || !store.row.Done {
		t.Fatalf("the run is not over: %v", err)
	}
	if err := json.Unmarshal(store.row.State, &run); err != nil || run.Status != Complete || run.Code != PreviewNeeded || run.Pending == 0 {
		t.Errorf("%+v, %v", run, err)
	}
	if len(alert.Judge(told)) != 1 {
		t.Errorf("nobody is told: %+v", told)
	}
}

func TestAPreviewCountsEverythingAndShowsSome(t *testing.T) {
	t.Parallel()
	var r Run
	for range 3 {
		var cs []changelog.Record
		for i := range 60 {
			to := register.HubSpot
			if i%3 == 0 {
				to = register.Lumo
			}
			cs = append(cs, changelog.Record{Field: []string{"phone", "city"}[i%2], To: to, New: strings.Repeat("長", 5000)})
		}
		r.previewed(cs)
	}
	if len(r.Samples) != maxSamples || len(r.Fields) != 2 || r.Fields[0] != (FieldChanges{"city", 30, 60}) || r.Fields[1] != (FieldChanges{"phone", 30, 60}) {
		t.Errorf("%d samples, %+v", len(r.Samples), r.Fields)
	}
	if b, err := json.Marshal(r); err != nil || len(b) > 150_000 {
		t.Errorf("the run's row would take %d bytes, %v", len(b), err)
	}
}

// The two ends of a full read overlap a little; a preview counts those contacts once, as it counts everything else.
func TestAPreviewCountsWhatBothEndsReadOnce(t *testing.T) {
	t.Parallel()
	at := clock.NewVirtual(time.UnixMilli(1))
	run := &Run{DryRun: true, Read: Cursors{BothEnds: true, High: 20}}
	r := &reader{clock: at, run: run, saved: at.Now()}
	var p Page
	a := contactsync.Applied{By: map[id.ContactID]contactsync.Counts{}}
	for _, k := range []id.ContactID{20, 21} {
		p.Contacts = append(p.Contacts, contactsync.Contact{ID: k})
		a.By[k] = contactsync.Counts{Read: 1, Matched: 1}
		a.Counts = a.Counts.Add(a.By[k])
		a.Changes = append(a.Changes, changelog.Record{Contact: k, Field: "line_display_name", To: register.HubSpot})
	}
	if err := r.commit(t.Context(), r.down(1, nil, nil), p, a); err != nil {
		t.Fatal(err)
	}
	if run.Counts.Read != 1 || len(run.Samples) != 1 || len(run.Fields) != 1 || run.Fields[0].HubSpot != 1 {
		t.Errorf("%+v, %d samples, %+v", run.Counts, len(run.Samples), run.Fields)
	}
}
