package sim

import (
	"context"
	"fmt"
	"time"

	"lumo/shared/chat"
	"lumo/shared/compose"
	"lumo/shared/contactsync"
	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/friendcard"
	"lumo/shared/id"
	"lumo/shared/message"
)

// letter is a message that somebody wrote on a contact's card.
type letter struct {
	t    *tenant
	a    *channel
	user id.LineUserID
	id   string
	text string
}

var letterRefusals = []error{
	chat.ErrNoFriend, chat.ErrBlocked, chat.ErrUnlinked, chat.ErrUnverified, chat.ErrAccount, chat.ErrFinal, chat.ErrNoMessage, contactsync.ErrNotConnected,
}

// writeToFriend sends a message; HubSpot's proxy often repeats the request, and people press Retry.
func (w *World) writeToFriend() {
	t := w.tenant()
	c, k, ok := w.linked(t)
	if !ok {
		return
	}
	w.lineActs++ // it answers what the friend wrote
	l := &letter{t: t, user: k.User, id: fmt.Sprintf("letter-%d", len(w.written)), text: w.canaries.Plant("message text")}
	for _, a := range t.channels {
		if a.slot == k.Slot {
			l.a = a
		}
	}
	w.written = append(w.written, l)
	r := chat.Request{Friend: k, ID: l.id, Content: chat.OfText(l.text)}
	if w.rng.IntN(2) == 0 {
		r.Contact = id.ContactID(c.ID)
	}
	send := func() {
		w.post(l, "send", func(ctx context.Context, s *chat.Service) error { _, err := s.Send(ctx, t.id, r); return err })
	}
	send()
	for range w.rng.IntN(3) {
		w.at(w.now.Add(time.Duration(w.rng.IntN(4000))*time.Millisecond), send)
	}
	if w.rng.IntN(3) == 0 {
		w.at(w.now.Add(time.Duration(w.rng.IntN(600))*time.Second), func() {
			w.post(l, "retry", func(ctx context.Context, s *chat.Service) error { _, err := s.Retry(ctx, t.id, k, l.id); return err })
		})
	}
}

// post does it as functions/app-api does: for a connected portal only.
func (w *World) post(l *letter, what string, do func(context.Context, *chat.Service) error) {
	w.press(what+" "+l.id, letterRefusals, func(ctx context.Context, a *compose.App) error {
		p, err := a.Portals().Get(ctx, l.t.id)
		if err != nil {
			return err
		}
		if !p.State.Runs() {
			return contactsync.ErrNotConnected
		}
		return do(ctx, w.options.Plant.chat(a))
	}, func() {})
}

// checkLetters compares what was written with the phones: nothing came twice, and what Lumo says of each is true. Whether a message that LINE
// took reached a friend who blocks the account now and then, nobody knows.
func (w *World) checkLetters() {
	for _, l := range w.written {
		i, ok, err := dynamo.Chats{Table: w.rows()}.Load(context.Background(), l.t.id, friend.Key{Slot: l.a.slot, User: l.user}, l.id)
		w.check(err)
		log, err := w.line.ChatLog(l.a.ID, string(l.user))
		if err != nil {
			continue // nobody has that id
		}
		n := 0
		for _, e := range log {
			if e.From == "account" && e.Text == l.text {
				n++
			}
		}
		w.evaluate("I2")
		switch {
		case n > 1:
			w.violate("I2", "%s of portal %d came %d times", l.id, l.t.id, n)
		case n > 0 && (!ok || i.Status == message.Failed):
			w.violate("I2", "%s of portal %d came, Lumo says %q", l.id, l.t.id, i.Status)
		case ok && i.Status == message.Sending:
			w.violate("I1", "%s of portal %d is neither sent nor failed: %+v", l.id, l.t.id, i)
		}
	}
}

// part is a person who unlinks a friend from a contact.
func (w *World) part() {
	t := w.tenant()
	c, k, ok := w.linked(t)
	if !ok {
		return
	}
	w.lineActs++
	at := w.now
	w.press("unlink", []error{friendcard.ErrUnknown, friendcard.ErrOtherContact}, func(ctx context.Context, a *compose.App) error {
		u := &friendcard.Unlinker{Friends: a.Friends(), Queue: a.Sender()}
		return u.Unlink(ctx, t.id, k, id.ContactID(c.ID), at, "user:1")
	}, func() {})
}
