package pace

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
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
		if n := to.count("", began.Add(10*time.Second), began.Add(time.Minute)); n < 250+5*30 {
			t.Errorf("%d calls in 50 s, want the messages' 250 and a third of the pace", n)
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
