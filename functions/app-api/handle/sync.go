package handle

import (
	"context"
	"errors"

	"lumo/shared/access"
	"lumo/shared/chain"
	"lumo/shared/dashboard"
	"lumo/shared/failure"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/portal"
	"lumo/shared/syncrun"
)

// recentRuns are looked at for the state.
const recentRuns = 10

func getStatus(ctx context.Context, c *call) (any, error) {
	runs, _, err := c.Runs.History(ctx, c.portal(), "", recentRuns)
	if err != nil {
		return nil, err
	}
	standing, err := c.Alerts.Load(ctx, c.portal())
	if err != nil {
		return nil, err
	}
	accounts, err := c.Accounts.Accounts(ctx, c.portal())
	if err != nil {
		return nil, err
	}
	counters, err := c.counters(ctx, accounts)
	if err != nil {
		return nil, err
	}
	out := statusView{
		Connection: c.at.State, State: syncrun.StateOf(c.at, runs), Counters: counters, TimeZone: c.at.Zone().String(),
		Banner: noticeView(dashboard.Banner(c.at, accounts)), Alerts: []notice{}, LastRun: nil,
	}
	for _, r := range runs {
		switch {
		case !r.Status.Over() && out.Run == nil:
			v := c.running(r)
			out.Run = &v
		case r.Status.Over() && out.LastRun == nil:
			v := runView(r)
			out.LastRun = &v
		}
	}
	if out.Run == nil {
		if out.RunDue, err = c.due(ctx); err != nil {
			return nil, err
		}
	}
	if c.at.State == portal.Connected {
		for _, a := range dashboard.Alerts(standing, accounts) {
			out.Alerts = append(out.Alerts, *noticeView(&a))
		}
	}
	return out, nil
}

// due tells whether a run begins at the next look at the portal.
func (c *call) due(ctx context.Context) (bool, error) {
	sch, err := c.Runs.Schedule.Load(ctx, c.portal())
	if err != nil {
		return false, err
	}
	set, err := c.Mappings.Load(ctx, c.portal())
	return sch.Due(c.at, set, c.Clock.Now()), err
}

func (c *call) counters(ctx context.Context, accounts []lineaccount.Account) (counters, error) {
	var out counters
	var err error
	if out.Failures, err = c.Failures.Count(ctx, c.portal()); err != nil {
		return out, err
	}
	set, err := c.Mappings.Load(ctx, c.portal())
	if err != nil {
		return out, err
	}
	out.Mappings = len(set.Mappings)
	for _, a := range accounts {
		if a.State != lineaccount.Active {
			continue
		}
		out.Accounts++
		n, err := c.Index.Count(ctx, c.portal(), a.Slot)
		if err != nil {
			return out, err
		}
		out.Friends += n.Friends
	}
	out.Lists, err = c.Lists.Count(ctx, c.portal())
	return out, err
}

func (c *call) running(r syncrun.Run) runningView {
	p := dashboard.ProgressOf(r, c.Clock.Now())
	v := runningView{runRow: runView(r), Read: r.Counts.Read, Expected: r.Expected, Pending: r.Pending}
	if p.Known {
		v.Percent = &p.Percent
	}
	if p.Left > 0 {
		s := int(p.Left.Seconds())
		v.SecondsLeft = &s
	}
	return v
}

func getRuns(ctx context.Context, c *call) (any, error) {
	after, limit, err := c.page()
	if err != nil {
		return nil, err
	}
	runs, next, err := c.Runs.History(ctx, c.portal(), after, limit)
	if err != nil {
		return nil, err
	}
	return rows(runs, runView, c.next(next)), nil
}

// scanned failed items are looked through for those of one run.
const scanned = 500

func getRun(ctx context.Context, c *call) (any, error) {
	name, err := c.name("run")
	if err != nil {
		return nil, err
	}
	r, ok, err := c.Runs.Find(ctx, c.portal(), name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, missing("run")
	}
	its, _, err := c.Failures.List(ctx, c.portal(), "", scanned)
	if err != nil {
		return nil, err
	}
	var mine []failure.Item
	for _, it := range its {
		if len(mine) < maxRows && dashboard.FailedIn(r, it) {
			mine = append(mine, it)
		}
	}
	return sized(func(most int) any { return detailOf(r, mine, c.running(r), most) }), nil
}

type syncRequest struct {
	request
	Extent  syncrun.Extent `json:"extent"`
	Contact string         `json:"contact"`
	DryRun  bool           `json:"dryRun"`
}

// postSync starts a run by hand. Pressing again while one runs, or within the minute after, shows that one (P-62).
func postSync(ctx context.Context, c *call) (any, error) {
	in, err := read[syncRequest](c)
	if err != nil {
		return nil, err
	}
	req := syncrun.Request{Trigger: syncrun.Manual, Extent: in.Extent, DryRun: in.DryRun, Actor: c.actor()}
	switch in.Extent {
	case syncrun.All, syncrun.Contacts, syncrun.Lists:
	case syncrun.One:
		if req.Contact, err = id.ParseContact(in.Contact); err != nil {
			return nil, malformed("contact", err)
		}
	default:
		return nil, invalid("extent", "Must be one of: all, contacts, lists, contact.")
	}
	run, err := c.Runs.Start(ctx, c.portal(), req)
	v := startedView{Started: err == nil}
	switch {
	case errors.Is(err, chain.ErrBusy):
		v.Reason = "RUNNING"
	case errors.Is(err, syncrun.ErrCooldown):
		v.Reason = "COOLDOWN"
	case err != nil:
		return nil, err
	}
	if c.attempt.Again && run.Actor == req.Actor && run.StartedAt >= c.attempt.At.UnixMilli() {
		v.Started, v.Reason = true, "" // the first arrival of this request began it
	}
	if run.ID != "" {
		row := c.running(run)
		v.Run = &row
	}
	return v, nil
}

type confirmed struct {
	Confirmed bool `json:"confirmed"`
}

// postConfirm lets the first write-back go that was held because many contacts would change (P-64).
func postConfirm(ctx context.Context, c *call) (any, error) {
	if _, err := read[request](c); err != nil {
		return nil, err
	}
	if err := c.Gate.Confirm(ctx, c.at, c.who); err != nil {
		return nil, err
	}
	return confirmed{true}, nil
}

// allowed tells the pages which buttons to offer.
func (c *call) allowed(ctx context.Context) (map[access.Action]bool, error) {
	out := map[access.Action]bool{}
	for _, a := range []access.Action{access.Sync, access.EditFriends, access.Send, access.EditMappings, access.ManageAccounts, access.ChangeSettings, access.Disconnect} {
		err := c.Access.Allow(ctx, c.at, c.who, a)
		if err != nil && !errors.Is(err, access.ErrDenied) {
			return nil, err
		}
		out[a] = err == nil
	}
	return out, nil
}
