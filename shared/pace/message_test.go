package pace

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"lumo/shared/id"

	"pgregory.net/rapid"
)

// relay is a function that is called for each message: it takes part, makes its call and is over.
func relay(t *testing.T, store Store, to *line, calls int) time.Duration {
	t.Helper()
	p := newProcess(store, to, "relay")
	began := time.Now()
	for range calls {
		if err := p.l.Wait(t.Context(), portal, Message, Event); err != nil {
			t.Fatal(err)
		}
		to.call("relay")
	}
	if err := p.l.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	return time.Since(began)
}

func TestMessagesAloneNeverWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, to := NewMemory(), &line{}
		for i := range 600 {
			if d := relay(t, store, to, 1); d > 10*time.Millisecond {
				t.Errorf("message %d waited %v", i, d)
			}
			time.Sleep(200 * time.Millisecond)
		}
		if most := to.highest(window); most > 55 {
			t.Errorf("%d calls in 10 s", most)
		}
		if reads, writes := store.Billed(); reads > 2*600 || writes > 605 {
			t.Errorf("%d reads and %d writes for 600 calls", reads, writes)
		}
	})
}

func TestALoneMessageDoesNotWaitForBulkWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, to := NewMemory(), &line{}
		p := newProcess(store, to, "bulk").run(t.Context(), bulk)
		time.Sleep(20 * time.Second)
		for _, silence := range []time.Duration{time.Second, 3 * time.Second, 7 * time.Second, 12 * time.Second, 30 * time.Second} {
			if d := relay(t, store, to, 1); d > 10*time.Millisecond {
				t.Errorf("a message waited %v", d)
			}
			time.Sleep(max(silence, 2*notice))
		}
		p.stop()
		if most := to.highest(window); most > budget+1 {
			t.Errorf("%d calls in 10 s", most)
		}
	})
}

func TestBulkWorkGivesWayToMessagesAndHasAllAgainAfterwards(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, to := NewMemory(), &line{}
		var all []*process
		for _, name := range []string{"a", "b", "c"} {
			all = append(all, newProcess(store, to, name).run(t.Context(), bulk))
		}
		time.Sleep(20 * time.Second)
		var late []time.Duration
		began := time.Now()
		for time.Since(began) < time.Minute { // five a second
			if d := relay(t, store, to, 1); d > 50*time.Millisecond && time.Since(began) > 10*time.Second {
				late = append(late, d)
			}
			time.Sleep(200 * time.Millisecond)
		}
		if len(late) > 0 {
			t.Errorf("%d of 300 messages waited, as long as %v", len(late), late[0])
		}
		if n := to.count("", began.Add(10*time.Second), began.Add(time.Minute)); n < 250+5*21 {
			t.Errorf("%d calls in 50 s, want the messages' 250 and a fifth of the pace", n)
		}
		quiet := time.Now().Add(messageTTL + 2*time.Second)
		time.Sleep(30 * time.Second)
		for _, p := range all {
			p.stop()
		}
		if n := to.count("", quiet, quiet.Add(10*time.Second)); n < 102 {
			t.Errorf("after the messages bulk work makes %d calls in 10 s, want 105", n)
		}
		if most := to.highest(window); most > budget+1 {
			t.Errorf("%d calls in 10 s", most)
		}
	})
}

func TestBulkWorkThatBeginsWhilePeopleWriteGetsWhatTheyLeave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, to := NewMemory(), &line{}
		for range 20 {
			relay(t, store, to, 1)
			time.Sleep(time.Second)
		}
		joined := time.Now()
		p := newProcess(store, to, "bulk").run(t.Context(), bulk)
		for range 20 {
			if d := relay(t, store, to, 1); d > 10*time.Millisecond {
				t.Errorf("a message waited %v", d)
			}
			time.Sleep(time.Second)
		}
		p.stop()
		if n := to.count("bulk", joined.Add(5*time.Second), joined.Add(15*time.Second)); n < 65 {
			t.Errorf("bulk work made %d calls in 10 s beside a message a second", n)
		}
		if most := to.highest(window); most > budget+1 {
			t.Errorf("%d calls in 10 s", most)
		}
	})
}

func TestAFloodOfMessagesKeepsItsPartAndLeavesTheOthersTheirs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, to := NewMemory(), &line{}
		flood := newProcess(store, to, "flood").run(t.Context(), load{Message, Event, 10, 20 * time.Millisecond})
		bulk := newProcess(store, to, "bulk").run(t.Context(), bulk)
		time.Sleep(30 * time.Second)
		from := time.Now()
		time.Sleep(time.Minute)
		flood.stop()
		bulk.stop()
		if n := to.count("flood", from, from.Add(time.Minute)); n < 6*72 || n > 6*messageMost {
			t.Errorf("%d messages in a minute, want about %d", n, 6*75)
		}
		if n := to.count("bulk", from, from.Add(time.Minute)); n < 6*20 {
			t.Errorf("%d calls of bulk work in a minute, want %d", n, 6*(budget-messageMost))
		}
		if most := to.highest(window); most > budget+1 {
			t.Errorf("%d calls in 10 s", most)
		}
	})
}

func TestSlowStopsMessagesToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, to := NewMemory(), &line{}
		a := newProcess(store, to, "a").run(t.Context(), load{Message, Event, 2, 200 * time.Millisecond})
		b := newProcess(store, to, "b").run(t.Context(), load{Message, Event, 2, 200 * time.Millisecond})
		bulk := newProcess(store, to, "bulk").run(t.Context(), bulk)
		time.Sleep(15 * time.Second)
		hit := time.Now()
		a.l.Slow(t.Context(), portal, Message, 10*time.Second)
		time.Sleep(20 * time.Second)
		for _, p := range []*process{a, b, bulk} {
			p.stop()
		}
		if n := to.count("", hit.Add(time.Second), hit.Add(10*time.Second)); n > 0 {
			t.Errorf("%d calls in spite of a 429", n)
		}
		if n := to.count("a", hit.Add(time.Millisecond), hit.Add(10*time.Second)); n > 0 {
			t.Errorf("the process that got the 429 made %d calls", n)
		}
		for _, name := range []string{"a", "b", "bulk"} {
			if to.count(name, hit.Add(10*time.Second), hit.Add(20*time.Second)) == 0 {
				t.Errorf("%s does not go on", name)
			}
		}
	})
}

func TestAMessageWaitsNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{Store: NewMemory()})
		l.Slow(t.Context(), portal, General, time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		if err := l.Wait(ctx, portal, Message, Event); err == nil || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestMessagesNeedTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(NewMemory(), &line{}, "a")
		p.store.kill()
		if err := p.l.Wait(t.Context(), portal, Message, Event); err == nil {
			t.Error("a call that nobody counted was allowed")
		}
	})
}

// Whatever is asked of the lease, and however its demand changes: no more than was reserved meanwhile is counted in any window.
func TestMessagesCountNoMoreThanTheyReserve(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		now := time.Unix(1_000_000, 0)
		other := Lease{Want: wantAll, At: now.Add(-time.Minute), Until: now.Add(time.Hour)}
		row := Row{Leases: map[string]Lease{}}
		var calls []time.Time
		reserved := map[time.Time]int{}
		for range rapid.IntRange(1, 200).Draw(r, "steps") {
			now = micro(now.Add(time.Duration(rapid.IntRange(0, 700_000).Draw(r, "us")) * time.Microsecond))
			delete(row.Leases, "bulk")
			if rapid.Bool().Draw(r, "occupied") {
				row.Leases["bulk"] = other
			}
			s := row.sight(now, now)
			e := row.entry(now, rapid.IntRange(0, 10).Draw(r, "waiting"), s)
			if !e.write {
				continue
			}
			if !row.Messages.live() {
				e.calls = 0 // the first one is on nobody's account
			}
			for range e.calls {
				calls = append(calls, now)
			}
			row.Messages = e.next
			reserved[now] = max(reserved[now], row.Messages.others(now))
			for _, end := range calls {
				n, most := 0, 0
				for _, c := range calls {
					if c.After(end.Add(-window-messageSlack)) && !c.After(end) {
						n++
					}
				}
				for at, v := range reserved {
					if !at.After(end) {
						most = max(most, v)
					}
				}
				if n > most {
					r.Fatalf("%d calls, %d reserved", n, most)
				}
			}
		}
	})
}

// Until everybody has read of a change, the larger of the two demands is left to messages.
func TestOthersLeaveTheLargerDemandWhileItChanges(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	for _, m := range []Messages{{Want: 84, Old: 20, At: now}, {Want: 20, Old: 84, At: now}} {
		if got := m.others(now.Add(notice - skew - 1)); got != 84 {
			t.Errorf("%d to %d: the others leave %d at first", m.Old, m.Want, got)
		}
		if got := m.others(now.Add(notice)); got != m.Want {
			t.Errorf("%d to %d: the others leave %d in the end", m.Old, m.Want, got)
		}
	}
}

// noting knows for when the last call was counted.
type noting struct {
	Store
	back time.Duration
	at   time.Time
}

func (n *noting) Count(ctx context.Context, p id.PortalID, was int64, m Messages) (Row, bool, error) {
	row, ok, err := n.Store.Count(ctx, p, was, m)
	if ok {
		n.at = m.Until.Add(-messageTTL)
	}
	time.Sleep(n.back)
	return row, ok, err
}

// A call whose counting took long would come too close to those that are counted after it: it is counted anew, for a time that can be kept.
func TestACallGoesWhenItWasCountedForOrNotAtAll(t *testing.T) {
	t.Parallel()
	for _, back := range []time.Duration{0, 100 * time.Millisecond, 400 * time.Millisecond, 1500 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			store := &noting{Store: NewMemory(), back: back}
			l := New(Config{Store: store})
			for range 20 {
				began := time.Now()
				if err := l.Wait(t.Context(), portal, Message, Event); err != nil {
					t.Fatal(err)
				}
				if late := time.Since(store.at); late > messageLate || late < -skew {
					t.Errorf("with answers after %v a call went %v after its time", back, late)
				}
				if d := time.Since(began); d > 4*back+5*time.Second {
					t.Errorf("with answers after %v a call waited %v", back, d)
				}
			}
		})
	}
}
