package broadcast

import (
	"context"
	"sync"
	"testing"
	"time"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// locked is LINE for pushes made side by side. The first push waits until somebody read the rows of the second chunk.
type locked struct {
	*fakeLine
	mu    sync.Mutex
	asked chan struct{}
	late  bool
}

func (l *locked) Channel(context.Context, id.PortalID, id.Slot) (Channel, error) { return l, nil }

func (l *locked) Push(ctx context.Context, key string, to id.LineUserID, m Message) error {
	select {
	case <-l.asked:
	case <-time.After(20 * time.Second):
		l.mu.Lock()
		l.late = true
		l.mu.Unlock()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fakeLine.Push(ctx, key, to, m)
}

type countedRows struct {
	memFriends
	calls int
	sizes []int
	asked chan struct{}
}

func (f *countedRows) GetMany(ctx context.Context, p id.PortalID, ks []friend.Key) (map[friend.Key]friend.Friend, error) {
	if f.calls++; f.calls == 2 {
		close(f.asked)
	}
	f.sizes = append(f.sizes, len(ks))
	return f.memFriends.GetMany(ctx, p, ks)
}

func TestRowsOfTheNextChunkAreReadWhileOneIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1200)
	w.values[user(1100)] = "Anna"
	asked := make(chan struct{})
	line, rows := &locked{fakeLine: w.line, asked: asked}, &countedRows{memFriends: memFriends{w}, asked: asked}
	w.sender.Parallel, w.sender.Line, w.sender.Friends = 8, line, rows
	w.draft("b", "Hi {{line.name|you}}")
	w.confirm("b", 0)
	w.once(0, 1200)
	if b := w.get("b"); b.Status != Sent || b.Progress.Sent != 1200 || line.late {
		t.Fatalf("%s, %d sent, late %v", b.Status, b.Progress.Sent, line.late)
	}
	if len(rows.sizes) != 3 || rows.sizes[2] != 200 {
		t.Errorf("read %v", rows.sizes)
	}
}

// A chunk that cannot be settled is read again by the step that follows, and so is the one read ahead of it.
func TestWhatWasReadAheadIsNotSkipped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1200)
	asked := make(chan struct{})
	line, rows := &locked{fakeLine: w.line, asked: asked}, &countedRows{memFriends: memFriends{w}, asked: asked}
	w.sender.Parallel, w.sender.Line, w.sender.Friends = 8, line, rows
	n := 0
	w.before = func(what string) error {
		if n++; what == "call" && n > 300 && w.clock.Now().Before(start.Add(time.Hour)) {
			return errLost
		}
		return nil
	}
	w.draft("b", "Hi {{line.name|you}}")
	w.confirm("b", 0)
	w.once(0, 1200)
	if b := w.get("b"); b.Status != Sent || b.Progress.Sent != 1200 {
		t.Fatalf("%s, %+v", b.Status, b.Progress)
	}
}
