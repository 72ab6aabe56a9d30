package inbox_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/inbox"
	"lumo/shared/message"
)

func (w *world) must(t *testing.T, n inbox.Note) {
	t.Helper()
	if err := w.Handle(t.Context(), n); err != nil {
		t.Fatal(err)
	}
}

func TestAMessageIsShownWithItsTimeAndAccount(t *testing.T) {
	t.Parallel()
	w := newWorld()
	at := start.Add(-3 * time.Second)
	w.must(t, said(inbox.Event{ID: "1", At: at.UnixMilli(), Text: "Do you have umbrellas?"}, start))
	if len(w.thread) != 1 {
		t.Fatalf("%+v", w.thread)
	}
	m := w.thread[0]
	if m.Text != "Do you have umbrellas?" || !m.At.Equal(at) || m.UserName != "Aiko" || m.BotName != "Umbrella Shop" || m.Contact != 501 || !m.Incoming || m.Thread != inbox.ThreadName(w.conns[1], aiko.User) {
		t.Errorf("%+v", m)
	}
	if w.traffic.In != at.UnixMilli() {
		t.Errorf("%+v", w.traffic)
	}
}

func TestSomebodyWhoseRowIsNotThereYet(t *testing.T) {
	t.Parallel()
	w := newWorld()
	delete(w.friends, aiko)
	w.must(t, said(inbox.Event{ID: "1", At: 1, Text: "hello"}, start))
	if m := w.thread[0]; m.UserName != "Told by LINE" || m.Contact != 0 {
		t.Errorf("%+v", m)
	}
}

func TestWordsForWhatIsNoText(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]inbox.Event{
		"[Sticker] hello, wave": {Type: "sticker", Text: "hello, wave"},
		"[Sticker]":             {Type: "sticker"},
		"[Tapped: Book]":        {Kind: inbox.Tapped, Text: "Book"},
		"[Photo]":               {Type: "image"},
		"[File] plan.pdf":       {Type: "file", Text: "plan.pdf"},
		"[Empty message]":       {Type: "text", Text: " \n"},
		"[hologram]":            {Type: "hologram"},
		"[Location] Shop\n1-2-3 Ginza\nhttps://www.google.com/maps/search/?api=1&query=35.6717%2C139.765": {
			Type: "location", Place: &inbox.Place{Title: "Shop", Address: "1-2-3 Ginza", Latitude: 35.6717, Longitude: 139.765}},
	} {
		if got := inbox.Words(e); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for data, want := range map[string]string{`{"label":"Book","x":1}`: "Book", "action=buy&label=Buy": "Buy", "plain": "plain"} {
		if got := inbox.PostbackLabel(data); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAnAnswerIsSentAndItsStatusTold(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.must(t, replied("m1", "We do."))
	w.must(t, replied("m1", "We do.")) // delivered twice
	if len(w.phone) != 1 || w.phone[0].Content.Text != "We do." || w.phone[0].By.UserID != 882 || w.phone[0].ID != "hubspot-m1" {
		t.Errorf("%+v", w.phone)
	}
	if got := strings.Join(w.statuses["m1"], ","); got != "SENT" {
		t.Error(got)
	}
}

func TestTheReplyTokenIsUsedOnceWhileItIsFresh(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.must(t, said(inbox.Event{ID: "1", At: start.UnixMilli(), Text: "hi", ReplyToken: "new"}, start))
	w.must(t, said(inbox.Event{ID: "0", At: start.Add(-time.Second).UnixMilli(), Text: "earlier", ReplyToken: "old"}, start))
	w.must(t, replied("m1", "one"))
	w.must(t, replied("m2", "two"))
	if w.phone[0].Reply != "new" || w.phone[1].Reply != "" {
		t.Errorf("%q, %q", w.phone[0].Reply, w.phone[1].Reply)
	}
	w.must(t, said(inbox.Event{ID: "2", At: start.Add(time.Minute).UnixMilli(), Text: "hi", ReplyToken: "third"}, start.Add(time.Minute)))
	w.clock.Advance(2 * time.Minute)
	if w.must(t, replied("m3", "three")); w.phone[2].Reply != "" {
		t.Errorf("an old token: %q", w.phone[2].Reply)
	}
}

// Another tool that gets the same events may answer with the same token.
func TestNoReplyTokenWhereOthersHaveItToo(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.account.Forwards = append(w.account.Forwards, struct {
		ID      string    `json:"id" dynamodbav:"id"`
		URL     string    `json:"url" dynamodbav:"url"`
		AddedAt time.Time `json:"addedAt" dynamodbav:"addedAt"`
	}{ID: "1"})
	w.must(t, said(inbox.Event{ID: "1", At: start.UnixMilli(), Text: "hi", ReplyToken: "token"}, start))
	if w.must(t, replied("m1", "one")); w.phone[0].Reply != "" {
		t.Errorf("%q", w.phone[0].Reply)
	}
}

func TestWhatCannotBeSentIsToldInTheThread(t *testing.T) {
	t.Parallel()
	w := newWorld()
	f := w.friends[aiko]
	f.Follow = friend.Blocked
	w.friends[aiko] = f
	w.must(t, replied("m1", "hello"))
	w.must(t, replied("m2", " "))
	f.Follow = friend.Following
	w.friends[aiko] = f
	w.settle = []message.Status{message.Unclear}
	w.must(t, replied("m3", "hello"))
	for id, want := range map[string]string{"m1": "blocked", "m2": "empty", "m3": "Ask the friend"} {
		if got := strings.Join(w.statuses[id], ","); !strings.HasPrefix(got, "FAILED") || !strings.Contains(got, want) {
			t.Errorf("%s: %q", id, got)
		}
	}
}

// Nothing overtakes an answer whose outcome is open.
func TestAnOpenAnswerIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for range 6 {
		w.settle = append(w.settle, message.Sending)
	}
	if err := w.Handle(t.Context(), replied("m1", "hello")); !errors.Is(err, inbox.ErrOpen) {
		t.Fatal(err)
	}
	w.must(t, replied("m1", "hello"))
	if len(w.phone) != 1 || len(w.statuses["m1"]) != 1 {
		t.Errorf("%d sends, %v", len(w.phone), w.statuses)
	}
}

func TestALongAnswerIsSplitAndLeavesInFewSends(t *testing.T) {
	t.Parallel()
	w := newWorld()
	text := strings.Repeat("雨傘 ", 12_000) // 36,000 UTF-16 units
	w.must(t, replied("m1", text))
	var all strings.Builder
	for _, r := range w.phone {
		if err := r.Content.Check(); err != nil {
			t.Error(err)
		}
		all.WriteString(r.Content.Text + " ")
		for _, more := range r.Content.Rest {
			all.WriteString(more.Text + " ")
		}
	}
	if len(w.phone) != 2 || strings.Join(strings.Fields(all.String()), "") != strings.Join(strings.Fields(text), "") {
		t.Errorf("%d sends", len(w.phone))
	}
}

func TestAnUnsentMessageIsNoted(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.must(t, said(inbox.Event{ID: "1", At: 1, Text: "my secret"}, start))
	gone := said(inbox.Event{Kind: inbox.Unsent, ID: "1", At: start.UnixMilli()}, start)
	w.must(t, gone)
	w.must(t, gone)
	if len(w.comments) != 1 || strings.Contains(w.comments[0], "my secret") {
		t.Errorf("%v", w.comments)
	}
	// The other way round the message is never shown.
	w.must(t, said(inbox.Event{Kind: inbox.Unsent, ID: "2", At: 5}, start))
	w.must(t, said(inbox.Event{ID: "2", At: 4, Text: "oops"}, start))
	if len(w.thread) != 1 || len(w.comments) != 1 {
		t.Errorf("%+v, %v", w.thread, w.comments)
	}
}

func TestWhatTheCardSendsIsShownToo(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.must(t, replied("m1", "from the inbox"))
	i := w.intents["hubspot-m1"]
	i.ID, i.SentAt, i.Text = "card-1", start.UnixMilli(), "from the card"
	w.intents["card-1"] = i
	n := inbox.Note{Portal: hub, Account: "555", User: aiko.User, Slot: 1, ID: "written card-1", Written: "card-1"}
	w.must(t, n)
	w.must(t, n)
	if len(w.thread) != 1 || w.thread[0].Incoming || w.thread[0].Text != "from the card" || !w.thread[0].At.Equal(start) {
		t.Errorf("%+v", w.thread)
	}
}

// A conversation goes on after what can never work; the connection stops when HubSpot says that it is gone.
func TestRefusalsOfHubSpot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		class  fault.Class
		code   string
		state  inbox.State
		queued bool
	}{
		{fault.Invalid, "", inbox.Connected, false},
		{fault.NotFound, inbox.CodeChannelGone, inbox.Paused, false},
		{fault.Permission, inbox.CodePermission, inbox.Paused, false},
		{fault.Limited, "", inbox.Connected, true},
	} {
		w := newWorld()
		w.hubspot = func(string) error { return refused(c.class, "HUBSPOT_X") }
		err := w.Handle(t.Context(), said(inbox.Event{ID: "1", At: 1, Text: "hi"}, start))
		if (err != nil) != c.queued || (len(w.items) == 1) == c.queued {
			t.Errorf("%s: %v, %d items", c.class, err, len(w.items))
		}
		if got := w.conns[1]; got.State != c.state || got.Code != c.code {
			t.Errorf("%s: %+v", c.class, got)
		}
	}
}

func TestARemovedConnectionRelaysNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.conns[1]
	c.State = inbox.Removed
	w.conns[1] = c
	w.must(t, said(inbox.Event{ID: "1", At: 1, Text: "hi"}, start))
	w.must(t, replied("m1", "hello"))
	if len(w.thread)+len(w.phone) != 0 {
		t.Error("relayed")
	}
}

func accountEvent(kind, account string) inbox.Note {
	raw, _ := json.Marshal(map[string]any{"type": kind, "portalId": 7, "channelId": "1234", "eventId": "e", "channelAccountId": account, "authorized": true,
		"channelAccountDeliveryIdentifier": map[string]string{"type": "CHANNEL_SPECIFIC_OPAQUE_ID", "value": string(bot)}})
	notes, _, err := inbox.ParseWebhook(raw, 99, start.UnixMilli())
	if err != nil || len(notes) != 1 {
		panic(fmt.Sprint("not a note: ", err))
	}
	return notes[0]
}

func TestAConnectionFollowsItsChannelAccount(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.conns[1]
	c.State, c.Account = inbox.Waiting, ""
	w.conns[1] = c
	w.must(t, accountEvent("CHANNEL_ACCOUNT_CREATED", "777"))
	if got := w.conns[1]; got.State != inbox.Connected || got.Account != "777" {
		t.Errorf("%+v", got)
	}
	w.must(t, accountEvent("CHANNEL_ACCOUNT_PURGED", "555"))
	if got := w.conns[1]; got.State != inbox.Connected {
		t.Errorf("another account's end: %+v", got)
	}
	w.must(t, accountEvent("CHANNEL_ACCOUNT_PURGED", "777"))
	if got := w.conns[1]; got.State != inbox.Removed {
		t.Errorf("%+v", got)
	}
}

func TestWebhooksThatAreSkipped(t *testing.T) {
	t.Parallel()
	own := `{"type":"OUTGOING_CHANNEL_MESSAGE_CREATED","portalId":"7","message":{"id":"1","channelAccountId":"5","client":{"integrationAppId":99},"recipients":[{"deliveryIdentifier":{"value":"` + string(aiko.User) + `"}}]}}`
	for _, body := range []string{own, `{"type":"SOMETHING_NEW","portalId":7}`, `{"type":"OUTGOING_CHANNEL_MESSAGE_CREATED","portalId":"x"}`} {
		if notes, skipped, err := inbox.ParseWebhook([]byte(body), 99, 1); err != nil || len(notes) != 0 || skipped != 1 {
			t.Errorf("%s: %v, %d, %v", body, notes, skipped, err)
		}
	}
	if notes, _, err := inbox.ParseWebhook([]byte("["+strings.ReplaceAll(own, "99", "98")+"]"), 99, 1); err != nil || len(notes) != 1 {
		t.Errorf("an array: %v, %v", notes, err)
	}
	if _, _, err := inbox.ParseWebhook([]byte("no"), 99, 1); err == nil {
		t.Error("no JSON is taken")
	}
}

// TestI2EachMessageOnceOnTheOtherSide: whatever is delivered again, however HubSpot fails, and wherever the process dies, in the end each
// message is on the other side once and in order.
func TestI2EachMessageOnceOnTheOtherSide(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		var notes []inbox.Note
		for i := range rapid.IntRange(1, 6).Draw(t, "messages") {
			if rapid.Bool().Draw(t, "from LINE") {
				notes = append(notes, said(inbox.Event{ID: fmt.Sprint(i), At: start.UnixMilli() + int64(i), Text: fmt.Sprint("in ", i), ReplyToken: fmt.Sprint("token ", i)}, start))
			} else {
				notes = append(notes, replied(fmt.Sprint("m", i), fmt.Sprint("out ", i)))
			}
		}
		troubles := rapid.SliceOfN(rapid.IntRange(0, 7), 0, 60).Draw(t, "troubles")
		next := func() int {
			if len(troubles) == 0 {
				return 9
			}
			n := troubles[0]
			troubles = troubles[1:]
			return n
		}
		w.dies = func(string) bool { return next() == 0 }
		w.hubspot = func(string) error {
			if next() == 1 {
				return away()
			}
			return nil
		}
		w.after = w.hubspot
		for _, n := range notes { // FIFO: the first failure stops the conversation until it is delivered again
			for done := false; !done; {
				var err error
				again := rapid.IntRange(0, 5).Draw(t, "doubled") == 0
				done = w.run(func() { err = w.Handle(t.Context(), n) }) && err == nil && !again
			}
		}
		var want, got, wantPhone, gotPhone []string
		for i, n := range notes {
			if n.Line != nil {
				want = append(want, fmt.Sprint("in ", i))
			} else {
				wantPhone = append(wantPhone, fmt.Sprint("out ", i))
			}
		}
		for _, m := range w.thread {
			got = append(got, m.Text)
		}
		for _, r := range w.phone {
			gotPhone = append(gotPhone, r.Content.Text)
		}
		if fmt.Sprint(want) != fmt.Sprint(got) || fmt.Sprint(wantPhone) != fmt.Sprint(gotPhone) || len(w.items) != 0 {
			t.Fatalf("shown %v, want %v; on the phone %v, want %v; %d failed", got, want, gotPhone, wantPhone, len(w.items))
		}
	})
}
