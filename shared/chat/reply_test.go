package chat_test

import (
	"testing"
	"time"

	"lumo/shared/chat"
	"lumo/shared/fault"
	"lumo/shared/message"
)

func answer(w *world, used bool) chat.Request {
	r := hello("m1")
	w.tokens["token"] = token{until: start.Add(time.Minute), used: used}
	r.Reply, r.ReplyUntil = "token", start.Add(50*time.Second).UnixMilli()
	return r
}

func TestAReplyCostsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	i, err := w.Send(t.Context(), hub, answer(w, false))
	if w.must(t, i, err); i.Status != message.Sent || i.Cost != 0 || w.pushes != 0 || len(w.phone) != 1 || w.friends[aiko].NeedsReply {
		t.Errorf("%+v after %d pushes", i, w.pushes)
	}
}

func TestATokenThatIsOfNoUseIsFollowedByAPush(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*world) chat.Request{
		"used elsewhere": func(w *world) chat.Request { return answer(w, true) },
		"too old":        func(w *world) chat.Request { r := answer(w, false); w.clock.Advance(time.Minute); return r },
		"too fast": func(w *world) chat.Request {
			w.next = []trouble{{err: refused(fault.Limited, "LINE_RATE_LIMIT")}}
			return answer(w, false)
		},
	} {
		w := newWorld()
		i, err := w.Send(t.Context(), hub, prepare(w))
		if w.must(t, i, err); i.Status != message.Sent || i.Cost != 1 || w.pushes != 1 || len(w.phone) != 1 {
			t.Errorf("%s: %+v after %d pushes", name, i, w.pushes)
		}
	}
}

// TestAnUnknownReplyIsAskedWithItsTokenOnly: that the token is used then says that the first attempt was heard.
func TestAnUnknownReplyIsAskedWithItsTokenOnly(t *testing.T) {
	t.Parallel()
	for _, accepted := range []bool{true, false} {
		w := newWorld()
		r := answer(w, false)
		w.next = []trouble{{accept: accepted, err: unknown()}}
		i, err := w.Send(t.Context(), hub, r)
		if w.must(t, i, err); i.Status != message.Sending || !i.Doubt {
			t.Fatalf("%+v", i)
		}
		w.clock.Advance(2 * time.Second)
		i, err = w.Send(t.Context(), hub, r)
		if w.must(t, i, err); i.Status != message.Sent || i.Cost != 0 || w.pushes != 0 || len(w.phone) != 1 {
			t.Errorf("accepted %v: %+v after %d pushes", accepted, i, w.pushes)
		}
	}
}

// TestAfterTheTokenAPersonDecides: never from an unknown reply to a push, and no Retry that could send a second message.
func TestAfterTheTokenAPersonDecides(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.next = []trouble{{err: unknown()}}
	i, err := w.Send(t.Context(), hub, answer(w, false))
	w.must(t, i, err)
	w.clock.Advance(time.Minute)
	if _, err := w.Resume(t.Context(), hub, true); err != nil {
		t.Fatal(err)
	}
	i, _, _ = w.Load(t.Context(), hub, aiko, "m1")
	if i.Status != message.Unclear || i.Code != chat.CodeKeyOver || w.pushes != 0 || chat.Retryable(i.Message, w.clock.Now()) {
		t.Errorf("%+v after %d pushes", i, w.pushes)
	}
}

// TestAnAnswerAfterTheTokenTellsNothing: the token of a reply that nobody knows of was good when it was asked about, and too old when LINE heard of it.
func TestAnAnswerAfterTheTokenTellsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := answer(w, false)
	w.next = []trouble{{err: unknown()}, {accept: true, before: func() { w.clock.Advance(2 * time.Minute) }}}
	i, err := w.Send(t.Context(), hub, r)
	w.must(t, i, err)
	w.clock.Advance(2 * time.Second)
	i, err = w.Send(t.Context(), hub, r)
	if w.must(t, i, err); i.Status != message.Unclear || i.Code != chat.CodeKeyOver || w.pushes != 0 || len(w.phone) != 0 {
		t.Errorf("%+v after %d pushes, %d on the phone", i, w.pushes, len(w.phone))
	}
}

func TestAllPartsLeaveInOneSend(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := hello("m1")
	r.Content.Rest = []chat.Content{chat.OfImage("https://a.example/a.png", ""), chat.OfText("bye")}
	i, err := w.Send(t.Context(), hub, r)
	if w.must(t, i, err); w.pushes != 1 {
		t.Errorf("%+v after %d pushes", i, w.pushes)
	}
	objects, err := r.Content.Objects()
	if err != nil || len(objects) != 3 {
		t.Errorf("%s, %v", objects, err)
	}
	r.Content.Rest = nil
	if _, err := w.Send(t.Context(), hub, r); err != chat.ErrReused {
		t.Errorf("another content: %v", err)
	}
}
