package linkage

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/logging"
	"lumo/shared/message"
	"lumo/shared/queue"
)

// AskPostback as the data of a button's postback asks for the linking link. It may stand in a rich menu, a card or a quick reply.
const AskPostback = "lumo:link"

// MaxWord is how long the word may be that asks for the linking link, in characters.
const MaxWord = 30

// Asks tells whether a text that somebody wrote is the account's word.
func Asks(text, word string) bool {
	return word != "" && strings.EqualFold(strings.TrimSpace(text), word)
}

// Heard is an event of LINE that is about a linking: somebody asks for the link, or LINE tells of a nonce whether the right person came.
type Heard struct {
	Event string // webhookEventId
	At    int64  // Unix ms, by LINE's clock
	// User is "" where LINE refused: it names nobody then.
	User       id.LineUserID
	ReplyToken string
	// Nonce of an account link, and whether LINE confirms it; "" of somebody who asks.
	Nonce string
	OK    bool
}

// Reception answers in the chat, and links whom LINE has confirmed.
type Reception struct {
	Signer   Signer
	Store    Store
	Accounts Accounts
	Friends  friend.Store
	Talk     Talk
	Messages message.Store
	Queue    queue.Sender
	Clock    clock.Clock
	Log      *slog.Logger
	Origin   string // PUBLIC_URL
}

// Handle takes events of one account. All may come twice.
func (r *Reception) Handle(ctx context.Context, p id.PortalID, s id.Slot, events []Heard) error {
	for _, e := range events {
		var err error
		if e.Nonce == "" {
			err = r.invite(ctx, p, friend.Key{Slot: s, User: e.User}, e)
		} else {
			err = r.confirm(ctx, p, s, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// invite answers with the link: a personal one where only the chat tells who somebody is, else the address that all friends share.
func (r *Reception) invite(ctx context.Context, p id.PortalID, k friend.Key, e Heard) error {
	if k.User == "" || e.ReplyToken == "" {
		return nil
	}
	account, err := r.Accounts.Account(ctx, p, k.Slot)
	if errors.Is(err, ErrUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	address := FormAddress(r.Signer, r.Origin, p, k.Slot)
	if account.Login.Channel == "" {
		if address, err = r.personal(ctx, p, k, e); err != nil {
			return err
		}
	}
	w, err := r.words(ctx, p, k)
	if err != nil {
		return err
	}
	return r.say(ctx, p, k, e, w.invite, button(w.invite, w.open, address))
}

// personal makes a friend's own link. The same event makes the same one.
func (r *Reception) personal(ctx context.Context, p id.PortalID, k friend.Key, e Heard) (string, error) {
	ends := time.UnixMilli(e.At).Add(personalLife)
	token := PersonalPrefix + r.Signer.Sign(Personal, p, ends, r.Signer.named(p, "chat "+e.Event))
	err := r.Store.AddInvitation(ctx, Invitation{Hash: Hash(token), Portal: p, Slot: k.Slot, Method: friend.AccountLink, For: k.User, MadeAt: e.At, Ends: ends.UnixMilli()})
	if errors.Is(err, ErrChanged) {
		err = nil
	}
	return r.Origin + Path + token, err
}

// confirm is LINE's word on a nonce.
func (r *Reception) confirm(ctx context.Context, p id.PortalID, s id.Slot, e Heard) error {
	hash := Hash(e.Nonce)
	c, err := r.Store.Burn(ctx, p, hash, e.Event)
	if errors.Is(err, ErrUnknown) || errors.Is(err, ErrUsed) {
		r.Log.LogAttrs(ctx, slog.LevelWarn, "account link with a nonce that is unknown or was used", logging.Portal(p))
		return nil
	}
	if err != nil || c.Outcome != "" {
		return err
	}
	var o Outcome
	switch {
	case !e.OK, c.Friend != friend.Key{Slot: s, User: e.User}:
		o = NotProven
	case e.At > c.Ends:
		o = Over
	default:
		if o, err = r.link(ctx, p, c, e); err != nil {
			return err
		}
	}
	if w, err := r.words(ctx, p, c.Friend); err != nil {
		return err
	} else if said := w.ends[o]; said != "" && e.ReplyToken != "" && e.User == c.Friend.User {
		if err := r.say(ctx, p, c.Friend, e, said, plain(said)); err != nil {
			return err
		}
	}
	return r.Store.Crossed(ctx, p, hash, o)
}

// link hands the proof on. It is the same whenever the event comes again, since it bears the event's time.
func (r *Reception) link(ctx context.Context, p id.PortalID, c Crossing, e Heard) (Outcome, error) {
	proof := friend.Proof{Method: c.Method, Proof: c.Proof, Actor: "person", At: e.At}
	if c.Method == friend.Unverified {
		free, err := unclaimed(ctx, r.Friends, p, c.Friend, c.Contact, proof)
		if err != nil || !free {
			return Noted, err
		}
		return Noted, handProof(ctx, r.Queue, p, c.Friend, c.Contact, proof, nil)
	}
	o, err := foresee(ctx, r.Friends, p, c.Friend, c.Contact, proof)
	if err != nil || o == Used || o == AlreadyLinked {
		return o, err
	}
	return o, handProof(ctx, r.Queue, p, c.Friend, c.Contact, proof, c.Answers)
}

// say replies, and keeps what was said with the conversation: text is without the link, which is the friend's alone. A reply token works once and
// for a minute, so that an event which comes again says nothing twice, and one which comes late says nothing: the friend taps again.
func (r *Reception) say(ctx context.Context, p id.PortalID, k friend.Key, e Heard, text string, m []byte) error {
	sent, err := r.Talk.Reply(ctx, p, k, e.ReplyToken, messages(m))
	if err != nil {
		if fault.ClassOf(err).Retryable() {
			return err
		}
		r.Log.LogAttrs(ctx, slog.LevelInfo, "a linking reply was not taken", logging.Portal(p), logging.Error(err))
		return nil
	}
	if sent == "" {
		return nil
	}
	return r.Messages.Put(ctx, p, message.Message{ID: sent, Friend: k, Direction: message.Out, Type: "text", Text: text, At: r.Clock.Now().UnixMilli(), Status: message.Sent})
}

// words are in the friend's language, as far as LINE tells it.
func (r *Reception) words(ctx context.Context, p id.PortalID, k friend.Key) (chatWords, error) {
	f, _, err := r.Friends.Get(ctx, p, k)
	if f.Language == "" || strings.HasPrefix(strings.ToLower(f.Language), "ja") {
		return chatJapanese, err
	}
	return chatEnglish, err
}
