package syncrun

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"lumo/shared/alert"
	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
)

var errKilled = errors.New("killed")

// source answers searches, until it is killed.
type source struct {
	Source
	note func(what string) error
}

func (s source) Search(_ context.Context, _ id.PortalID, q Search, _ []string) (Page, error) {
	what := "total"
	switch {
	case q.Down:
		what = "page"
	case q.AnyOf != nil:
		what = "linked"
	}
	return Page{Total: 3}, s.note(what)
}

type fixedScope contactsync.Scope

func (s fixedScope) Scope(context.Context, id.PortalID) (contactsync.Scope, error) {
	return contactsync.Scope(s), nil
}

// Whatever a killed step had finished at HubSpot is not asked for again: the run's row remembers it.
func TestAKilledFirstStepRepeatsOneCallAtMost(t *testing.T) {
	t.Parallel()
	v := clock.NewVirtual(time.UnixMilli(1_800_000_000_000))
	names := contactsync.Names{"user_id": {Name: "line_user_id"}}
	calls := []string{"properties", "journal", "linked", "total", "page"}
	for killed := range calls {
		store, seen := &memory{}, []string(nil)
		note := func(what string) error {
			seen = append(seen, what)
			if len(seen) == killed+1 {
				return errKilled // it had its effect, and nobody saw the answer
			}
			return nil
		}
		part := func(what string) func(context.Context, id.PortalID) error {
			return func(context.Context, id.PortalID) error { return note(what) }
		}
		r := Runner{
			Chain: &chain.Engine{Store: store, Clock: v}, Clock: v, Source: source{note: note}, Ahead: 1, Applier: contactsync.Applier{Clock: v, Parallel: 1},
			Scopes:  fixedScope{Portal: 1, Slots: []id.Slot{1}, Names: map[id.Slot]contactsync.Names{1: names}},
			Prepare: []func(context.Context, id.PortalID) error{part("properties"), part("journal")},
		}
		run := Run{ID: "r", Extent: All, Status: Syncing, StartedAt: v.Now().UnixMilli()}
		store.row.State, _ = json.Marshal(run)
		step := func() error {
			return r.Chain.Step(t.Context(), store.row, func(ctx context.Context, s *chain.Step) (chain.Next, error) {
				if err := json.Unmarshal(s.Row.State, &run); err != nil {
					return chain.Next{}, err
				}
				_, err := r.advance(ctx, s, &run)
				return chain.Next{State: run}, err
			})
		}
		run = Run{}
		if err := step(); !errors.Is(err, errKilled) {
			t.Fatalf("killed at %s: %v", calls[killed], err)
		}
		run = Run{}
		if err := step(); err != nil {
			t.Fatal(err)
		}
		again := len(seen) - len(calls)
		if most := 1 + btoi(calls[killed] == "total"); again > most { // both totals belong to one plan
			t.Errorf("killed at %s: %v", calls[killed], seen)
		}
		if !slices.Contains(seen, "page") || run.Read.Phase != Indexing {
			t.Errorf("killed at %s: the second attempt came to phase %q after %v", calls[killed], run.Read.Phase, seen)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// alarms note when the tick is to look.
type alarms []time.Time

func (a *alarms) BringForward(_ context.Context, _ id.PortalID, t time.Time) error {
	*a = append(*a, t)
	return nil
}

type oneSchedule struct{ Schedule }

func (s *oneSchedule) Load(context.Context, id.PortalID) (Schedule, error) { return s.Schedule, nil }
func (s *oneSchedule) Save(_ context.Context, _ id.PortalID, n Schedule) error {
	s.Schedule = n
	return nil
}

// A full run that was asked for while another was at work begins with the next tick after its end.
func TestTheEndOfARunWakesTheTickForWhatWaited(t *testing.T) {
	t.Parallel()
	v := clock.NewVirtual(time.UnixMilli(1_800_000_000_000))
	for _, waits := range []bool{true, false} {
		store, woken, schedule := &memory{}, &alarms{}, &oneSchedule{}
		r := Runner{
			Chain: &chain.Engine{Store: store, Clock: v, Alarm: woken}, Clock: v, Schedule: schedule, Failures: noFailures{},
			Scopes: fixedScope{Portal: 1}, Judge: func(context.Context, id.PortalID, alert.Health) error { return nil },
		}
		run := Run{ID: "r", Extent: Contacts, Status: Applying, StartedAt: v.Now().UnixMilli() - 1000, Read: Cursors{Since: 1, Phase: Settling}}
		if schedule.Again = run.StartedAt; waits {
			schedule.Again++
		}
		store.row = chain.Row{Portal: 1, Kind: Kind, ID: "r", Step: 4}
		store.row.State, _ = json.Marshal(run)
		if err := r.Step(t.Context(), chain.Message{Portal: 1, Kind: Kind, ID: "r", Step: 4}); err != nil || !store.row.Done {
			t.Fatalf("the run is not over: %v", err)
		}
		if now := slices.Contains(*woken, v.Now()); now != waits {
			t.Errorf("a run waits: %t, the tick looks at %v", waits, *woken)
		}
	}
}

type noFailures struct{ failure.Store }

func (noFailures) Count(context.Context, id.PortalID) (int, error) { return 0, nil }

// The directory of names of a large account is rebuilt in as many steps as it takes, each within its time.
func TestNamesAreIndexedInSeveralSteps(t *testing.T) {
	t.Parallel()
	v := clock.NewVirtual(time.UnixMilli(1_800_000_000_000))
	var asked []Place
	store := &memory{}
	r := Runner{Clock: v, Chain: &chain.Engine{Store: store, Clock: v}, Scopes: fixedScope{Portal: 1}, Lists: noLists{}, WriteBack: &decisions{}}
	one, two := Place{Slot: 1, After: "a"}, Place{Slot: 2}
	r.Reindex = func(_ context.Context, _ id.PortalID, from Place, until time.Time, _ func(friend.Friend)) (Place, error) {
		if left := until.Sub(v.Now()); left <= 0 || left > r.budget() {
			t.Errorf("%v for a stretch", left)
		}
		asked = append(asked, from)
		return map[Place]Place{{}: one, one: two}[from], nil
	}
	run := Run{ID: "r", Extent: All, Status: Syncing, StartedAt: v.Now().UnixMilli(), Read: Cursors{Phase: Indexing}}
	for steps := 1; run.Status == Syncing; steps++ {
		store.row.Portal = 1
		store.row.State, _ = json.Marshal(run)
		err := r.Chain.Step(t.Context(), store.row, func(ctx context.Context, s *chain.Step) (chain.Next, error) {
			_, err := r.advance(ctx, s, &run)
			return chain.Next{State: run}, err
		})
		if err != nil {
			t.Fatal(err)
		}
		if steps > 3 {
			t.Fatal("the run does not go on")
		}
	}
	if want := []Place{{}, one, two}; !slices.Equal(asked, want) || run.Status != Applying || run.Read.Phase != Settling {
		t.Errorf("asked for %v, the run is %s in %q", asked, run.Status, run.Read.Phase)
	}
}

type noLists struct{}

func (noLists) Refresh(context.Context, id.PortalID, bool) error { return nil }
func (noLists) Compare(context.Context, hubspotlist.Task) (hubspotlist.Compared, bool, error) {
	return hubspotlist.Compared{}, true, nil
}
