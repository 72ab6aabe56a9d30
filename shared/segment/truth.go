package segment

import (
	"lumo/shared/friend"
	"lumo/shared/friendindex"
)

// Truth is what is known of a condition: "and" takes the smallest, "or" the largest. Open means that the friend's row must be read to tell.
// It stands above Doubt because nothing above the conditions is negated: what is in doubt cannot match any more, whatever a row tells.
type Truth int8

const (
	False Truth = iota
	Doubt       // nobody knows
	Open
	True
)

// truth of what is known.
func truth(b bool) Truth {
	if b {
		return True
	}
	return False
}

// unless turns "is" into "is not": what nobody knows stays so.
func (t Truth) unless() Truth {
	switch t {
	case True:
		return False
	case False:
		return True
	}
	return t
}

// subject is the friend in question. Its row is nil while only the index was read.
type subject struct {
	entry friendindex.Entry
	row   *friend.Friend
}

// test is one condition, bound to what it rests on.
type test func(*subject) Truth

// plan is a tree bound to everything that it rests on, at one moment.
type plan []costly

// costly is a group, and how much it costs to judge it.
type costly struct {
	tests []test
	cost  int
}

// eval is Kleene's three-valued logic.
func (p plan) eval(s *subject) Truth {
	all := True
	for _, group := range p {
		some := False
		for _, t := range group.tests {
			if some = max(some, t(s)); some == True {
				break
			}
		}
		if all = min(all, some); all == False {
			break
		}
	}
	return all
}

// orUnknown lets doubt count as a match.
func orUnknown(t test) test {
	return func(s *subject) Truth {
		if v := t(s); v != Doubt {
			return v
		}
		return True
	}
}
