package syncrun_test

import (
	"context"
	"encoding/json"
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

// busy is a chain store in which one run is at work.
type busy struct {
	chain.Store
	run syncrun.Run
}

func (b busy) Start(context.Context, chain.Row) error { return chain.ErrBusy }

func (b busy) Running(context.Context, id.PortalID, string) (chain.Row, bool, error) {
	state, err := json.Marshal(b.run)
	return chain.Row{State: state}, true, err
}

func TestConnectingWhileARunIsAtWork(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		read   syncrun.Cursors
		extent syncrun.Extent
		again  bool
	}{
		"it has not looked at the accounts": {syncrun.Cursors{}, syncrun.All, false},
		"it is preparing":                   {syncrun.Cursors{Prepared: 1}, syncrun.All, true},
		"it reads":                          {syncrun.Cursors{Phase: syncrun.Reading, Prepared: 2}, syncrun.All, true},
		"it reads changes only":             {syncrun.Cursors{Since: 1}, syncrun.All, true},
		"it reads lists only":               {syncrun.Cursors{}, syncrun.Lists, true},
	} {
		m := &schedules{}
		engine := &chain.Engine{Store: busy{run: syncrun.Run{ID: "r", Extent: c.extent, Read: c.read}}, Clock: clock.NewVirtual(at)}
		starter := &syncrun.Starter{Chain: engine, Schedule: m, Clock: clock.NewVirtual(at), NewID: func() string { return "new" }}
		if err := starter.StartInitial(t.Context(), 1); err != nil || (m.s.Again != 0) != c.again {
			t.Errorf("%s: another run is wanted: %t, %v", name, m.s.Again != 0, err)
		}
	}
}
