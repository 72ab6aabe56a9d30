package syncrun

import (
	"sync"
	"time"
)

// window bounds the pages of all ends that HubSpot was asked for and no stored cursor covers yet: whoever goes on after a kill asks for
// them again. Without many under way a run cannot keep HubSpot's pace, so it may have one for each contactsPerPage contacts that it is to
// read: a kill costs a small run next to nothing, and a large one a few of its hundreds of calls.
type window struct {
	size int

	mu    sync.Mutex
	ends  int // that still fetch
	under int
}

const (
	contactsPerPage = 500
	smallWindow     = 2
	fullWindow      = 24 // about what a run at HubSpot's pace has under way; more are never needed to fill a call
)

// newWindow is for a run that is to read so many contacts; 0 if that is not known.
func newWindow(ends, contacts int) *window {
	size := max(contacts/contactsPerPage, smallWindow)
	if contacts == 0 {
		size = 1 << 20
	}
	return &window{ends: ends, size: size}
}

// take lets an end that has mine pages under way ask for another one. Each end has room for one page that the others cannot take.
func (w *window) take(mine int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.under >= w.size || mine > w.size-w.ends {
		return false
	}
	w.under++
	return true
}

// pass tells that a page is stored and a cursor behind it.
func (w *window) pass() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.under--
}

// leave tells that an end fetches no more.
func (w *window) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends--
}

// searches is how many of the pages may be asked for before the one above them is there.
func (w *window) searches() int { return min(max(w.size/4, 1), searchesAhead) }

// hold is how long a call may wait for more to ask: few pages cannot fill it, and nothing comes after them while they wait.
func (w *window) hold() time.Duration {
	return held * time.Duration(min(w.size-smallWindow, fullWindow)) / fullWindow
}
