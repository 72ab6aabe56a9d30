// Package dashboard is what the first screen tells of a portal (P-70, P-75): how far a run is, what somebody must do now, and what has gone
// wrong for longer than it should. Everything here is derived, nothing is stored.
package dashboard

import (
	"time"

	"lumo/shared/check"
	"lumo/shared/failure"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/portal"
	"lumo/shared/syncrun"
)

// Progress of a run that is at work (P-60).
type Progress struct {
	// Percent is 0 to 99 while it runs; Known is false while nobody can tell.
	Percent int
	Known   bool
	// Left is the estimated time to the end; 0 while nobody can tell.
	Left time.Duration
}

// ProgressOf estimates from what was read so far. Reading is nearly all of a run; applying counts as the last percent.
func ProgressOf(r syncrun.Run, now time.Time) Progress {
	switch {
	case r.Status.Over():
		return Progress{Percent: 100, Known: true}
	case r.Status == syncrun.Applying:
		return Progress{Percent: 99, Known: true}
	case r.Expected <= 0:
		return Progress{}
	}
	read := min(r.Counts.Read, r.Expected)
	p := Progress{Percent: min(read*99/r.Expected, 98), Known: true}
	if took := now.Sub(time.UnixMilli(r.StartedAt)); read > 0 && took > 0 {
		p.Left = time.Duration(float64(took) / float64(read) * float64(r.Expected-read))
	}
	return p
}

// Notice is something to tell people, by a stable code. Accounts it concerns are named by Slot.
type Notice struct {
	Code    string
	Message string
	Slot    id.Slot // 0: the whole portal
	Since   int64   // Unix ms, 0 when unknown
}

// Banner is the one thing that must be done before anything works; nil when there is none.
func Banner(p portal.Portal, accounts []lineaccount.Account) *Notice {
	switch p.State {
	case portal.Reconnect:
		return &Notice{Code: "RECONNECT_HUBSPOT", Message: "HubSpot no longer accepts Lumo's authorization. Reconnect HubSpot on Settings."}
	case portal.Removed:
		return &Notice{Code: "DISCONNECTED", Message: "Lumo was disconnected from this HubSpot account. Install it again to go on.", Since: millis(p.RemovedAt)}
	case portal.Pending:
		return &Notice{Code: "FINISHING_SETUP", Message: "HubSpot is being set up. This takes about a minute."}
	}
	if !p.Has(portal.RequiredScopes...) {
		return &Notice{Code: "PERMISSION_NEEDED", Message: "Some HubSpot permissions are missing. A super admin must reconnect HubSpot."}
	}
	for _, a := range accounts {
		if a.State == lineaccount.Active {
			return nil
		}
	}
	return &Notice{Code: "CONNECT_LINE", Message: "Connect a LINE Official Account to begin."}
}

// Facts are what alerts are made of.
type Facts struct {
	Now      time.Time
	Runs     []syncrun.Run // newest first
	Schedule syncrun.Schedule
	Failures int
	Accounts []lineaccount.Account
}

const (
	failedInARow = 2
	tooLong      = time.Hour
)

// Alerts lists what P-75 wants people to be told of.
func Alerts(f Facts) []Notice {
	var out []Notice
	if f.Schedule.FailedRow >= failedInARow {
		out = append(out, Notice{Code: "RUNS_FAIL", Message: "The last syncs failed. Open the history for the reason."})
	}
	if f.manyFail() {
		out = append(out, Notice{Code: "ITEMS_FAIL", Message: "More than 1 % of the contacts could not be synced. Open the failed items for the reasons."})
	}
	if since, ok := f.abnormalSince(); ok {
		out = append(out, Notice{Code: "NOT_NORMAL", Message: "The sync has not been in its normal state for more than an hour.", Since: since})
	}
	for _, a := range f.Accounts {
		if a.State == lineaccount.Active && !check.OK(a.Checks) {
			out = append(out, Notice{Code: "LINE_CHECK_FAILED", Message: "A check of the LINE account failed. Open Settings and press “Check again”.", Slot: a.Slot, Since: millis(a.CheckedAt)})
		}
	}
	return out
}

// manyFail compares the failed items with the last run that looked at everybody.
func (f Facts) manyFail() bool {
	for _, r := range f.Runs {
		if r.Status.Over() && r.Full() && !r.DryRun && r.Extent != syncrun.One && r.Extent != syncrun.Lists {
			return f.Failures > 0 && f.Failures*100 > max(r.Counts.Matched, 1)
		}
	}
	return false
}

// abnormalSince goes back to the last run that ended well: what began after it has not.
func (f Facts) abnormalSince() (int64, bool) {
	since := int64(0)
	for _, r := range f.Runs {
		if r.DryRun {
			continue
		}
		if r.Status == syncrun.Complete || r.Status == syncrun.CompleteWithErrors {
			break
		}
		since = r.StartedAt
	}
	return since, since != 0 && f.Now.Sub(time.UnixMilli(since)) > tooLong
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// FailedIn tells whether an item failed during a run: it says so itself, or its last failure falls into the run's time.
func FailedIn(r syncrun.Run, it failure.Item) bool {
	if it.Run != "" {
		return it.Run == r.ID
	}
	return it.LastAt >= r.StartedAt && (r.EndedAt == 0 || it.LastAt <= r.EndedAt)
}
