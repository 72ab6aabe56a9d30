package contract

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	hubspotwebhooks "lumo/functions/hubspot-webhooks/handle"
	inboxrelay "lumo/functions/inbox-relay/handle"
	"lumo/functions/invoke"
	linewebhooks "lumo/functions/line-webhooks/handle"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/linesandbox"
	"lumo/scripts/localcloud/httpapi"
	"lumo/scripts/localcloud/template"
	"lumo/shared/id"
	"lumo/shared/inbox"
	"lumo/shared/queue"
)

var conversations = flag.Int("conversations", 20, "of the inbox that is killed at random, with ten messages each; 1000 is the full size")

// sharedSource is one of draws for conversations that are carried on at once.
type sharedSource struct {
	mu  sync.Mutex
	src rand.Source
}

func (s *sharedSource) Uint64() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.src.Uint64()
}

// rough fails one call in ten and lets the process die at one in forty, before the call had its effect or after.
type rough struct {
	next  http.RoundTripper
	rng   *rand.Rand
	kills atomic.Int64
}

func (r *rough) RoundTrip(q *http.Request) (*http.Response, error) {
	switch r.rng.IntN(80) {
	case 0:
		r.kills.Add(1)
		panic(killed{})
	case 1:
		_, _ = r.next.RoundTrip(q)
		r.kills.Add(1)
		panic(killed{})
	case 2, 3, 4:
		return &http.Response{StatusCode: 503, Header: http.Header{"Content-Type": {"text/html"}}, Body: io.NopCloser(strings.NewReader("busy")), Request: q}, nil
	case 5, 6, 7:
		_, _ = r.next.RoundTrip(q)
		return nil, errors.New("connection reset by peer")
	case 8, 9:
		return nil, errors.New("connection reset by peer")
	}
	return r.next.RoundTrip(q)
}

// mortal is the queue as line-webhooks reaches it: it refuses one call in forty, takes only the first messages of another, and the process dies
// at one in twenty, before the queue has them or after.
type mortal struct {
	queue.Sender
	rng   *rand.Rand
	kills atomic.Int64
}

func (m *mortal) Send(ctx context.Context, q queue.Queue, ms ...queue.Message) error {
	switch m.rng.IntN(40) {
	case 0:
		m.kills.Add(1)
		panic(killed{})
	case 1:
		_ = m.Sender.Send(ctx, q, ms...)
		m.kills.Add(1)
		panic(killed{})
	case 2:
		return errors.New("connection reset by peer")
	case 3:
		_ = m.Sender.Send(ctx, q, ms[:len(ms)/2]...)
		return errors.New("connection reset by peer")
	}
	return m.Sender.Send(ctx, q, ms...)
}

// letter is a message of the queue and how often it was received.
type letter struct {
	queue.Message
	receives int
}

// carried is a portal whose conversations go through the functions: webhooks of both sides at their routes, and inbox-relay at its queue.
type carried struct {
	*apiWorld
	rng     *rand.Rand
	relay   *invoke.Function
	waiting []letter
	number  int
}

// carry puts the functions between LINE, the queue and HubSpot. The queue does not know what it had before, so whatever comes twice is handled twice.
func (w *apiWorld) carry(rng *rand.Rand) (*carried, *mortal) {
	w.t.Helper()
	dying := &mortal{Sender: w.sent, rng: rng}
	d := linewebhooks.FromApp(w.app)
	d.Queue = dying
	doors := map[string]invoke.Handlers{
		"functions/line-webhooks": linewebhooks.New(d), "functions/hubspot-webhooks": hubspotwebhooks.New(hubspotwebhooks.FromApp(w.app)),
	}
	system, err := template.Read(filepath.Join(repository, "template.yaml"), template.Local{Stack: "test", SQS: "http://sqs.test"})
	w.must(err)
	api := httpapi.New()
	for _, f := range system.Functions {
		if h, ok := doors[f.Code]; ok {
			for _, r := range f.Routes {
				api.Add(r, function{invoke.New(h, nil, nil, w.app.Log, w.clock)})
			}
		}
	}
	w.hosts["lumo.test"] = linesandbox.InProcess(api)
	live := map[queue.Queue]string{queue.Inbox: "Inbox.fifo"}
	return &carried{apiWorld: w, rng: rng, relay: invoke.New(inboxrelay.New(inboxrelay.FromApp(w.app)), live, nil, w.app.Log, w.clock)}, dying
}

// empty lets the relay work until nothing is left: up to ten at a time, as the queue does it, each conversation in its order. What fails, or whose
// process died, is visible again after two minutes; meanwhile webhooks arrive behind it.
func (c *carried) empty() {
	c.t.Helper()
	for {
		for _, q := range queue.All() {
			if taken := c.sent.Take(q); q == queue.Inbox {
				for _, m := range taken {
					c.waiting = append(c.waiting, letter{Message: m})
				}
			}
		}
		if len(c.waiting) == 0 {
			return
		}
		n := min(len(c.waiting), 10)
		failed := c.batch(c.waiting[:n])
		if len(failed) == 0 && c.rng.IntN(6) == 0 { // the queue delivers at least once
			failed = c.batch(c.waiting[:n])
		}
		var again []letter
		for i, l := range c.waiting[:n] {
			if failed[i] {
				if l.receives++; l.receives > 30 {
					c.t.Fatalf("%s would be a dead letter", l.Dedup)
				}
				again = append(again, l)
			}
		}
		if c.waiting = append(again, c.waiting[n:]...); len(again) > 0 {
			c.clock.Advance(2 * time.Minute)
		}
	}
}

// batch invokes the relay once and tells which messages must come again.
func (c *carried) batch(ls []letter) map[int]bool {
	c.t.Helper()
	records, place := []any{}, map[string]int{}
	for i, l := range ls {
		c.number++
		name := fmt.Sprint("letter-", c.number)
		place[name] = i
		records = append(records, map[string]any{
			"messageId": name, "body": queue.Encode(l.Body), "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:local:1:Inbox.fifo",
			"attributes": map[string]string{"MessageGroupId": l.Group, "MessageDeduplicationId": l.Dedup, "ApproximateReceiveCount": fmt.Sprint(l.receives + 1), "SentTimestamp": "1"},
		})
	}
	payload, err := json.Marshal(map[string]any{"Records": records})
	c.must(err)
	out, err := c.relay.Invoke(c.t.Context(), payload)
	failed := map[int]bool{}
	if err != nil {
		for i := range ls {
			failed[i] = true
		}
		return failed
	}
	var answer struct {
		Failures []struct {
			ID string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	c.must(json.Unmarshal(out, &answer))
	for _, f := range answer.Failures {
		failed[place[f.ID]] = true
	}
	return failed
}

// arrive lets pass as much time as LINE's webhooks take that are not lost, and empties the queue.
func (c *carried) arrive() {
	c.t.Helper()
	c.clock.Advance(2 * time.Second)
	c.empty()
}

// TestI2ConversationsKilledAtRandom: each message is exactly once on the other side, in its conversation's order, although line-webhooks and
// inbox-relay die, both providers fail one call in ten, and webhooks come twice, in another order and again, some long after. Pictures arrive as
// they were sent. Only a reply may end without anybody knowing; then the agent is told, and the friend has it once or not at all.
func TestI2ConversationsKilledAtRandom(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	names := make([]string, *conversations)
	for i := range names {
		names[i] = fmt.Sprint("Friend ", i)
	}
	users := w.connect(ann, names...)
	w.hub.DefineChannel("LINE", lumoHost+"/hubspot/channel", lumoHost+"/setup/inbox")
	w.inboxConnection(ann, true)
	if got := w.inboxes(ann); len(got) != 1 || got[0].State != "connected" {
		t.Fatalf("%+v", got)
	}
	channel := w.line.Channels()[0].ID
	rng := rand.New(&sharedSource{src: rand.NewPCG(6, 84)})
	c, hooks := w.carry(rng)
	line, hub := &rough{next: w.hosts["line.test"], rng: rng}, &rough{next: w.hosts["hubspot.test"], rng: rng}
	w.hosts["line.test"], w.hosts["hubspot.test"] = line, hub
	again := true
	_, err := w.line.ConfigureChannel(channel, linesandbox.ChannelChange{Redelivery: &again})
	w.must(err)
	// Longer than by default: a message whose webhooks LINE gives up is nobody's.
	w.must(w.line.Assume("redelivery_delays_seconds", "10,60,300,300,300,300,300,300"))
	w.must(w.line.SetWebhookSettings(channel, linesandbox.WebhookSettings{
		JitterMS: 900, Shuffle: true, Duplicate: 0.2, Drop: 0.05, LoseAnswer: 0.05, BatchMax: 5, Parallel: 1, UnknownProperties: 0.1,
	}))
	w.hub.SetWebhooks(hubspotsandbox.WebhookSettings{DelayMs: 50, BatchSize: 100, Duplicate: 0.3})

	want, phone, threads := map[id.LineUserID][]string{}, map[id.LineUserID][]string{}, map[id.LineUserID]int64{}
	for i := range 10 {
		all, err := w.hub.Threads(int64(customer))
		w.must(err)
		for _, th := range all {
			threads[id.LineUserID(th.Visitor)] = th.ID
		}
		for j, u := range users {
			ask := func(text string) {
				_, err := w.line.SendText(channel, string(u), text)
				w.must(err)
				want[u] = append(want[u], text)
				w.clock.Advance(time.Millisecond)
			}
			answer := func(text string) {
				_, err := w.hub.Reply(int64(customer), threads[u], 1, text)
				w.must(err)
				want[u], phone[u] = append(want[u], text), append(phone[u], text)
				w.clock.Advance(time.Second)
			}
			text := fmt.Sprintf("message %d of %s", i, u)
			switch kind := rng.IntN(8); {
			case kind == 0: // a picture, whose bytes are compared
				data := append([]byte("\x89PNG\r\n\x1a\n"), text...)
				_, err := w.line.SendMedia(channel, string(u), linesandbox.Media{Kind: "image", Data: data})
				w.must(err)
				want[u] = append(want[u], fmt.Sprintf("[Photo] %x", sha256.Sum256(data)))
			case kind == 1: // several at once, which arrive in any order
				ask(text)
				ask(text + ", more")
			case threads[u] == 0 || kind < 5:
				ask(text)
			case kind == 5: // asked and answered while the reply token is good
				ask(text)
				c.arrive()
				answer(text + ", answered")
			default:
				answer(text)
			}
			if rng.IntN(10) == 0 { // an event that is long over comes again
				delivered, err := w.line.Webhooks(channel)
				w.must(err)
				if len(delivered) > 0 {
					_, err := w.line.Redeliver(channel, delivered[rng.IntN(len(delivered))].Events...)
					w.must(err)
				}
			}
			if j%4 == 3 || j == len(users)-1 {
				c.arrive()
			}
		}
	}
	for range 100 {
		if w.line.WaitingWebhooks() == 0 {
			break
		}
		w.clock.Advance(time.Minute)
		c.empty()
	}
	c.arrive()
	unknown := c.compare(channel, len(users), want, phone)
	if n, err := w.app.Failures().Count(t.Context(), customer); err != nil || n > unknown {
		t.Errorf("%d failed items, %v", n, err)
	}
	all := 0
	for _, texts := range want {
		all += len(texts)
	}
	t.Logf("%d messages; killed %d times at LINE, %d at HubSpot, %d in line-webhooks; %d replies of which nobody knows", all, line.kills.Load(), hub.kills.Load(), hooks.kills.Load(), unknown)
	if few := int64(len(users) / 8); line.kills.Load()+hub.kills.Load() < few || hooks.kills.Load() < few {
		t.Error("hardly ever killed")
	}
	if unknown > all/50 {
		t.Errorf("%d of %d messages are unknown", unknown, all)
	}
}

// compare holds every thread and phone against what was written, and counts replies whose fate only the friend knows.
func (c *carried) compare(channel string, people int, want, phone map[id.LineUserID][]string) (unknown int) {
	c.t.Helper()
	threads, err := c.hub.Threads(int64(customer))
	c.must(err)
	if len(threads) != people {
		c.t.Errorf("%d threads", len(threads))
	}
	for _, th := range threads {
		u := id.LineUserID(th.Visitor)
		var shown, heard, due []string
		log, err := c.line.ChatLog(channel, th.Visitor)
		c.must(err)
		for _, e := range log {
			if e.From == "account" {
				heard = append(heard, e.Text)
			}
		}
		unsure := map[string]bool{}
		for _, m := range th.Messages {
			text := m.Text
			for _, a := range m.Attachments {
				f, err := c.hub.File(int64(customer), a.File)
				c.must(err)
				text += fmt.Sprintf(" %x", sha256.Sum256(f.Data))
			}
			shown = append(shown, text)
			switch {
			case m.Incoming || m.Status == "SENT":
			case m.Status == "FAILED" && strings.Contains(m.Error, "LINE did not say"):
				unsure[text] = true
				unknown++
			default:
				c.t.Errorf("%q is %s: %s", m.Text, m.Status, m.Error)
			}
		}
		for _, text := range phone[u] {
			if !unsure[text] || slices.Contains(heard, text) {
				due = append(due, text)
			}
		}
		if !slices.Equal(shown, want[u]) || !slices.Equal(heard, due) {
			c.t.Errorf("%s: the thread shows %q, the phone %q; want %q and %q", u, shown, heard, want[u], due)
		}
	}
	return unknown
}

// event is a message without a reply token: what a reply cannot be asked about is the chat's own test.
func (w *apiWorld) event(c inbox.Connection, u id.LineUserID, messageID, text string) inbox.Note {
	raw, err := json.Marshal(map[string]any{
		"type": "message", "mode": "active", "timestamp": w.clock.Now().UnixMilli(), "source": map[string]string{"type": "user", "userId": string(u)},
		"webhookEventId": "event-" + messageID, "deliveryContext": map[string]bool{"isRedelivery": false},
		"message": map[string]string{"type": "text", "id": messageID, "quoteToken": "q", "text": text},
	})
	w.must(err)
	return inbox.Note{Portal: c.Portal, Account: c.Account, User: u, Slot: 1, ID: "event-" + messageID, At: w.clock.Now().UnixMilli(), Line: raw}
}
