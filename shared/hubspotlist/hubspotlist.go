// Package hubspotlist is a portal's HubSpot lists (P-50 to P-55): the index of all contact lists, and the members of those that are
// selected on "Sync Data" or used by something that evaluates them. Members are one compact snapshot per list in the bucket, never a row
// each; a fingerprint that one call brings for 500 lists tells when they changed, the journal brings single changes sooner. Always called
// "HubSpot list" to people, because HubSpot's own pages call lists segments.
package hubspotlist

import (
	"context"
	"errors"

	"lumo/shared/id"
)

// Kind of list as people know it.
type Kind string

const (
	Active Kind = "active" // DYNAMIC: members follow filters
	Static Kind = "static" // MANUAL, SNAPSHOT
)

// MaxMembers is the largest list whose members are read (P-54).
const MaxMembers = 1_000_000

var (
	// ErrUnknown: the portal has no such list.
	ErrUnknown = errors.New("no such HubSpot list")
	// ErrDeleted: somebody deleted the list in HubSpot. It is neither empty nor full: whatever depends on it needs attention (P-53).
	ErrDeleted = errors.New("the HubSpot list was deleted")
	// ErrUnread: its members were not read yet.
	ErrUnread = errors.New("the members of the HubSpot list are not read yet")
	// ErrRefused: HubSpot does not let us read its members.
	ErrRefused = errors.New("HubSpot does not show the members of the list")
	// ErrTooLarge: more than MaxMembers.
	ErrTooLarge = errors.New("the HubSpot list has more than 1,000,000 members")
	// ErrChanged: somebody else wrote the list's row since it was read.
	ErrChanged = errors.New("list changed meanwhile")
)

// List is one HubSpot list of contacts, with what is known of its members. Times are Unix ms.
type List struct {
	ID   id.ListID `dynamodbav:"-"`
	Name string    `dynamodbav:"n"`
	Kind Kind      `dynamodbav:"k"`
	Size int       `dynamodbav:"s"` // -1 while HubSpot is still computing it
	// Fingerprint changes when members do: size, time of the last one added and of the last one removed, as HubSpot tells them.
	Fingerprint string `dynamodbav:"f"`
	LastAdded   int64  `dynamodbav:"la,omitempty"`
	LastRemoved int64  `dynamodbav:"lr,omitempty"`
	SeenAt      int64  `dynamodbav:"t"`            // the last change that we noticed
	DeletedAt   int64  `dynamodbav:"d,omitempty"`  // HubSpot no longer has it
	Selected    bool   `dynamodbav:"sl,omitempty"` // on "Sync Data"
	Used        bool   `dynamodbav:"u,omitempty"`  // by a dependent, as of the last look
	// UsedUntil keeps members for a person who is about to make something that rests on them.
	UsedUntil int64 `dynamodbav:"uu,omitempty"`
	Refused   int64 `dynamodbav:"rf,omitempty"` // when HubSpot last did not let us read the members
	// Wanted asks for members that are read at this time or later (P-52).
	Wanted  int64     `dynamodbav:"w,omitempty"`
	Members *Snapshot `dynamodbav:"m,omitempty"`
	Reading *Reading  `dynamodbav:"r,omitempty"`
	Version int64     `dynamodbav:"v"`
}

// Needed tells that members are kept.
func (l List) Needed() bool { return l.Selected || l.Used }

// Snapshot is what is stored of members.
type Snapshot struct {
	Object string `dynamodbav:"o"` // in the bucket
	Count  int    `dynamodbav:"c"`
	ReadAt int64  `dynamodbav:"t"` // when the read began that it is from
	AsOf   int64  `dynamodbav:"a"` // when it was last known to be right, without the looks at the index that found nothing new
	// Fingerprint of the list that these members belong to; "" while something does not fit. Tried is the one of the read itself.
	Fingerprint string `dynamodbav:"f,omitempty"`
	Tried       string `dynamodbav:"p,omitempty"`
	// ToldAdded and ToldRemoved are the latest changes that are in; Told means that single changes came after the read.
	ToldAdded   int64 `dynamodbav:"ta,omitempty"`
	ToldRemoved int64 `dynamodbav:"tr,omitempty"`
	Told        bool  `dynamodbav:"j,omitempty"`
	// Added and Removed are how the last read that changed anything differed from what was there before.
	Added   int `dynamodbav:"n,omitempty"`
	Removed int `dynamodbav:"x,omitempty"`
}

// Reading is a read of members that goes on. It lasts several steps for large lists.
type Reading struct {
	By          string `dynamodbav:"b"` // who reads; others leave it alone while Beat is young
	Beat        int64  `dynamodbav:"h"`
	StartedAt   int64  `dynamodbav:"t"`
	Fingerprint string `dynamodbav:"f,omitempty"`
	LastAdded   int64  `dynamodbav:"la,omitempty"`
	LastRemoved int64  `dynamodbav:"lr,omitempty"`
	Size        int    `dynamodbav:"s"`
	After       string `dynamodbav:"a,omitempty"` // cursor of the next page
	Object      string `dynamodbav:"o,omitempty"` // what was read so far
	Count       int    `dynamodbav:"c,omitempty"`
}

// Source reads lists from HubSpot.
type Source interface {
	// Lists is a page of the index; next is -1 at the end.
	Lists(ctx context.Context, p id.PortalID, offset int) (ls []List, next int, err error)
	// Exists asks for one by its id.
	Exists(ctx context.Context, p id.PortalID, l id.ListID) (bool, error)
	// Members is a page of the ids of members, by id; next is "" at the end. fault.NotFound when the list is gone.
	Members(ctx context.Context, p id.PortalID, l id.ListID, after string) (ids []id.ContactID, next string, err error)
	// Watch has the journal tell changes of the members of exactly these lists.
	Watch(ctx context.Context, p id.PortalID, ls []id.ListID) error
}

// Store keeps the index.
type Store interface {
	All(ctx context.Context, p id.PortalID) ([]List, error)
	Load(ctx context.Context, p id.PortalID, l id.ListID) (List, bool, error)
	// Save writes under Version; ErrChanged when somebody else was first. It returns the row with its next version.
	Save(ctx context.Context, p id.PortalID, l List) (List, error)
	// Remove deletes under Version.
	Remove(ctx context.Context, p id.PortalID, l List) error
	// Checked is what is remembered of the whole index.
	Checked(ctx context.Context, p id.PortalID) (Checked, error)
	SaveChecked(ctx context.Context, p id.PortalID, c Checked) error
}

// Checked is when the index was last compared, how many lists it held, and which of them the journal tells about.
type Checked struct {
	At      int64       `dynamodbav:"t"`
	Watched []id.ListID `dynamodbav:"w,omitempty"`
	Lists   int         `dynamodbav:"n,omitempty"` // that HubSpot had then
}

// Dependent is what evaluates members of lists: a segment, a draft broadcast.
type Dependent struct {
	Kind  string      `json:"kind"`
	ID    string      `json:"id"`
	Name  string      `json:"name"`
	Lists []id.ListID `json:"-"`
}

// Dependents finds everything of a portal that uses lists.
type Dependents interface {
	Dependents(ctx context.Context, p id.PortalID) ([]Dependent, error)
}
