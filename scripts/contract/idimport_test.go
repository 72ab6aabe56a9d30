package contract

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/chain"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/linesync"
	"lumo/shared/queue"
	"lumo/shared/syncrun"
)

var idsImported = flag.Int("ids", 400, "contacts imported with a LINE User ID; make soak takes 100,000")

// profileCalls counts who LINE was asked about, and in which second; every so often the process that asks dies.
type profileCalls struct {
	next http.RoundTripper

	mu       sync.Mutex
	now      func() time.Time
	of       map[string]int
	inSecond map[int64]int
	refused  int // 429
	all      int
	killAt   int
	every    int
	kill     context.CancelFunc
	kills    int
}

func (p *profileCalls) RoundTrip(r *http.Request) (*http.Response, error) {
	user, asked := strings.CutPrefix(r.URL.Path, "/v2/bot/profile/")
	if asked {
		p.mu.Lock()
		p.of[user]++
		p.inSecond[p.now().Unix()]++
		if p.all++; p.all >= p.killAt && p.kill != nil {
			p.kills, p.killAt = p.kills+1, p.all+p.every
			p.kill()
		}
		p.mu.Unlock()
	}
	res, err := p.next.RoundTrip(r)
	if asked && err == nil && res.StatusCode == http.StatusTooManyRequests {
		p.mu.Lock()
		p.refused++
		p.mu.Unlock()
	}
	return res, err
}

// Acceptance 3 of linking: contacts with LINE User IDs come all at once, a tenth malformed, a tenth unknown to LINE, and half of the others friends
// already. Each id that nobody knows is asked about once, at LINE's pace; processes die and go on; and the report names each refused contact and why.
func TestImportOfLineUserIDs(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	w.connect(ann)
	n := *idsImported
	people, err := w.line.AddFriends(w.line.Channels()[0].ID, n, true)
	w.must(err)
	values, known := make([]string, n), []id.LineUserID{}
	for i := range values {
		switch user := people[i].LineUserID; {
		case i%10 == 8:
			values[i] = fmt.Sprintf("line-%d", i)
		case i%10 == 9:
			values[i] = fmt.Sprintf("Uffff%028x", i)
		default:
			if values[i] = user; i%10 < 4 {
				known = append(known, id.LineUserID(user))
			}
		}
	}
	first, err := w.app.Friends().Ordinals(t.Context(), customer, 1, len(known))
	w.must(err)
	for i, u := range known {
		_, err := w.app.Friends().Save(t.Context(), customer, friend.Friend{Key: friend.Key{Slot: 1, User: u}, Ordinal: first + uint32(i), Follow: friend.Following, FollowAt: 1})
		w.must(err)
	}
	contacts, _, err := w.hub.Seed(int64(customer), hubspotsandbox.SeedOptions{Contacts: n, Seed: 3, Property: "line_user_id", Values: values})
	w.must(err)

	calls := &profileCalls{next: w.hosts["line.test"], now: w.clock.Now, of: map[string]int{}, inSecond: map[int64]int{}, every: max(n/12, 200), killAt: 30}
	w.hosts["line.test"] = calls
	began := time.Now()
	w.clock.Advance(2 * time.Minute)
	ann.ok("POST", "/sync", body{"extent": syncrun.All})
	w.workDying(calls)
	took := time.Since(began)

	asked, twice := 0, 0
	for i, v := range values {
		c := calls.of[v]
		asked += c
		unknown := i%10 >= 4 && i%10 != 8
		if !unknown && c != 0 || unknown && c == 0 || c > 1+calls.kills {
			t.Fatalf("contact %d with %s: asked %d times (%d in all, %d deaths)", i, v, c, calls.all, calls.kills)
		}
		twice += max(c-1, 0)
	}
	// Who was asked about when a process died, and could not note the answers: those of the pages under way.
	if most := calls.kills * 400; twice > most || calls.kills == 0 || calls.refused != 0 {
		t.Errorf("%d asked about again with %d deaths, LINE refused %d", twice, calls.kills, calls.refused)
	}
	fastest := 0
	for _, c := range calls.inSecond {
		fastest = max(fastest, c)
	}
	if fastest > 250 {
		t.Errorf("%d calls in one second", fastest)
	}

	want := map[string]string{}
	for i, c := range contacts {
		switch i % 10 {
		case 8:
			want[fmt.Sprint(c)] = "LINE_ID_MALFORMED"
		case 9:
			want[fmt.Sprint(c)] = "LINE_ID_NOT_VALID"
		default:
			f, ok, err := w.app.Friends().Get(t.Context(), customer, friend.Key{Slot: 1, User: id.LineUserID(values[i])})
			if w.must(err); !ok || f.Link.State != friend.Linked || f.Link.Contact != id.ContactID(c) || f.Link.Method != friend.ImportedID {
				t.Fatalf("contact %d with %s: %+v", c, values[i], f.Link)
			}
		}
	}
	_, ticket := ann.export(body{"what": "failures", "filter": body{"kind": "link", "slot": "1", "codes": "LINE_ID_MALFORMED,LINE_ID_NOT_VALID"}})
	_, rows, _ := w.save(ticket)
	for _, r := range rows[1:] {
		if want[r[3]] != r[4] {
			t.Fatalf("the report says %v of contact %s, want %q", r, r[3], want[r[3]])
		}
		delete(want, r[3])
	}
	if len(want) != 0 {
		t.Errorf("%d contacts are missing in the report", len(want))
	}

	before := calls.all
	calls.kill = nil
	w.clock.Advance(time.Hour)
	ann.ok("POST", "/sync", body{"extent": syncrun.All})
	w.workDying(nil)
	if calls.all != before {
		t.Errorf("the next run asked about %d users again", calls.all-before)
	}
	t.Logf("%d contacts in %.1f s: %d linked, %d friends known before, %d profile calls (at most %d in a second), %d deaths, %d asked about again, %d rows of the report",
		n, took.Seconds(), n*8/10, len(known), asked, fastest, calls.kills, twice, len(rows)-1)
}

// workDying is work, but the process that does a step of a run may die in it; the step comes again.
func (w *apiWorld) workDying(calls *profileCalls) {
	w.t.Helper()
	for range 20_000 {
		if len(w.sent.Sent()) == 0 {
			return
		}
		for _, q := range queue.All() {
			for _, m := range w.sent.Take(q) {
				if q == queue.SyncSteps && calls != nil {
					w.dyingStep(calls, m)
				} else {
					w.must(w.message(q, m))
				}
			}
		}
		w.clock.Advance(time.Second)
	}
	w.t.Fatal("the queues never run empty")
}

func (w *apiWorld) dyingStep(calls *profileCalls, m queue.Message) {
	w.t.Helper()
	var step chain.Message
	w.must(json.Unmarshal(m.Body, &step))
	if step.Kind == linesync.ImportKind {
		w.must(w.message(queue.SyncSteps, m))
		return
	}
	ctx, kill := context.WithCancel(w.t.Context())
	defer kill()
	calls.mu.Lock()
	calls.kill = kill
	calls.mu.Unlock()
	err := w.app.Runner().Step(ctx, step)
	if ctx.Err() == nil {
		w.must(err)
		return
	}
	w.clock.Advance(6 * time.Minute) // the queue shows the message again
	w.must(w.sent.Send(w.t.Context(), queue.SyncSteps, m))
}
