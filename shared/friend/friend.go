// Package friend is a LINE user as known to one Official Account: profile, follow status, tags, mapped fields and the link to a HubSpot
// contact. Everything here is a pure change of a value; stores save it whole under its version.
package friend

import (
	"maps"
	"slices"

	"lumo/shared/id"
	"lumo/shared/register"
)

// Key names a friend within a portal.
type Key struct {
	Slot id.Slot       `json:"slot"`
	User id.LineUserID `json:"user"`
}

// GroupKey names a group chat's conversation: messages of and to groups are kept and sent as those of friends are. No friend has such a key.
func GroupKey(s id.Slot, g id.GroupID) Key { return Key{Slot: s, User: id.LineUserID(g)} }

// Group tells whether the key is a group chat's.
func (k Key) Group() (id.GroupID, bool) {
	if k.User == "" || k.User[0] != 'C' {
		return "", false
	}
	return id.GroupID(k.User), true
}

// FollowStatus as written to HubSpot (P-43).
type FollowStatus string

const (
	Following FollowStatus = "following"
	Blocked   FollowStatus = "blocked"
	Unknown   FollowStatus = "unknown"
)

// LinkState is the state of the ID linkage (P-33).
type LinkState string

const (
	Unlinked LinkState = ""
	Linked   LinkState = "linked"
	Conflict LinkState = "conflict"
)

// Method says how a link was proven (P-43, line_link_method).
type Method string

const (
	EmailLink   Method = "email_link"
	MessageLink Method = "message_link"
	ImportedID  Method = "imported_id"
	AutoMatch   Method = "auto_match"
	Manual      Method = "manual"
	// AccountLink: LINE's account link, where the account has no LINE Login channel.
	AccountLink Method = "account_link"
	// Unverified: an address that was typed and that nobody has shown to be theirs (P-25).
	Unverified Method = "unverified"
)

// Link joins the friend to a contact. In a conflict Contact stays the linked one and Claimant is the other side.
type Link struct {
	State    LinkState    `dynamodbav:"s,omitempty" json:"state"`
	Contact  id.ContactID `dynamodbav:"c,omitempty" json:"contact,omitempty,string"`
	Claimant id.ContactID `dynamodbav:"x,omitempty" json:"claimant,omitempty,string"`
	Method   Method       `dynamodbav:"m,omitempty" json:"method,omitempty"`
	At       int64        `dynamodbav:"t,omitempty" json:"at,omitempty"`
	Actor    string       `dynamodbav:"a,omitempty" json:"actor,omitempty"`
	Proof    string       `dynamodbav:"p,omitempty" json:"proof,omitempty"`
	// In a conflict: how and when the claimant's side was proven.
	ClaimMethod Method `dynamodbav:"xm,omitempty" json:"claimMethod,omitempty"`
	ClaimAt     int64  `dynamodbav:"xt,omitempty" json:"claimAt,omitempty"`
	ClaimActor  string `dynamodbav:"xa,omitempty" json:"claimActor,omitempty"`
	ClaimProof  string `dynamodbav:"xp,omitempty" json:"claimProof,omitempty"`
	// Since is when the first of the friends who share the contact was linked to it, where that was before At.
	Since int64 `dynamodbav:"b,omitempty" json:"since,omitempty"`
}

// Began is since when what Lumo writes to the contact comes from its friends.
func (l Link) Began() int64 {
	if l.Since != 0 {
		return min(l.Since, l.At)
	}
	return l.At
}

// Parted is the contact from which a person unlinked the friend. What HubSpot shows of it up to Until (its clock, Unix ms) is from before: the
// LINE User ID in it claims nothing.
type Parted struct {
	Contact id.ContactID `dynamodbav:"c,omitempty" json:"contact,omitempty,string"`
	Until   int64        `dynamodbav:"u,omitempty" json:"until,omitempty"`
}

// Forever is until HubSpot has cleared the contact's LINE properties.
const Forever = 1<<63 - 1

// Friend is the whole of it. Times are Unix ms.
type Friend struct {
	Key
	Ordinal     uint32       `json:"ordinal"`
	Name        string       `json:"name"`
	Picture     string       `json:"picture,omitempty"`
	Language    string       `json:"language,omitempty"`
	ProfileAt   int64        `json:"profileAt,omitempty"`
	Follow      FollowStatus `json:"follow"`
	FollowAt    int64        `json:"followAt,omitempty"`    // time of the follow or unfollow event that decided
	FriendSince int64        `json:"friendSince,omitempty"` // first follow; 0 when only known by import (LINE tells no date, P-43)
	LastMessage int64        `json:"lastMessage,omitempty"`
	NeedsReply  bool         `json:"needsReply,omitempty"`
	AnsweredAt  int64        `json:"answeredAt,omitempty"` // when a person here last wrote to the friend
	Tags        []string     `json:"tags,omitempty"`       // tag ids, sorted
	// TagsSeen is the time, by HubSpot's clock, of the last value of the tags there that was merged (P-46).
	TagsSeen int64 `json:"-"`
	// Shelved are the deleted tags that the friend had, sorted; restoring such a tag gives it back.
	Shelved []string `json:"shelved,omitempty"`
	Link    Link     `json:"link"`
	Parted  Parted   `json:"parted,omitzero"`
	Past    []Ended  `json:"past,omitempty"` // links that ended, oldest first
	// Fields are the mapped two-way fields by HubSpot property name.
	Fields map[string]register.Register `json:"fields,omitempty"`
	// Company is the primary company of the linked contact, known only while company names are mapped.
	Company id.CompanyID `json:"company,omitempty,string"`
	// Shown is what HubSpot is known to hold in the LINE properties (by lineproperty key), as of ShownAsOf.
	Shown     map[string]string `json:"shown,omitempty"`
	ShownAsOf int64             `json:"-"`
	// Answers, by property, are what the person said of themselves when they were linked, until HubSpot has it.
	Answers map[string]string `json:"-"`
	// Due is the outbox marker: HubSpot must learn of this friend at this time; 0 when it knows everything.
	Due int64 `json:"due,omitempty"`
	// WrittenAt is our clock at the last write-back; the next of the same contact waits for the coalescing window (P-45).
	WrittenAt int64 `json:"writtenAt,omitempty"`
	// Failed is set while a failed item of this friend is open, so that a later success can close it.
	Failed bool `json:"failed,omitempty"`
	// LastCast names the last broadcast that the friend was sent, at LastCastAt; LastOpen and LastClick are when the friend was last seen to
	// open and to click, as far as Lumo can measure (P-117). Kept for linked friends only.
	LastCast   string `json:"lastBroadcast,omitempty"`
	LastCastAt int64  `json:"lastBroadcastAt,omitempty"`
	LastOpen   int64  `json:"lastOpen,omitempty"`
	LastClick  int64  `json:"lastClick,omitempty"`
	// CompanyAt is our clock when the primary company was last read from HubSpot itself rather than from its lagging search index.
	CompanyAt int64 `json:"-"`
	// Received and Sent are the last texts each way, kept only where HubSpot shows them.
	Received Said  `json:"-"`
	Sent     Said  `json:"-"`
	Version  int64 `json:"version"`
}

// Equal compares everything but the version.
func (f Friend) Equal(o Friend) bool {
	return f.Key == o.Key && f.Ordinal == o.Ordinal && f.Name == o.Name && f.Picture == o.Picture && f.Language == o.Language && f.ProfileAt == o.ProfileAt &&
		f.Follow == o.Follow && f.FollowAt == o.FollowAt && f.FriendSince == o.FriendSince && f.LastMessage == o.LastMessage && f.NeedsReply == o.NeedsReply && f.AnsweredAt == o.AnsweredAt &&
		slices.Equal(f.Tags, o.Tags) && slices.Equal(f.Shelved, o.Shelved) && f.TagsSeen == o.TagsSeen && f.Link == o.Link && f.Parted == o.Parted && slices.Equal(f.Past, o.Past) && maps.Equal(f.Fields, o.Fields) && f.Company == o.Company && f.CompanyAt == o.CompanyAt &&
		maps.Equal(f.Shown, o.Shown) && maps.Equal(f.Answers, o.Answers) && f.ShownAsOf == o.ShownAsOf && f.Due == o.Due && f.WrittenAt == o.WrittenAt && f.Failed == o.Failed &&
		f.LastCast == o.LastCast && f.LastCastAt == o.LastCastAt && f.LastOpen == o.LastOpen && f.LastClick == o.LastClick && f.Received == o.Received && f.Sent == o.Sent
}

// MaxWeight is the most that a friend's fields may weigh, well below the 400 KB of a DynamoDB item.
const MaxWeight = 350_000

// copies of a value that a register may come to hold.
const copies = 5

// WeightOf is how many bytes a register may come to take: whatever it knows can end up in all of its places.
func WeightOf(r register.Register) int {
	return copies * max(len(r.Lumo.Value), len(r.HubSpot.Value), len(r.Held.Value), len(r.Why.Old), len(r.Why.New))
}

// Weight sums up the fields.
func (f Friend) Weight() int {
	n := 0
	for _, r := range f.Fields {
		n += WeightOf(r)
	}
	return n
}

// CoalesceMillis: further changes of a contact are gathered into one write per 30 s (P-45).
const CoalesceMillis = 30_000

// dueMillis is the grain of the times at which gathered changes fall due.
const dueMillis = 1_000

// Clone copies what is shared by reference.
func (f Friend) Clone() Friend {
	f.Tags, f.Shelved = slices.Clone(f.Tags), slices.Clone(f.Shelved)
	f.Past = slices.Clone(f.Past)
	f.Fields = maps.Clone(f.Fields)
	f.Shown = maps.Clone(f.Shown)
	f.Answers = maps.Clone(f.Answers)
	return f
}

// MarkDirty sets the outbox marker, at once or when the coalescing window of the last write ends. An earlier marker stays. What waits
// falls due with a whole second: contacts that were written one shortly after the other then share a call again.
func (f *Friend) MarkDirty(now int64) {
	if f.Due != 0 {
		return
	}
	f.Due = now
	if f.WrittenAt == 0 {
		return
	}
	if free := f.WrittenAt + CoalesceMillis; free > now {
		f.Due = (free + dueMillis - 1) / dueMillis * dueMillis
	}
}

// ApplyFollow merges a follow or unfollow event by its own time; an older event than the one that decided changes nothing. Of two
// events of one millisecond the unfollow counts, so that order does not matter.
func (f *Friend) ApplyFollow(at int64, follows, unblocked bool) bool {
	to := Blocked
	if follows {
		to = Following
	}
	changed := false
	if follows && !unblocked && (f.FriendSince == 0 || at < f.FriendSince) {
		f.FriendSince, changed = at, true
	}
	if at < f.FollowAt || at == f.FollowAt && (f.Follow == Blocked || f.Follow == to) {
		return changed
	}
	f.Follow, f.FollowAt = to, at
	return true
}

// Wrote merges a message of the friend: any waits for a human answer (P-43), unless one of later is there already.
func (f *Friend) Wrote(at int64) {
	if at > f.LastMessage {
		f.LastMessage, f.NeedsReply = at, at > f.AnsweredAt
	}
}

// Answered merges what a person here wrote at that time.
func (f *Friend) Answered(at int64) {
	f.AnsweredAt = max(f.AnsweredAt, at)
	f.NeedsReply = f.NeedsReply && f.LastMessage > f.AnsweredAt
}

// Verified tells that LINE itself told of this user, so that the id is not merely something that somebody typed.
func (f Friend) Verified() bool {
	return f.ProfileAt != 0 || f.LastMessage != 0 || f.FollowAt != 0 || f.Follow == Following
}

// AccountLeft forgets who follows when the account is disconnected: from then on nobody tells (P-160).
func (f *Friend) AccountLeft(at int64) bool {
	if f.Follow == Unknown {
		return false
	}
	f.Follow, f.FollowAt = Unknown, max(at, f.FollowAt)
	return true
}

// Profile is what LINE shows of a user.
type Profile struct {
	Name, Picture, Language string
}

// ApplyProfile takes over a profile read at the given time (P-146: never an older one).
func (f *Friend) ApplyProfile(p Profile, at int64) bool {
	if at < f.ProfileAt {
		return false
	}
	changed := f.Name != p.Name || f.Picture != p.Picture || p.Language != "" && f.Language != p.Language
	f.Name, f.Picture, f.ProfileAt = p.Name, p.Picture, at
	if p.Language != "" {
		f.Language = p.Language
	}
	return changed
}

// SetTag adds or removes a tag. What a person removes is not given back by restoring the tag.
func (f *Friend) SetTag(tag string, on bool) bool {
	forgotten := put(&f.Shelved, tag, false)
	return put(&f.Tags, tag, on) || forgotten
}

// Shelve takes away a tag that was deleted, and remembers it.
func (f *Friend) Shelve(tag string) bool {
	return put(&f.Tags, tag, false) && put(&f.Shelved, tag, true)
}

// Unshelve gives back a tag that is being restored.
func (f *Friend) Unshelve(tag string) bool {
	return put(&f.Shelved, tag, false) && put(&f.Tags, tag, true)
}

// HasTag and HasShelved look one up.
func (f Friend) HasTag(tag string) bool     { return has(f.Tags, tag) }
func (f Friend) HasShelved(tag string) bool { return has(f.Shelved, tag) }

func has(sorted []string, s string) bool {
	_, ok := slices.BinarySearch(sorted, s)
	return ok
}

// put has s in or out of a sorted list, and tells whether that changed it. The list may be shared: it is replaced.
func put(sorted *[]string, s string, in bool) bool {
	i, has := slices.BinarySearch(*sorted, s)
	switch {
	case in && !has:
		*sorted = slices.Insert(slices.Clone(*sorted), i, s)
	case !in && has:
		*sorted = slices.Delete(slices.Clone(*sorted), i, i+1)
	default:
		return false
	}
	return true
}
