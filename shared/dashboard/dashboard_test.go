package dashboard

import (
	"testing"
	"time"

	"lumo/shared/alert"
	"lumo/shared/check"
	"lumo/shared/contactsync"
	"lumo/shared/failure"
	"lumo/shared/lineaccount"
	"lumo/shared/portal"
	"lumo/shared/syncrun"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func TestProgressOfARun(t *testing.T) {
	t.Parallel()
	started := noon.Add(-time.Minute).UnixMilli()
	for name, c := range map[string]struct {
		run  syncrun.Run
		want Progress
	}{
		"nothing known":      {syncrun.Run{Status: syncrun.Syncing, StartedAt: started}, Progress{}},
		"just begun":         {syncrun.Run{Status: syncrun.Syncing, StartedAt: started, Expected: 100}, Progress{Percent: 0, Known: true}},
		"a quarter":          {syncrun.Run{Status: syncrun.Syncing, StartedAt: started, Expected: 100, Counts: contactsync.Counts{Read: 25}}, Progress{24, true, 3 * time.Minute}},
		"more than expected": {syncrun.Run{Status: syncrun.Syncing, StartedAt: started, Expected: 100, Counts: contactsync.Counts{Read: 250}}, Progress{98, true, 0}},
		"applying":           {syncrun.Run{Status: syncrun.Applying, StartedAt: started, Expected: 100}, Progress{99, true, 0}},
		"over":               {syncrun.Run{Status: syncrun.Failed}, Progress{100, true, 0}},
	} {
		if got := ProgressOf(c.run, noon); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestTheBannerNamesTheFirstThingToDo(t *testing.T) {
	t.Parallel()
	active := []lineaccount.Account{{Slot: 1, State: lineaccount.Disconnected}, {Slot: 2, State: lineaccount.Active}}
	for name, c := range map[string]struct {
		at       portal.Portal
		accounts []lineaccount.Account
		want     string
	}{
		"reconnect":        {portal.Portal{State: portal.Reconnect}, active, "RECONNECT_HUBSPOT"},
		"removed":          {portal.Portal{State: portal.Removed, RemovedAt: noon}, active, "DISCONNECTED"},
		"pending":          {portal.Portal{State: portal.Pending}, active, "FINISHING_SETUP"},
		"missing scopes":   {portal.Portal{State: portal.Connected, Scopes: []string{"oauth"}}, active, "PERMISSION_NEEDED"},
		"no account":       {portal.Portal{State: portal.Connected, Scopes: portal.RequiredScopes}, active[:1], "CONNECT_LINE"},
		"everything right": {portal.Portal{State: portal.Connected, Scopes: portal.RequiredScopes}, active, ""},
	} {
		got := ""
		if n := Banner(c.at, c.accounts); n != nil {
			got = n.Code
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestAlertsStandWithWhatTheChecksFound(t *testing.T) {
	t.Parallel()
	bad := []check.Line{{Outcome: check.Pass}, {Outcome: check.Fail}}
	got := Alerts([]alert.Alert{{Code: alert.RunsFail, Since: 5}, {Code: "NEW_ONE", Since: 6}}, []lineaccount.Account{
		{Slot: 1, State: lineaccount.Active, Checks: bad[:1]}, {Slot: 2, State: lineaccount.Active, Checks: bad, CheckedAt: noon}, {Slot: 3, State: lineaccount.Disconnected, Checks: bad},
	})
	if len(got) != 3 || got[0].Code != "RUNS_FAIL" || got[0].Since != 5 || got[2].Code != "LINE_CHECK_FAILED" || got[2].Slot != 2 || got[2].Since != noon.UnixMilli() {
		t.Errorf("%+v", got)
	}
	for _, n := range got {
		if n.Message == "" {
			t.Errorf("%s says nothing", n.Code)
		}
	}
}

func TestItemsOfARun(t *testing.T) {
	t.Parallel()
	r := syncrun.Run{ID: "r1", StartedAt: 100, EndedAt: 200}
	for _, c := range []struct {
		it   failure.Item
		want bool
	}{
		{failure.Item{Run: "r1", LastAt: 900}, true}, {failure.Item{Run: "r2", LastAt: 150}, false}, {failure.Item{LastAt: 150}, true},
		{failure.Item{LastAt: 99}, false}, {failure.Item{LastAt: 201}, false},
	} {
		if FailedIn(r, c.it) != c.want {
			t.Errorf("%+v", c.it)
		}
	}
	if r.EndedAt = 0; !FailedIn(r, failure.Item{LastAt: 999}) {
		t.Error("a run at work")
	}
}
