package friend

import (
	"slices"

	"lumo/shared/id"
	"lumo/shared/register"
)

// Proof says how somebody showed that a friend and a contact are one person (P-33).
type Proof struct {
	Method Method `json:"m"`
	Proof  string `json:"p,omitempty"` // names what proved it, such as a linking token; holds no secret
	Actor  string `json:"a,omitempty"`
	At     int64  `json:"t"`
	// Asked is when a person asked for this link, where that was after the proof; 0 otherwise.
	Asked int64 `json:"q,omitempty"`
}

// Ending is why a link ended.
type Ending string

const (
	// ByPerson: somebody unlinked them.
	ByPerson Ending = "unlinked"
	// ContactGone: the contact was deleted.
	ContactGone Ending = "contact_deleted"
	// ContactMerged: the contact was merged into another one, to which the link moved.
	ContactMerged Ending = "contact_merged"
	// Moved: somebody decided that the other side of a conflict is right. Undone: and took that back.
	Moved  Ending = "moved"
	Undone Ending = "undone"
	// PlaceTaken: another friend of the account came first.
	PlaceTaken Ending = "place_taken"
)

// Ended is a link that is over.
type Ended struct {
	Contact id.ContactID `dynamodbav:"c" json:"contact,string"`
	Method  Method       `dynamodbav:"m,omitempty" json:"method,omitempty"`
	Proof   string       `dynamodbav:"p,omitempty" json:"proof,omitempty"`
	Actor   string       `dynamodbav:"a,omitempty" json:"actor,omitempty"`
	At      int64        `dynamodbav:"t,omitempty" json:"at,omitempty"`
	Until   int64        `dynamodbav:"u,omitempty" json:"until,omitempty"`
	Why     Ending       `dynamodbav:"w,omitempty" json:"why,omitempty"`
	By      string       `dynamodbav:"b,omitempty" json:"by,omitempty"`
}

// MaxPast is how many ended links a friend's row remembers.
const MaxPast = 50

// End is when and why a link ends, and who ended it.
type End struct {
	At  int64
	Why Ending
	By  string
}

// remember adds the link as it is to those that ended. History is part of the row, so that no change of a link is stored without it.
func (f *Friend) remember(e End) {
	if f.Link.Contact == 0 {
		return
	}
	l := f.Link
	f.Past = append(slices.Clone(f.Past), Ended{Contact: l.Contact, Method: l.Method, Proof: l.Proof, Actor: l.Actor, At: l.At, Until: e.At, Why: e.Why, By: e.By})
	if n := len(f.Past); n > MaxPast {
		f.Past = f.Past[n-MaxPast:]
	}
}

// Contest records the conflict: nothing moves silently (P-31). A repetition changes nothing, except that a person's own proof replaces what
// was only found in HubSpot.
func (f *Friend) Contest(c id.ContactID, p Proof) {
	if l := f.Link; l.State == Conflict && l.Claimant == c && (p.Method == ImportedID || l.ClaimMethod != ImportedID) {
		return
	}
	f.Link.State, f.Link.Claimant = Conflict, c
	f.Link.ClaimMethod, f.Link.ClaimAt, f.Link.ClaimActor, f.Link.ClaimProof = p.Method, p.At, p.Actor, p.Proof
}

// settled forgets the claimant.
func (l Link) settled() Link {
	l.State, l.Claimant = Linked, 0
	l.ClaimMethod, l.ClaimAt, l.ClaimActor, l.ClaimProof = "", 0, "", ""
	return l
}

// Unite ends the conflict with contacts that became one with the linked contact, and tells whether there was one.
func (f *Friend) Unite(merged []id.ContactID) bool {
	l := f.Link
	if l.State != Conflict || l.Claimant != l.Contact && !slices.Contains(merged, l.Claimant) {
		return false
	}
	f.Link = l.settled()
	return true
}

// Reclaim brings a conflict back whose decision was undone: the link as it was, which a Move had ended, and the claim. Without a link there
// was none. Nothing happens unless the undoing, at that time, was the last that happened to the friend's links; then it is true.
func (f *Friend) Reclaim(c id.ContactID, p Proof, claimant id.ContactID, claim Proof, undone int64) bool {
	n := len(f.Past)
	if f.Link.Contact != 0 || n == 0 || f.Past[n-1].Contact != claimant || f.Past[n-1].Why != Undone || f.Past[n-1].Until != undone {
		return false
	}
	if c != 0 {
		f.Link = Link{State: Linked, Contact: c, Method: p.Method, At: p.At, Actor: p.Actor, Proof: p.Proof}
		f.Contest(claimant, claim)
	}
	return true
}

// EndedAt tells whether the link to a contact ended at that time: a repetition of the wish ends nothing more.
func (f Friend) EndedAt(c id.ContactID, at int64) bool {
	return slices.ContainsFunc(f.Past, func(e Ended) bool { return e.Contact == c && e.Until == at })
}

// ClaimResult is what a claim came to (P-26, P-31).
type ClaimResult int

const (
	// AlreadyLinked: this contact is the linked one.
	AlreadyLinked ClaimResult = iota
	// NewLink: the friend was free and is linked now.
	NewLink
	// Contested: another contact is linked; nothing moves silently.
	Contested
)

// ClaimBy links the friend to a contact, or records the conflict.
func (f *Friend) ClaimBy(c id.ContactID, p Proof) ClaimResult {
	switch {
	case f.Link.Contact == c && f.Link.State == Linked:
		return AlreadyLinked
	case f.Link.Contact == c:
		return AlreadyLinked // in conflict: the queue decides
	case f.Link.Contact == 0:
		f.Link = Link{State: Linked, Contact: c, Method: p.Method, At: p.At, Actor: p.Actor, Proof: p.Proof}
		if f.Parted.Contact == c { // another contact that the friend was parted from goes on claiming nothing
			f.Parted = Parted{}
		}
		f.forgetContact()
		return NewLink
	default:
		f.Contest(c, p)
		return Contested
	}
}

// Repoint follows a merge to the surviving contact. HubSpot's side of every register belonged to the old id.
func (f *Friend) Repoint(to id.ContactID, at int64) {
	if f.Link.Contact == to {
		return
	}
	f.remember(End{At: at, Why: ContactMerged})
	f.Link.Contact = to
	if f.Link.Claimant == to {
		f.Link = f.Link.settled()
	}
	f.forgetContact()
}

// Unlink frees the friend and drops what was imported from the contact (P-32): fields keep only what was edited in Lumo, and why they are
// empty.
func (f *Friend) Unlink(e End) {
	f.remember(e)
	f.Link = Link{}
	f.forgetContact()
	f.Company, f.Due, f.Answers = 0, 0, nil
	for p, r := range f.Fields {
		switch {
		case !r.Lumo.None():
			r.Why.Old = "" // what a value replaced may be the contact's
			f.Fields[p] = r
		case r.Why.At != 0 && r.Why.New == "":
			r.Why.Old = ""
			f.Fields[p] = register.Register{Why: r.Why}
		default:
			delete(f.Fields, p)
		}
	}
}

// Part is a person's wish that the friend and the contact have nothing to do with each other (P-33).
// Of the other side of a conflict it is the wish that the link stays as it is.
func (f *Friend) Part(c id.ContactID, e End) {
	switch c {
	case 0:
		return
	case f.Link.Contact:
		f.Unlink(e)
	case f.Link.Claimant:
		f.Link = f.Link.settled()
	default:
		return
	}
	f.Parted = Parted{Contact: c, Until: Forever}
}

// LaterThan tells whether a link of the friend ended after that time: what was asked before is out of date.
func (f Friend) LaterThan(at int64) bool {
	return slices.ContainsFunc(f.Past, func(e Ended) bool { return e.Until > at })
}

// Outlived tells whether somebody decided against the contact, or a link to it ended, after this was proven: what comes late must not link again whom somebody unlinked.
func (f Friend) Outlived(c id.ContactID, p Proof) bool {
	if p.Asked == 0 && f.Parted.Contact == c && f.Parted.Until != Forever && p.At <= f.Parted.Until {
		return true
	}
	return slices.ContainsFunc(f.Past, func(e Ended) bool { return e.Contact == c && e.Until >= max(p.At, p.Asked) })
}

// Claimable tells whether a contact, as HubSpot showed it at that time, may claim the friend.
func (f Friend) Claimable(c id.ContactID, updatedAt int64) bool {
	return f.Parted.Contact != c || updatedAt > f.Parted.Until || f.Link.Contact == c
}

func (f *Friend) forgetContact() {
	f.Shown, f.ShownAsOf, f.WrittenAt, f.TagsSeen = nil, 0, 0, 0
	fields := make(map[string]register.Register, len(f.Fields))
	for p, r := range f.Fields {
		fields[p] = r.OtherContact()
	}
	f.Fields = fields
}
