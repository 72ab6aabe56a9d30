package linkage_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/linkage"
	"lumo/shared/logging"
	"lumo/shared/mail"
	"lumo/shared/message"
	"lumo/shared/queue"
)

const (
	portalID = id.PortalID(7)
	contact  = id.ContactID(501)
)

func user(n int) id.LineUserID { return id.LineUserID(fmt.Sprintf("U%032x", n)) }

// world is a company with one account, and people with browsers.
type world struct {
	t           *testing.T
	clock       *clock.Virtual
	invitations map[string]linkage.Invitation
	attempts    map[string]linkage.Attempt
	crossings   map[string]linkage.Crossing
	linkToken   func(k friend.Key) (string, error)
	replyErr    error
	replies     []reply
	reception   *linkage.Reception
	kept        []message.Message
	rates       map[string]int
	known       map[id.LineUserID]bool // to the account
	friends     map[friend.Key]friend.Friend
	account     linkage.Account
	gone        bool // the connection ended
	friendly    linkage.Friendship
	asked       linkage.Challenge
	who         id.LineUserID
	forge       func(claims map[string]any)
	secret      string // LINE signs with it
	exchangeErr error
	queue       *queue.Recorder
	mail        mail.Recorder
	desk        *linkage.Desk
	maker       *linkage.Maker
	random      byte
	m           string // the contact that the form's address names
	fields      []linkage.Field
}

func newWorld(t *testing.T) *world {
	w := &world{
		t: t, clock: clock.NewVirtual(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)), invitations: map[string]linkage.Invitation{},
		attempts: map[string]linkage.Attempt{}, crossings: map[string]linkage.Crossing{}, rates: map[string]int{}, known: map[id.LineUserID]bool{user(1): true, user(2): true},
		friends: map[friend.Key]friend.Friend{}, friendly: linkage.Friends, who: user(1), secret: "login-secret", queue: &queue.Recorder{},
		account: linkage.Account{Name: "Shop", BasicID: "@shop", Login: linkage.Login{Channel: "1234567", Secret: "login-secret"}},
	}
	signer := linkage.Signer{Key: []byte("key")}
	random := func(n int) []byte {
		w.random++
		return append(make([]byte, n-1), w.random)
	}
	w.desk = &linkage.Desk{
		Signer: signer, Store: w, Rates: w, Accounts: w, Line: w, Profiles: w, Friends: friends{world: w}, People: w, Forms: w, Talk: w, Mail: &w.mail, Queue: w.queue, Clock: w.clock, Random: random,
		Log: logging.Discard(), Origin: "https://lumo.example",
	}
	w.reception = &linkage.Reception{
		Signer: signer, Store: w, Accounts: w, Friends: friends{world: w}, Talk: w, Messages: keeps{world: w}, Queue: w.queue, Clock: w.clock, Log: logging.Discard(), Origin: "https://lumo.example",
	}
	w.maker = &linkage.Maker{Signer: signer, Store: w, Contacts: w, Clock: w.clock, Random: random, Origin: "https://lumo.example"}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) invite() string {
	w.t.Helper()
	m, err := w.maker.Make(w.t.Context(), portalID, linkage.Wish{Contact: contact, Slot: 1, Method: friend.EmailLink, By: "user:3"})
	w.must(err)
	return m.Token
}

// begin answers Yes.
func (w *world) begin(token string) (session string) {
	w.t.Helper()
	v, to, session, err := w.desk.Begin(w.t.Context(), token, "10.0.0.1", "en", w.m)
	w.must(err)
	if v.Outcome != linkage.Confirm || to == "" {
		w.t.Fatalf("Yes came to %s", v.Outcome)
	}
	return session
}

// through goes the whole way as a user and returns its end.
func (w *world) through(token string, u id.LineUserID) linkage.View {
	w.t.Helper()
	session := w.begin(token)
	w.who = u
	o, err := w.desk.Return(w.t.Context(), session, linkage.Answer{State: w.asked.State, Code: "code"})
	w.must(err)
	if o != "" {
		return linkage.View{Outcome: o}
	}
	v, err := w.desk.Finish(w.t.Context(), session, false)
	w.must(err)
	return v
}

// notes are what the contact sync was told.
func (w *world) notes() (out []contactsync.Note) {
	w.t.Helper()
	for _, m := range w.queue.Take(queue.HubspotEvents) {
		var b contactsync.Batch
		w.must(json.Unmarshal(m.Body, &b))
		out = append(out, b.Notes...)
	}
	return out
}

// linkage.Store

func (w *world) AddInvitation(_ context.Context, i linkage.Invitation) error {
	if _, there := w.invitations[i.Hash]; there {
		return linkage.ErrChanged
	}
	w.invitations[i.Hash] = i
	return nil
}

func (w *world) Invitation(_ context.Context, p id.PortalID, hash string) (linkage.Invitation, bool, error) {
	i, ok := w.invitations[hash]
	return i, ok && i.Portal == p, nil
}

func (w *world) Redeem(_ context.Context, _ id.PortalID, hash string, u id.LineUserID, now int64) (linkage.Invitation, error) {
	i, ok := w.invitations[hash]
	switch {
	case !ok:
		return i, linkage.ErrUnknown
	case i.UsedBy == u:
		return i, nil
	case i.UsedBy != "":
		return i, linkage.ErrUsed
	case i.Ends <= now:
		return i, linkage.ErrExpired
	}
	i.UsedBy, i.UsedAt = u, now
	w.invitations[hash] = i
	return i, nil
}

func (w *world) Declined(_ context.Context, _ id.PortalID, hash string, now int64) error {
	i := w.invitations[hash]
	i.DeclinedAt = now
	w.invitations[hash] = i
	return nil
}

func (w *world) Attempt(_ context.Context, p id.PortalID, hash string) (linkage.Attempt, bool, error) {
	a, ok := w.attempts[hash]
	return a, ok && a.Portal == p, nil
}

func (w *world) SaveAttempt(_ context.Context, a linkage.Attempt) (linkage.Attempt, error) {
	if w.attempts[a.Hash].Version != a.Version {
		return a, linkage.ErrChanged
	}
	a.Version++
	w.attempts[a.Hash] = a
	return a, nil
}

func (w *world) AddCrossing(_ context.Context, c linkage.Crossing) error {
	if _, there := w.crossings[c.Hash]; there {
		return linkage.ErrChanged
	}
	w.crossings[c.Hash] = c
	return nil
}

func (w *world) Crossing(_ context.Context, p id.PortalID, hash string) (linkage.Crossing, bool, error) {
	c, ok := w.crossings[hash]
	return c, ok && c.Portal == p, nil
}

func (w *world) Burn(_ context.Context, p id.PortalID, hash, event string) (linkage.Crossing, error) {
	c, ok := w.crossings[hash]
	switch {
	case !ok || c.Portal != p:
		return c, linkage.ErrUnknown
	case c.Event != "" && c.Event != event:
		return c, linkage.ErrUsed
	}
	c.Event = event
	w.crossings[hash] = c
	return c, nil
}

func (w *world) Crossed(_ context.Context, _ id.PortalID, hash string, o linkage.Outcome) error {
	c := w.crossings[hash]
	c.Outcome, c.Answers = o, nil
	w.crossings[hash] = c
	return nil
}

// linkage.Talk

// reply is what a friend got in the chat.
type reply struct {
	to    friend.Key
	token string
	text  string
}

func (w *world) LinkToken(_ context.Context, _ id.PortalID, k friend.Key) (string, error) {
	if w.linkToken != nil {
		return w.linkToken(k)
	}
	return "link-token-of-" + string(k.User), nil
}

func (w *world) LinkAddress(token, nonce string) string {
	return "https://access.line.me/dialog/bot/accountLink?" + url.Values{"linkToken": {token}, "nonce": {nonce}}.Encode()
}

func (w *world) Reply(_ context.Context, _ id.PortalID, k friend.Key, token string, messages []json.RawMessage) (string, error) {
	if w.replyErr != nil {
		return "", w.replyErr
	}
	w.replies = append(w.replies, reply{k, token, string(messages[0])})
	return fmt.Sprint("sent", len(w.replies)), nil
}

// keeps is the part of message.Store in use.
type keeps struct {
	message.Store
	world *world
}

func (k keeps) Put(_ context.Context, _ id.PortalID, m message.Message) error {
	k.world.kept = append(k.world.kept, m)
	return nil
}

// linkage.Rates

func (w *world) Count(_ context.Context, kind, who string, n int, window time.Duration, now time.Time) (int, error) {
	k := fmt.Sprint(kind, who, now.Truncate(window).Unix())
	w.rates[k] += n
	return w.rates[k], nil
}

// linkage.Accounts

func (w *world) Account(context.Context, id.PortalID, id.Slot) (linkage.Account, error) {
	if w.gone {
		return linkage.Account{}, linkage.ErrUnknown
	}
	return w.account, nil
}

// linkage.Line

func (w *world) AuthorizeURL(c linkage.Challenge) string {
	w.asked = c
	return "https://access.line.me/?state=" + url.QueryEscape(c.State)
}

func (w *world) Exchange(_ context.Context, _ linkage.Login, code, redirect, verifier string) (linkage.Tokens, error) {
	sum := sha256.Sum256([]byte(verifier))
	if w.exchangeErr != nil {
		return linkage.Tokens{}, w.exchangeErr
	}
	if code != "code" || redirect != w.asked.Redirect || base64.RawURLEncoding.EncodeToString(sum[:]) != w.asked.CodeChallenge {
		return linkage.Tokens{}, &fault.Fault{Class: fault.Invalid, Certainty: fault.NothingHappened}
	}
	return linkage.Tokens{ID: w.idToken(), Access: "access"}, nil
}

func (w *world) idToken() string {
	claims := map[string]any{
		"iss": linkage.Issuer, "sub": w.who, "aud": w.account.Login.Channel, "exp": w.clock.Now().Add(time.Hour).Unix(), "iat": w.clock.Now().Unix(), "nonce": w.asked.Nonce,
	}
	if w.forge != nil {
		w.forge(claims)
	}
	return sign(map[string]any{"alg": "HS256", "typ": "JWT"}, claims, w.secret)
}

func sign(head, claims map[string]any, secret string) string {
	part := func(v any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(head) + "." + part(claims)
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func (w *world) Friendship(context.Context, string) (linkage.Friendship, error) {
	return w.friendly, nil
}

// contactsync.Profiles

func (w *world) Profile(_ context.Context, _ id.PortalID, k friend.Key) (friend.Profile, bool, error) {
	return friend.Profile{Name: "A"}, w.known[k.User], nil
}

// linkage.Contacts

func (w *world) Contacts(_ context.Context, _ id.PortalID, ids []id.ContactID, _, _ []string, _ contactsync.Urgency) (found []contactsync.Contact, missing []id.ContactID, err error) {
	if ids[0] != contact {
		return nil, ids, nil
	}
	email := "ichiro@example.com"
	return []contactsync.Contact{{ID: contact, Properties: map[string]*string{"email": &email}}}, nil, nil
}

// ByEmail implements linkage.People.
func (w *world) ByEmail(_ context.Context, _ id.PortalID, email string) (id.ContactID, bool, error) {
	if email == "ichiro@example.com" {
		return contact, true, nil
	}
	return 0, false, nil
}

// Address implements linkage.People.
func (w *world) Address(_ context.Context, _ id.PortalID, c id.ContactID) (string, id.ContactID, error) {
	if c == contact {
		return "ichiro@example.com", contact, nil
	}
	return "", c, nil
}

// linkage.Forms

func (w *world) Fields(context.Context, id.PortalID) ([]linkage.Field, error) { return w.fields, nil }

func (w *world) SaveFields(_ context.Context, _ id.PortalID, fs []linkage.Field) error {
	w.fields = fs
	return nil
}

// friends is the part of friend.Store in use.
type friends struct {
	friend.Store
	world *world
}

func (f friends) Get(_ context.Context, _ id.PortalID, k friend.Key) (friend.Friend, bool, error) {
	out, ok := f.world.friends[k]
	return out, ok, nil
}

func (f friends) ByContact(_ context.Context, _ id.PortalID, c id.ContactID) (ks []friend.Key, err error) {
	for k, row := range f.world.friends {
		if row.Link.Contact == c {
			ks = append(ks, k)
		}
	}
	return ks, nil
}
