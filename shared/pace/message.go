package pace

import (
	"math"
	"time"
)

// Messages is the lease that all message traffic of a portal holds together, and the count of what was used of it. It is written only with
// the condition that nobody else has written since it was read, so it is one thing for all processes, whichever die.
//
// It is a bucket that leaks: a call adds one to the debt, which may not grow above messageBurst; time pays it back at the lease's rate. So in
// any span of time the calls are at most the rate times the span, and the burst. The burst is part of what the lease reserves: that, and not
// more, is sent in any window, whatever the others do.
type Messages struct {
	// N counts the writes, for good: it never begins anew while the row lives.
	N int64
	// Gen is the N of the write that began the lease or raised its demand last.
	Gen int64
	// Want is what is reserved, in calls per window; 0 is no lease. Old was reserved before At.
	Want, Old int
	At        time.Time
	// Until: from here on another holder may end the lease. Until one does, it is good.
	Until time.Time
	// Start is from when Want may be used, if it is more than Old: all other holders know of it by then. Zero is not known yet.
	Start time.Time
	// Debt is in calls, as of Since, which never goes back.
	Debt  float64
	Since time.Time
	// Load is the calls of the last while: an average that fades with loadSpan.
	Load float64
}

const (
	messageHolder = "messages"
	// messageBurst is how many calls may go at once.
	messageBurst = 8
	// messageLeast suffices for a few conversations and leaves bulk work four fifths. messageMost leaves the others a fifth, however much
	// people write.
	messageLeast = 20
	messageMost  = 84
	// messageRaise is what a lease begins with, or is raised by at once, where more than one call comes.
	messageRaise = 32
	// A demand is raised by messageSpare more than it must be, since a raise takes notice where others are; it is lowered when half of
	// that is too much, and not before messageKeep.
	messageSpare = 16
	messageKeep  = window
	// messageTTL is longer than a window: when the lease is over, so is all that was sent on its account, and the free call of its beginning
	// comes once in a window at most.
	messageTTL = 11 * time.Second
	// messageLate is how long after its time a call that was counted may still go.
	messageLate = 250 * time.Millisecond
	// messageSlack stretches the window: a call may go earlier or later than it was counted for, by what clocks differ and by messageLate.
	messageSlack = skew + messageLate
	loadSpan     = 5 * time.Second
)

func (m Messages) live() bool { return m.Want > 0 }

// over tells, of a row that was read at seen, whether anyone may end the lease.
func (m Messages) over(seen time.Time) bool { return m.live() && seen.After(m.Until.Add(skew)) }

// ended keeps nothing but the number, so that a late write to the old lease can never count as one to the next.
func (m Messages) ended() Messages { return Messages{N: m.N + 1} }

// others is what holders of other leases leave to messages. Unlike a process's own raised demand it counts at once: who joins after
// messages found themselves alone must not believe that they wait for anybody.
func (m Messages) others(now time.Time) int {
	if now.Before(m.At.Add(notice - skew)) {
		return max(m.Old, m.Want)
	}
	return m.Want
}

// pending tells whether a demand was raised that may not be used yet.
func (m Messages) pending(at time.Time) bool { return m.Start.IsZero() || at.Before(m.Start) }

// leak is what is paid back, in calls per second.
func leak(want int) float64 {
	return float64(max(want-messageBurst, 0)) / (window + messageSlack).Seconds()
}

// paid is the lease with its debt as of at.
func (m Messages) paid(at time.Time) Messages {
	if !at.After(m.Since) {
		return m
	}
	pay := func(until time.Time, want int) {
		if until.After(m.Since) {
			d := until.Sub(m.Since).Seconds()
			m.Debt = max(m.Debt-d*leak(want), 0)
			m.Load *= math.Exp(-d / loadSpan.Seconds())
			m.Since = until
		}
	}
	before := at
	if !m.pending(at) {
		before = m.Start
	}
	pay(before, min(m.Old, m.Want))
	pay(at, m.Want)
	return m
}

// room is how many calls may go now, of a lease whose debt is as of now.
func (m Messages) room() int { return max(int(math.Floor(messageBurst-m.Debt+1e-9)), 0) }

// roomAt is when the next call may go; at the latest a little later than is worth waiting for without another look.
func (m Messages) roomAt() time.Time {
	at := m.Since
	excess := m.Debt + 1 - messageBurst
	if m.pending(at) {
		slow := leak(min(m.Old, m.Want))
		if slow > 0 && (m.Start.IsZero() || excess/slow < m.Start.Sub(at).Seconds()) {
			return at.Add(seconds(excess / slow))
		}
		if m.Start.IsZero() {
			return at.Add(longestNap)
		}
		excess -= slow * m.Start.Sub(at).Seconds()
		at = m.Start
	}
	return at.Add(seconds(excess / leak(m.Want)))
}

// seconds rounds up, so that who wakes then finds room.
func seconds(s float64) time.Duration { return time.Duration(math.Ceil(s * float64(time.Second))) }

// target is the demand that suits the load: a quarter more, since people do not write evenly.
func (m Messages) target() int {
	need := messageBurst + 4 + int(math.Ceil(1.25*m.Load*float64(window)/float64(loadSpan)))
	return min(max(need, messageLeast), messageMost)
}

// sight is what a process knows of a demand from the first row in which it saw it.
type sight struct {
	gen int64
	// start is from when the demand may be used.
	start time.Time
	// busy: others used the pace within the last window.
	busy bool
}

// sight of the newest demand in a row that an access returned, which took from began to end. Who is alone may start at once: whoever joins
// later has this lease in his row. Else every live holder has read of it when notice has passed.
func (r Row) sight(began, end time.Time) sight {
	s := sight{gen: r.Messages.Gen, start: end, busy: r.busyBefore(messageHolder, began.Add(-skew))}
	if r.occupied(messageHolder, began) {
		s.start = end.Add(notice)
	}
	return s
}

// started writes a sight down, so that other processes need not wait for one of their own.
func (m Messages) started(s sight) Messages {
	m.Start = micro(s.start.Add(time.Microsecond))
	if m.Old > 0 {
		return m
	}
	if m.Since.Before(m.Start) {
		m.Since = m.Start
	}
	m.Debt = messageBurst // what the others sent in this window is not known
	if !s.busy {
		m.Debt = 1
	}
	return m
}

// micro is the precision in which the row keeps times.
func micro(t time.Time) time.Time { return time.UnixMicro(t.UnixMicro()) }

// entry is what a process that has calls waiting does next: write next, whose calls it may send, or wait.
type entry struct {
	write bool
	next  Messages
	calls int
	until time.Time
}

// entry for waiting calls that could go at time at.
func (r Row) entry(at time.Time, waiting int, s sight) entry {
	m := r.Messages
	if !m.live() {
		if waiting == 0 {
			return entry{until: at}
		}
		return entry{write: true, next: r.begun(at, waiting), calls: 1}
	}
	write := m.Start.IsZero() && s.gen == m.Gen
	if write {
		m = m.started(s)
	}
	m = m.paid(at)
	n := min(waiting, m.room())
	to := m.adapted(at, float64(n), waiting > n, r.occupied(messageHolder, at))
	if n == 0 && !write && (to.Want <= m.Want || waiting == 0) {
		return entry{until: m.roomAt()}
	}
	to.N++
	to.Debt += float64(n)
	to.Load += float64(n)
	to.Until = at.Add(messageTTL)
	return entry{write: true, next: to, calls: n}
}

// begun is a new lease. Its first call goes at once, before anyone knows of it: the one call above the budget, from what is held back for
// the jitter of the network, so that a lone message never waits. Then the debt is full until Start.
func (r Row) begun(at time.Time, waiting int) Messages {
	m := Messages{N: r.Messages.N + 1, Want: messageLeast, At: at, Until: at.Add(messageTTL), Debt: messageBurst, Since: at, Load: 1}
	if waiting > 1 || !r.occupied(messageHolder, at) {
		m.Want += messageRaise
	}
	m.Gen = m.N
	return m
}

// adapted is the lease with the demand that suits the load and n calls now. It is raised while half of the burst is left, which is what lasts
// until the raise may be used. Where nobody else is there, nothing is given back.
func (m Messages) adapted(at time.Time, n float64, pressed, occupied bool) Messages {
	if m.pending(at) {
		return m
	}
	target := m.target()
	switch {
	case pressed && m.Old > 0:
		target = messageMost
	case pressed, m.Debt+n > messageBurst/2:
		target = max(target, m.Want+messageRaise)
	case target > m.Want:
		target += messageSpare
	}
	target = min(target, messageMost)
	switch {
	case target > m.Want:
		m.Old, m.Want, m.At, m.Start, m.Gen = m.Want, target, at, time.Time{}, m.N+1
	case occupied && target <= m.Want-messageSpare/2 && at.Sub(m.At) >= messageKeep:
		m.Old, m.Want, m.At, m.Start = m.Want, target, at, at
	}
	return m
}
