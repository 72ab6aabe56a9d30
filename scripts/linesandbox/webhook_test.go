package linesandbox_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/scripts/linesandbox"
)

func TestEventsOfOnePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen()
	u := w.CreateUser(linesandbox.UserSpec{}).ID
	id, err := w.LineUserID(w.channel.ID, u)
	w.must(err)
	w.must(w.Follow(w.channel.ID, u))
	message, err := w.SendText(w.channel.ID, u, "こんにちは <b>😀</b>")
	w.must(err)
	w.must(w.SendPostback(w.channel.ID, u, "a=1&b=2"))
	w.must(w.Unsend(w.channel.ID, u, message))
	w.must(w.Block(w.channel.ID, u))
	w.must(w.Unblock(w.channel.ID, u))
	w.clock.Advance(0)

	events := w.app.events()
	wantTypes(t, w.app.types(), "follow", "message", "postback", "unsend", "unfollow", "follow")
	seen := map[string]bool{}
	for i, e := range events {
		if e.Source.Type != "user" || e.Source.UserID != id || e.Mode != "active" || len(e.WebhookEventID) != 26 || seen[e.WebhookEventID] || e.DeliveryContext.IsRedelivery {
			t.Errorf("event %+v", e)
		}
		seen[e.WebhookEventID] = true
		if i > 0 && e.Timestamp <= events[i-1].Timestamp {
			t.Error("one person's events share a millisecond")
		}
		if wants := e.Type != "unfollow" && e.Type != "unsend"; wants != (e.ReplyToken != "") {
			t.Errorf("%s has reply token %q", e.Type, e.ReplyToken)
		}
	}
	if events[0].Follow.IsUnblocked || !events[5].Follow.IsUnblocked {
		t.Error("isUnblocked is wrong")
	}
	if m := events[1].Message; m.Text != "こんにちは <b>😀</b>" || m.ID != message || m.QuoteToken == "" || m.MarkAsReadToken != "" {
		t.Errorf("message %+v", m)
	}
	if events[2].Postback.Data != "a=1&b=2" || events[3].Unsend.MessageID != message {
		t.Error("postback or unsend lost its content")
	}
	for _, p := range w.app.posts {
		if p.signature != linesandbox.Sign(w.channel.Secret, p.body) {
			t.Error("signature does not fit the bytes")
		}
	}
}

// Ensure that Sign agrees with the test vector of LINE's own SDK.
func TestSignature(t *testing.T) {
	t.Parallel()
	body := []byte(`{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}`)
	if got := linesandbox.Sign("8c570fa6dd201bb328f1c1eac23a96d8", body); got != "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs=" {
		t.Error(got)
	}
}

func TestManyPeopleShareAPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen()
	_, err := w.AddFriends(w.channel.ID, 95, false)
	w.must(err)
	w.clock.Advance(0)
	if len(w.app.posts) != 10 || len(w.app.events()) != 95 {
		t.Errorf("%d posts with %d events", len(w.app.posts), len(w.app.events()))
	}
}

func TestPropertiesComeInAnyOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen()
	_, err := w.AddFriends(w.channel.ID, 200, false)
	w.must(err)
	w.clock.Advance(0)
	first, unknown := map[byte]bool{}, false
	for _, p := range w.app.posts {
		first[p.body[2]] = true // d of destination, e of events
		unknown = unknown || strings.Contains(string(p.body), "sandboxFuture")
	}
	if len(first) != 2 || !unknown {
		t.Errorf("order %v, unknown property %v", first, unknown)
	}
}

func TestNothingIsSentToWhoDoesNotListen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.friends(1)[0]
	_, err := w.SendText(w.channel.ID, f.User, "before the webhook was set")
	w.must(err)
	w.listen()
	off := false
	_, err = w.ConfigureChannel(w.channel.ID, linesandbox.ChannelChange{UseWebhook: &off})
	w.must(err)
	_, err = w.SendText(w.channel.ID, f.User, "while it was off")
	w.must(err)
	w.clock.Advance(time.Hour)
	wantTypes(t, w.app.types())
}

func TestANewWebhookAddressTakesItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.friends(1)[0]
	w.must(w.Assume("webhook_url_delay_seconds", "60"))
	w.listen()
	w.must(w.SendPostback(w.channel.ID, f.User, "early"))
	w.clock.Advance(time.Minute)
	w.must(w.SendPostback(w.channel.ID, f.User, "late"))
	w.clock.Advance(0)
	if e := w.app.events(); len(e) != 1 || e[0].Postback.Data != "late" {
		t.Errorf("events %+v", e)
	}
}

func TestRedelivery(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{true, false} {
		w := newWorld(t)
		w.listen()
		_, err := w.ConfigureChannel(w.channel.ID, linesandbox.ChannelChange{Redelivery: &on})
		w.must(err)
		f := w.friends(1)[0]
		w.app.status = 500
		_, err = w.SendText(w.channel.ID, f.User, "again please")
		w.must(err)
		w.clock.Advance(0)
		w.app.status = 200
		w.clock.Advance(time.Hour)
		events := w.app.events()
		if !on {
			if len(events) != 1 {
				t.Errorf("redelivered although switched off: %d", len(events))
			}
			continue
		}
		if len(events) != 2 {
			t.Fatalf("%d deliveries", len(events))
		}
		first, second := events[0], events[1]
		if first.DeliveryContext.IsRedelivery || !second.DeliveryContext.IsRedelivery {
			t.Error("isRedelivery is wrong")
		}
		second.DeliveryContext = first.DeliveryContext
		if jsonText(first) != jsonText(second) {
			t.Errorf("redelivery differs: %+v %+v", first, second)
		}
	}
}

func TestRedeliveryGivesUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen()
	on := true
	_, err := w.ConfigureChannel(w.channel.ID, linesandbox.ChannelChange{Redelivery: &on})
	w.must(err)
	w.must(w.Assume("redelivery_delays_seconds", "5,50"))
	w.app.status = 503
	w.must(w.SendPostback(w.channel.ID, w.friends(1)[0].User, "x"))
	w.clock.Advance(24 * time.Hour)
	if n := len(w.app.events()); n != 3 || w.WaitingWebhooks() != 0 {
		t.Errorf("%d deliveries, %d waiting", n, w.WaitingWebhooks())
	}
	log, err := w.Webhooks(w.channel.ID)
	w.must(err)
	if len(log) != 3 || log[2].Reason != "ERROR_STATUS_CODE" || log[2].Status != 503 || !log[2].At.Equal(dawn.Add(55*time.Second)) {
		t.Errorf("log %+v", log)
	}
	n, err := w.Redeliver(w.channel.ID)
	w.must(err)
	w.clock.Advance(0)
	if n != 1 || len(w.app.events()) != 4 {
		t.Errorf("on demand: %d events, %d deliveries", n, len(w.app.events()))
	}
}

func TestASlowAppCountsAsFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen()
	w.app.during = func() { w.clock.Advance(2 * time.Second) }
	w.must(w.SendPostback(w.channel.ID, w.friends(1)[0].User, "x"))
	w.clock.Advance(0)
	log, err := w.Webhooks(w.channel.ID)
	w.must(err)
	if len(log) != 1 || log[0].Reason != "REQUEST_TIMEOUT" || log[0].TookMS != 2000 {
		t.Errorf("log %+v", log)
	}
}

// Ensure that whatever the disorder, with redelivery on every event arrives at least once, and that order by timestamp
// restores what the people did.
func TestDisorderLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		w.listen()
		on := true
		_, err := w.ConfigureChannel(w.channel.ID, linesandbox.ChannelChange{Redelivery: &on})
		w.must(err)
		w.must(w.Assume("redelivery_delays_seconds", strings.Repeat("7,", 99)+"7"))
		w.must(w.SetWebhookSettings(w.channel.ID, linesandbox.WebhookSettings{
			DelayMS: rapid.IntRange(0, 500).Draw(rt, "delay"), JitterMS: rapid.IntRange(0, 5000).Draw(rt, "jitter"), Shuffle: rapid.Bool().Draw(rt, "shuffle"),
			Duplicate: rapid.Float64Range(0, 0.5).Draw(rt, "twice"), Drop: rapid.Float64Range(0, 0.5).Draw(rt, "drop"),
			LoseAnswer: rapid.Float64Range(0, 0.5).Draw(rt, "lose"), BatchMax: rapid.IntRange(1, 20).Draw(rt, "batch"),
		}))
		u := w.friends(1)[0].User
		var want []string
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			w.must(w.Block(w.channel.ID, u))
			w.must(w.Unblock(w.channel.ID, u))
			want = append(want, "unfollow", "follow")
			w.clock.Advance(time.Duration(rapid.IntRange(0, 1000).Draw(rt, "pause")) * time.Millisecond)
		}
		w.clock.Advance(2 * time.Hour)
		seen := map[string]event{}
		for _, e := range w.app.events() {
			seen[e.WebhookEventID] = e
		}
		var got []event
		for _, e := range seen {
			got = append(got, e)
		}
		slices.SortFunc(got, func(a, b event) int { return int(a.Timestamp - b.Timestamp) })
		var types []string
		for _, e := range got {
			types = append(types, e.Type)
		}
		if !slices.Equal(types, want) {
			rt.Fatalf("got %v, want %v", types, want)
		}
	})
}

func TestTheSameSeedSendsTheSameBytes(t *testing.T) {
	t.Parallel()
	run := func() string {
		w := newWorld(t)
		w.listen()
		w.must(w.SetWebhookSettings(w.channel.ID, linesandbox.WebhookSettings{JitterMS: 900, Shuffle: true, Duplicate: 0.3, Drop: 0.1, BatchMax: 3, UnknownEvents: 0.2}))
		all, err := w.AddFriends(w.channel.ID, 20, false)
		w.must(err)
		for _, f := range all {
			_, err := w.SendText(w.channel.ID, f.User, "hi")
			w.must(err)
			w.clock.Advance(100 * time.Millisecond)
		}
		w.clock.Advance(time.Minute)
		var b strings.Builder
		for _, p := range w.app.posts {
			b.Write(p.body)
		}
		return b.String()
	}
	first, second := run(), run()
	if first != second {
		t.Error("two runs differ")
	}
}

// Ensure that with the wall clock and real sockets deliveries leave by themselves, and a hanging app does not stop the others.
func TestWallClockDelivery(t *testing.T) {
	t.Parallel()
	app := &receiver{}
	front := httptest.NewServer(app)
	defer front.Close()
	s := linesandbox.New(linesandbox.Config{HTTP: front.Client()})
	back := httptest.NewServer(s)
	defer back.Close()
	w := &world{t: t, Server: s, api: back.Client()}
	w.channel = w.create(linesandbox.ChannelSpec{Provider: s.CreateProvider("P").ID})
	w.api.Transport = rewrite{back.URL, http.DefaultTransport}
	w.token = w.stateless(w.channel)
	w.want(w.call("PUT", "/v2/bot/channel/webhook/endpoint", `{"endpoint":"`+front.URL+`"}`), 200)
	_, err := s.AddFriends(w.channel.ID, 300, false)
	w.must(err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	w.must(s.WaitWebhooks(ctx))
	if n := len(app.events()); n != 300 {
		t.Errorf("%d events arrived", n)
	}
	if app.posts[0].signature == "" {
		t.Error("no signature header on the wire")
	}
}

type rewrite struct {
	base string
	next http.RoundTripper
}

func (r rewrite) RoundTrip(req *http.Request) (*http.Response, error) {
	out := req.Clone(req.Context())
	out.URL.Host = strings.TrimPrefix(r.base, "http://")
	return r.next.RoundTrip(out)
}
