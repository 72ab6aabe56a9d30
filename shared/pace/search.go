package pace

import "time"

// search is one that this process sent.
type search struct {
	at   time.Time
	left bool // at is when it was seen to leave; else when it was granted
}

// left notes that the oldest search that was not seen to leave does so now.
func (b *bucket) left() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.searches {
		if s := &b.searches[i]; !s.left {
			s.at, s.left = b.cfg.Clock.Now(), true
			return
		}
	}
}

// secondOver is when the last searches but the newest four are a second old: the earliest time of the next one.
func (b *bucket) secondOver() time.Time {
	if len(b.searches) < searchesPerSecond {
		return time.Time{}
	}
	return b.searches[len(b.searches)-searchesPerSecond].at.Add(time.Second + searchMargin)
}
