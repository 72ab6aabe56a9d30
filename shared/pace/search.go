package pace

import (
	"slices"
	"time"
)

// search is one that this process sent.
type search struct {
	at   time.Time
	left bool // at is when it was seen to leave; else when it was granted
}

// left notes that a search leaves now: the newest that was not seen to, since an older one was perhaps given up before it left.
func (b *bucket) left() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := len(b.searches) - 1; i >= 0; i-- {
		if s := &b.searches[i]; !s.left {
			s.at, s.left = b.cfg.Clock.Now(), true
			break
		}
	}
	slices.SortStableFunc(b.searches, func(x, y search) int { return x.at.Compare(y.at) })
}

// secondOver is when the last searches but the newest four are a second old: the earliest time of the next one.
func (b *bucket) secondOver() time.Time {
	if len(b.searches) < searchesPerSecond {
		return time.Time{}
	}
	return b.searches[len(b.searches)-searchesPerSecond].at.Add(time.Second + searchMargin)
}
