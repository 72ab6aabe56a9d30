package linkage

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/logging"
)

// The way without a LINE Login channel is LINE's account link (LINE docs: User account linking). A friend asks for a link in the chat, shows on
// the form which contact they are, and LINE's own page compares the person at it with the friend who asked; its webhook is what links.

const (
	// PersonalPrefix begins the last part of a personal address.
	PersonalPrefix = "p."
	// personalLife of such an address. It can be short: another is one tap away.
	personalLife = 24 * time.Hour
	// nonceLife: LINE's link token lives ten minutes; the rest is for two clocks.
	nonceLife = 12 * time.Minute
)

// Talk is the account's Messaging API channel. Errors are *fault.Fault.
type Talk interface {
	// LinkToken is LINE's permission to link this friend: ten minutes, once.
	LinkToken(ctx context.Context, p id.PortalID, k friend.Key) (string, error)
	// LinkAddress is LINE's page that compares the person at it with the friend for whom the token was made.
	LinkAddress(token, nonce string) string
	// Reply answers an event and returns the message's id at LINE.
	Reply(ctx context.Context, p id.PortalID, k friend.Key, replyToken string, messages []json.RawMessage) (string, error)
}

// cross sends a person who is proven to be a contact on to LINE. The token is fetched only now: its ten minutes would hardly do for a mail with a
// code, and nobody sees it before it is used.
func (d *Desk) cross(ctx context.Context, a Attempt, v View, proof friend.Proof) (View, error) {
	k := friend.Key{Slot: a.Slot, User: a.User}
	token, err := d.Talk.LinkToken(ctx, a.Portal, k)
	if err != nil {
		if fault.ClassOf(err).Retryable() {
			return v, err
		}
		d.Log.LogAttrs(ctx, slog.LevelWarn, "LINE made no link token", logging.Portal(a.Portal), logging.Error(err))
		v.Outcome = NotProven
		return v, nil
	}
	nonce := text(d.Random(secret))
	c := Crossing{
		Hash: Hash(nonce), Portal: a.Portal, Friend: k, Contact: a.Contact, Method: proof.Method, Proof: proof.Proof, Answers: a.Answers,
		Ends: d.Clock.Now().Add(nonceLife).UnixMilli(),
	}
	if err := d.Store.AddCrossing(ctx, c); err != nil {
		return v, err
	}
	a.Outcome, a.Crossing, a.Answers = AtLine, c.Hash, nil
	if _, err := d.Store.SaveAttempt(ctx, a); err != nil {
		if errors.Is(err, ErrChanged) { // pressed twice: the other one is on its way
			v.Outcome = AtLine
			return v, nil
		}
		return v, err
	}
	v.Outcome, v.To = AtLine, d.Talk.LinkAddress(token, nonce)
	return v, nil
}

// crossing tells somebody who came back from LINE how it stands there.
func (d *Desk) crossing(ctx context.Context, a Attempt) (Outcome, error) {
	c, ok, err := d.Store.Crossing(ctx, a.Portal, a.Crossing)
	switch {
	case err != nil:
		return "", err
	case ok && c.Outcome != "":
		return c.Outcome, nil
	case !ok || c.Ends <= d.Clock.Now().UnixMilli():
		return Over, nil
	}
	return AtLine, nil
}

// formMethod is how a link through the form is recorded.
func formMethod(a Attempt) friend.Method {
	switch {
	case a.Chat:
		return friend.AccountLink
	case a.Suggested != 0 && a.Hint == "":
		return friend.EmailLink
	}
	return friend.MessageLink
}

// without is the page of a link where nobody can log in.
func (a Account) without() Outcome {
	if a.Word != "" {
		return InChat
	}
	return Unavailable
}
