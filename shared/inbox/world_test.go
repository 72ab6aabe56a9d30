package inbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"lumo/shared/chat"
	"lumo/shared/clock"
	"lumo/shared/failure"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/inbox"
	"lumo/shared/lineaccount"
	"lumo/shared/message"
)

const hub = id.PortalID(7)

var (
	start = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	aiko  = friend.Key{Slot: 1, User: "U0123456789abcdef0123456789abcdef"}
	bot   = id.BotUserID("Ub0000000000000000000000000000000")
)

type died struct{}

// world is a Relay over memory, whose process can die around every call outside. HubSpot knows messages by their keys, as it promises; the
// chat sends each id once, as its own tests hold it to.
type world struct {
	*inbox.Relay
	clock    *clock.Virtual
	conns    map[id.Slot]inbox.Connection
	traffic  inbox.Traffic
	marks    map[string]inbox.Mark
	token    inbox.Token
	friends  map[friend.Key]friend.Friend
	account  lineaccount.Account
	thread   []shownMessage
	comments []string
	statuses map[string][]string
	uploads  map[string]inbox.Upload
	held     map[string]held
	asked    map[string]int // how often LINE was asked for a file
	files    map[string]inbox.Signed
	intents  map[string]chat.Intent
	phone    []chat.Request
	settle   []message.Status // of the next sends; nothing left means sent
	items    map[string]failure.Item
	kept     *keptFiles
	bucket   bucket
	depot    *inbox.Depot
	hubspot  func(what string) error // trouble of calls to HubSpot, before they have an effect
	after    func(what string) error // and after it
	dies     func(where string) bool
}

type shownMessage struct {
	inbox.Message
	id string
}

// held is a file at LINE: not ready so many times, then its body or an error.
type held struct {
	body    []byte
	kind    string
	size    int64
	waits   int
	err     error
	cutting bool
}

func newWorld() *world {
	no := func(string) error { return nil }
	w := &world{
		clock: clock.NewVirtual(start), marks: map[string]inbox.Mark{}, statuses: map[string][]string{}, uploads: map[string]inbox.Upload{}, held: map[string]held{},
		asked: map[string]int{}, files: map[string]inbox.Signed{}, intents: map[string]chat.Intent{}, items: map[string]failure.Item{}, hubspot: no, after: no,
		dies: func(string) bool { return false }, kept: &keptFiles{rows: map[string]inbox.Kept{}},
		account: lineaccount.Account{Portal: hub, Slot: 1, Bot: bot, State: lineaccount.Active, Name: "Umbrella Shop"},
		friends: map[friend.Key]friend.Friend{aiko: {Key: aiko, Name: "Aiko", Link: friend.Link{State: friend.Linked, Contact: 501}}},
		conns: map[id.Slot]inbox.Connection{1: {
			Portal: hub, Slot: 1, Bot: bot, State: inbox.Connected, Channel: "1234", Account: "555", Inbox: "4001", Name: "Umbrella Shop", Version: 1,
		}},
	}
	w.depot = &inbox.Depot{Store: w.kept, Bucket: &w.bucket, Tokens: tokens{}, Origin: "https://t.example"}
	w.Relay = &inbox.Relay{
		Store: store{w}, Friends: friends{w: w}, Profiles: w, Accounts: w, HubSpot: w, Content: w, Depot: w.depot, Chat: sender{w}, Failures: failures{w: w}, Sealer: plain{}, Clock: w.clock,
		Parse: func(raw json.RawMessage) (inbox.Event, bool) {
			var e inbox.Event
			err := json.Unmarshal(raw, &e)
			return e, err == nil
		},
	}
	return w
}

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

// said is a note of LINE's event.
func said(e inbox.Event, at time.Time) inbox.Note {
	if e.User == "" {
		e.User = aiko.User
	}
	if e.Kind == "" {
		e.Kind, e.Type = inbox.Said, orElse(e.Type, "text")
	}
	raw, _ := json.Marshal(e)
	return inbox.Note{Portal: hub, Account: "555", User: e.User, Slot: 1, ID: "event " + e.ID, At: at.UnixMilli(), Line: raw}
}

func orElse(s, d string) string {
	if s == "" {
		return d
	}
	return s
}

// replied is a note of HubSpot's event.
func replied(messageID, text string, files ...string) inbox.Note {
	attachments := []any{}
	for _, f := range files {
		attachments = append(attachments, map[string]string{"type": "FILE", "fileId": f})
	}
	raw, _ := json.Marshal(map[string]any{
		"type": "OUTGOING_CHANNEL_MESSAGE_CREATED", "portalId": "7", "channelId": "1234",
		"message": map[string]any{
			"id": messageID, "type": "MESSAGE", "channelAccountId": "555", "conversationsThreadId": "9", "direction": "OUTGOING", "text": text, "attachments": attachments,
			"senders":    []any{map[string]string{"actorId": "A-882"}},
			"recipients": []any{map[string]any{"deliveryIdentifier": map[string]string{"type": "CHANNEL_SPECIFIC_OPAQUE_ID", "value": string(aiko.User)}}},
		},
	})
	notes, _, err := inbox.ParseWebhook(raw, 99, start.UnixMilli())
	if err != nil || len(notes) != 1 {
		panic(fmt.Sprint("not a note: ", err))
	}
	return notes[0]
}

// -- the outside ------------------------------------------------------------------------------------------------------

func (w *world) Publish(_ context.Context, _ id.PortalID, m inbox.Message) (inbox.Mark, error) {
	w.point("before publish")
	if err := w.hubspot("publish"); err != nil {
		return inbox.Mark{}, err
	}
	at := -1
	for i, x := range w.thread {
		if x.Key == m.Key {
			at = i
		}
	}
	if at < 0 {
		at = len(w.thread)
		w.thread = append(w.thread, shownMessage{m, fmt.Sprint("hs-", at)})
	}
	w.point("after publish")
	return inbox.Mark{Message: w.thread[at].id, Thread: "9"}, w.after("publish")
}

func (w *world) SetStatus(_ context.Context, _ id.PortalID, channel, messageID string, s inbox.Status, reason string) error {
	if err := w.hubspot("status"); err != nil {
		return err
	}
	w.statuses[messageID] = append(w.statuses[messageID], strings.TrimSpace(string(s)+" "+reason))
	w.point("after status")
	return w.after("status")
}

func (w *world) Comment(_ context.Context, _ id.PortalID, thread, text string) error {
	if err := w.hubspot("comment"); err != nil {
		return err
	}
	w.comments = append(w.comments, text)
	return nil
}

func (w *world) Upload(_ context.Context, _ id.PortalID, f inbox.Upload) (string, error) {
	w.point("before upload")
	if err := w.hubspot("upload"); err != nil {
		return "", err
	}
	n := fmt.Sprint("file-", len(w.uploads))
	f.Body = bytes.Clone(f.Body)
	w.uploads[n] = f
	w.point("after upload")
	return n, nil
}

func (w *world) Erase(_ context.Context, _ id.PortalID, fileID string) error {
	if err := w.hubspot("erase"); err != nil {
		return err
	}
	if _, ok := w.uploads[fileID]; !ok {
		return refused(fault.NotFound, "HUBSPOT_NOT_FOUND")
	}
	delete(w.uploads, fileID)
	return w.after("erase")
}

func (w *world) File(_ context.Context, _ id.PortalID, fileID string, _ int) (inbox.Signed, error) {
	if err := w.hubspot("file"); err != nil {
		return inbox.Signed{}, err
	}
	s, ok := w.files[fileID]
	if !ok {
		return s, refused(fault.NotFound, "HUBSPOT_NOT_FOUND")
	}
	return s, nil
}

func (w *world) Open(_ context.Context, _ id.PortalID, _ friend.Key, messageID string) (inbox.Held, error) {
	h := w.held[messageID]
	w.asked[messageID]++
	if w.asked[messageID] <= h.waits {
		return inbox.Held{}, &fault.Fault{Provider: "line", Class: fault.Unavailable, Certainty: fault.NothingHappened, Code: "LINE_CONTENT_PREPARING", RetryAfter: 3 * time.Second}
	}
	if h.err != nil {
		return inbox.Held{}, h.err
	}
	size := h.size
	if size == 0 {
		size = int64(len(h.body))
	}
	var body io.Reader = bytes.NewReader(h.body)
	if h.cutting {
		body = io.MultiReader(bytes.NewReader(h.body[:len(h.body)/2]), broken{})
	}
	return inbox.Held{Body: io.NopCloser(body), Type: h.kind, Size: size}, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func (w *world) Profile(context.Context, id.PortalID, friend.Key) (friend.Profile, bool, error) {
	return friend.Profile{Name: "Told by LINE"}, true, nil
}

func (w *world) Account(context.Context, id.PortalID, id.Slot) (lineaccount.Account, error) {
	return w.account, nil
}

func refused(c fault.Class, code string) *fault.Fault {
	return &fault.Fault{Provider: "hubspot", Class: c, Certainty: fault.NothingHappened, Code: code, Message: "refused"}
}

func away() *fault.Fault {
	return &fault.Fault{Provider: "hubspot", Class: fault.Unavailable, Code: "HUBSPOT_UNAVAILABLE", Message: "away"}
}

// -- our own side -----------------------------------------------------------------------------------------------------

type sender struct{ *world }

func (w sender) Send(_ context.Context, _ id.PortalID, r chat.Request) (chat.Intent, error) {
	w.point("before send")
	if err := r.Content.Check(); err != nil {
		return chat.Intent{}, err
	}
	i, ok := w.intents[r.ID]
	if !ok {
		if w.friends[r.Friend].Follow == friend.Blocked {
			return i, chat.ErrBlocked
		}
		i = chat.New(r.Friend, r.ID, r.Content, r.By, w.clock.Now(), "key")
		i.Status = message.Sent
		if len(w.settle) > 0 {
			i.Status, w.settle = w.settle[0], w.settle[1:]
		}
		w.phone = append(w.phone, r)
	} else if i.Status == message.Sending {
		i.Status = message.Sent
		if len(w.settle) > 0 {
			i.Status, w.settle = w.settle[0], w.settle[1:]
		}
	}
	if i.Status == message.Unclear {
		i.Code = chat.CodeKeyOver
	}
	w.intents[r.ID] = i
	w.point("after send")
	return i, nil
}

func (w sender) Load(_ context.Context, _ id.PortalID, _ friend.Key, messageID string) (chat.Intent, bool, error) {
	i, ok := w.intents[messageID]
	return i, ok, nil
}

type store struct{ *world }

func (w store) Connections(context.Context, id.PortalID) ([]inbox.Connection, error) {
	var out []inbox.Connection
	for _, c := range w.conns {
		out = append(out, c)
	}
	return out, nil
}

func (w store) Connection(_ context.Context, _ id.PortalID, s id.Slot) (inbox.Connection, bool, error) {
	c, ok := w.conns[s]
	return c, ok, nil
}

func (w store) Save(_ context.Context, c inbox.Connection) (inbox.Connection, error) {
	if w.conns[c.Slot].Version != c.Version {
		return c, inbox.ErrChanged
	}
	c.Version++
	w.conns[c.Slot] = c
	return c, nil
}

func (w store) Traffic(context.Context, id.PortalID, id.Slot) (inbox.Traffic, error) {
	return w.traffic, nil
}

func (w store) Saw(_ context.Context, _ id.PortalID, _ id.Slot, in bool, at int64) error {
	if in {
		w.traffic.In = max(w.traffic.In, at)
	} else {
		w.traffic.Out = max(w.traffic.Out, at)
	}
	return nil
}

func (w store) Mark(_ context.Context, _ id.PortalID, k friend.Key, name string) (inbox.Mark, bool, error) {
	m, ok := w.marks[string(k.User)+name]
	return m, ok, nil
}

func (w store) SetMark(_ context.Context, _ id.PortalID, k friend.Key, name string, m inbox.Mark, _ int64) error {
	w.point("before mark")
	w.marks[string(k.User)+name] = m
	w.point("after mark")
	return nil
}

func (w store) KeepToken(_ context.Context, _ id.PortalID, _ friend.Key, t inbox.Token) error {
	if t.Event > w.token.Event {
		w.token = t
	}
	return nil
}

func (w store) Token(context.Context, id.PortalID, friend.Key) (inbox.Token, error) {
	return w.token, nil
}

func (w store) DropToken(_ context.Context, _ id.PortalID, _ friend.Key, value string) error {
	if w.token.Value == value {
		w.token.Value = ""
	}
	return nil
}

type friends struct {
	friend.Store
	w *world
}

func (s friends) Get(_ context.Context, _ id.PortalID, k friend.Key) (friend.Friend, bool, error) {
	f, ok := s.w.friends[k]
	return f, ok, nil
}

type failures struct {
	failure.Store
	w *world
}

func (s failures) Put(_ context.Context, _ id.PortalID, it failure.Item) error {
	s.w.items[it.ID()] = it
	return nil
}

type plain struct{}

func (plain) Seal(_ context.Context, _ id.PortalID, b []byte) (string, error) { return string(b), nil }
func (plain) Open(_ context.Context, _ id.PortalID, s string) ([]byte, error) { return []byte(s), nil }
