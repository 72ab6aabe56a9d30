package syncrun

import (
	"sync"
	"time"

	"lumo/shared/clock"
)

// flow keeps what is under way between fetching and storing in step with how fast contacts are stored: enough that nobody waits, but when
// the table is slow no more than a few seconds' worth, so that memory stays small and the end of a step near.
type flow struct {
	clock clock.Clock
	began time.Time

	mu     sync.Mutex
	under  int
	stored [flowSpan]int // by second, as a ring
	second int64
}

const (
	flowSpan    = 5 // seconds, of the rate and of what may be under way
	flowAtLeast = 400
	flowAtFirst = 2500 // while the rate is not known yet
)

func newFlow(c clock.Clock) *flow { return &flow{clock: c, began: c.Now()} }

// open tells whether more may be fetched.
func (f *flow) open() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.turn()
	sum := 0
	for _, n := range f.stored {
		sum += n
	}
	least := flowAtLeast
	if f.clock.Now().Sub(f.began) < flowSpan*time.Second {
		least = flowAtFirst
	}
	return f.under < max(least, sum)
}

func (f *flow) enter(contacts int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.under += contacts
}

func (f *flow) leave(contacts int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.turn()
	f.under -= contacts
	f.stored[f.second%flowSpan] += contacts
}

// turn empties the seconds that have passed.
func (f *flow) turn() {
	now := int64(f.clock.Now().Sub(f.began) / time.Second)
	for n := 0; f.second < now && n < flowSpan; n++ {
		f.second++
		f.stored[f.second%flowSpan] = 0
	}
	f.second = now
}
