package sqs

import (
	"math/rand/v2"
	"time"
)

// Chaos makes standard queues behave as badly as SQS allows them to: messages twice, out of order, and receives that return fewer
// than there are. FIFO queues are not touched. The zero value is calm.
type Chaos struct {
	// Duplicate is the share of sends (0..1) of which a second copy arrives, up to DuplicateWithin later, deleted or not.
	Duplicate       float64       `json:"duplicate"`
	DuplicateWithin time.Duration `json:"duplicateWithin"`
	// Reorder delivers in random order.
	Reorder bool `json:"reorder"`
	// Short is the share of receives that return fewer messages than they could (at least one).
	Short float64 `json:"short"`
}

// Rough is a good default for tests.
var Rough = Chaos{Duplicate: 0.1, DuplicateWithin: 2 * time.Second, Reorder: true, Short: 0.25}

// SetChaos switches the behaviour of all standard queues from now on.
func (s *Server) SetChaos(c Chaos) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chaos = c
}

// duplicate returns a second copy of m, or nil.
func (c Chaos) duplicate(r *rand.Rand, m *message) *message {
	if c.Duplicate == 0 || r.Float64() >= c.Duplicate {
		return nil
	}
	ghost := *m
	ghost.Key++
	if c.DuplicateWithin > 0 {
		ghost.Visible = ghost.Visible.Add(time.Duration(r.Int64N(int64(c.DuplicateWithin))))
	}
	return &ghost
}

// reorderWindow bounds how far a message can overtake.
const reorderWindow = 200

// pick chooses up to n of the messages that ready offers.
func (c Chaos) pick(r *rand.Rand, n int, ready func(int) []*message) []*message {
	if c.Short > 0 && n > 1 && r.Float64() < c.Short {
		n = 1 + r.IntN(n-1)
	}
	if !c.Reorder {
		return ready(n)
	}
	ms := ready(reorderWindow)
	r.Shuffle(len(ms), func(i, j int) { ms[i], ms[j] = ms[j], ms[i] })
	return ms[:min(n, len(ms))]
}
