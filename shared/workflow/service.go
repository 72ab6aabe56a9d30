package workflow

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"lumo/shared/chat"
	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/logging"
	"lumo/shared/portal"
	"lumo/shared/queue"
	"lumo/shared/tag"
	"lumo/shared/work"
)

// Service does what workflows ask for.
type Service struct {
	Store     Store
	Portals   Portals
	Accounts  lineaccount.Store
	Friends   Friends
	Templates Templates
	Merger    Merger
	Chat      Chat
	Tags      Tags
	HubSpot   HubSpot
	Links     Links
	Profiles  Profiles
	// Groups lists the group chats of a company that the account can write to.
	Groups func(ctx context.Context, p id.PortalID, company id.CompanyID, s id.Slot) ([]friend.Key, error)
	// Consent is the name of the property that says whether a contact agreed to marketing of an account; "" when there is none.
	Consent  func(ctx context.Context, p id.PortalID, s id.Slot) (string, error)
	Queue    queue.Sender
	Alarm    Alarm
	Clock    clock.Clock
	Parallel int
	Log      *slog.Logger
}

// tries under the versions of a row.
const tries = 8

// Refuses tells why a portal's calls end at once, for good; "" when they are to be done.
func (s *Service) Refuses(ctx context.Context, p id.PortalID) (reason string, err error) {
	row, err := s.Portals.Get(ctx, p)
	switch {
	case errors.Is(err, portal.ErrUnknown), err == nil && !row.State.Runs():
		return ReasonOff, nil
	case err == nil && !row.Has(portal.ScopeAutomation):
		return ReasonPermission, nil // nobody could tell the workflow what became of it
	}
	return "", err
}

// Handle does calls of one portal and tells HubSpot what became of them. It returns the positions of those that must come again; an error
// without positions means all.
func (s *Service) Handle(ctx context.Context, p id.PortalID, calls []Call) (again []int, err error) {
	return s.each(ctx, p, len(calls), func(ctx context.Context, i int) (Execution, error) { return s.find(ctx, calls[i]) })
}

// Resume goes on with executions that were left for later.
func (s *Service) Resume(ctx context.Context, p id.PortalID, refs []Ref) (again []int, err error) {
	return s.each(ctx, p, len(refs), func(ctx context.Context, i int) (Execution, error) {
		e, _, err := s.Store.Load(ctx, refs[i])
		return e, err
	})
}

func (s *Service) each(ctx context.Context, p id.PortalID, n int, find func(context.Context, int) (Execution, error)) (again []int, err error) {
	row, err := s.Portals.Get(ctx, p)
	if errors.Is(err, portal.ErrUnknown) {
		return nil, nil // nobody is left who could be told
	}
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var tell []Execution
	var failed error
	_ = work.Each(ctx, s.Parallel, n, func(ctx context.Context, i int) error {
		e, err := find(ctx, i)
		if err == nil {
			e, err = s.advance(ctx, e, row)
		}
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			again, failed = append(again, i), errors.Join(failed, err)
		} else if e.ID != "" && e.Status != Open && len(e.Waiting()) > 0 {
			tell = append(tell, e)
		}
		return nil
	})
	slices.Sort(again)
	// Two calls of one execution: the later state knows of both.
	slices.SortFunc(tell, func(a, b Execution) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(b.Version, a.Version)) })
	tell = slices.CompactFunc(tell, func(a, b Execution) bool { return a.ID == b.ID })
	if err := s.tell(ctx, row, tell); err != nil { // whose answer did not get through is not known: doing all again does no harm
		return nil, errors.Join(failed, err)
	}
	return again, failed
}

// find makes an execution of a call, or finds the one that it repeats.
func (s *Service) find(ctx context.Context, c Call) (Execution, error) {
	for range tries {
		e, ok, err := s.Store.ByCallback(ctx, c)
		if err != nil {
			return e, err
		}
		if ok {
			next, changed := e.Heard(c)
			if !changed {
				return e, nil
			}
			if e, err = s.Store.Save(ctx, next); !errors.Is(err, ErrChanged) {
				return e, err
			}
			continue
		}
		last, ok, err := s.Store.ByStep(ctx, c)
		if err != nil {
			return e, err
		}
		if ok && last.Same(c) {
			next, _ := last.Heard(c)
			if e, err = s.Store.Join(ctx, next, c); !errors.Is(err, ErrChanged) {
				return e, err
			}
			continue
		}
		if e, err = s.target(ctx, NewExecution(c)); err != nil {
			return e, err
		}
		if e, err = s.Store.Begin(ctx, e, last.ID); !errors.Is(err, ErrChanged) {
			return e, err
		}
	}
	return Execution{}, ErrChanged
}

func slotOf(account string) (id.Slot, error) {
	n, err := strconv.Atoi(account)
	if err != nil {
		return 0, err
	}
	return id.ParseSlot(id.Slot(n).String())
}

// target chooses the friend, before anything is stored: it never changes afterwards.
func (s *Service) target(ctx context.Context, e Execution) (Execution, error) {
	c, now := e.Call, s.Clock.Now()
	slot, err := slotOf(c.Inputs[InputAccount])
	if err != nil {
		return e.Decided(Failed, ReasonFields, now), nil
	}
	a, err := s.Accounts.Account(ctx, c.Portal, slot)
	if errors.Is(err, lineaccount.ErrUnknown) || err == nil && a.State != lineaccount.Active {
		return e.Decided(Failed, ReasonAccount, now), nil
	}
	if err != nil {
		return e, err
	}
	switch {
	case c.Company:
		return s.groupOf(ctx, e, slot)
	case c.Action == CreateLink:
		if a.Login.ID == "" {
			e = e.Decided(Failed, ReasonNoLogin, now)
		}
		return e, nil
	case c.Action == LinkFriend:
		return named(e, slot, now), nil
	case c.Action == AddTag, c.Action == RemoveTag:
		if err := s.tagUsed(ctx, c, slot); err != nil {
			return e, err
		}
	}
	keys, err := s.Friends.ByContact(ctx, c.Portal, c.Contact)
	if err != nil {
		return e, err
	}
	slices.SortFunc(keys, func(a, b friend.Key) int { return cmp.Compare(a.User, b.User) })
	for _, k := range keys {
		if k.Slot != slot {
			continue
		}
		f, ok, err := s.Friends.Get(ctx, c.Portal, k)
		if err != nil {
			return e, err
		}
		if !ok || f.Link.State != friend.Linked || f.Link.Contact != c.Contact {
			continue
		}
		// Of several phones of one contact the first that can be reached gets it.
		if e.Target == nil || f.Follow != friend.Blocked {
			e.Target = &k
		}
		if f.Follow != friend.Blocked {
			break
		}
	}
	if e.Target == nil {
		return e.Decided(SkippedUnlinked, ReasonUnlinked, now), nil
	}
	if c.Action != SendMessage {
		return e, nil
	}
	ok, err := s.consents(ctx, c, slot)
	if err == nil && !ok {
		e = e.Decided(SkippedNoConsent, ReasonConsent, now)
	}
	return e, err
}

// groupOf chooses the company's group. Nobody in particular is written to, so nobody's consent is asked for.
func (s *Service) groupOf(ctx context.Context, e Execution, slot id.Slot) (Execution, error) {
	keys, err := s.Groups(ctx, e.Call.Portal, id.CompanyID(e.Call.Contact), slot)
	if err != nil {
		return e, err
	}
	if len(keys) == 0 {
		return e.Decided(SkippedUnlinked, ReasonUnlinked, s.Clock.Now()), nil
	}
	e.Target = &keys[0]
	return e, nil
}

// recipient reads whom the message goes to; ok is false when that is not the record's friend any more. Of a group nothing is known that could
// be put into a text.
func (s *Service) recipient(ctx context.Context, e Execution) (f friend.Friend, ok bool, err error) {
	if e.Call.Company {
		return friend.Friend{Key: *e.Target}, true, nil
	}
	f, ok, err = s.Friends.Get(ctx, e.Call.Portal, *e.Target)
	return f, ok && f.Link.Contact == e.Call.Contact, err
}

// advance does what is due of an execution, up to where HubSpot can be told. What is returned is stored.
func (s *Service) advance(ctx context.Context, e Execution, row portal.Portal) (Execution, error) {
	for range tries {
		next, err := s.act(ctx, e, row)
		if err != nil {
			return e, err
		}
		if next.Status != Open && next.TellingAt == 0 {
			next.TellingAt = s.Clock.Now().UnixMilli()
		}
		if next.Due == e.Due && next.Status == e.Status && next.TellingAt == e.TellingAt && next.HeldUntil == e.HeldUntil {
			return next, nil
		}
		if next.Due != 0 && next.Due != e.Due {
			if err := s.alarm(ctx, next); err != nil {
				return e, err
			}
		}
		saved, err := s.Store.Save(ctx, next)
		if !errors.Is(err, ErrChanged) {
			return saved, err
		}
		now, ok, err := s.Store.Load(ctx, e.Ref())
		if err != nil || !ok {
			return e, err
		}
		e = now
	}
	return e, ErrChanged
}

func (s *Service) act(ctx context.Context, e Execution, row portal.Portal) (Execution, error) {
	now := s.Clock.Now()
	switch {
	case e.ID == "":
		return e, nil
	case !row.State.Runs():
		return s.stop(ctx, e)
	case e.Status == Open:
		return s.do(ctx, e, row)
	case e.HeldUntil != 0 && e.Due != 0 && now.UnixMilli() >= e.Due && len(e.Waiting()) == 0:
		return s.release(ctx, e, row)
	}
	return e, nil
}

func (s *Service) do(ctx context.Context, e Execution, row portal.Portal) (Execution, error) {
	switch e.Call.Action {
	case SendMessage:
		return s.send(ctx, e, row)
	case CreateLink:
		return s.invite(ctx, e)
	case LinkFriend:
		return s.link(ctx, e)
	}
	return s.tag(ctx, e)
}

// stop ends an execution of a portal that was disconnected: HubSpot cannot be told any more, and nothing is sent.
func (s *Service) stop(ctx context.Context, e Execution) (Execution, error) {
	now := s.Clock.Now()
	if e.Status == Open {
		var err error
		if e, err = s.end(ctx, e, Failed, ReasonOff, chat.CodeStopped); err != nil {
			return e, err
		}
	}
	e.HeldUntil = 0
	return e.Told(e.Waiting(), now), nil
}

// tag puts a tag on the friend or takes it off. Doing it twice does no harm.
func (s *Service) tag(ctx context.Context, e Execution) (Execution, error) {
	c, now := e.Call, s.Clock.Now()
	name := c.Inputs[InputTag]
	if !tagName(name) {
		return e.Decided(Failed, ReasonFields, now), nil
	}
	b := tag.Bulk{Slot: e.Target.Slot, Users: []id.LineUserID{e.Target.User}, By: portal.Actor{Email: "workflow"}, At: now}
	if c.Action == AddTag {
		b.Add = []string{name}
	} else {
		b.Remove = []string{name}
	}
	got, err := s.Tags.Give(ctx, c.Portal, b)
	switch {
	case errors.Is(err, tag.ErrUnknown):
		return e.Decided(Failed, ReasonTag, now), nil
	case errors.Is(err, tag.ErrNoAccount):
		return e.Decided(Failed, ReasonAccount, now), nil
	case err != nil && fault.ClassOf(err) != "" && !fault.ClassOf(err).Retryable():
		return e.Decided(Failed, ReasonUnavailable, now), nil
	case err != nil:
		return e, err
	case len(got.Missing) > 0:
		return e.Decided(SkippedUnlinked, ReasonUnlinked, now), nil
	case len(got.Full) > 0:
		return e.Decided(Failed, ReasonFull, now), nil
	}
	return e.Decided(Done, "", now), nil
}

// tagUsed remembers that the workflow needs the tag, so that whoever deletes the tag is told. A contact that nobody is linked to tells it, too.
func (s *Service) tagUsed(ctx context.Context, c Call, slot id.Slot) error {
	name := c.Inputs[InputTag]
	if c.Workflow == "" || !tagName(name) {
		return nil
	}
	return s.Store.TagUsed(ctx, c.Portal, slot, name, Use{Workflow: c.Workflow, LastAt: time.UnixMilli(c.At).Truncate(time.Hour).UnixMilli()})
}

// tagName tells whether a field can be the id of a tag.
func tagName(s string) bool { return s != "" && len(s) <= 64 && !strings.Contains(s, "#") }

func (s *Service) warn(p id.PortalID, what string, err error) {
	if s.Log != nil {
		s.Log.Warn(what, logging.Portal(p), logging.Error(err))
	}
}
