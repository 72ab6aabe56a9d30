package syncrun_test

import (
	"context"
	"testing"
	"time"

	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/id"
	"lumo/shared/portal"
	"lumo/shared/syncrun"
)

// schedules keeps one portal's schedule; the first saves are overtaken as often as stale says.
type schedules struct {
	s     syncrun.Schedule
	stale int
}

func (m *schedules) Load(context.Context, id.PortalID) (syncrun.Schedule, error) { return m.s, nil }

func (m *schedules) Save(_ context.Context, _ id.PortalID, s syncrun.Schedule) error {
	if m.stale > 0 {
		m.stale--
		return chain.ErrFenced
	}
	m.s = s
	return nil
}

func TestAPortalThatComesBackIsComparedWhole(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	m := &schedules{stale: 2, s: syncrun.Schedule{LastFull: at.Add(-time.Hour).UnixMilli(), LastRun: at.Add(-time.Minute).UnixMilli(), Bookmark: 7}}
	starter := &syncrun.Starter{Schedule: m, Clock: clock.NewVirtual(at)}
	row := portal.Portal{ID: 1, State: portal.Connected, Settings: portal.Defaults()}
	if next := m.s.Next(row, at); !next.After(at) {
		t.Fatalf("a run is due at %s without a reason", next)
	}
	var w portal.Watcher = starter
	if err := w.PortalStarted(t.Context(), row.ID); err != nil {
		t.Fatal(err)
	}
	if next := m.s.Next(row, at); next.After(at) {
		t.Errorf("the next run waits until %s", next)
	}
	if err := w.PortalStopped(t.Context(), row.ID); err != nil || m.s.Bookmark != 7 {
		t.Errorf("the schedule of a portal that left: %+v, %v", m.s, err)
	}
}
