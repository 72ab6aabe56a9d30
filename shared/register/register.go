// Package register holds one two-way field of one friend: what was edited in Lumo, what was edited in HubSpot, and what HubSpot is
// known to hold. Merging is commutative, associative and idempotent, so deliveries may be late, doubled and out of order (invariant I3).
// Deciding is a pure function of the merged register and the field's rule (P-39, P-40).
package register

import "cmp"

// TieMillis is how much later a Lumo edit must be to beat a HubSpot edit: "equal within 2 s, HubSpot wins" (P-39), written as one
// total order in which HubSpot's time counts 2 s more.
const TieMillis = 2000

// Edit is somebody's change of the field. The zero Edit means that there was none: never set is not the same as cleared.
type Edit struct {
	Value string `dynamodbav:"v,omitempty" json:"value"` // "" is an explicit clear
	At    int64  `dynamodbav:"t,omitempty" json:"at"`    // Unix ms; when Inexact, the edit was made at this time or before
	// Inexact edits come from records read without their history.
	Inexact bool `dynamodbav:"i,omitempty" json:"inexact,omitempty"`
	// AsOf is the time (Unix ms) of the snapshot that showed this edit as the newest; later snapshots replace earlier ones.
	AsOf int64 `dynamodbav:"o,omitempty" json:"-"`
}

// None tells that no such edit is known.
func (e Edit) None() bool { return e.At == 0 }

// Held is what HubSpot holds. Known is false until a record was read or written.
type Held struct {
	Known bool   `dynamodbav:"k,omitempty" json:"known"`
	Value string `dynamodbav:"v,omitempty" json:"value"`
	AsOf  int64  `dynamodbav:"o,omitempty" json:"asOf"`
	// Unproven: this is what we wrote, and the history was not read since: our write may have gone over an edit that we had not seen.
	Unproven bool `dynamodbav:"u,omitempty" json:"-"`
}

// Register is the state of one field of one friend.
type Register struct {
	Lumo    Edit `dynamodbav:"l,omitempty" json:"lumo"`
	HubSpot Edit `dynamodbav:"h,omitempty" json:"hubspot"` // newest edit made by anyone but us
	Held    Held `dynamodbav:"c,omitempty" json:"held"`
	Why     Why  `dynamodbav:"w,omitempty" json:"why"`
}

// Why explains the value that friends and screens see; it is written in the same item write as the value.
type Why struct {
	Old    string `dynamodbav:"o,omitempty" json:"old"`
	New    string `dynamodbav:"n,omitempty" json:"new"`
	Winner Side   `dynamodbav:"w,omitempty" json:"winner"`
	Reason Reason `dynamodbav:"r,omitempty" json:"reason"`
	Cause  string `dynamodbav:"c,omitempty" json:"cause"` // run step or event that brought it
	At     int64  `dynamodbav:"t,omitempty" json:"at"`
}

// Merge joins two states of knowledge about the same field of the same contact.
func (r Register) Merge(o Register) Register {
	out := r
	if newerLumo(o.Lumo, r.Lumo) {
		out.Lumo = o.Lumo
	}
	if newerSeen(o.HubSpot, r.HubSpot) {
		out.HubSpot = o.HubSpot
	}
	if newerHeld(o.Held, r.Held) {
		out.Held = o.Held
	}
	if c := cmp.Compare(o.Why.At, r.Why.At); c > 0 || c == 0 && o.Why.key() > r.Why.key() {
		out.Why = o.Why
	}
	return out
}

func (w Why) key() string {
	return w.Cause + "\x00" + w.Old + "\x00" + w.New + "\x00" + string(w.Winner) + string(w.Reason)
}

func newerLumo(a, b Edit) bool {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Value, b.Value), cmp.Compare(a.AsOf, b.AsOf)) > 0
}

// newerSeen orders HubSpot edits by the snapshot that showed them; of one snapshot the exact reading wins.
func newerSeen(a, b Edit) bool {
	return cmp.Or(cmp.Compare(a.AsOf, b.AsOf), cmp.Compare(exactness(a), exactness(b)), cmp.Compare(a.At, b.At), cmp.Compare(a.Value, b.Value)) > 0
}

func newerHeld(a, b Held) bool {
	return cmp.Or(cmp.Compare(a.AsOf, b.AsOf), cmp.Compare(boolRank(a.Known), boolRank(b.Known)),
		cmp.Compare(boolRank(!a.Unproven), boolRank(!b.Unproven)), cmp.Compare(a.Value, b.Value)) > 0
}

func exactness(e Edit) int { return boolRank(!e.Inexact && !e.None()) }

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}
