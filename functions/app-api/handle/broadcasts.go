package handle

import (
	"context"
	"encoding/json"

	"lumo/shared/broadcast"
	"lumo/shared/bubble"
	"lumo/shared/id"
)

type broadcastView struct {
	ID          string             `json:"id"`
	Slot        int                `json:"slot"`
	Name        string             `json:"name"`
	Status      broadcast.Status   `json:"status"`
	Bubbles     []bubble.Bubble    `json:"bubbles"`
	Silent      bool               `json:"silent"`
	Tracking    string             `json:"tracking"`
	Audience    broadcast.Audience `json:"audience"`
	TestUsers   []id.LineUserID    `json:"testUsers"`
	SendAt      *int64             `json:"sendAt"`
	CreatedAt   int64              `json:"createdAt"`
	UpdatedAt   int64              `json:"updatedAt"`
	ConfirmedAt *int64             `json:"confirmedAt"`
	ConfirmedBy string             `json:"confirmedBy"`
	StartedAt   *int64             `json:"startedAt"`
	EndedAt     *int64             `json:"endedAt"`
	FrozenAt    *int64             `json:"frozenAt"`
	MembersAsOf *int64             `json:"membersAsOf"`
	Recipients  int                `json:"recipients"`
	Sent        int                `json:"sent"`
	Refused     map[string]int     `json:"refused"`
	Unsure      int                `json:"unsure"`
	Left        int                `json:"left"`
	Hold        *broadcast.Hold    `json:"hold"`
}

// untracked is how the API calls no tracking.
const untracked = "off"

func broadcastViewOf(b broadcast.Broadcast) broadcastView {
	v := broadcastView{
		ID: b.ID, Slot: int(b.Slot), Name: b.Name, Status: b.Status, Bubbles: b.Bubbles, Silent: b.Silent, Tracking: string(b.Tracking), Audience: b.Audience,
		TestUsers: b.TestUsers, SendAt: at(b.SendAt), CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt, ConfirmedAt: at(b.ConfirmedAt),
		ConfirmedBy: b.ConfirmedBy.Email, StartedAt: at(b.StartedAt), EndedAt: at(b.EndedAt), Sent: b.Progress.Sent,
		Refused: b.Progress.Refused, Unsure: b.Progress.UnsureCount(), Hold: b.Hold,
	}
	if v.Tracking == "" {
		v.Tracking = untracked
	}
	if v.Bubbles == nil {
		v.Bubbles = []bubble.Bubble{}
	}
	if v.TestUsers == nil {
		v.TestUsers = []id.LineUserID{}
	}
	if v.Refused == nil {
		v.Refused = map[string]int{}
	}
	if f := b.Frozen; f != nil {
		v.FrozenAt, v.MembersAsOf, v.Recipients = at(f.AsOf), at(f.MembersAsOf), f.Count
		v.Left = f.Count - v.Sent - v.Unsure - b.Progress.RefusedCount()
	}
	return v
}

var statuses = []string{
	string(broadcast.Draft), string(broadcast.Scheduled), string(broadcast.Sending), string(broadcast.Sent), string(broadcast.PartlySent), string(broadcast.Held), string(broadcast.Canceled),
}

func getBroadcasts(ctx context.Context, c *call) (any, error) {
	slot, err := c.querySlot(ctx)
	if err != nil {
		return nil, err
	}
	after, limit, err := c.page()
	if err != nil {
		return nil, err
	}
	status, err := c.choice("status", statuses...)
	if err != nil {
		return nil, err
	}
	all, next, err := c.Broadcasts.Page(ctx, c.portal(), slot, broadcast.Status(status), after, limit)
	if err != nil {
		return nil, err
	}
	return rows(all, broadcastViewOf, c.next(next)), nil
}

// broadcastName reads which broadcast a route is about.
func (c *call) broadcastName() (id.Slot, string, error) {
	slot, err := c.slot()
	if err != nil {
		return 0, "", err
	}
	name, err := c.name("broadcast")
	return slot, name, err
}

func (c *call) broadcast(ctx context.Context) (broadcast.Broadcast, error) {
	slot, name, err := c.broadcastName()
	if err != nil {
		return broadcast.Broadcast{}, err
	}
	return c.Broadcasts.Now(ctx, c.portal(), slot, name)
}

func shown(b broadcast.Broadcast, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return broadcastViewOf(b), nil
}

func getBroadcast(ctx context.Context, c *call) (any, error) { return shown(c.broadcast(ctx)) }

type broadcastContent struct {
	request
	Slot      int                `json:"slot"`
	Name      string             `json:"name"`
	Bubbles   []bubble.Bubble    `json:"bubbles"`
	Silent    bool               `json:"silent"`
	Tracking  string             `json:"tracking"`
	Audience  broadcast.Audience `json:"audience"`
	TestUsers []string           `json:"testUsers"`
}

func (in broadcastContent) content() broadcast.Content {
	t := broadcast.Tracking(in.Tracking)
	if in.Tracking == untracked {
		t = broadcast.Untracked
	}
	return broadcast.Content{Name: in.Name, Bubbles: in.Bubbles, Silent: in.Silent, Tracking: t, Audience: in.Audience, Test: in.TestUsers}
}

func postBroadcast(ctx context.Context, c *call) (any, error) {
	in, err := read[broadcastContent](c)
	if err != nil {
		return nil, err
	}
	slot, err := id.ParseSlot(id.Slot(in.Slot).String())
	if err != nil {
		return nil, malformed("slot", err)
	}
	if _, err := c.Accounts.Store.Account(ctx, c.portal(), slot); err != nil {
		return nil, err
	}
	return shown(c.Broadcasts.Create(ctx, c.portal(), broadcast.New{
		ID: broadcast.NewID(c.attempt.At, c.attempt.Seed), Slot: slot, By: c.who, At: c.attempt.At, Content: in.content(),
	}))
}

func putBroadcast(ctx context.Context, c *call) (any, error) {
	in, err := read[broadcastContent](c)
	if err != nil {
		return nil, err
	}
	slot, name, err := c.broadcastName()
	if err != nil {
		return nil, err
	}
	return shown(c.Broadcasts.Edit(ctx, c.portal(), slot, name, in.content()))
}

type deleted struct {
	Deleted bool `json:"deleted"`
}

func deleteBroadcast(ctx context.Context, c *call) (any, error) {
	slot, name, err := c.broadcastName()
	if err != nil {
		return nil, err
	}
	return deleted{true}, c.Broadcasts.Delete(ctx, c.portal(), slot, name)
}

type reviewView struct {
	OK bool `json:"ok"`
	broadcast.Review
}

func postReview(ctx context.Context, c *call) (any, error) {
	b, err := c.broadcast(ctx)
	if err != nil {
		return nil, err
	}
	r, err := c.Broadcasts.Review(ctx, c.portal(), b)
	if r.Links == nil {
		r.Links = []string{}
	}
	if r.Fields == nil {
		r.Fields = []string{}
	}
	return reviewView{r.OK(), r}, err
}

type testSend struct {
	request
	Users []string `json:"users"`
}

type testView struct {
	Items []broadcast.Tested `json:"items"`
}

func postTest(ctx context.Context, c *call) (any, error) {
	in, err := read[testSend](c)
	if err != nil {
		return nil, err
	}
	b, err := c.broadcast(ctx)
	if err != nil {
		return nil, err
	}
	users := b.TestUsers
	if len(in.Users) > 0 {
		users = nil
	}
	for _, s := range in.Users {
		u, err := id.ParseLineUser(s)
		if err != nil {
			return nil, malformed("users", err)
		}
		users = append(users, u)
	}
	got, err := c.Broadcasts.Test(ctx, c.portal(), b, users, c.attempt.Seed)
	return testView{got}, err
}

type previewOf struct {
	request
	User string `json:"user"`
}

type previewView struct {
	Messages []json.RawMessage `json:"messages"`
}

func postPreview(ctx context.Context, c *call) (any, error) {
	in, err := read[previewOf](c)
	if err != nil {
		return nil, err
	}
	u, err := id.ParseLineUser(in.User)
	if err != nil {
		return nil, malformed("user", err)
	}
	b, err := c.broadcast(ctx)
	if err != nil {
		return nil, err
	}
	ms, err := c.Broadcasts.Preview(ctx, c.portal(), b, u)
	return previewView{ms}, err
}

type confirmSend struct {
	request
	SendAt int64 `json:"sendAt"`
}

func postConfirmSend(ctx context.Context, c *call) (any, error) {
	in, err := read[confirmSend](c)
	if err != nil {
		return nil, err
	}
	slot, name, err := c.broadcastName()
	if err != nil {
		return nil, err
	}
	return shown(c.Broadcasts.Confirm(ctx, c.portal(), slot, name, c.who, in.SendAt))
}

func postCancel(ctx context.Context, c *call) (any, error) {
	slot, name, err := c.broadcastName()
	if err != nil {
		return nil, err
	}
	return shown(c.Broadcasts.Cancel(ctx, c.portal(), slot, name))
}

type resumeSend struct {
	request
	First int    `json:"first"`
	Order string `json:"order"`
}

// oldestFirst is how the API calls the order in which nothing is changed.
const oldestFirst = "oldest"

func postResume(ctx context.Context, c *call) (any, error) {
	in, err := read[resumeSend](c)
	if err != nil {
		return nil, err
	}
	slot, name, err := c.broadcastName()
	if err != nil {
		return nil, err
	}
	if in.Order == oldestFirst {
		in.Order = ""
	}
	return shown(c.Broadcasts.Resume(ctx, c.portal(), slot, name, broadcast.Choice{First: in.First, Order: broadcast.Order(in.Order)}))
}

type settleSend struct {
	request
	Sent bool `json:"sent"`
}

func postSettle(ctx context.Context, c *call) (any, error) {
	in, err := read[settleSend](c)
	if err != nil {
		return nil, err
	}
	slot, name, err := c.broadcastName()
	if err != nil {
		return nil, err
	}
	return shown(c.Broadcasts.Settle(ctx, c.portal(), slot, name, in.Sent))
}

func getBroadcastResults(ctx context.Context, c *call) (any, error) {
	b, err := c.broadcast(ctx)
	if err != nil {
		return nil, err
	}
	return c.Taps.Read(ctx, c.portal(), b.ID, b.Links)
}

type estimateOf struct {
	request
	Slot     int                `json:"slot"`
	Audience broadcast.Audience `json:"audience"`
}

func postEstimate(ctx context.Context, c *call) (any, error) {
	in, err := read[estimateOf](c)
	if err != nil {
		return nil, err
	}
	slot, err := id.ParseSlot(id.Slot(in.Slot).String())
	if err != nil {
		return nil, malformed("slot", err)
	}
	return c.Broadcasts.Estimate(ctx, c.portal(), slot, in.Audience)
}

func getBroadcasting(ctx context.Context, c *call) (any, error) {
	slot, err := c.slot()
	if err != nil {
		return nil, err
	}
	return c.Broadcasts.Settings.Settings(ctx, c.portal(), slot)
}

type broadcasting struct {
	request
	broadcast.Settings
}

func putBroadcasting(ctx context.Context, c *call) (any, error) {
	in, err := read[broadcasting](c)
	if err != nil {
		return nil, err
	}
	slot, err := c.slot()
	if err != nil {
		return nil, err
	}
	if in.Price < 0 || in.Price > 1e6 || len(in.Currency) > 10 {
		return nil, invalid("price", "A price is 0 to 1,000,000, a currency at most 10 characters.")
	}
	if _, err := c.Accounts.Store.Account(ctx, c.portal(), slot); err != nil {
		return nil, err
	}
	return in.Settings, c.Broadcasts.Settings.SaveSettings(ctx, c.portal(), slot, in.Settings)
}
