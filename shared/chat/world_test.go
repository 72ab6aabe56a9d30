package chat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"lumo/shared/chat"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/failure"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/portal"
)

const hub = id.PortalID(7)

var (
	start = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	ann   = portal.Actor{UserID: 9001, Email: "ann@acme.example"}
	aiko  = friend.Key{Slot: 1, User: "U0123456789abcdef0123456789abcdef"}
)

// died is thrown where a process dies.
type died struct{}

// world is a Service over memory, whose LINE remembers retry keys for 24 hours like the real one, and whose processes can die around
// every call. One goroutine.
type world struct {
	*chat.Service
	clock   *clock.Virtual
	intents map[string]chat.Intent
	friends map[friend.Key]friend.Friend
	account lineaccount.Account
	phone   []sent
	keys    map[string]time.Time
	tokens  map[string]token
	pushes  int
	replies int
	pushed  time.Time // the last of them
	// next is what happens to the next push, in order; nothing left means that LINE accepts.
	next []trouble
	// dies is asked before and after each call outside; true kills the process.
	dies func(where string) bool
	kick int
	ids  int
	// listed are the failed items, by id.
	listed map[string]failure.Item
}

// failuresOf is the list of failed items.
type failuresOf struct {
	failure.Store
	w *world
}

func (s failuresOf) Put(_ context.Context, _ id.PortalID, it failure.Item) error {
	s.w.point("before list")
	s.w.listed[it.ID()] = it
	s.w.point("after list")
	return nil
}

func (s failuresOf) Get(_ context.Context, _ id.PortalID, itemID string) (failure.Item, bool, error) {
	it, ok := s.w.listed[itemID]
	return it, ok, nil
}

func (s failuresOf) Close(_ context.Context, _ id.PortalID, it failure.Item) error {
	s.w.point("before close")
	if s.w.listed[it.ID()].LastAt == it.LastAt {
		delete(s.w.listed, it.ID())
	}
	s.w.point("after close")
	return nil
}

// token is a reply token as LINE knows it.
type token struct {
	until time.Time
	used  bool
}

type sent struct {
	to   friend.Key
	body string
}

// trouble of one push.
type trouble struct {
	accept bool                  // LINE takes it all the same
	err    error                 // what the caller sees
	before func()                // happens on the way to LINE
	during func(context.Context) // happens while the call is under way
}

func newWorld() *world {
	w := &world{
		clock: clock.NewVirtual(start), intents: map[string]chat.Intent{}, keys: map[string]time.Time{}, listed: map[string]failure.Item{}, tokens: map[string]token{}, dies: func(string) bool { return false },
		account: lineaccount.Account{Portal: hub, Slot: 1, State: lineaccount.Active},
		friends: map[friend.Key]friend.Friend{aiko: {
			Key: aiko, Follow: friend.Following, LastMessage: start.UnixMilli() - 5, NeedsReply: true, Version: 1,
			Link: friend.Link{State: friend.Linked, Contact: 501}, Shown: map[string]string{},
		}},
	}
	w.Service = &chat.Service{
		Store: w, Friends: friendsOf{w: w}, Accounts: w, Line: w, Alarm: w, Scopes: w, Outbox: w, Clock: w.clock,
		Failures: failuresOf{w: w}, NewID: w.id, NewKey: func() string { return "key-" + w.id() },
	}
	return w
}

func (w *world) id() string { w.ids++; return fmt.Sprint(w.ids) }

func (w *world) point(where string) {
	if w.dies(where) {
		panic(died{})
	}
}

// run does something in a process of its own; false when it died.
func (w *world) run(f func()) (alive bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(died); !ok {
				panic(r)
			}
		}
	}()
	f()
	return true
}

func key(k friend.Key, messageID string) string { return string(k.User) + "#" + messageID }

func (w *world) Begin(_ context.Context, _ id.PortalID, i chat.Intent) (chat.Intent, error) {
	w.point("before begin")
	if _, ok := w.intents[key(i.Friend, i.ID)]; ok {
		return i, chat.ErrExists
	}
	i.Version++
	w.intents[key(i.Friend, i.ID)] = i
	w.point("after begin")
	return i, nil
}

func (w *world) Load(_ context.Context, _ id.PortalID, k friend.Key, messageID string) (chat.Intent, bool, error) {
	i, ok := w.intents[key(k, messageID)]
	return i, ok, nil
}

func (w *world) Save(_ context.Context, _ id.PortalID, i chat.Intent) (chat.Intent, error) {
	w.point("before save")
	if w.intents[key(i.Friend, i.ID)].Version != i.Version {
		return i, chat.ErrChanged
	}
	i.Version++
	w.intents[key(i.Friend, i.ID)] = i
	w.point("after save")
	return i, nil
}

func (w *world) Due(_ context.Context, _ id.PortalID, until int64, limit int) ([]chat.Ref, error) {
	var out []chat.Ref
	for _, i := range w.intents {
		if i.Due != 0 && i.Due <= until {
			out = append(out, chat.Ref{Friend: i.Friend, ID: i.ID})
		}
	}
	slices.SortFunc(out, func(a, b chat.Ref) int {
		x, y := w.intents[key(a.Friend, a.ID)], w.intents[key(b.Friend, b.ID)]
		return int(x.Due-y.Due)*1000 + len(x.ID) - len(y.ID)
	})
	return out[:min(len(out), limit)], nil
}

// Push is LINE.
func (w *world) Push(ctx context.Context, _ id.PortalID, k friend.Key, retryKey string, messages []json.RawMessage) (chat.Accepted, error) {
	w.point("before push")
	w.pushes++
	w.pushed = w.clock.Now()
	t := trouble{accept: true}
	if len(w.next) > 0 {
		t, w.next = w.next[0], w.next[1:]
	}
	if until, ok := w.keys[retryKey]; ok && w.clock.Now().Before(until) {
		t.accept = false
		if f := new(fault.Fault); t.err == nil || errors.As(t.err, &f) && f.Certainty == fault.NothingHappened && f.Class == fault.Invalid {
			t.err = nil // "already accepted" comes before a look at the content
		}
	}
	if t.accept {
		w.keys[retryKey] = w.clock.Now().Add(24 * time.Hour)
		w.phone = append(w.phone, sent{k, string(messages[0])})
	}
	if t.during != nil {
		t.during(ctx)
	}
	w.point("after push")
	return chat.Accepted{LineID: fmt.Sprint("line-", len(w.phone)), RequestID: "request"}, t.err
}

// Reply is LINE, too. It knows no retry keys.
func (w *world) Reply(ctx context.Context, _ id.PortalID, k friend.Key, name string, messages []json.RawMessage) (chat.Accepted, error) {
	w.point("before reply")
	w.replies++
	t := trouble{accept: true}
	if len(w.next) > 0 {
		t, w.next = w.next[0], w.next[1:]
	}
	if t.before != nil {
		t.before()
	}
	know := w.tokens[name]
	if know.used || !w.clock.Now().Before(know.until) {
		if f := new(fault.Fault); t.err == nil || errors.As(t.err, &f) && f.Certainty == fault.NothingHappened && f.Class == fault.Invalid {
			t.err = refused(fault.Invalid, "LINE_REPLY_TOKEN")
		}
		t.accept = false
	}
	if t.accept {
		know.used = true
		w.tokens[name] = know
		w.phone = append(w.phone, sent{k, string(messages[0])})
	}
	if t.during != nil {
		t.during(ctx)
	}
	w.point("after reply")
	return chat.Accepted{LineID: fmt.Sprint("line-", len(w.phone)), RequestID: "request"}, t.err
}

func (w *world) Account(context.Context, id.PortalID, id.Slot) (lineaccount.Account, error) {
	return w.account, nil
}

func (w *world) BringForward(context.Context, id.PortalID, time.Time) error { return nil }

func (w *world) Scope(context.Context, id.PortalID) (contactsync.Scope, error) {
	return contactsync.Scope{Portal: hub, Slots: []id.Slot{1}, Names: map[id.Slot]contactsync.Names{1: {
		lineproperty.NeedsReply: {Name: "line_needs_reply", Type: "enumeration", FieldType: "booleancheckbox"},
	}}}, nil
}

func (w *world) Kick(context.Context, id.PortalID) error           { w.kick++; return nil }
func (w *world) KickAt(context.Context, id.PortalID, int64) error  { return nil }
func (w *world) NextGeneration(context.Context, id.PortalID) error { return nil }

// friendsOf is as much of a friend.Store as sending needs.
type friendsOf struct {
	friend.Store
	w *world
}

func (s friendsOf) Get(_ context.Context, _ id.PortalID, k friend.Key) (friend.Friend, bool, error) {
	f, ok := s.w.friends[k]
	return f.Clone(), ok, nil
}

func (s friendsOf) Save(_ context.Context, _ id.PortalID, f friend.Friend) (friend.Friend, error) {
	s.w.point("before friend")
	if s.w.friends[f.Key].Version != f.Version {
		return f, friend.ErrStale
	}
	f.Version++
	s.w.friends[f.Key] = f
	s.w.point("after friend")
	return f, nil
}

// Outcomes of a call to LINE, as its client tells them.
func unknown() error {
	return &fault.Fault{Provider: "line", Class: fault.Unavailable, Code: "LINE_NO_REPLY", Certainty: fault.Unknown}
}

func refused(c fault.Class, code string) error {
	return &fault.Fault{Provider: "line", Class: c, Code: code, Certainty: fault.NothingHappened, Message: "as LINE says", CorrelationID: "request"}
}
