package redrive_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lumo/shared/chat"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/dynamo"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/internal/dynamotest"
	"lumo/shared/lineproperty"
	"lumo/shared/mapping"
	"lumo/shared/queue"
	"lumo/shared/redrive"
	"lumo/shared/register"
)

var (
	noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	taro = friend.Key{Slot: 1, User: "U00000000000000000000000000000001"}
)

type scopes struct{ scope contactsync.Scope }

func (s scopes) Scope(context.Context, id.PortalID) (contactsync.Scope, error) { return s.scope, nil }

type kicks struct {
	contactsync.Outbox
	n int
}

func (k *kicks) Kick(context.Context, id.PortalID) error { k.n++; return nil }

// plain seals by naming the portal.
type plain struct{}

func (plain) Seal(_ context.Context, p id.PortalID, b []byte) (string, error) {
	return fmt.Sprint(p, ":", string(b)), nil
}

func (plain) Open(_ context.Context, p id.PortalID, s string) ([]byte, error) {
	rest, ok := strings.CutPrefix(s, fmt.Sprint(p, ":"))
	if !ok {
		return nil, errors.New("another portal's")
	}
	return []byte(rest), nil
}

type world struct {
	*redrive.Service
	kicks *kicks
	sent  *queue.Recorder
}

func newWorld(t *testing.T) world {
	db := dynamotest.Start(t)
	table := dynamo.New(db.Client, db.Name)
	w := world{kicks: &kicks{}, sent: &queue.Recorder{}}
	scope := contactsync.Scope{
		Portal: 7, Slots: []id.Slot{1}, Names: map[id.Slot]contactsync.Names{1: {lineproperty.UserID: {Name: "line_user_id"}}},
		Mappings: mapping.Set{Mappings: []mapping.Mapping{{Property: "firstname", Type: "string", Rule: register.NewestWins, Status: mapping.Active}}},
	}
	w.Service = &redrive.Service{
		Failures: dynamo.Failures{Table: table}, Friends: dynamo.Friends{Table: table}, Invalids: dynamo.Invalids{Table: table}, Scopes: scopes{scope},
		Outbox: w.kicks, Queue: w.sent, Sealer: plain{}, Clock: clock.NewVirtual(noon),
	}
	return w
}

func (w world) put(t *testing.T, it failure.Item) string {
	t.Helper()
	if err := w.Failures.Put(t.Context(), 7, it); err != nil {
		t.Fatal(err)
	}
	return it.ID()
}

func (w world) left(t *testing.T) int {
	t.Helper()
	n, err := w.Failures.Count(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (w world) save(t *testing.T, value string) {
	t.Helper()
	f := friend.Friend{Key: taro, Failed: true, Link: friend.Link{State: friend.Linked, Contact: 5}, Fields: map[string]register.Register{}}
	if value != "" {
		f.Fields["firstname"] = register.Register{Lumo: register.Edit{Value: value, At: 1}}
	}
	f.Shown = map[string]string{string(lineproperty.UserID): string(taro.User)}
	if _, err := w.Friends.Save(t.Context(), 7, f); err != nil {
		t.Fatal(err)
	}
}

func writeBack() failure.Item {
	return failure.Item{Kind: failure.WriteBack, Subject: failure.SubjectOf(taro), Friend: &taro, Contact: 5}
}

// TestAContactsItemStaysUntilHubSpotTookTheValues, so that failing again cannot be lost.
func TestAContactsItemStaysUntilHubSpotTookTheValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.save(t, "Taro")
	if err := w.One(t.Context(), 7, w.put(t, writeBack())); err != nil {
		t.Fatal(err)
	}
	f, _, err := w.Friends.Get(t.Context(), 7, taro)
	if err != nil || f.Due == 0 || !f.Failed || w.kicks.n != 1 || w.left(t) != 1 {
		t.Errorf("due %d, failed %v, %d kicks, %d left, %v", f.Due, f.Failed, w.kicks.n, w.left(t), err)
	}
}

func TestAContactThatOwesNothingHasHealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.save(t, "")
	if err := w.One(t.Context(), 7, w.put(t, writeBack())); err != nil {
		t.Fatal(err)
	}
	f, _, err := w.Friends.Get(t.Context(), 7, taro)
	if err != nil || f.Due != 0 || f.Failed || w.left(t) != 0 {
		t.Errorf("due %d, failed %v, %d left, %v", f.Due, f.Failed, w.left(t), err)
	}
}

// An unlinked friend owes HubSpot nothing, but its contact may still show the LINE User ID that HubSpot refused to clear.
func TestARefusedClearingIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		parted friend.Parted
		sent   bool
	}{
		"HubSpot refused":         {friend.Parted{Contact: 5, Until: friend.Forever}, true},
		"HubSpot has cleared it":  {friend.Parted{Contact: 5, Until: 1000}, false},
		"it was another contact":  {friend.Parted{Contact: 6, Until: friend.Forever}, false},
		"nobody unlinked anybody": {friend.Parted{}, false},
	} {
		w := newWorld(t)
		if _, err := w.Friends.Save(t.Context(), 7, friend.Friend{Key: taro, Parted: c.parted}); err != nil {
			t.Fatal(err)
		}
		if err := w.One(t.Context(), 7, w.put(t, writeBack())); err != nil {
			t.Fatal(err)
		}
		var notes []contactsync.Note
		for _, m := range w.sent.Take(queue.HubspotEvents) {
			var b contactsync.Batch
			if err := json.Unmarshal(m.Body, &b); err != nil || b.Portal != 7 {
				t.Fatalf("%s: %s, %v", name, m.Body, err)
			}
			notes = append(notes, b.Notes...)
		}
		if (len(notes) == 1) != c.sent || w.left(t) != 0 {
			t.Errorf("%s: %+v, %d left", name, notes, w.left(t))
		}
		if c.sent && (notes[0].Kind != contactsync.Parted || notes[0].Contact != 5 || *notes[0].Friend != taro) {
			t.Errorf("%s: %+v", name, notes[0])
		}
	}
}

func TestALinkIsLookedAtAgainAndLineAskedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	malformed := friend.Key{Slot: 1, User: "contact-6"}
	for _, k := range []friend.Key{taro, malformed} {
		if err := w.Invalids.Remember(t.Context(), 7, k, 5, 1); err != nil {
			t.Fatal(err)
		}
	}
	w.put(t, failure.Item{Kind: failure.Link, Subject: failure.SubjectOf(taro), Friend: &taro, Contact: 5})
	w.put(t, failure.Item{Kind: failure.Link, Subject: failure.SubjectOf(malformed), Contact: 6})
	got, err := w.All(t.Context(), 7, "", 50)
	if err != nil || got.Retried != 2 || got.Next != "" || w.left(t) != 0 || w.kicks.n != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	known, err := w.Invalids.Known(t.Context(), 7, []friend.Key{taro, malformed})
	if err != nil || len(known) != 0 {
		t.Errorf("still refused: %v, %v", known, err)
	}
	sent := w.sent.Take(queue.HubspotEvents)
	if len(sent) != 2 {
		t.Fatalf("%d messages", len(sent))
	}
	for _, m := range sent {
		var b contactsync.Batch
		if err := json.Unmarshal(m.Body, &b); err != nil || b.Portal != 7 || len(b.Notes) != 1 || b.Notes[0].Property != "line_user_id" || b.Notes[0].Kind != contactsync.Changed || m.Delay == 0 {
			t.Errorf("%s after %v", m.Body, m.Delay)
		}
	}
}

func TestADeadLetterIsSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sealed, err := plain{}.Seal(t.Context(), 7, []byte(`{"portal":7}`))
	if err != nil {
		t.Fatal(err)
	}
	w.put(t, failure.Item{Kind: failure.Letter, Subject: "m1", Queue: string(queue.LineEvents), Body: sealed})
	w.put(t, failure.Item{Kind: failure.Letter, Subject: "m2", Queue: string(queue.LineEvents)})
	w.put(t, failure.Item{Kind: failure.Letter, Subject: "m3", Queue: "Nowhere", Body: sealed})
	got, err := w.All(t.Context(), 7, "", 50)
	if err != nil || got.Retried != 1 || got.Refused != 2 || w.left(t) != 2 {
		t.Fatalf("%+v, %d left, %v", got, w.left(t), err)
	}
	if sent := w.sent.Take(queue.LineEvents); len(sent) != 1 || string(sent[0].Body) != `{"portal":7}` {
		t.Errorf("%v", sent)
	}
	if err := w.One(t.Context(), 7, "dead_letter#m2"); !errors.Is(err, redrive.ErrLost) {
		t.Errorf("without its message: %v", err)
	}
	if err := w.One(t.Context(), 7, "dead_letter#m1"); !errors.Is(err, redrive.ErrUnknown) {
		t.Errorf("retried already: %v", err)
	}
}

// Every queue whose letters become items takes them back, to be worked on again; the others refuse.
func TestALetterGoesBackToItsQueue(t *testing.T) {
	t.Parallel()
	for _, q := range queue.All() {
		w := newWorld(t)
		sealed, err := plain{}.Seal(t.Context(), 7, []byte(`{"portal":7}`))
		if err != nil {
			t.Fatal(err)
		}
		w.put(t, failure.Item{Kind: failure.Letter, Subject: "m1", Queue: string(q), Body: sealed})
		err = w.One(t.Context(), 7, "dead_letter#m1")
		back := slices.Contains(redrive.Letters(), q)
		if sent := len(w.sent.Take(q)); back && (err != nil || sent != 1) || !back && (!errors.Is(err, redrive.ErrLost) || sent != 0) {
			t.Errorf("%s: %d sent, %v", q, sent, err)
		}
	}
}

// asked is a chat that notes what is to be tried again, and takes some time for it.
type asked struct {
	clock    *clock.Virtual
	messages []string
	err      error
}

func (a *asked) Retry(_ context.Context, _ id.PortalID, k friend.Key, messageID string) (chat.Intent, error) {
	a.clock.Advance(2 * time.Second)
	a.messages = append(a.messages, messageID)
	return chat.Intent{}, a.err
}

func (w world) messages(t *testing.T, names ...string) *asked {
	t.Helper()
	for _, name := range names {
		w.put(t, failure.Item{Kind: failure.Message, Subject: failure.MessageSubject(taro, name), Friend: &taro, LastAt: 1})
	}
	a := &asked{clock: w.Clock.(*clock.Virtual)}
	w.Chat = a
	return a
}

// The chat keeps the items of messages: what it could not send stays.
func TestAMessageIsTriedByTheChat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer, err error
		left        int
	}{
		"tried":        {nil, nil, 1},
		"refused":      {chat.ErrBlocked, chat.ErrBlocked, 1},
		"gone by then": {chat.ErrNoMessage, nil, 0},
	} {
		w := newWorld(t)
		a := w.messages(t, "m1")
		a.err = c.answer
		if err := w.One(t.Context(), 7, "message#"+failure.MessageSubject(taro, "m1")); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
		if len(a.messages) != 1 || a.messages[0] != "m1" || w.left(t) != c.left {
			t.Errorf("%s: asked for %v, %d left", name, a.messages, w.left(t))
		}
	}
}

// LINE may take its time for each message: who asked for all of them gets an answer, and goes on from there.
func TestAllStopsBeforeHubSpotGivesUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.messages(t, "m1", "m2", "m3", "m4", "m5", "m6", "m7")
	for calls, after := 1, ""; ; calls++ {
		swept, err := w.All(t.Context(), 7, after, 50)
		if err != nil {
			t.Fatal(err)
		}
		if after = swept.Next; after == "" {
			if calls != 3 || len(a.messages) != 7 {
				t.Errorf("%d calls, messages %v", calls, a.messages)
			}
			return
		}
	}
}

func TestNothingIsLostWhenTheQueueIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(t, failure.Item{Kind: failure.Link, Subject: failure.SubjectOf(taro), Friend: &taro, Contact: 5})
	w.sent.Fail = func(queue.Queue, []queue.Message) error { return errors.New("away") }
	if _, err := w.All(t.Context(), 7, "", 50); err == nil || w.left(t) != 1 {
		t.Errorf("%d left, %v", w.left(t), err)
	}
}
