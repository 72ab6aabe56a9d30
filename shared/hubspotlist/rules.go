package hubspotlist

import (
	"time"

	"lumo/shared/id"
)

// skew is how much HubSpot's clock and ours, or its answers of one moment, may differ.
const skew = 30 * time.Second

// settled tells that the stored members are those that the index speaks of. Either they were read under the same fingerprint, or every change
// that HubSpot knows of happened before the read or was told by the journal, and the number is right.
func (l List) settled() bool {
	m := l.Members
	if m == nil {
		return false
	}
	if m.Fingerprint == l.Fingerprint {
		return true
	}
	read := m.ReadAt - skew.Milliseconds()
	return l.Size == m.Count && l.LastAdded <= max(read, m.ToldAdded) && l.LastRemoved <= max(read, m.ToldRemoved)
}

// due tells that members must be read now. since is when the asker began: what was read later is not read again for it. thorough does not
// trust what only the journal told.
func (l List) due(since int64, thorough bool) bool {
	switch {
	case !l.Needed() || l.DeletedAt != 0 || l.Size > MaxMembers:
		return false
	case l.Refused != 0 && l.Refused >= since:
		return false
	case l.Members == nil || l.Wanted > l.Members.ReadAt:
		return true
	case l.Members.ReadAt >= since:
		return false
	}
	return !l.settled() || thorough && l.Members.Told
}

// accepts decides which fingerprint freshly read members get. When their number is not the one that HubSpot tells, something changed during
// the read or HubSpot's numbers lag, so that they are read once more; if that brings the same, HubSpot counts differently and it is good.
func (r Reading) accepts(count int, before *Snapshot, same bool) string {
	if r.Size < 0 || r.Size == count || same && before != nil && before.Tried == r.Fingerprint {
		return r.Fingerprint
	}
	return ""
}

// State of a list as people see it.
type State string

const (
	NotSelected State = "not_selected"
	Waiting     State = "waiting" // for the first read
	ReadingNow  State = "reading"
	Current     State = "current"
	Outdated    State = "outdated" // changed in HubSpot, is read with the next look
	Deleted     State = "deleted"
	TooLarge    State = "too_large"
	Refused     State = "refused" // HubSpot does not show its members
)

// State tells how a list does.
func (l List) State() State {
	switch {
	case l.DeletedAt != 0:
		return Deleted
	case !l.Needed():
		return NotSelected
	case l.Size > MaxMembers:
		return TooLarge
	case l.Reading != nil:
		return ReadingNow
	case l.Refused != 0:
		return Refused
	case l.Members == nil:
		return Waiting
	case l.Wanted > l.Members.ReadAt || !l.settled():
		return Outdated
	}
	return Current
}

// MembersAsOf is since when the stored members are known to be right (P-52), 0 while there are none. An index compared later that
// found nothing new says so for its own time.
func (l List) MembersAsOf(c Checked) int64 {
	switch {
	case l.Members == nil:
		return 0
	case l.DeletedAt == 0 && l.settled():
		return max(l.Members.AsOf, c.At)
	}
	return l.Members.AsOf
}

// ReadTime estimates how long reading the members takes, at the pace that HubSpot allows (P-54).
func (l List) ReadTime() time.Duration {
	const pages, perSecond = 250, 9
	return time.Duration((max(l.Size, 0)+pages-1)/pages) * time.Second / perSecond
}

// needs tells which lists dependents use.
func needs(ds []Dependent) map[id.ListID]bool {
	out := map[id.ListID]bool{}
	for _, d := range ds {
		for _, l := range d.Lists {
			out[l] = true
		}
	}
	return out
}
