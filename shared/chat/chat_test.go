package chat_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"lumo/shared/bubble"
	"lumo/shared/chat"
	"lumo/shared/failure"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/lineaccount"
	"lumo/shared/message"
)

func hello(messageID string) chat.Request {
	return chat.Request{Friend: aiko, ID: messageID, Content: chat.OfText("hello"), By: ann, Contact: 501}
}

func (w *world) must(t *testing.T, i chat.Intent, err error) chat.Intent {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestAMessageIsSentAndShown(t *testing.T) {
	t.Parallel()
	w := newWorld()
	i, err := w.Send(t.Context(), hub, hello("m1"))
	w.must(t, i, err)
	if i.Status != message.Sent || i.Cost != 1 || i.By != ann.Email || i.LineID != "line-1" || i.Due != 0 || i.Direction != message.Out {
		t.Errorf("%+v", i)
	}
	if len(w.phone) != 1 || w.phone[0] != (sent{aiko, `{"text":"hello","type":"text"}`}) {
		t.Errorf("phone %v", w.phone)
	}
	if f := w.friends[aiko]; f.NeedsReply || f.Due == 0 || w.kick == 0 {
		t.Errorf("HubSpot is not told that the friend was answered: %+v", f)
	}
	r := hello("m2")
	r.Content = chat.OfImage("https://a.example/a.png", "")
	i, err = w.Send(t.Context(), hub, r)
	if w.must(t, i, err); i.Type != "image" || i.Image != "https://a.example/a.png" {
		t.Errorf("%+v", i)
	}
	if want := `{"originalContentUrl":"https://a.example/a.png","previewImageUrl":"https://a.example/a.png","type":"image"}`; w.phone[1].body != want {
		t.Errorf("phone %v", w.phone[1])
	}
}

func TestARepetitionTellsOfTheFirst(t *testing.T) {
	t.Parallel()
	w := newWorld()
	first, err := w.Send(t.Context(), hub, hello("m1"))
	w.must(t, first, err)
	w.clock.Advance(48 * time.Hour)
	f := w.friends[aiko]
	f.Follow = friend.Blocked // what holds for new messages does not change what became of an old one
	w.friends[aiko] = f
	again, err := w.Send(t.Context(), hub, hello("m1"))
	if w.must(t, again, err); !reflect.DeepEqual(again, first) || w.pushes != 1 {
		t.Errorf("%+v after %d pushes", again, w.pushes)
	}
	other := hello("m1")
	other.Content = chat.OfText("something else")
	if _, err := w.Send(t.Context(), hub, other); !errors.Is(err, chat.ErrReused) {
		t.Errorf("another content: %v", err)
	}
}

func TestARepetitionWhileTheFirstIsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld()
	var second chat.Intent
	w.next = []trouble{{accept: true, during: func(ctx context.Context) {
		var err error
		if second, err = w.Send(ctx, hub, hello("m1")); err != nil {
			t.Error(err)
		}
	}}}
	first, err := w.Send(t.Context(), hub, hello("m1"))
	w.must(t, first, err)
	if second.Status != message.Sending || first.Status != message.Sent || w.pushes != 1 {
		t.Errorf("first %s, second %s, %d pushes", first.Status, second.Status, w.pushes)
	}
}

func TestWhatIsRefusedBeforeAnythingIsStored(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*world, *chat.Request)
		want   error
	}{
		"blocked":      {func(w *world, _ *chat.Request) { change(w, func(f *friend.Friend) { f.Follow = friend.Blocked }) }, chat.ErrBlocked},
		"unlinked":     {func(w *world, _ *chat.Request) { change(w, func(f *friend.Friend) { f.Unlink(friend.End{}) }) }, chat.ErrUnlinked},
		"unverified":   {func(w *world, _ *chat.Request) { change(w, func(f *friend.Friend) { f.Follow, f.LastMessage = "", 0 }) }, chat.ErrUnverified},
		"disconnected": {func(w *world, _ *chat.Request) { w.account.State = lineaccount.Disconnected }, chat.ErrAccount},
		"no friend":    {func(_ *world, r *chat.Request) { r.Friend.User = "Uffffffffffffffffffffffffffffffff" }, chat.ErrNoFriend},
	} {
		w, r := newWorld(), hello("m1")
		c.change(w, &r)
		if _, err := w.Send(t.Context(), hub, r); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if len(w.intents) != 0 || w.pushes != 0 {
			t.Errorf("%s: %v, %d pushes", name, w.intents, w.pushes)
		}
	}
	for _, c := range []chat.Content{chat.OfText(" "), chat.OfText(strings.Repeat("😀", 2501)), chat.OfImage("http://a.example/a.png", "")} {
		w, r := newWorld(), hello("m1")
		r.Content = c
		var ps bubble.Problems
		if _, err := w.Send(t.Context(), hub, r); !errors.As(err, &ps) || len(w.intents) != 0 {
			t.Errorf("%.20v: %v", c, err)
		}
	}
}

// itemOf names the failed item of a message to aiko.
func itemOf(messageID string) string {
	return failure.Item{Kind: failure.Message, Subject: failure.MessageSubject(aiko, messageID)}.ID()
}

func change(w *world, f func(*friend.Friend)) {
	x := w.friends[aiko]
	f(&x)
	w.friends[aiko] = x
}

func TestWhatLineRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		code   string
		reason bool
		retry  bool
	}{
		{refused(fault.Quota, "LINE_MONTHLY_LIMIT"), chat.CodeQuota, false, true},
		{refused(fault.Invalid, "LINE_INVALID"), chat.CodeRefused, true, false},
		{refused(fault.Invalid, "LINE_UNKNOWN_RECIPIENT"), chat.CodeRecipient, false, false},
		{refused(fault.Revoked, "LINE_CREDENTIALS_REFUSED"), chat.CodeCredentials, false, true},
		{refused(fault.Permission, "LINE_NOT_AVAILABLE"), chat.CodeRefused, true, false},
		{lineaccount.ErrUnknown, chat.CodeAccount, false, true},
	} {
		w := newWorld()
		w.next = []trouble{{err: c.err}}
		i, err := w.Send(t.Context(), hub, hello("m1"))
		w.must(t, i, err)
		if i.Status != message.Failed || i.Code != c.code || (i.Reason != "") != c.reason || i.Due != 0 || chat.Retryable(i.Message, w.clock.Now()) != c.retry {
			t.Errorf("%v: %+v", c.err, i)
		}
		if !w.friends[aiko].NeedsReply {
			t.Errorf("%v: the friend counts as answered", c.err)
		}
		if it, listed := w.listed[itemOf("m1")]; listed != c.retry || listed && (it.Code != c.code || it.Contact != 501 || *it.Friend != aiko) {
			t.Errorf("%v: listed %v: %+v", c.err, listed, it)
		}
		w.clock.Advance(time.Hour)
		i, err = w.Retry(t.Context(), hub, aiko, "m1")
		switch {
		case !c.retry && !errors.Is(err, chat.ErrFinal):
			t.Errorf("%v: retried: %v", c.err, err)
		case c.retry && (err != nil || i.Status != message.Sent || len(w.phone) != 1):
			t.Errorf("%v: retried: %+v, %v", c.err, i, err)
		}
		if len(w.listed) != 0 {
			t.Errorf("%v: still listed: %v", c.err, w.listed)
		}
	}
}

func TestWhatIsNotKnownIsAskedAgainUnderTheSameKey(t *testing.T) {
	t.Parallel()
	for _, accepted := range []bool{true, false} {
		w := newWorld()
		w.next = []trouble{{accept: accepted, err: unknown()}}
		i, err := w.Send(t.Context(), hub, hello("m1"))
		if w.must(t, i, err); i.Status != message.Sending || !i.Doubt {
			t.Fatalf("%+v", i)
		}
		w.clock.Advance(time.Minute)
		open, err := w.Resume(t.Context(), hub, true)
		if err != nil || open || len(w.phone) != 1 || w.pushes != 2 {
			t.Errorf("accepted %v: open %v, %v, phone %v after %d pushes", accepted, open, err, w.phone, w.pushes)
		}
		if i, _, _ := w.Load(t.Context(), hub, aiko, "m1"); i.Status != message.Sent {
			t.Errorf("%+v", i)
		}
	}
}

func TestAfterADayAPersonDecides(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for range 200 {
		w.next = append(w.next, trouble{err: unknown()})
	}
	i, err := w.Send(t.Context(), hub, hello("m1"))
	w.must(t, i, err)
	for open := true; open; w.clock.Advance(time.Minute) {
		if open, err = w.Resume(t.Context(), hub, true); err != nil {
			t.Fatal(err)
		}
	}
	i, _, _ = w.Load(t.Context(), hub, aiko, "m1")
	if took := w.pushed.Sub(start); i.Status != message.Unclear || i.Code != chat.CodeKeyOver || took < 23*time.Hour || took > 24*time.Hour || w.pushes > 100 {
		t.Errorf("after %s and %d pushes: %+v", took, w.pushes, i)
	}
	if _, err := w.Retry(t.Context(), hub, aiko, "m1"); !errors.Is(err, chat.ErrFinal) {
		t.Errorf("retried: %v", err)
	}
	if again, err := w.Send(t.Context(), hub, hello("m1")); err != nil || again.Status != message.Unclear {
		t.Errorf("repeated: %+v, %v", again, err)
	}
}

func TestABusyLineIsWaitedForAWhileOnly(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for range 100 {
		w.next = append(w.next, trouble{err: refused(fault.Limited, "LINE_RATE_LIMIT")})
	}
	i, err := w.Send(t.Context(), hub, hello("m1"))
	w.must(t, i, err)
	for open := true; open; w.clock.Advance(time.Minute) {
		if open, err = w.Resume(t.Context(), hub, true); err != nil {
			t.Fatal(err)
		}
	}
	i, _, _ = w.Load(t.Context(), hub, aiko, "m1")
	if i.Status != message.Failed || i.Code != chat.CodeUnavailable || w.clock.Now().Sub(start) > 20*time.Minute {
		t.Errorf("after %s: %+v", w.clock.Now().Sub(start), i)
	}
	w.next = nil
	w.clock.Advance(72 * time.Hour) // the old key is forgotten; it certainly never left
	if i, err = w.Retry(t.Context(), hub, aiko, "m1"); err != nil || i.Status != message.Sent || len(w.phone) != 1 {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestARefusalAfterADoubtIsNoFailure(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.next = []trouble{{accept: true, err: unknown()}, {err: refused(fault.Quota, "LINE_MONTHLY_LIMIT")}}
	i, err := w.Send(t.Context(), hub, hello("m1"))
	w.must(t, i, err)
	w.clock.Advance(time.Minute)
	if _, err := w.Resume(t.Context(), hub, true); err != nil {
		t.Fatal(err)
	}
	if i, _, _ = w.Load(t.Context(), hub, aiko, "m1"); i.Status != message.Unclear || i.Code != chat.CodeQuota {
		t.Errorf("%+v", i)
	}
	if i, err = w.Retry(t.Context(), hub, aiko, "m1"); err != nil || i.Status != message.Sent || len(w.phone) != 1 {
		t.Errorf("%+v, %v, phone %v", i, err, w.phone)
	}
}

func TestNothingIsSentForAPortalThatStopped(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.next = []trouble{{err: unknown()}, {err: refused(fault.Limited, "LINE_RATE_LIMIT")}}
	for _, m := range []string{"m1", "m2"} {
		i, err := w.Send(t.Context(), hub, hello(m))
		w.must(t, i, err)
	}
	open, err := w.Resume(t.Context(), hub, false)
	if err != nil || open || w.pushes != 2 {
		t.Errorf("open %v, %v, %d pushes", open, err, w.pushes)
	}
	for m, want := range map[string]message.Status{"m1": message.Unclear, "m2": message.Failed} {
		if i, _, _ := w.Load(t.Context(), hub, aiko, m); i.Status != want || i.Code != chat.CodeStopped {
			t.Errorf("%s: %+v", m, i)
		}
	}
}

func TestAFriendWhoBlocksMeanwhileGetsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.next = []trouble{{err: refused(fault.Limited, "LINE_RATE_LIMIT")}}
	i, err := w.Send(t.Context(), hub, hello("m1"))
	w.must(t, i, err)
	change(w, func(f *friend.Friend) { f.Follow = friend.Blocked })
	w.clock.Advance(time.Minute)
	if _, err := w.Resume(t.Context(), hub, true); err != nil {
		t.Fatal(err)
	}
	if i, _, _ = w.Load(t.Context(), hub, aiko, "m1"); i.Status != message.Failed || i.Code != chat.CodeBlocked || w.pushes != 1 {
		t.Errorf("%+v after %d pushes", i, w.pushes)
	}
	if _, err := w.Retry(t.Context(), hub, aiko, "m1"); !errors.Is(err, chat.ErrBlocked) {
		t.Errorf("retried: %v", err)
	}
}
