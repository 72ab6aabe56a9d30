// Package redrive tries failed items again (P-73). What an item stands for is put back where it came from: the outbox, the queue of
// events, or the queue whose message died. The item goes only after that, so that a crash between the two loses nothing; a contact's
// item stays until HubSpot took the values.
package redrive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"lumo/shared/chat"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/groupchat"
	"lumo/shared/id"
	"lumo/shared/inbox"
	"lumo/shared/lineproperty"
	"lumo/shared/queue"
	"lumo/shared/seal"
)

// Scopes loads what a portal's sync works with.
type Scopes interface {
	Scope(ctx context.Context, p id.PortalID) (contactsync.Scope, error)
}

// Service retries.
type Service struct {
	Failures failure.Store
	Friends  friend.Store
	Invalids contactsync.Invalids
	Scopes   Scopes
	Outbox   contactsync.Outbox
	Queue    queue.Sender
	Sealer   seal.Sealer
	Clock    clock.Clock
	// Chat tries messages again, and keeps their items itself.
	Chat interface {
		Retry(ctx context.Context, p id.PortalID, k friend.Key, messageID string) (chat.Intent, error)
	}
}

// ErrUnknown: there is no such failed item; somebody retried it, or it healed.
var ErrUnknown = errors.New("this item is not in the list of failed items any more")

// ErrLost: a dead letter without its message cannot be sent again.
var ErrLost = errors.New("the original message of this item is not kept, so it cannot be tried again")

// settleTime keeps a repeated message back until its item is removed: failing again must not be overtaken by the removal.
const settleTime = 5 * time.Second

// One tries one item again.
func (s *Service) One(ctx context.Context, p id.PortalID, itemID string) error {
	it, ok, err := s.Failures.Get(ctx, p, itemID)
	if err != nil {
		return err
	}
	if !ok {
		return ErrUnknown
	}
	scope, err := s.Scopes.Scope(ctx, p)
	if err != nil {
		return err
	}
	marked, err := s.retry(ctx, scope, it)
	if err != nil || !marked {
		return err
	}
	return s.Outbox.Kick(ctx, p)
}

// longest is how long All begins with further items: HubSpot waits 20 s for an answer.
const longest = 5 * time.Second

// Swept sums up All.
type Swept struct {
	Retried int
	Refused int    // items that cannot be tried again
	Next    string // go on here; "" at the end
}

// All tries up to limit items again, from the cursor of an earlier call.
func (s *Service) All(ctx context.Context, p id.PortalID, after string, limit int) (Swept, error) {
	scope, err := s.Scopes.Scope(ctx, p)
	if err != nil {
		return Swept{}, err
	}
	its, next, err := s.Failures.List(ctx, p, after, limit)
	if err != nil {
		return Swept{}, err
	}
	out, kick, until := Swept{Next: next}, false, s.Clock.Now().Add(longest)
	for i, it := range its {
		if i > 0 && s.Clock.Now().After(until) { // a message that LINE does not answer takes its time
			out.Next = its[i-1].ID()
			break
		}
		marked, err := s.retry(ctx, scope, it)
		if errors.Is(err, ErrLost) || chat.Refused(err) {
			out.Refused++
			continue
		}
		if err != nil {
			return out, err
		}
		kick = kick || marked
		out.Retried++
	}
	if kick {
		return out, s.Outbox.Kick(ctx, p)
	}
	return out, nil
}

// retry puts one item back. marked tells that the outbox has something to do, and that the item stays until it is done.
func (s *Service) retry(ctx context.Context, scope contactsync.Scope, it failure.Item) (marked bool, err error) {
	switch it.Kind {
	case failure.WriteBack:
		marked, err = s.write(ctx, scope, it)
	case failure.Link, failure.Read:
		err = s.read(ctx, scope, it)
	case failure.Message:
		return false, s.message(ctx, scope.Portal, it)
	case failure.Letter:
		err = s.letter(ctx, scope.Portal, it)
	default:
		err = fmt.Errorf("%w: kind %q", ErrLost, it.Kind)
	}
	if err != nil || marked {
		return marked, err
	}
	// What was put back may have failed again already: that item stays.
	return false, s.Failures.Close(ctx, scope.Portal, it)
}

// write puts the friend back into the outbox. A friend who owes HubSpot nothing any more has healed.
func (s *Service) write(ctx context.Context, scope contactsync.Scope, it failure.Item) (marked bool, err error) {
	if it.Friend == nil {
		return false, ErrLost
	}
	for range 8 {
		f, ok, err := s.Friends.Get(ctx, scope.Portal, *it.Friend)
		if err != nil || !ok {
			return false, err
		}
		if f.Parted == (friend.Parted{Contact: it.Contact, Until: friend.Forever}) {
			return false, s.part(ctx, scope.Portal, it)
		}
		p := contactsync.PendingOf(f, scope)
		owes := len(p.Properties)+len(p.NeedHistory) > 0
		if f.Failed = owes; owes {
			f.MarkDirty(s.Clock.Now().UnixMilli())
		}
		if _, err = s.Friends.Save(ctx, scope.Portal, f); !errors.Is(err, friend.ErrStale) {
			return owes, err
		}
	}
	return false, friend.ErrStale
}

// part has the contact cleared from which a person unlinked the friend: HubSpot refused that, and an unlinked friend owes nothing else.
func (s *Service) part(ctx context.Context, p id.PortalID, it failure.Item) error {
	n := contactsync.Note{Kind: contactsync.Parted, Contact: it.Contact, At: s.Clock.Now().UnixMilli(), Friend: it.Friend}
	b, err := json.Marshal(contactsync.Batch{Portal: p, Notes: []contactsync.Note{n}})
	if err != nil {
		return err
	}
	return s.Queue.Send(ctx, queue.HubspotEvents, queue.Message{Body: b})
}

// read lets the contact be looked at again. LINE is asked anew about an id that it did not know.
func (s *Service) read(ctx context.Context, scope contactsync.Scope, it failure.Item) error {
	k, ok := keyOf(it)
	if ok {
		if _, err := s.Invalids.Forget(ctx, scope.Portal, k); err != nil {
			return err
		}
	}
	if it.Contact == 0 {
		return ErrLost
	}
	n := contactsync.Note{Kind: contactsync.Changed, Contact: it.Contact, At: s.Clock.Now().UnixMilli()}
	if ok {
		n.Property = scope.Names[k.Slot][lineproperty.UserID].Name
	}
	b, err := json.Marshal(contactsync.Batch{Portal: scope.Portal, Notes: []contactsync.Note{n}})
	if err != nil {
		return err
	}
	return s.Queue.Send(ctx, queue.HubspotEvents, queue.Message{Body: b, Delay: settleTime})
}

// keyOf reads "<slot>#<user>" (failure.SubjectOf). The user of a malformed id is made of its contact.
func keyOf(it failure.Item) (friend.Key, bool) {
	if it.Friend != nil {
		return *it.Friend, true
	}
	slot, user, ok := strings.Cut(it.Subject, "#")
	if !ok {
		return friend.Key{}, false
	}
	n, err := id.ParseSlot(slot)
	return friend.Key{Slot: n, User: id.LineUserID(user)}, err == nil
}

// message has a person's message sent. One that is gone, or for which it is too late, leaves the list.
func (s *Service) message(ctx context.Context, p id.PortalID, it failure.Item) error {
	if it.Friend == nil {
		return ErrLost
	}
	messageID, ok := strings.CutPrefix(it.Subject, failure.MessageSubject(*it.Friend, ""))
	if !ok {
		return ErrLost
	}
	_, err := s.Chat.Retry(ctx, p, *it.Friend, messageID)
	if errors.Is(err, chat.ErrNoMessage) {
		return s.Failures.Close(ctx, p, it)
	}
	return err
}

// Letters are the queues whose dead messages become items, to be sent there again. What the others carry has rows and markers behind it,
// or, as copies for a customer's other tools, helps nobody later.
func Letters() []queue.Queue {
	return []queue.Queue{queue.HubspotEvents, queue.LineEvents, queue.Taps, queue.Actions, queue.Inbox}
}

// letter sends a dead message to its queue again.
func (s *Service) letter(ctx context.Context, p id.PortalID, it failure.Item) error {
	q := queue.Queue(it.Queue)
	if it.Body == "" || !slices.Contains(Letters(), q) {
		return ErrLost
	}
	body, err := s.Sealer.Open(ctx, p, it.Body)
	if err != nil {
		return fmt.Errorf("open dead letter: %w", err)
	}
	if q == queue.Inbox {
		return s.conversation(ctx, body)
	}
	return s.Queue.Send(ctx, q, queue.Message{Body: body, Delay: settleTime})
}

// conversation puts an event of a conversation behind what waits there now.
func (s *Service) conversation(ctx context.Context, body []byte) error {
	if g, ok := groupchat.NoteOf(body); ok {
		m, err := g.Message(" again " + strconv.FormatInt(s.Clock.Now().UnixMilli(), 10))
		if err != nil {
			return err
		}
		return s.Queue.Send(ctx, queue.Inbox, m)
	}
	var n inbox.Note
	if err := json.Unmarshal(body, &n); err != nil {
		return fmt.Errorf("%w: %w", ErrLost, err)
	}
	m, err := n.Message(" again " + strconv.FormatInt(s.Clock.Now().UnixMilli(), 10))
	if err != nil {
		return err
	}
	return s.Queue.Send(ctx, queue.Inbox, m)
}
