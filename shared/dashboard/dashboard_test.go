package dashboard

import (
	"testing"
	"time"

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

func TestAlerts(t *testing.T) {
	t.Parallel()
	ago := func(d time.Duration) int64 { return noon.Add(-d).UnixMilli() }
	full := func(status syncrun.Status, started int64, matched int) syncrun.Run {
		return syncrun.Run{Status: status, StartedAt: started, Extent: syncrun.All, Counts: contactsync.Counts{Matched: matched}}
	}
	bad := lineaccount.Account{Slot: 3, State: lineaccount.Active, Checks: []check.Line{{Outcome: check.Fail}}}
	for name, c := range map[string]struct {
		facts Facts
		want  []string
	}{
		"all is well":            {Facts{Runs: []syncrun.Run{full(syncrun.Complete, ago(2*time.Hour), 100)}, Failures: 1}, nil},
		"two failed in a row":    {Facts{Schedule: syncrun.Schedule{FailedRow: 2}}, []string{"RUNS_FAIL"}},
		"more than one percent":  {Facts{Runs: []syncrun.Run{full(syncrun.CompleteWithErrors, ago(time.Minute), 100)}, Failures: 2}, []string{"ITEMS_FAIL"}},
		"failed for an hour":     {Facts{Runs: []syncrun.Run{full(syncrun.Failed, ago(30*time.Minute), 9), full(syncrun.Failed, ago(61*time.Minute), 9), full(syncrun.Complete, ago(3*time.Hour), 9)}}, []string{"NOT_NORMAL"}},
		"failed a moment ago":    {Facts{Runs: []syncrun.Run{full(syncrun.Failed, ago(30*time.Minute), 9), full(syncrun.Complete, ago(3*time.Hour), 9)}}, nil},
		"a long dry run":         {Facts{Runs: []syncrun.Run{{Status: syncrun.Syncing, DryRun: true, StartedAt: ago(2 * time.Hour)}}}, nil},
		"a check of an account":  {Facts{Accounts: []lineaccount.Account{bad}}, []string{"LINE_CHECK_FAILED"}},
		"a disconnected account": {Facts{Accounts: []lineaccount.Account{{State: lineaccount.Disconnected, Checks: bad.Checks}}}, nil},
	} {
		c.facts.Now = noon
		got := Alerts(c.facts)
		if len(got) != len(c.want) {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		for i, n := range got {
			if n.Code != c.want[i] || n.Message == "" {
				t.Errorf("%s: %+v", name, n)
			}
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
