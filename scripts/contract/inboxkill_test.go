package contract

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"lumo/scripts/linesandbox"
	"lumo/shared/id"
	"lumo/shared/inbox"
)

var conversations = flag.Int("conversations", 20, "of the inbox that is killed at random, with ten messages each; 1000 is the full size")

// rough fails one call in ten and lets the process die at one in forty, before the call had its effect or after.
type rough struct {
	next  http.RoundTripper
	rng   *rand.Rand
	kills int
}

func (r *rough) RoundTrip(q *http.Request) (*http.Response, error) {
	switch r.rng.IntN(80) {
	case 0:
		r.kills++
		panic(killed{})
	case 1:
		_, _ = r.next.RoundTrip(q)
		r.kills++
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

// deliver hands a note to the relay as often as the queue would, and some times more; each death or error waits until it is visible again.
func (w *apiWorld) deliver(n inbox.Note, doubled bool) {
	w.t.Helper()
	once := func() (done bool) {
		defer func() {
			if v := recover(); v != nil {
				if v != (killed{}) {
					panic(v)
				}
			}
		}()
		return w.app.Relay().Handle(w.t.Context(), n) == nil
	}
	for tries := 0; ; tries++ {
		if tries > 30 {
			w.t.Fatalf("%s would be a dead letter", n.ID)
		}
		if !once() {
			w.clock.Advance(2 * time.Minute)
			continue
		}
		if !doubled {
			return
		}
		doubled = false
	}
}

// TestI2ConversationsKilledAtRandom: each message is exactly once on the other side, in its conversation's order, although processes die, both
// providers fail one call in ten, and webhooks come twice, some long after. Pictures arrive as they were sent.
func TestI2ConversationsKilledAtRandom(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	names := make([]string, *conversations)
	for i := range names {
		names[i] = fmt.Sprint("Friend ", i)
	}
	users := w.connect(ann, names...)
	w.inboxConnection(ann, true)
	if got := w.inboxes(ann); len(got) != 1 || got[0].State != "connected" {
		t.Fatalf("%+v", got)
	}
	c, _, err := w.app.Inboxes().Connection(t.Context(), customer, 1)
	w.must(err)
	channel := w.line.Channels()[0].ID
	rng := rand.New(rand.NewPCG(6, 84))
	line, hub := &rough{next: w.hosts["line.test"], rng: rng}, &rough{next: w.hosts["hubspot.test"], rng: rng}
	w.hosts["line.test"], w.hosts["hubspot.test"] = line, hub

	want, phone := map[id.LineUserID][]string{}, map[id.LineUserID][]string{}
	var earlier []inbox.Note // LINE and HubSpot deliver again what is long over
	for i := range 10 {
		for j, u := range users {
			text := fmt.Sprintf("message %d of %s", i, u)
			w.clock.Advance(time.Second)
			if len(earlier) > 0 && rng.IntN(5) == 0 {
				w.deliver(earlier[rng.IntN(len(earlier))], false)
			}
			switch kind := rng.IntN(8); {
			case kind == 0: // a picture, whose bytes are compared
				data := append([]byte("\x89PNG\r\n\x1a\n"), text...)
				message, err := w.line.SendMedia(channel, string(u), linesandbox.Media{Kind: "image", Data: data})
				w.must(err)
				n := w.event(c, u, message, "")
				n.Line = bytes.Replace(n.Line, []byte(`"type":"text"`), []byte(`"contentProvider":{"type":"line"},"type":"image"`), 1)
				w.deliver(n, rng.IntN(3) == 0)
				earlier = append(earlier, n)
				text = fmt.Sprintf("[Photo] %x", sha256.Sum256(data))
			case i == 0 || kind < 5:
				n := w.event(c, u, fmt.Sprint(100_000+10*j+i), text)
				w.deliver(n, rng.IntN(3) == 0)
				earlier = append(earlier, n)
			default:
				threads, err := w.hub.Threads(int64(customer))
				w.must(err)
				for _, th := range threads {
					if th.Visitor != string(u) {
						continue
					}
					message, err := w.hub.Reply(int64(customer), th.ID, 1, text)
					w.must(err)
					n := agentNote(c, u, th.ID, message, text)
					w.deliver(n, rng.IntN(3) == 0)
					earlier = append(earlier, n)
				}
				phone[u] = append(phone[u], text)
			}
			want[u] = append(want[u], text)
		}
	}
	threads, err := w.hub.Threads(int64(customer))
	w.must(err)
	if len(threads) != len(users) {
		t.Fatalf("%d threads", len(threads))
	}
	for _, th := range threads {
		u := id.LineUserID(th.Visitor)
		var shown, heard []string
		for _, m := range th.Messages {
			text := m.Text
			for _, a := range m.Attachments {
				f, err := w.hub.File(int64(customer), a.File)
				w.must(err)
				text += fmt.Sprintf(" %x", sha256.Sum256(f.Data))
			}
			if shown = append(shown, text); !m.Incoming && m.Status != "SENT" {
				t.Errorf("%q is %s: %s", m.Text, m.Status, m.Error)
			}
		}
		log, err := w.line.ChatLog(channel, th.Visitor)
		w.must(err)
		for _, e := range log {
			if e.From == "account" {
				heard = append(heard, e.Text)
			}
		}
		if fmt.Sprint(shown) != fmt.Sprint(want[u]) || fmt.Sprint(heard) != fmt.Sprint(phone[u]) {
			t.Errorf("%s: the thread shows %q, the phone %q; want %q and %q", u, shown, heard, want[u], phone[u])
		}
	}
	if n, err := w.app.Failures().Count(t.Context(), customer); err != nil || n != 0 {
		t.Errorf("%d failed items, %v", n, err)
	}
	t.Logf("killed %d times at LINE, %d at HubSpot", line.kills, hub.kills)
	if line.kills == 0 || hub.kills < len(users)/8 {
		t.Error("hardly ever killed")
	}
}

// agentNote is an answer as HubSpot's webhook tells of it.
func agentNote(c inbox.Connection, u id.LineUserID, thread int64, message, text string) inbox.Note {
	raw, _ := json.Marshal(map[string]any{
		"type": "OUTGOING_CHANNEL_MESSAGE_CREATED", "portalId": c.Portal.String(), "channelId": c.Channel,
		"message": map[string]any{
			"id": message, "type": "MESSAGE", "channelAccountId": c.Account, "conversationsThreadId": fmt.Sprint(thread), "direction": "OUTGOING", "text": text,
			"recipients": []any{map[string]any{"deliveryIdentifier": map[string]string{"type": "CHANNEL_SPECIFIC_OPAQUE_ID", "value": string(u)}}},
		},
	})
	return inbox.Note{Portal: c.Portal, Account: c.Account, User: u, ID: "message " + message, HubSpot: raw}
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
