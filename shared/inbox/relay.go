package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"lumo/shared/chat"
	"lumo/shared/clock"
	"lumo/shared/failure"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/message"
	"lumo/shared/portal"
	"lumo/shared/queue"
	"lumo/shared/seal"
)

// HubSpot is the other side. Its errors are *fault.Fault.
type HubSpot interface {
	// Publish is repeated without harm: HubSpot knows a message by its key.
	Publish(ctx context.Context, p id.PortalID, m Message) (Mark, error)
	SetStatus(ctx context.Context, p id.PortalID, channel, messageID string, s Status, reason string) error
	// Comment is a note in a thread that only HubSpot's users see.
	Comment(ctx context.Context, p id.PortalID, thread, text string) error
	// Upload stores a file for a message and returns its id.
	Upload(ctx context.Context, p id.PortalID, f Upload) (string, error)
	// Erase deletes an uploaded file for good.
	Erase(ctx context.Context, p id.PortalID, fileID string) error
	// File tells where a file can be fetched for a while.
	File(ctx context.Context, p id.PortalID, fileID string, seconds int) (Signed, error)
}

// Chat sends to friends; *chat.Service is one.
type Chat interface {
	Send(ctx context.Context, p id.PortalID, r chat.Request) (chat.Intent, error)
	Load(ctx context.Context, p id.PortalID, k friend.Key, messageID string) (chat.Intent, bool, error)
}

// Profiles asks LINE about a user; false when LINE does not tell.
type Profiles interface {
	Profile(ctx context.Context, p id.PortalID, k friend.Key) (friend.Profile, bool, error)
}

// Accounts looks LINE accounts up.
type Accounts interface {
	Account(ctx context.Context, p id.PortalID, s id.Slot) (lineaccount.Account, error)
}

// Relay carries messages over.
type Relay struct {
	Store    Store
	Friends  friend.Store
	Profiles Profiles
	Accounts Accounts
	HubSpot  HubSpot
	Content  Content
	Depot    *Depot
	Chat     Chat
	Failures failure.Store
	Sealer   seal.Sealer
	Clock    clock.Clock
	// Parse reads LINE's event.
	Parse func(raw json.RawMessage) (Event, bool)
	// holding: one file is in memory at a time, however many conversations are carried on.
	holding sync.Mutex
}

const (
	// tokenLife is how long after we received an event its reply token is certainly good: LINE says one minute.
	tokenLife = 50 * time.Second
	// retries of an answer within one delivery, and their pause: a reply token does not wait for the queue.
	retries    = 4
	retryPause = 2 * time.Second
)

// Handle does what one note asks. An error means that it must come again, before anything else of its conversation; what can never work
// becomes a failed item, and the conversation goes on.
func (r *Relay) Handle(ctx context.Context, n Note) error {
	err := r.handle(ctx, n)
	var f *fault.Fault
	if err == nil || !errors.As(err, &f) || f.Class.Retryable() {
		return err
	}
	if code := pauses(f.Class); code != "" {
		if perr := r.pause(ctx, n, code); perr != nil {
			return perr
		}
	}
	return r.fail(ctx, n, f)
}

// pauses tells what a refusal says about the whole connection.
func pauses(c fault.Class) string {
	switch c {
	case fault.NotFound:
		return CodeChannelGone
	case fault.Permission, fault.Revoked:
		return CodePermission
	}
	return ""
}

func (r *Relay) pause(ctx context.Context, n Note, code string) error {
	cs, err := r.Store.Connections(ctx, n.Portal)
	if err != nil {
		return err
	}
	c, ok := byAccount(cs, n.Account)
	if !ok || c.State != Connected {
		return nil
	}
	c.State, c.Code, c.At = Paused, code, r.Clock.Now().UnixMilli()
	if _, err = r.Store.Save(ctx, c); errors.Is(err, ErrChanged) {
		return nil
	}
	return err
}

// fail keeps the note as an item that people see and can retry.
func (r *Relay) fail(ctx context.Context, n Note, f *fault.Fault) error {
	b, err := json.Marshal(n)
	if err != nil {
		return err
	}
	sealed, err := r.Sealer.Seal(ctx, n.Portal, b)
	if err != nil {
		return err
	}
	it := failure.Of(failure.Letter, "inbox "+n.ID, f, r.Clock.Now().UnixMilli())
	it.Queue, it.Body = string(queue.Inbox), sealed
	return r.Failures.Put(ctx, n.Portal, it)
}

func (r *Relay) handle(ctx context.Context, n Note) error {
	cs, err := r.Store.Connections(ctx, n.Portal)
	if err != nil {
		return err
	}
	c, known := byAccount(cs, n.Account)
	switch {
	case n.User == "" && n.HubSpot != nil:
		return r.account(ctx, n, cs)
	case !known || !c.Works():
		return nil
	case n.Line != nil:
		return r.fromLine(ctx, n, c)
	case n.HubSpot != nil:
		return r.fromHubSpot(ctx, n, c)
	case n.Written != "":
		return r.fromLumo(ctx, n, c)
	}
	return nil
}

// fromLine shows what a friend did.
func (r *Relay) fromLine(ctx context.Context, n Note, c Connection) error {
	e, ok := r.Parse(n.Line)
	if !ok {
		return nil
	}
	k := friend.Key{Slot: c.Slot, User: e.User}
	if e.ReplyToken != "" {
		t := Token{Value: e.ReplyToken, Event: e.At, Until: n.At + tokenLife.Milliseconds()}
		if r.Clock.Now().UnixMilli() < t.Until {
			if err := r.Store.KeepToken(ctx, n.Portal, k, t); err != nil {
				return err
			}
		}
	}
	switch e.Kind {
	case Unsent:
		return r.unsent(ctx, n.Portal, k, e)
	case Sign:
		return nil
	}
	name := "in " + e.ID
	if _, done, err := r.Store.Mark(ctx, n.Portal, k, name); err != nil || done {
		return err
	}
	if _, gone, err := r.Store.Mark(ctx, n.Portal, k, "unsent "+e.ID); err != nil || gone {
		return err
	}
	f, err := r.who(ctx, n.Portal, k)
	if err != nil {
		return err
	}
	m := Incoming(c, e, f)
	if e.File != nil {
		if err := r.attach(ctx, n.Portal, c, e, &m); err != nil {
			return err
		}
	}
	mark, err := r.HubSpot.Publish(ctx, n.Portal, m)
	if err != nil {
		return err
	}
	if err := r.Store.SetMark(ctx, n.Portal, k, name, mark, r.Clock.Now().UnixMilli()); err != nil {
		return err
	}
	return r.Store.Saw(ctx, n.Portal, c.Slot, true, e.At)
}

// who is the friend; of one whose row is not there yet, LINE tells the name.
func (r *Relay) who(ctx context.Context, p id.PortalID, k friend.Key) (friend.Friend, error) {
	f, _, err := r.Friends.Get(ctx, p, k)
	if err != nil || f.Name != "" {
		return f, err
	}
	prof, ok, err := r.Profiles.Profile(ctx, p, k)
	if err != nil && fault.ClassOf(err).Retryable() {
		return f, err
	}
	if err == nil && ok {
		f.Name = prof.Name
	}
	return f, nil
}

// unsent notes in the thread that the friend took a message back and erases its file (LINE asks to honour that; HubSpot can take no message
// away). The order of the two events does not matter: a message that comes later is not shown at all.
func (r *Relay) unsent(ctx context.Context, p id.PortalID, k friend.Key, e Event) error {
	gone := "unsent " + e.ID
	if m, done, err := r.Store.Mark(ctx, p, k, gone); err != nil || done && m.Message != "" {
		return err
	}
	left, err := r.erase(ctx, p, k, e.ID)
	if err != nil {
		return err
	}
	now := r.Clock.Now().UnixMilli()
	shown, ok, err := r.Store.Mark(ctx, p, k, "in "+e.ID)
	if err != nil {
		return err
	}
	if !ok {
		return r.Store.SetMark(ctx, p, k, gone, Mark{}, now)
	}
	text := "The friend unsent the LINE message of " + time.UnixMilli(e.At).UTC().Format("2 January 2006 15:04") + " UTC. Please do not use it." + left
	if err := r.HubSpot.Comment(ctx, p, shown.Thread, text); err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	return r.Store.SetMark(ctx, p, k, gone, shown, now)
}

// fromHubSpot sends an agent's answer.
func (r *Relay) fromHubSpot(ctx context.Context, n Note, c Connection) error {
	var w webhook
	if err := json.Unmarshal(n.HubSpot, &w); err != nil || w.Message == nil {
		return ErrBody
	}
	a, k := *w.Message, friend.Key{Slot: c.Slot, User: n.User}
	name := "out " + a.ID
	if _, done, err := r.Store.Mark(ctx, n.Portal, k, name); err != nil || done {
		return err
	}
	status, reason, err := r.answer(ctx, n, c, k, a)
	if err != nil {
		return err
	}
	if err := r.HubSpot.SetStatus(ctx, n.Portal, c.Channel, a.ID, status, reason); err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	now := r.Clock.Now().UnixMilli()
	if err := r.Store.SetMark(ctx, n.Portal, k, name, Mark{Message: a.ID, Thread: string(a.Thread), Status: status}, now); err != nil {
		return err
	}
	if status != StatusSent {
		return nil
	}
	return r.Store.Saw(ctx, n.Portal, c.Slot, false, now)
}

// answer sends all parts in their order and tells what HubSpot should show.
func (r *Relay) answer(ctx context.Context, n Note, c Connection, k friend.Key, a answer) (Status, string, error) {
	parts, refusal, err := r.parts(ctx, n.Portal, k, a)
	if err != nil || refusal != "" {
		return StatusFailed, refusal, err
	}
	for i, content := range sends(parts) {
		q := chat.Request{Friend: k, ID: MessageID(a.ID, i), Content: content, By: portal.Actor{UserID: a.user()}}
		if err := r.lend(ctx, n.Portal, c, &q); err != nil {
			return "", "", err
		}
		sent, err := r.send(ctx, n.Portal, q)
		if reason := reasonOfRefusal(err); reason != "" {
			return StatusFailed, reason, nil
		}
		if err != nil {
			return "", "", err
		}
		if sent.Status != message.Sent {
			return StatusFailed, reasonOf(sent.Message), nil
		}
	}
	return StatusSent, "", nil
}

// MessageID is Lumo's id of the n-th send of an agent's message.
func MessageID(hubspotID string, n int) string {
	if n == 0 {
		return fromAgent + label(hubspotID)
	}
	return fromAgent + label(hubspotID) + "." + strconv.Itoa(n)
}

// fromAgent begins the ids of messages that were written in HubSpot's inbox.
const fromAgent = "hubspot-"

// FromAgent tells whether a message of this id was written in HubSpot's inbox.
func FromAgent(messageID string) bool { return strings.HasPrefix(messageID, fromAgent) }

// lend gives an answer the reply token of the friend's last event, once. Where other tools receive the same events, they may use the token,
// and then an unknown outcome could not be told from theirs.
func (r *Relay) lend(ctx context.Context, p id.PortalID, c Connection, q *chat.Request) error {
	t, err := r.Store.Token(ctx, p, q.Friend)
	if err != nil || t.Value == "" || t.Until <= r.Clock.Now().UnixMilli() {
		return err
	}
	account, err := r.Accounts.Account(ctx, p, c.Slot)
	if err != nil || len(account.Forwards) > 0 {
		return err
	}
	// Gone before it is used: an answer that is repeated has it in its own row.
	if err := r.Store.DropToken(ctx, p, q.Friend, t.Value); err != nil {
		return err
	}
	q.Reply, q.ReplyUntil = t.Value, t.Until
	return nil
}

// send waits a little for what is not known at once. ErrOpen when it still is not: then nothing of this conversation may overtake it.
func (r *Relay) send(ctx context.Context, p id.PortalID, q chat.Request) (chat.Intent, error) {
	for n := 0; ; n++ {
		i, err := r.Chat.Send(ctx, p, q)
		if err != nil || i.Status != message.Sending {
			return i, err
		}
		if n == retries {
			return i, ErrOpen
		}
		if err := r.Clock.Sleep(ctx, retryPause); err != nil {
			return i, ErrOpen
		}
	}
}

// fromLumo shows in the thread what somebody wrote on the card.
func (r *Relay) fromLumo(ctx context.Context, n Note, c Connection) error {
	k := friend.Key{Slot: c.Slot, User: n.User}
	name := "lumo " + n.Written
	if _, done, err := r.Store.Mark(ctx, n.Portal, k, name); err != nil || done {
		return err
	}
	i, ok, err := r.Chat.Load(ctx, n.Portal, k, n.Written)
	if err != nil || !ok {
		return err
	}
	f, err := r.who(ctx, n.Portal, k)
	if err != nil {
		return err
	}
	mark, err := r.HubSpot.Publish(ctx, n.Portal, written(c, i, f, r.Clock.Now()))
	if err != nil {
		return err
	}
	now := r.Clock.Now().UnixMilli()
	if err := r.Store.SetMark(ctx, n.Portal, k, name, mark, now); err != nil {
		return err
	}
	return r.Store.Saw(ctx, n.Portal, c.Slot, false, now)
}

// written is what HubSpot shows of a message from the card.
func written(c Connection, i chat.Intent, f friend.Friend, now time.Time) Message {
	m := Incoming(c, Event{ID: i.ID, User: i.Friend.User, Type: i.Type, Text: i.Text}, f)
	m.Incoming, m.Key, m.At = false, "lumo:"+i.ID, now.UTC()
	if i.SentAt != 0 {
		m.At = time.UnixMilli(i.SentAt).UTC()
	}
	if i.Type == chat.Image {
		m.Text = "[Photo] " + i.Image
	}
	return m
}
