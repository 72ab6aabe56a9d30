package contract

import (
	"encoding/json"
	"errors"
	"flag"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/linesandbox"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/queue"
	"lumo/shared/workflow"
)

var enrolled = flag.Int("enrolled", 200, "contacts enrolled at once; make soak takes 10,000")

// pushKiller dies around pushes by chance.
type pushKiller struct {
	next  http.RoundTripper
	rng   *rand.Rand
	calls int
	kills int
}

func (k *pushKiller) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/message/push") {
		return k.next.RoundTrip(r)
	}
	if k.rng.IntN(50) == 0 {
		k.kills++
		panic(killed{})
	}
	k.calls++
	res, err := k.next.RoundTrip(r)
	if k.rng.IntN(50) == 0 {
		k.kills++
		panic(killed{})
	}
	return res, err
}

// linkedCrowd gives the account n friends, each linked to a contact from 10,001 on.
func (w *apiWorld) linkedCrowd(channel string, n int) (contacts []int64) {
	w.t.Helper()
	people, err := w.line.AddFriends(channel, n, true)
	w.must(err)
	for i, p := range people {
		contact := int64(10_001 + i)
		_, err := w.app.Friends().Save(w.t.Context(), customer, friend.Friend{
			Key: friend.Key{Slot: 1, User: id.LineUserID(p.LineUserID)}, Ordinal: uint32(i + 1), Follow: friend.Following, FollowAt: 1,
			Link: friend.Link{State: friend.Linked, Contact: id.ContactID(contact)},
		})
		w.must(err)
		contacts = append(contacts, contact)
	}
	return contacts
}

// batch does messages in one process; what it did not finish comes again, and sometimes what it did.
func (w *apiWorld) batch(s *workflow.Service, ms []queue.Message, rng *rand.Rand) (again []queue.Message) {
	defer func() {
		if v := recover(); v != nil {
			if v != (killed{}) {
				panic(v)
			}
			again = ms
		}
	}()
	var calls []workflow.Call
	var names []queue.Message
	for _, m := range ms {
		var todo workflow.Work
		w.must(json.Unmarshal(m.Body, &todo))
		if todo.Call == nil {
			if left, err := s.Resume(w.t.Context(), customer, todo.Refs); err != nil || len(left) > 0 {
				again = append(again, m)
			}
			continue
		}
		calls, names = append(calls, *todo.Call), append(names, m)
	}
	left, err := s.Handle(w.t.Context(), customer, calls)
	if err != nil && len(left) == 0 {
		return ms
	}
	for i, m := range names {
		if slices.Contains(left, i) || rng.IntN(10) == 0 {
			again = append(again, m)
		}
	}
	return again
}

// Acceptance 2: many contacts at once, HubSpot repeats a fifth of its calls up to five times in both forms, workers die, LINE fails: each phone
// gets exactly one message, callbacks are completed in batches, and every contact ends in a branch.
func TestWorkflowCrowd(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	w.connect(ann)
	channel := w.line.Channels()[0].ID
	n := *enrolled
	contacts := w.linkedCrowd(channel, n)
	rng := rand.New(rand.NewPCG(1, 2))
	k := &pushKiller{next: w.hosts["line.test"], rng: rng}
	w.hosts["line.test"] = k
	for _, f := range []linesandbox.Fault{
		{Kind: linesandbox.FaultStatus, Status: 500, Chance: 0.05}, {Kind: linesandbox.FaultStatusAfter, Status: 500, Chance: 0.05},
		{Kind: linesandbox.FaultCutAfter, Chance: 0.05}, {Kind: linesandbox.FaultStatus, Status: 429, Chance: 0.05},
	} {
		f.Path = "/message/push$"
		_, err := w.line.AddFault(f)
		w.must(err)
	}
	w.hub.SetFlows(hubspotsandbox.FlowSettings{Repeat: 0.2, NewID: 0.5, MaxRepeats: 5, RepeatMs: 700, Concurrent: 50})
	flow, err := w.hub.MakeFlow(customer, hubspotsandbox.Flow{Steps: []hubspotsandbox.FlowStep{{Action: sendAction, Inputs: map[string]string{"oa": "1", "text_1": "hello", "category": "transactional"}}}})
	w.must(err)
	w.must(w.hub.Enroll(customer, flow, contacts...))
	s := w.app.Workflows()
	s.Parallel = 1 // a dying process ends here, not in a goroutine
	var pending []queue.Message
	for minutes := 0; ; minutes++ {
		if minutes > 50 {
			t.Fatalf("%+v", w.hub.FlowStats(customer, flow))
		}
		for range 60 {
			w.clock.Advance(time.Second)
			pending = append(pending, w.sent.Take(queue.Actions)...)
			todo := pending
			pending = nil
			for part := range slices.Chunk(todo, 100) {
				pending = append(pending, w.batch(s, part, rng)...)
			}
		}
		open, err := s.Look(t.Context(), customer, true)
		w.must(err)
		if st := w.hub.FlowStats(customer, flow); !open && len(pending) == 0 && st.Calling+st.Waiting == 0 {
			break
		}
	}
	people, err := w.line.Friends(channel)
	w.must(err)
	for _, p := range people {
		if p.Messages != 1 {
			t.Errorf("%s got it %d times", p.User, p.Messages)
		}
	}
	st := w.hub.FlowStats(customer, flow)
	if st.Branches["sent"] != n || st.Calls <= n {
		err = errors.Join(err, errors.New("not everybody was sent to"))
	}
	if err != nil || st.Completed > n {
		t.Errorf("%+v: %v", st, err)
	}
	t.Logf("%d contacts: %d calls by HubSpot, %d pushes (%.2f each), %d completions (%.3f each), %d kills", n, st.Calls, k.calls, float64(k.calls)/float64(n),
		st.Completed, float64(st.Completed)/float64(n), k.kills)
}
