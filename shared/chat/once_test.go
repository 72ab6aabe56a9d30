package chat_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/chat"
	"lumo/shared/fault"
	"lumo/shared/message"
)

// TestI2EveryMessageReachesThePhoneOnce: whatever is repeated, in between, however LINE answers, and wherever processes die. In the end each
// message is settled, and what is shown of it is true.
func TestI2EveryMessageReachesThePhoneOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, ctx := newWorld(), context.Background()
		names := []string{"message-a", "message-b"}
		replies := map[string]string{}
		for _, name := range names {
			if rapid.Bool().Draw(t, "reply") {
				replies[name] = "token of " + name
				w.tokens[replies[name]] = token{until: start.Add(time.Minute)}
			}
		}
		request := func(name string) chat.Request {
			r := hello(name)
			r.Content = chat.OfText(name)
			r.Reply, r.ReplyUntil = replies[name], start.Add(50*time.Second).UnixMilli()
			return r
		}
		deaths := rapid.SliceOfN(rapid.IntRange(0, 9), 0, 40).Draw(t, "deaths")
		w.dies = func(string) bool {
			if len(deaths) == 0 {
				return false
			}
			d := deaths[0]
			deaths = deaths[1:]
			return d == 0
		}
		depth := 0
		var act func()
		draw := func() trouble {
			x := trouble{accept: rapid.Bool().Draw(t, "accepts")}
			switch rapid.IntRange(0, 6).Draw(t, "answer") {
			case 0, 1, 2:
				x.accept = true
			case 3:
				x.err = unknown()
			case 4:
				x.accept, x.err = false, refused(fault.Quota, "LINE_MONTHLY_LIMIT")
			case 5:
				x.accept, x.err = false, refused(fault.Limited, "LINE_RATE_LIMIT")
			case 6:
				x.accept, x.err = false, refused(fault.Invalid, "LINE_INVALID")
			}
			if depth < 2 && rapid.IntRange(0, 3).Draw(t, "meanwhile") == 0 {
				x.during = func(context.Context) { act() }
			}
			return x
		}
		act = func() {
			depth++
			defer func() { depth-- }()
			name := rapid.SampledFrom(names).Draw(t, "message")
			w.next = append(w.next, draw())
			w.run(func() {
				switch rapid.IntRange(0, 4).Draw(t, "act") {
				case 0, 1:
					_, _ = w.Send(ctx, hub, request(name))
				case 2:
					_, _ = w.Retry(ctx, hub, aiko, name)
				case 3:
					_, _ = w.Resume(ctx, hub, true)
				case 4:
					w.clock.Advance(time.Duration(rapid.SampledFrom([]int{1, 31, 61, 3600, 23 * 3600, 24 * 3600}).Draw(t, "seconds")) * time.Second)
				}
			})
			w.next = nil
		}
		for range rapid.IntRange(1, 12).Draw(t, "acts") {
			act()
		}
		deaths, w.next = nil, nil
		for n, open := 0, true; open; n++ {
			w.clock.Advance(time.Minute)
			var err error
			if open, err = w.Resume(ctx, hub, true); err != nil || n > 60*26 {
				t.Fatalf("open after %d minutes: %v", n, err)
			}
		}
		for _, name := range names {
			n := 0
			for _, s := range w.phone {
				if s.body == fmt.Sprintf(`{"text":%q,"type":"text"}`, name) {
					n++
				}
			}
			i, ok, _ := w.Load(ctx, hub, aiko, name)
			switch {
			case n > 1:
				t.Fatalf("%s came %d times", name, n)
			case !ok && n > 0:
				t.Fatalf("%s came, but nobody knows of it", name)
			case i.Status == message.Sent && n != 1, i.Status == message.Failed && n != 0, ok && (i.Status == message.Sending || i.Status == ""):
				t.Fatalf("%s came %d times and is shown as %+v", name, n, i)
			case i.Status == message.Sent && i.At >= w.friends[aiko].LastMessage && w.friends[aiko].NeedsReply:
				t.Fatalf("%s is sent, but the friend still waits", name)
			}
			if _, listed := w.listed[itemOf(name)]; ok && chat.Retryable(i.Message, w.clock.Now()) && !listed {
				t.Fatalf("%s was not sent and is no failed item: %+v", name, i)
			}
		}
	})
}
