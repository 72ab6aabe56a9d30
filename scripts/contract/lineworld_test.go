package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"lumo/scripts/linesandbox"
	speccheck "lumo/scripts/linesandbox/contract"
	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/line"
)

const hook = "https://app.example/line/webhooks/1"

// lineWorld is a LINE with one verified account, our client on it, and a receiver of its webhooks. Everything that passes is checked
// against LINE's own specs.
type lineWorld struct {
	t       *testing.T
	line    *linesandbox.Server
	clock   *clock.Virtual
	client  *line.Client
	channel linesandbox.Channel

	mu    sync.Mutex
	posts []linePost
}

type linePost struct {
	signature string
	body      []byte
}

func newLineWorld(t *testing.T, spec linesandbox.ChannelSpec) *lineWorld {
	t.Helper()
	w := &lineWorld{t: t, clock: clock.NewVirtual(time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC))}
	w.line = linesandbox.New(linesandbox.Config{
		Clock: w.clock, Seed: 11, PublicURL: "http://line.test",
		HTTP: &http.Client{Transport: linesandbox.InProcess(speccheck.Receiver(t, http.HandlerFunc(w.receive)))},
	})
	spec.Provider = w.line.CreateProvider("Shop").ID
	var err error
	if w.channel, err = w.line.CreateChannel(spec); err != nil {
		t.Fatal(err)
	}
	w.client = line.New(line.Config{
		APIURL: "http://line.test", DataURL: "http://line.test", Clock: w.clock,
		HTTP: &http.Client{Transport: linesandbox.InProcess(speccheck.Wrap(t, w.line))},
	})
	return w
}

func (w *lineWorld) receive(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.posts = append(w.posts, linePost{r.Header.Get(line.SignatureHeader), body})
}

func (w *lineWorld) us() *line.ChannelClient {
	return w.client.Channel(line.Channel{ID: w.channel.ID, Secret: w.channel.Secret})
}

func (w *lineWorld) friends(n int) (refs []string, ids []id.LineUserID) {
	w.t.Helper()
	fs, err := w.line.AddFriends(w.channel.ID, n, true)
	w.must(err)
	for _, f := range fs {
		refs, ids = append(refs, f.User), append(ids, id.LineUserID(f.LineUserID))
	}
	return refs, ids
}

func (w *lineWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *lineWorld) arm(f linesandbox.Fault) {
	w.t.Helper()
	_, err := w.line.AddFault(f)
	w.must(err)
}

// events returns everything that LINE has sent so far, with verified signatures.
func (w *lineWorld) events() []line.Event {
	w.t.Helper()
	w.clock.Advance(time.Second)
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []line.Event
	for _, p := range w.posts {
		if !line.VerifySignature(w.channel.Secret, p.signature, p.body) || line.VerifySignature(w.channel.Secret+"x", p.signature, p.body) {
			w.t.Errorf("signature %q", p.signature)
		}
		es, bot, err := line.ParseEvents(p.body)
		if err != nil || string(bot) != w.channel.BotUserID {
			w.t.Errorf("webhook for %q: %v", bot, err)
		}
		all = append(all, es...)
	}
	w.posts = nil
	return all
}

// heard is how often a person got a text.
func (w *lineWorld) heard(ref, text string) int {
	w.t.Helper()
	log, err := w.line.ChatLog(w.channel.ID, ref)
	w.must(err)
	n := 0
	for _, e := range log {
		if e.From == "account" && e.Text == text {
			n++
		}
	}
	return n
}

func faultOf(t *testing.T, err error) *fault.Fault {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) {
		t.Fatalf("not a fault: %v", err)
	}
	return f
}

func retryKey(n int) string { return fmt.Sprintf("123e4567-e89b-42d3-a456-%012d", n) }

func say(text string) line.Outgoing {
	return line.Outgoing{Messages: []json.RawMessage{line.Text(text)}}
}

func (w *lineWorld) noViolations() {
	w.t.Helper()
	if v := w.line.Violations(); len(v) != 0 {
		w.t.Errorf("violations: %+v", v)
	}
}
