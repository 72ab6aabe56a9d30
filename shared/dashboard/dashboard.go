// Package dashboard is what the first screen tells of a portal (P-70, P-75): how far a run is, what somebody must do now, and which alerts
// stand. Everything here is derived, nothing is stored.
package dashboard

import (
	"cmp"
	"fmt"
	"time"

	"lumo/shared/alert"
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
	if p.WriteBack == portal.Held {
		return &Notice{
			Code: syncrun.PreviewNeeded, Since: millis(p.HeldAt),
			Message: fmt.Sprintf("More than %d contacts would change in HubSpot for the first time. Run a preview, look at it and confirm it.", syncrun.PreviewAbove),
		}
	}
	for _, a := range accounts {
		if a.State == lineaccount.Active {
			return nil
		}
	}
	return &Notice{Code: "CONNECT_LINE", Message: "Connect a LINE Official Account to begin."}
}

var sentences = map[alert.Code]string{
	alert.RunsFail:  "The last syncs failed. Open the history for the reason.",
	alert.ItemsFail: "More than 1 % of the contacts could not be synced. Open the failed items for the reasons.",
	alert.NotNormal: "The sync has not been in its normal state for more than an hour.",
}

// Alerts are those that stand (P-75), and what the last checks of the connected LINE accounts found wrong.
func Alerts(standing []alert.Alert, accounts []lineaccount.Account) []Notice {
	var out []Notice
	for _, a := range standing {
		out = append(out, Notice{Code: string(a.Code), Message: cmp.Or(sentences[a.Code], string(a.Code)), Since: a.Since})
	}
	for _, a := range accounts {
		if a.State == lineaccount.Active && !check.OK(a.Checks) {
			out = append(out, Notice{Code: "LINE_CHECK_FAILED", Message: "A check of the LINE account failed. Open Settings and press “Check again”.", Slot: a.Slot, Since: millis(a.CheckedAt)})
		}
	}
	return out
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
