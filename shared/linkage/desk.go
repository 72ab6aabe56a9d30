package linkage

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"
	"time"

	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/logging"
	"lumo/shared/mail"
	"lumo/shared/queue"
)

// Account is the Official Account that a link leads to, and its LINE Login channel.
type Account struct {
	Name    string
	BasicID string
	Login   Login
	// Unverified links by an address that was typed, without a code (P-25).
	Unverified bool
	// PlainIDs lets the form's address suggest a contact by its id (P-21).
	PlainIDs bool
	// Word in the chat that asks for a personal link; "" where there is none.
	Word string
}

// Login is a LINE Login channel. It is empty where none is set up.
type Login struct {
	Channel string
	Secret  string
	// Email: LINE lets the channel ask for the person's address, which LINE has verified.
	Email bool
}

// String keeps the secret out of anything printed.
func (l Login) String() string   { return "LINE Login channel " + l.Channel }
func (l Login) GoString() string { return l.String() }

// Accounts opens accounts. ErrUnknown where the portal or the account is not connected.
type Accounts interface {
	Account(ctx context.Context, p id.PortalID, s id.Slot) (Account, error)
}

// Challenge is what goes to LINE's login page.
type Challenge struct {
	Channel, Redirect, State, Nonce, CodeChallenge, Language string
	Email                                                    bool
}

// Tokens are LINE's answer to a code.
type Tokens struct{ ID, Access string }

// Line is LINE Login. Errors are *fault.Fault.
type Line interface {
	AuthorizeURL(c Challenge) string
	Exchange(ctx context.Context, l Login, code, redirect, verifier string) (Tokens, error)
	Friendship(ctx context.Context, access string) (Friendship, error)
}

// Desk takes a person from a link to a proof. Every step may be repeated, and only Finish has an effect.
type Desk struct {
	Signer   Signer
	Store    Store
	Rates    Rates
	Accounts Accounts
	Line     Line
	Profiles contactsync.Profiles
	Friends  friend.Store
	People   People
	Forms    Forms
	Talk     Talk
	Mail     mail.Sender
	Queue    queue.Sender
	Clock    clock.Clock
	Random   func(n int) []byte
	Log      *slog.Logger
	// Origin is PUBLIC_URL.
	Origin string
}

const (
	// attemptLife is how long a person may take from the question to the end.
	attemptLife = 30 * time.Minute
	// Guesses is how many links that do not exist an origin may try in a window. Mobile networks put many people behind one address.
	Guesses = 60
	window  = 10 * time.Minute
)

// Paths of the pages.
const (
	Path         = "/k/"
	CallbackPath = "/k/callback"
	EndPath      = "/k/end"
	// PictureEnd after a linking address is its QR code.
	PictureEnd = ".png"
)

// View is what a page shows.
type View struct {
	Outcome Outcome
	Portal  id.PortalID
	Account string // name of the Official Account
	BasicID string
	Hint    string // masked address
	// Of a form: the address that was typed, and what else is asked for.
	Typed string
	Asks  []Asked
	// NoCode: the typed address is not verified, and nothing else is asked for.
	NoCode bool
	// Suggested: the address named a contact; who types none has the code sent to that contact.
	Suggested bool
	// Word to be written in the chat (InChat). Chat: nobody logs in, LINE asks at the end.
	Word string
	Chat bool
	// To is where the browser goes on to instead of showing a page.
	To string
}

// Address is where an invitation's token leads.
func (d *Desk) Address(token string) string { return d.Origin + Path + token }

// Look tells what an address stands for. It has no effect: mail programs open links before people do.
func (d *Desk) Look(ctx context.Context, token, from string) (View, error) {
	v, _, err := d.look(ctx, token, from)
	return v, err
}

func (d *Desk) look(ctx context.Context, token, from string) (View, Invitation, error) {
	now := d.Clock.Now()
	tried, err := d.Rates.Count(ctx, "link", Hash(from), 0, window, now)
	if err != nil {
		return View{}, Invitation{}, err
	}
	if tried >= Guesses {
		return View{Outcome: TooMany}, Invitation{}, nil
	}
	if strings.HasPrefix(token, FormPrefix) {
		return d.lookForm(ctx, token, from)
	}
	use, signed := Invite, token
	if rest, ok := strings.CutPrefix(token, PersonalPrefix); ok {
		use, signed = Personal, rest
	}
	p, err := d.Signer.Read(use, signed, now)
	switch {
	case errors.Is(err, ErrExpired):
		return View{Outcome: Expired, Portal: p}, Invitation{}, nil
	case err != nil:
		_, err := d.Rates.Count(ctx, "link", Hash(from), 1, window, now)
		return View{Outcome: Invalid}, Invitation{}, err
	}
	i, ok, err := d.Store.Invitation(ctx, p, Hash(token))
	if err != nil || !ok {
		return View{Outcome: Invalid, Portal: p}, i, err
	}
	v := View{Portal: p, Hint: i.Hint, Chat: i.For != ""}
	account, err := d.Accounts.Account(ctx, p, i.Slot)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return v, i, err
	}
	v.Account, v.BasicID, v.Word = account.Name, account.BasicID, account.Word
	switch {
	case err != nil:
		v.Outcome = Unavailable
	case account.Login.Channel == "" && i.For == "":
		v.Outcome = account.without()
	case i.Ends <= now.UnixMilli():
		v.Outcome = Expired
	default:
		v.Outcome = Confirm
	}
	return v, i, nil
}

// Begin is the person's Yes: it starts a way through LINE Login, or, for a personal link, to the form. The session belongs into a cookie of this browser.
// suggested is a contact id that stood in the form's address, or anything else that stood there.
func (d *Desk) Begin(ctx context.Context, token, from, language, suggested string) (v View, to, session string, err error) {
	v, i, err := d.look(ctx, token, from)
	if err != nil || v.Outcome != Confirm {
		return v, "", "", err
	}
	account, err := d.Accounts.Account(ctx, i.Portal, i.Slot)
	if err != nil {
		return v, "", "", err
	}
	ends := d.Clock.Now().Add(attemptLife)
	session = d.Signer.Sign(Session, i.Portal, ends, d.Random(secret))
	if i.For != "" {
		_, err := d.Store.SaveAttempt(ctx, Attempt{Hash: Hash(session), Portal: i.Portal, Slot: i.Slot, User: i.For, Chat: true, Ends: ends.UnixMilli()})
		return v, EndPath, session, err
	}
	state := d.Signer.Sign(State, i.Portal, ends, d.Random(secret))
	a := Attempt{
		Hash: Hash(session), Portal: i.Portal, Invitation: i.Hash, Slot: i.Slot, StateHash: Hash(state), Nonce: text(d.Random(secret)), Verifier: text(d.Random(32)),
		Ends: ends.UnixMilli(),
	}
	if i.Hash == "" && account.PlainIDs {
		a.Suggested, _ = id.ParseContact(suggested) // 0: no id
	}
	if _, err := d.Store.SaveAttempt(ctx, a); err != nil {
		return v, "", "", err
	}
	sum := sha256.Sum256([]byte(a.Verifier))
	return v, d.Line.AuthorizeURL(Challenge{
		Channel: account.Login.Channel, Redirect: d.Origin + CallbackPath, State: state, Nonce: a.Nonce, CodeChallenge: text(sum[:]), Language: language,
		Email: account.Login.Email && i.Hash == "",
	}), session, nil
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Decline is the person's No: the address is not theirs, so the mail was passed on. The link stays what it was.
func (d *Desk) Decline(ctx context.Context, token, from string) (View, error) {
	v, i, err := d.look(ctx, token, from)
	if err != nil || v.Outcome != Confirm {
		return v, err
	}
	v.Outcome = Declined
	if i.Hash == "" {
		return v, nil
	}
	return v, d.Store.Declined(ctx, i.Portal, i.Hash, d.Clock.Now().UnixMilli())
}

// Answer is what LINE's login page sends back.
type Answer struct{ State, Code, Error string }

// Return takes LINE's answer. It only stores who logged in; Finish does the rest, under an address that holds neither code nor state.
func (d *Desk) Return(ctx context.Context, session string, in Answer) (Outcome, error) {
	a, o, err := d.attempt(ctx, session)
	if err != nil || o != "" {
		return o, err
	}
	if _, err := d.Signer.Read(State, in.State, d.Clock.Now()); err != nil {
		return Elsewhere, nil
	}
	switch {
	case a.StateHash == "":
		return Over, nil
	case !Same(a.StateHash, Hash(in.State)):
		return Elsewhere, nil
	}
	// Burned before it is used: LINE takes a code once, and whoever comes second gets nothing.
	a.StateHash = ""
	if a, err = d.Store.SaveAttempt(ctx, a); err != nil {
		if errors.Is(err, ErrChanged) {
			return Over, nil
		}
		return "", err
	}
	if a.Outcome, err = d.login(ctx, &a, in); err != nil {
		return "", err
	}
	_, err = d.Store.SaveAttempt(ctx, a)
	return a.Outcome, err
}

// attempt finds the browser's attempt; an outcome ends the matter.
func (d *Desk) attempt(ctx context.Context, session string) (Attempt, Outcome, error) {
	p, err := d.Signer.Read(Session, session, d.Clock.Now())
	switch {
	case errors.Is(err, ErrExpired):
		return Attempt{}, Over, nil
	case err != nil:
		return Attempt{}, Elsewhere, nil
	}
	a, ok, err := d.Store.Attempt(ctx, p, Hash(session))
	switch {
	case err != nil:
		return a, "", err
	case !ok || a.Ends <= d.Clock.Now().UnixMilli():
		return a, Over, nil
	}
	return a, "", nil
}

// login finds out who came back. An empty outcome means that somebody is proven.
func (d *Desk) login(ctx context.Context, a *Attempt, in Answer) (Outcome, error) {
	if in.Error != "" || in.Code == "" {
		return Denied, nil
	}
	account, err := d.Accounts.Account(ctx, a.Portal, a.Slot)
	if errors.Is(err, ErrUnknown) || err == nil && account.Login.Channel == "" {
		return Unavailable, nil
	}
	if err != nil {
		return "", err
	}
	t, err := d.Line.Exchange(ctx, account.Login, in.Code, d.Origin+CallbackPath, a.Verifier)
	if err != nil {
		if fault.ClassOf(err).Retryable() {
			return "", err
		}
		d.Log.LogAttrs(ctx, slog.LevelWarn, "LINE refused a login", logging.Portal(a.Portal), logging.Error(err))
		return NotProven, nil
	}
	c, err := WebLogin(t.ID, account.Login.Secret, Want{Channel: account.Login.Channel, Nonce: a.Nonce, Now: d.Clock.Now()})
	if err != nil {
		d.Log.LogAttrs(ctx, slog.LevelWarn, "id token refused", logging.Portal(a.Portal), logging.Error(err))
		return NotProven, nil
	}
	a.User = c.Subject
	if a.Invitation == "" && account.Login.Email {
		a.Email = c.Email
	}
	a.Friendly, err = d.Line.Friendship(ctx, t.Access)
	return "", err
}

// Finish is the end of the way, and can be asked for again: it links if it can, and tells how it stands.
func (d *Desk) Finish(ctx context.Context, session string, again bool) (View, error) {
	a, o, err := d.attempt(ctx, session)
	if err != nil || o != "" {
		return View{Outcome: o, Portal: a.Portal}, err
	}
	var i Invitation
	if a.Invitation != "" {
		var ok bool
		if i, ok, err = d.Store.Invitation(ctx, a.Portal, a.Invitation); err != nil || !ok {
			return View{Outcome: Invalid, Portal: a.Portal}, err
		}
		a.Hint = i.Hint
	}
	v := View{Portal: a.Portal, Hint: a.Hint, Outcome: a.Outcome}
	account, err := d.Accounts.Account(ctx, a.Portal, a.Slot)
	if errors.Is(err, ErrUnknown) {
		v.Outcome = Unavailable
		return v, nil
	}
	if err != nil {
		return v, err
	}
	v.Account, v.BasicID, v.NoCode = account.Name, account.BasicID, account.Unverified
	v.Suggested = a.Suggested != 0
	switch {
	case a.Outcome == AtLine:
		v.Outcome, err = d.crossing(ctx, a)
		return v, err
	case a.Outcome == AddFriend && again, a.Outcome == "" && a.User != "":
	case a.Outcome == "":
		v.Outcome = Over // came here without LINE
		return v, nil
	default:
		return v, d.ask(ctx, &v)
	}
	if a.Invitation == "" {
		a.Outcome, err = d.meet(ctx, &a)
		a.Email = ""
	} else {
		a.Outcome, err = d.prove(ctx, a, i)
	}
	if err != nil {
		return v, err
	}
	v.Outcome, a.Waited = a.Outcome, a.Waited || a.Outcome == AddFriend
	if _, err := d.Store.SaveAttempt(ctx, a); err != nil && !errors.Is(err, ErrChanged) {
		return v, err
	}
	return v, d.ask(ctx, &v)
}

// prove redeems the invitation for the person who logged in, and hands the proof on.
func (d *Desk) prove(ctx context.Context, a Attempt, i Invitation) (Outcome, error) {
	k := friend.Key{Slot: i.Slot, User: a.User}
	o, err := d.reachable(ctx, a, k)
	if err != nil || o != "" {
		return o, err
	}
	i, err = d.Store.Redeem(ctx, a.Portal, i.Hash, a.User, d.Clock.Now().UnixMilli())
	switch {
	case errors.Is(err, ErrUsed):
		return Used, nil
	case errors.Is(err, ErrExpired):
		return Expired, nil
	case errors.Is(err, ErrUnknown):
		return Invalid, nil
	case err != nil:
		return "", err
	}
	proof := i.Proof()
	o, err = foresee(ctx, d.Friends, a.Portal, k, i.Contact, proof)
	if err != nil || o == Used || o == AlreadyLinked {
		return o, err
	}
	return o, d.hand(ctx, a.Portal, k, i.Contact, proof, nil)
}
