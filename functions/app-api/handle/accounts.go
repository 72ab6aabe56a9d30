package handle

import (
	"context"
	"time"

	"lumo/shared/check"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/onboarding"
)

type accountView struct {
	Slot            int                  `json:"slot"`
	Bot             string               `json:"bot"`
	Name            string               `json:"name"`
	BasicID         string               `json:"basicId"`
	Picture         *string              `json:"picture"`
	ChannelID       string               `json:"channelId"`
	State           lineaccount.State    `json:"state"`
	Verified        lineaccount.Verified `json:"verified"`
	WebhookURL      string               `json:"webhookUrl"`
	PreviousWebhook *string              `json:"previousWebhook"`
	Checks          []lineView           `json:"checks"`
	CheckedAt       *int64               `json:"checkedAt"`
	Forwards        []forwardView        `json:"forwards"`
	Properties      []propertyView       `json:"properties"`
	Friends         int                  `json:"friends"`
	ConnectedAt     *int64               `json:"connectedAt"`
	DisconnectedAt  *int64               `json:"disconnectedAt"`
}

// lineView is one check with its words in both languages.
type lineView struct {
	Code    check.Code    `json:"code"`
	Outcome check.Outcome `json:"outcome"`
	Detail  string        `json:"detail"`
	Title   check.Text    `json:"title"`
	Hint    check.Text    `json:"hint"`
}

func checkViews(ls []check.Line) []lineView {
	out := make([]lineView, 0, len(ls))
	for _, l := range ls {
		w := onboarding.Words(l.Code)
		out = append(out, lineView{l.Code, l.Outcome, clip(l.Detail, 500), w.Title, w.Hint})
	}
	return out
}

type forwardView struct {
	ID       string  `json:"id"`
	URL      string  `json:"url"`
	AddedAt  int64   `json:"addedAt"`
	LastAt   *int64  `json:"lastAt"`
	LastCode *string `json:"lastCode"`
	Status   *int    `json:"lastStatus"`
	Failures int     `json:"failures"`
}

// propertyView is one LINE property of the account in HubSpot (P-43, P-48).
type propertyView struct {
	Key     lineproperty.Key    `json:"key"`
	Name    string              `json:"name"`
	Status  lineproperty.Status `json:"status"`
	Adopted bool                `json:"adopted"`
	Instead *string             `json:"instead"`
	Reason  *string             `json:"reason"`
}

func propertyViews(s lineproperty.Set) []propertyView {
	out := []propertyView{}
	for _, d := range lineproperty.ForSlot(s.Slot, "") {
		if e, ok := s.Entries[d.Key]; ok {
			out = append(out, propertyView{e.Key, e.Name, e.Status, e.Adopted, some(e.Instead), some(e.Reason)})
		}
	}
	return out
}

func moment(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	return at(t.UnixMilli())
}

// account gathers all about one account; its secret stays where it is.
func (c *call) account(ctx context.Context, a lineaccount.Account) (accountView, error) {
	v := accountView{
		Slot: int(a.Slot), Bot: string(a.Bot), Name: a.Name, BasicID: a.BasicID, Picture: some(a.PictureURL), ChannelID: a.ChannelID, State: a.State,
		Verified: a.Verified, WebhookURL: c.Accounts.WebhookURL(a.Bot), PreviousWebhook: some(a.PreviousWebhook), Checks: checkViews(a.Checks),
		CheckedAt: moment(a.CheckedAt), Forwards: []forwardView{}, ConnectedAt: moment(a.ConnectedAt), DisconnectedAt: moment(a.DisconnectedAt),
	}
	if v.Verified == "" {
		v.Verified = lineaccount.VerifiedUnknown
	}
	results, err := c.Accounts.Store.Results(ctx, c.portal(), a.Slot)
	if err != nil {
		return v, err
	}
	for _, f := range a.Forwards {
		fv := forwardView{ID: f.ID, URL: f.URL, AddedAt: f.AddedAt.UnixMilli()}
		for _, r := range results {
			if r.ForwardID == f.ID {
				fv.LastAt, fv.LastCode, fv.Status, fv.Failures = moment(r.At), some(r.Code), &r.Status, r.Failures
			}
		}
		v.Forwards = append(v.Forwards, fv)
	}
	sets, err := c.Onboarding.Properties.Sets(ctx, c.portal(), a.Slot)
	if err != nil {
		return v, err
	}
	v.Properties = propertyViews(sets[a.Slot])
	n, err := c.Index.Count(ctx, c.portal(), a.Slot)
	v.Friends = n.Friends
	return v, err
}

func getAccounts(ctx context.Context, c *call) (any, error) {
	all, err := c.Accounts.Accounts(ctx, c.portal())
	if err != nil {
		return nil, err
	}
	out := list[accountView]{Items: []accountView{}}
	for _, a := range all {
		v, err := c.account(ctx, a)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, v)
	}
	return out, nil
}

type outcomeView struct {
	Connected bool         `json:"connected"`
	Account   *accountView `json:"account"`
	Checks    []lineView   `json:"checks"`
}

func (c *call) outcome(ctx context.Context, o onboarding.Outcome) (any, error) {
	v := outcomeView{Connected: o.Connected, Checks: checkViews(o.Lines)}
	if o.Account.Slot == 0 {
		return v, nil
	}
	a, err := c.account(ctx, o.Account)
	v.Account = &a
	return v, err
}

type connectAccount struct {
	request
	lineaccount.Input
}

// postAccount connects an account; what the person can repair is told line by line, which is no failure of the request.
func postAccount(ctx context.Context, c *call) (any, error) {
	in, err := read[connectAccount](c)
	if err != nil {
		return nil, err
	}
	o, err := c.Onboarding.Connect(ctx, c.portal(), c.who, in.Input)
	if err != nil {
		return nil, err
	}
	return c.outcome(ctx, o)
}

func postRecheck(ctx context.Context, c *call) (any, error) {
	slot, err := c.bareSlot()
	if err != nil {
		return nil, err
	}
	o, err := c.Onboarding.Check(ctx, c.portal(), slot)
	if err != nil {
		return nil, err
	}
	return c.outcome(ctx, o)
}

// bareSlot is for writes whose body says nothing more.
func (c *call) bareSlot() (id.Slot, error) {
	if _, err := read[request](c); err != nil {
		return 0, err
	}
	return c.slot()
}

func postAccountDisconnect(ctx context.Context, c *call) (any, error) {
	slot, err := c.bareSlot()
	if err != nil {
		return nil, err
	}
	a, err := c.Onboarding.DisconnectAccount(ctx, c.portal(), c.who, slot)
	if err != nil {
		return nil, err
	}
	return c.account(ctx, a)
}

// postRecreate makes a LINE property anew that somebody deleted in HubSpot (P-48).
func postRecreate(ctx context.Context, c *call) (any, error) {
	slot, err := c.bareSlot()
	if err != nil {
		return nil, err
	}
	key, err := c.name("key")
	if err != nil {
		return nil, err
	}
	a, err := c.connectedAccount(ctx, slot)
	if err != nil {
		return nil, err
	}
	if _, err := c.Properties.Recreate(ctx, c.portal(), c.who, onboarding.Wish(c.at.Settings, a), lineproperty.Key(key)); err != nil {
		return nil, err
	}
	if lineproperty.Key(key) == lineproperty.Tags {
		if err := c.Tags.Publish(ctx, c.portal(), slot); err != nil {
			return nil, err
		}
	}
	return c.account(ctx, a)
}

type addForward struct {
	request
	URL string `json:"url"`
}

func postForward(ctx context.Context, c *call) (any, error) {
	in, err := read[addForward](c)
	if err != nil {
		return nil, err
	}
	slot, err := c.slot()
	if err != nil {
		return nil, err
	}
	a, err := c.Accounts.AddForward(ctx, c.portal(), c.who, slot, in.URL)
	if err != nil {
		return nil, err
	}
	return c.account(ctx, a)
}

func deleteForward(ctx context.Context, c *call) (any, error) {
	slot, err := c.bareSlot()
	if err != nil {
		return nil, err
	}
	forward, err := c.name("forward")
	if err != nil {
		return nil, err
	}
	a, err := c.Accounts.RemoveForward(ctx, c.portal(), c.who, slot, forward)
	if err != nil {
		return nil, err
	}
	return c.account(ctx, a)
}

var errUnverified = &problem{
	status: 200, Code: "LINE_NOT_VERIFIED", Field: "slot",
	Message: "LINE gives the list of friends only for verified and premium accounts.",
}

// connectedAccount is an account that can do something now.
func (c *call) connectedAccount(ctx context.Context, slot id.Slot) (lineaccount.Account, error) {
	a, err := c.Accounts.Store.Account(ctx, c.portal(), slot)
	if err == nil && a.State != lineaccount.Active {
		return a, lineaccount.ErrUnknown
	}
	return a, err
}

type quotaView struct {
	Limited  bool   `json:"limited"`
	Quota    *int64 `json:"quota"`
	Used     int64  `json:"used"`
	Reserved int    `json:"reserved"` // by broadcasts of this month that have not sent them
}

// getQuota asks LINE itself: other tools of the account use its month up too.
func getQuota(ctx context.Context, c *call) (any, error) {
	slot, err := c.slot()
	if err != nil {
		return nil, err
	}
	q, reserved, err := c.Broadcasts.Month(ctx, c.portal(), slot)
	v := quotaView{Limited: q.Limited, Used: q.Used, Reserved: reserved}
	if q.Limited {
		v.Quota = &q.Value
	}
	return v, err
}
