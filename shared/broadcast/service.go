package broadcast

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"lumo/shared/bubble"
	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/portal"
)

// Service does what people ask for.
type Service struct {
	Store    Store
	Settings SettingsStore
	Ledger   Ledger
	Selector Selector
	Index    Index
	Friends  Friends
	Line     Line
	Values   Merger
	Sender   *Sender
	// Known tells which properties a message may merge: those that are mapped.
	Known func(ctx context.Context, p id.PortalID) (func(property string) bool, error)
	Clock clock.Clock
}

// New is a broadcast to be made. Seed names it: the same again returns the one that was made.
type New struct {
	ID   string
	Slot id.Slot
	By   portal.Actor
	At   time.Time
	Content
}

// Create keeps a draft.
func (v *Service) Create(ctx context.Context, p id.PortalID, n New) (Broadcast, error) {
	b := Broadcast{ID: n.ID, Slot: n.Slot, Status: Draft, CreatedAt: n.At.UnixMilli(), CreatedBy: n.By}
	if err := v.fill(ctx, p, &b, n.Content, n.At); err != nil {
		return b, err
	}
	saved, err := v.Store.Save(ctx, p, b)
	if errors.Is(err, ErrChanged) {
		return v.Store.Get(ctx, p, n.Slot, n.ID) // a repetition of the same request
	}
	return saved, err
}

func (v *Service) fill(ctx context.Context, p id.PortalID, b *Broadcast, c Content, now time.Time) error {
	if err := c.Check(); err != nil {
		return err
	}
	if raw, err := json.Marshal(c.Bubbles); err != nil || len(raw) > MaxContent {
		return errors.Join(ErrTooLarge, err)
	}
	var test []id.LineUserID
	for _, s := range c.Test {
		u, err := id.ParseLineUser(s)
		if err != nil {
			return ErrTestUsers
		}
		test = append(test, u)
	}
	if c.Tracking != Untracked {
		set, err := v.Settings.Settings(ctx, p, b.Slot)
		if err != nil {
			return err
		}
		if !set.Tracking {
			return ErrTracking
		}
	}
	b.Name, b.Bubbles, b.Silent, b.Tracking, b.Audience, b.TestUsers = strings.TrimSpace(c.Name), c.Bubbles, c.Silent, c.Tracking, c.Audience, test
	*b = b.touched(now)
	return nil
}

// Edit replaces a draft's content.
func (v *Service) Edit(ctx context.Context, p id.PortalID, s id.Slot, broadcast string, c Content) (Broadcast, error) {
	return v.change(ctx, p, s, broadcast, func(b Broadcast) (Broadcast, error) {
		if b.Status != Draft {
			return b, ErrStatus
		}
		err := v.fill(ctx, p, &b, c, v.Clock.Now())
		return b, err
	})
}

// Delete removes a draft, or a canceled one.
func (v *Service) Delete(ctx context.Context, p id.PortalID, s id.Slot, broadcast string) error {
	b, err := v.Store.Get(ctx, p, s, broadcast)
	if errors.Is(err, ErrUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	if b.Status != Draft && b.Status != Canceled {
		return ErrStatus
	}
	return v.Store.Delete(ctx, p, b)
}

// change is one arrow of the life, under the row's version.
func (v *Service) change(ctx context.Context, p id.PortalID, s id.Slot, broadcast string, f func(Broadcast) (Broadcast, error)) (Broadcast, error) {
	for range 5 {
		b, err := v.Store.Get(ctx, p, s, broadcast)
		if err != nil {
			return b, err
		}
		next, err := f(b)
		if err != nil {
			return b, err
		}
		if next, err = v.Store.Save(ctx, p, next); !errors.Is(err, ErrChanged) {
			return next, err
		}
	}
	return Broadcast{}, ErrChanged
}

// Review is what a person sees before confirming (P-124, P-128).
type Review struct {
	Problems  bubble.Problems `json:"problems"`
	LineSays  string          `json:"lineSays,omitempty"` // why LINE would refuse the message
	Estimate  Estimate        `json:"estimate"`
	Calls     int             `json:"calls"`
	Personal  bool            `json:"personal"` // one push for each recipient
	Limited   bool            `json:"limited"`
	Quota     int64           `json:"quota"`
	Used      int64           `json:"used"`
	Reserved  int             `json:"reserved"`  // by other broadcasts
	Remaining int             `json:"remaining"` // before this one
	Enough    bool            `json:"enough"`
	Cost      float64         `json:"cost"`
	Currency  string          `json:"currency,omitempty"`
	Links     []string        `json:"links"`
	Fields    []string        `json:"fields"`
}

// OK tells whether it can be confirmed. Too little quota does not stop it: it is held then, with its choices.
func (r Review) OK() bool {
	return len(r.Problems) == 0 && r.LineSays == "" && !r.Estimate.nobody()
}

// Review checks the message here and at LINE, counts the audience and the month's messages.
func (v *Service) Review(ctx context.Context, p id.PortalID, b Broadcast) (Review, error) {
	r := Review{Problems: bubble.Problems{}, Links: bubble.Links(b.Bubbles), Fields: bubble.Fields(b.Bubbles), Personal: b.Personalised()}
	known, err := v.Known(ctx, p)
	if err != nil {
		return r, err
	}
	var bad bubble.Problems
	if errors.As(bubble.Check(b.Bubbles, known), &bad) {
		r.Problems = bad
	}
	ch, err := v.Line.Channel(ctx, p, b.Slot)
	if err != nil {
		return r, err
	}
	if len(bad) == 0 {
		if r.LineSays, err = v.ask(ctx, ch, b); err != nil {
			return r, err
		}
	}
	sel, err := v.Selector.Select(ctx, p, b.Slot, b.Audience, Freshness{})
	if err != nil {
		return r, err
	}
	if r.Estimate, err = estimate(ctx, v.Index, p, b.Slot, sel); err != nil {
		return r, err
	}
	return r, v.money(ctx, p, b, ch, &r)
}

// ask has LINE validate the message as it is with its fallbacks.
func (v *Service) ask(ctx context.Context, ch Channel, b Broadcast) (string, error) {
	ms, err := bubble.Messages(b.Bubbles, nil)
	if err != nil {
		return "", err
	}
	err = ch.Validate(ctx, ms)
	var f *fault.Fault
	if errors.As(err, &f) && f.Class == fault.Invalid {
		return f.Message, nil
	}
	return "", err
}

// Month is what LINE says now of the account's month, and how many of its messages broadcasts have reserved. Value and Used mean
// nothing to an account without a limit.
func (v *Service) Month(ctx context.Context, p id.PortalID, slot id.Slot) (q Quota, reserved int, err error) {
	ch, err := v.Line.Channel(ctx, p, slot)
	if err != nil {
		return q, 0, err
	}
	if q, err = ch.Quota(ctx); err != nil {
		return q, 0, err
	}
	all, err := v.Ledger.Load(ctx, p, slot)
	return q, all.Reserved(MonthOf(v.Clock.Now()), ""), err
}

func (v *Service) money(ctx context.Context, p id.PortalID, b Broadcast, ch Channel, r *Review) error {
	q, err := ch.Quota(ctx)
	if err != nil {
		return err
	}
	all, err := v.Ledger.Load(ctx, p, b.Slot)
	if err != nil {
		return err
	}
	set, err := v.Settings.Settings(ctx, p, b.Slot)
	if err != nil {
		return err
	}
	now := v.Clock.Now()
	month := MonthOf(now)
	if b.SendAt > now.UnixMilli() {
		month = MonthOf(time.UnixMilli(b.SendAt))
	}
	n := r.Estimate.Recipients
	r.Remaining, r.Limited = all.Remaining(q, month, MonthOf(now), b.ID)
	r.Quota, r.Used, r.Enough = q.Value, q.Used, !r.Limited || n <= r.Remaining
	r.Reserved = all.Reserved(month, b.ID)
	r.Cost, r.Currency, r.Calls = float64(n)*set.Price, set.Currency, n
	if !r.Personal {
		r.Calls = (n + ChunkSize - 1) / ChunkSize
	}
	return nil
}

// Estimate counts an audience that is being put together.
func (v *Service) Estimate(ctx context.Context, p id.PortalID, s id.Slot, a Audience) (Estimate, error) {
	sel, err := v.Selector.Select(ctx, p, s, a, Freshness{})
	if err != nil {
		return Estimate{}, err
	}
	return estimate(ctx, v.Index, p, s, sel)
}

// Preview renders the message for one friend (P-131).
func (v *Service) Preview(ctx context.Context, p id.PortalID, b Broadcast, u id.LineUserID) ([]json.RawMessage, error) {
	f, ok, err := v.Friends.Get(ctx, p, friend.Key{Slot: b.Slot, User: u})
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrTestUsers
	}
	values, err := v.Values.Values(ctx, p, b.Slot)
	if err != nil {
		return nil, err
	}
	return bubble.Messages(b.Bubbles, values(f))
}

// Tested is what became of a test for one recipient.
type Tested struct {
	User    id.LineUserID `json:"user"`
	Sent    bool          `json:"sent"`
	Code    string        `json:"code,omitempty"`
	Message string        `json:"message,omitempty"`
}

// Test sends the message as it is to chosen friends. seed names this test: its repetition reaches nobody twice.
func (v *Service) Test(ctx context.Context, p id.PortalID, b Broadcast, users []id.LineUserID, seed string) ([]Tested, error) {
	if len(users) == 0 || len(users) > MaxTestUsers {
		return nil, ErrTestUsers
	}
	known, err := v.Known(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := bubble.Check(b.Bubbles, known); err != nil {
		return nil, err
	}
	ch, err := v.Line.Channel(ctx, p, b.Slot)
	if err != nil {
		return nil, err
	}
	users = slices.Compact(slices.Sorted(slices.Values(users)))
	out := make([]Tested, len(users))
	for i, u := range users {
		ms, err := v.Preview(ctx, p, b, u)
		if err != nil {
			return nil, err
		}
		o := call(ctx, v.Clock, func() error {
			return ch.Push(ctx, Key("test", p.String(), b.ID, seed, string(u)), u, Message{Messages: ms})
		})
		out[i] = Tested{User: u, Sent: o.verdict == settled}
		var f *fault.Fault
		if errors.As(o.err, &f) {
			out[i].Code, out[i].Message = f.Code, f.Message
		}
	}
	return out, nil
}

// ErrReview: the message or its audience has problems; Review tells which.
var ErrReview = errors.New("this broadcast cannot be sent as it is: see its review")

// Confirm lets it go. What follows runs in steps: freezing the audience, claiming the quota, sending.
func (v *Service) Confirm(ctx context.Context, p id.PortalID, s id.Slot, broadcast string, by portal.Actor, sendAt int64) (Broadcast, error) {
	b, err := v.Store.Get(ctx, p, s, broadcast)
	if err != nil {
		return b, err
	}
	now := v.Clock.Now()
	if b.Attempt > 0 && b.ConfirmedBy == by && b.SendAt == sendAt && (b.Status == Sending || b.Status == Scheduled) {
		return b, v.Sender.Start(ctx, p, b) // a repetition of the same request
	}
	next, err := b.Confirm(by, sendAt, now)
	if err != nil {
		return b, err
	}
	r, err := v.Review(ctx, p, next)
	switch {
	case err != nil:
		return b, err
	case len(r.Problems) > 0:
		return b, r.Problems
	case r.LineSays != "":
		return b, ErrReview
	case r.Estimate.nobody():
		return b, ErrNobody
	}
	return v.begin(ctx, p, next)
}

// begin stores a broadcast that has work to be done, and starts it. The tick looks at it a minute later, should this process die.
func (v *Service) begin(ctx context.Context, p id.PortalID, b Broadcast) (Broadcast, error) {
	if err := v.Sender.Alarm.BringForward(ctx, p, time.UnixMilli(b.Due)); err != nil {
		return b, err
	}
	b, err := v.Store.Save(ctx, p, b)
	if err != nil {
		return b, err
	}
	return b, v.Sender.Start(ctx, p, b)
}

// Cancel takes a scheduled one back to draft, or ends a held one.
func (v *Service) Cancel(ctx context.Context, p id.PortalID, s id.Slot, broadcast string) (Broadcast, error) {
	b, err := v.change(ctx, p, s, broadcast, func(b Broadcast) (Broadcast, error) { return b.Cancel(v.Clock.Now()) })
	if err != nil {
		return b, err
	}
	return b, v.Sender.release(ctx, p, b)
}

// Resume goes on with a held one, as the person chose.
func (v *Service) Resume(ctx context.Context, p id.PortalID, s id.Slot, broadcast string, c Choice) (Broadcast, error) {
	b, err := v.Store.Get(ctx, p, s, broadcast)
	if err != nil {
		return b, err
	}
	next, err := b.Resume(c, v.Clock.Now())
	if err != nil {
		return b, err
	}
	return v.begin(ctx, p, next)
}

// Settle closes the doubt about those of whom nobody knows.
func (v *Service) Settle(ctx context.Context, p id.PortalID, s id.Slot, broadcast string, sent bool) (Broadcast, error) {
	return v.change(ctx, p, s, broadcast, func(b Broadcast) (Broadcast, error) { return b.Settle(sent, v.Clock.Now()) })
}

// Now is a broadcast with the progress that its chain knows of.
func (v *Service) Now(ctx context.Context, p id.PortalID, s id.Slot, broadcast string) (Broadcast, error) {
	b, err := v.Store.Get(ctx, p, s, broadcast)
	if err != nil || b.Status != Sending {
		return b, err
	}
	r, ok, err := v.Sender.Chain.Store.Load(ctx, p, kindPrefix+b.ID, chainID(b))
	if err != nil || !ok {
		return b, err
	}
	return b.with(r), nil
}

func (b Broadcast) with(r chain.Row) Broadcast {
	var st state
	if json.Unmarshal(r.State, &st) == nil && st.Attempt == b.Attempt {
		b.Progress = st.Progress
	}
	return b
}
