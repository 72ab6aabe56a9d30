package contract

import (
	"encoding/json"
	"flag"
	"net/http"
	"strings"
	"testing"
	"time"

	"lumo/scripts/linesandbox"
	"lumo/shared/chain"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/queue"
)

var recipients = flag.Int("recipients", 5000, "of the broadcast that is killed at ten moments; make soak takes 250,000")

// killed is what a dying process throws: nothing after it runs.
type killed struct{}

// killer dies around LINE calls at scripted moments: before a call goes out, or after LINE accepted it and before anybody noted so.
type killer struct {
	next          http.RoundTripper
	before, after map[int]bool
	calls, kills  int
}

func (k *killer) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/message/multicast") {
		return k.next.RoundTrip(r)
	}
	k.calls++
	n := k.calls
	if k.before[n] {
		k.calls-- // it never arrives
		delete(k.before, n)
		k.kills++
		panic(killed{})
	}
	res, err := k.next.RoundTrip(r)
	if k.after[n] {
		delete(k.after, n)
		k.kills++
		panic(killed{})
	}
	return res, err
}

// crowd gives the account so many friends, known to Lumo's directory.
func (w *apiWorld) crowd(channel string, n int) {
	w.t.Helper()
	people, err := w.line.AddFriends(channel, n, true)
	w.must(err)
	ctx := w.t.Context()
	first, err := w.app.Friends().Ordinals(ctx, customer, 1, n)
	w.must(err)
	rows := make([]friend.Friend, 0, n)
	for i, p := range people {
		rows = append(rows, friend.Friend{Key: friend.Key{Slot: 1, User: id.LineUserID(p.LineUserID)}, Ordinal: first + uint32(i), Follow: friend.Following, Version: 1})
	}
	w.must(w.app.FriendIndex().Ensure(ctx, customer, 1, rows))
}

// step delivers a step and tells whether it must come again.
func (w *apiWorld) step(m queue.Message) (again bool) {
	defer func() {
		if v := recover(); v != nil {
			if v != (killed{}) {
				panic(v)
			}
			again = true
		}
	}()
	var step chain.Message
	w.must(json.Unmarshal(m.Body, &step))
	return w.app.Casts().Step(w.t.Context(), step) != nil
}

// toTheEnd works on a broadcast as the queues and the minute tick do.
func (w *apiWorld) toTheEnd() {
	w.t.Helper()
	for range 2000 {
		idle := true
		for _, m := range w.sent.Take(queue.BroadcastSteps) {
			idle = false
			for w.step(m) {
				w.clock.Advance(2 * time.Minute) // until it is visible again
			}
		}
		for _, m := range w.sent.Take(queue.Wakeups) {
			idle = false
			var up chain.Wakeup
			w.must(json.Unmarshal(m.Body, &up))
			w.clock.Advance(m.Delay)
			w.must(w.app.Chain().Forward(w.t.Context(), up))
		}
		if idle {
			return
		}
	}
	w.t.Fatal("the broadcast does not end")
}

// A broadcast is killed at ten moments while LINE answers with 429, 500 and cut lines: every phone gets it exactly once, the totals add up,
// LINE accepted no more multicasts than needed, and was not called more often than kills and errors explain.
func TestBroadcastKilledAtTenMoments(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	w.connect(ann)
	channel := w.line.Channels()[0].ID
	n := *recipients
	w.crowd(channel, n)
	chunks := (n + 499) / 500
	k := &killer{next: w.hosts["line.test"], before: map[int]bool{}, after: map[int]bool{}}
	w.hosts["line.test"] = k
	for i := range 5 {
		k.after[1+i*(chunks+3)/5] = true
		k.before[2+i*(chunks+3)/5] = true
	}
	errors := 0
	for i, f := range []linesandbox.Fault{
		{Kind: linesandbox.FaultStatus, Status: 429, Count: 2}, {Kind: linesandbox.FaultStatus, Status: 500, Count: 2},
		{Kind: linesandbox.FaultStatusAfter, Status: 500, Count: 2}, {Kind: linesandbox.FaultCutAfter, Count: 2}, {Kind: linesandbox.FaultCutBefore, Count: 1},
	} {
		f.Path, f.Skip = "/message/multicast$", i*2
		errors += f.Count
		_, err := w.line.AddFault(f)
		w.must(err)
	}
	draft := into[castJSON](t, ann.ok("POST", "/broadcasts", body{
		"slot": 1, "name": "To all", "audience": body{"kind": "all"}, "bubbles": []body{{"kind": "text", "text": "hello"}},
	}))
	ann.ok("POST", "/broadcasts/1/"+draft.ID+"/confirm", body{})
	w.toTheEnd()
	got := into[castJSON](t, ann.ok("GET", "/broadcasts/1/"+draft.ID, nil))
	if got.Status != "sent" || got.Sent != n || got.Recipients != n || got.Left != 0 || got.Unsure != 0 {
		t.Errorf("results %+v", got)
	}
	people, err := w.line.Friends(channel)
	w.must(err)
	for _, p := range people {
		if p.Messages != 1 {
			t.Fatalf("%s got it %d times", p.User, p.Messages)
		}
	}
	accepted := 0
	for _, e := range w.line.Stats().Endpoints {
		if strings.HasSuffix(e.Endpoint, "/message/multicast") {
			accepted += e.Statuses["200"]
		}
	}
	if accepted != chunks {
		t.Errorf("LINE accepted %d multicasts for %d chunks", accepted, chunks)
	}
	if k.kills != 10 || k.calls > chunks+k.kills+errors {
		t.Errorf("%d calls for %d chunks after %d kills and %d errors", k.calls, chunks, k.kills, errors)
	}
	t.Logf("%d recipients, %d multicasts accepted of %d calls, %d kills, %d errors", n, accepted, k.calls, k.kills, errors)
}
