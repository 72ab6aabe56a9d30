// Package broadcast sends one message to many friends of an Official Account: composing, confirming, freezing the audience, reserving quota,
// sending so that nobody gets it twice, and results (P-124..P-131). What is decided is pure (life.go, quota.go, outcome.go); Service does
// what people ask for, Sender the work behind it.
package broadcast

import (
	"errors"
	"slices"
	"time"

	"lumo/shared/bubble"
	"lumo/shared/id"
	"lumo/shared/portal"
)

// Status as shown (P-125).
type Status string

const (
	Draft      Status = "draft"
	Scheduled  Status = "scheduled"
	Sending    Status = "sending"
	Sent       Status = "sent"
	PartlySent Status = "partly_sent"
	Held       Status = "held"
	Canceled   Status = "canceled"
)

// Kind of an audience (P-123).
type Kind string

const (
	Everyone Kind = "all"
	WithTag  Kind = "tag"
	Segment  Kind = "segment"
)

// Audience says who is to get it. Ref is the id of the tag or segment.
type Audience struct {
	Kind Kind   `json:"kind" dynamodbav:"k"`
	Ref  string `json:"ref,omitempty" dynamodbav:"r,omitempty"`
}

// Tracking says whether links are rewritten so that taps can be counted.
type Tracking string

const (
	Untracked Tracking = ""
	// Shared links are the same for everybody: taps are counted, not who tapped.
	Shared Tracking = "shared"
	// Personal links tell who tapped; each person gets an own message, so it is sent by push.
	Personal Tracking = "personal"
)

// Order in which a limited audience is served (P-128).
type Order string

const (
	Oldest Order = "" // friends known longest come first
	Newest Order = "newest"
	Random Order = "random"
)

// Reason of a hold.
type Reason string

const (
	// NoQuota: the month's messages do not suffice.
	NoQuota Reason = "quota"
	// NoAudience: the segment, tag or list behind the audience needs attention.
	NoAudience Reason = "audience"
	// NoAccount: LINE refuses the account's credentials or plan.
	NoAccount Reason = "account"
	// NoMessage: LINE refuses the message itself.
	NoMessage Reason = "message"
)

// Hold is why a broadcast stands still. Nothing of what is left goes out until a person chooses.
type Hold struct {
	Reason    Reason `json:"reason" dynamodbav:"r"`
	Need      int    `json:"need,omitempty" dynamodbav:"n,omitempty"`
	Remaining int    `json:"remaining" dynamodbav:"m,omitempty"`
	Code      string `json:"code,omitempty" dynamodbav:"c,omitempty"`
	Message   string `json:"message,omitempty" dynamodbav:"x,omitempty"` // the provider's reason
}

// Frozen is the audience as it was when a person confirmed. It lies in one object of the bucket.
type Frozen struct {
	Blob  string `dynamodbav:"b"`
	Count int    `dynamodbav:"n"`
	AsOf  int64  `dynamodbav:"t"`
	// MembersAsOf is the age of the oldest list membership behind it, 0 without lists (P-52).
	MembersAsOf int64 `dynamodbav:"m,omitempty"`
	// Limit is how many of them are served; 0 is all.
	Limit int   `dynamodbav:"l,omitempty"`
	Order Order `dynamodbav:"o,omitempty"`
}

// Serve is how many are to get it.
func (f Frozen) Serve() int {
	if f.Limit > 0 {
		return min(f.Limit, f.Count)
	}
	return f.Count
}

// Span is a stretch of the frozen audience: from up to, not including, to.
type Span struct {
	From int `json:"from" dynamodbav:"f"`
	To   int `json:"to" dynamodbav:"t"`
}

// Progress counts what became of the audience so far.
type Progress struct {
	Next    int            `json:"next" dynamodbav:"x"` // the first of whom nothing is settled
	Sent    int            `json:"sent" dynamodbav:"s"`
	Refused map[string]int `json:"refused,omitempty" dynamodbav:"r,omitempty"` // by code of the refusal
	// Unsure: nobody knows whether these got it, and LINE no longer tells. A person decides.
	Unsure []Span `json:"unsure,omitempty" dynamodbav:"u,omitempty"`
	// Missed are those of the settled ones who certainly did not get it: LINE refused them one by one, or a person wrote them off.
	Missed Places `json:"missed,omitempty" dynamodbav:"m,omitempty"`
	// Done marks, bit by bit from Next on, whom a block of pushes has settled already.
	Done []byte `json:"done,omitempty" dynamodbav:"d,omitempty"`
	// Since is when nothing from Next on had been tried yet, or 0 when nothing tried is in doubt: LINE knows a retry key for a day from then.
	Since int64 `json:"since,omitempty" dynamodbav:"t,omitempty"`
}

// UnsureCount sums up the spans.
func (p Progress) UnsureCount() int {
	n := 0
	for _, s := range p.Unsure {
		n += s.To - s.From
	}
	return n
}

// RefusedCount sums up the codes.
func (p Progress) RefusedCount() int {
	n := 0
	for _, c := range p.Refused {
		n += c
	}
	return n
}

// Broadcast is the whole of it. Times are Unix ms.
type Broadcast struct {
	ID        string          `json:"id"`
	Slot      id.Slot         `json:"slot"`
	Name      string          `json:"name"`
	Bubbles   []bubble.Bubble `json:"bubbles"`
	Silent    bool            `json:"silent,omitempty"`
	Tracking  Tracking        `json:"tracking,omitempty"`
	Audience  Audience        `json:"audience"`
	TestUsers []id.LineUserID `json:"testUsers,omitempty"`
	SendAt    int64           `json:"sendAt,omitempty"` // 0: as soon as it is confirmed

	Status      Status       `json:"status"`
	CreatedAt   int64        `json:"createdAt"`
	CreatedBy   portal.Actor `json:"createdBy"`
	UpdatedAt   int64        `json:"updatedAt"`
	ConfirmedAt int64        `json:"confirmedAt,omitempty"`
	ConfirmedBy portal.Actor `json:"confirmedBy"`
	StartedAt   int64        `json:"startedAt,omitempty"`
	EndedAt     int64        `json:"endedAt,omitempty"`

	Frozen *Frozen `json:"-"`
	Hold   *Hold   `json:"hold,omitempty"`
	// Progress as of the last change of status; while it is sending, its chain knows more.
	Progress Progress `json:"progress"`
	// Links and Pictures are the targets of tracked addresses, by their number in tokens.
	Links    []string `json:"-"`
	Pictures []string `json:"-"`
	// Attempt counts the chains that worked on it; it names the present one.
	Attempt int `json:"-"`
	// Due is when the minute tick looks at it, 0 for never.
	Due     int64 `json:"-"`
	Version int64 `json:"-"`
}

const (
	// MaxName of a broadcast, in characters.
	MaxName = 100
	// MaxTestUsers of one test.
	MaxTestUsers = 10
	// MaxContent is the most that bubbles weigh as JSON: the row holds them.
	MaxContent = 200_000
	// Lead is the shortest time from confirming to a scheduled send (P-126).
	Lead = 5 * time.Minute
	// MaxAhead is the longest.
	MaxAhead = 366 * 24 * time.Hour
	// ChunkSize is how many one multicast reaches, and how many recipients one checkpoint covers.
	ChunkSize = 500
	// FreshFor: an audience older than this is compared once more when sending begins (P-52).
	FreshFor = 10 * time.Minute
)

// Named refusals; their texts are shown to users.
var (
	ErrUnknown   = errors.New("there is no such broadcast")
	ErrChanged   = errors.New("the broadcast changed meanwhile")
	ErrStatus    = errors.New("that cannot be done with a broadcast in this state")
	ErrName      = errors.New("a broadcast's name has 1 to 100 characters")
	ErrAudience  = errors.New("this audience cannot be used: its tag, segment or list is gone or needs attention")
	ErrPreparing = errors.New("this audience is not ready yet: HubSpot is still being read for it")
	ErrNobody    = errors.New("nobody would get this broadcast")
	ErrSchedule  = errors.New("the time must be at least 5 minutes and at most a year ahead")
	ErrTestUsers = errors.New("a test goes to 1 to 10 friends of the account")
	ErrTooLarge  = errors.New("the bubbles are too large together")
	ErrNoAccount = errors.New("this LINE account is not connected")
	ErrChoice    = errors.New("that is no choice here")
	ErrTracking  = errors.New("tracking is switched off for this account")
)

// Personalised tells whether each recipient gets a message of its own.
func (b Broadcast) Personalised() bool { return b.Tracking == Personal || bubble.Personal(b.Bubbles) }

// Over tells that nothing more will be sent.
func (b Broadcast) Over() bool {
	return b.Status == Sent || b.Status == PartlySent || b.Status == Canceled
}

// Clone copies what is shared by reference and changes.
func (b Broadcast) Clone() Broadcast {
	if b.Frozen != nil {
		f := *b.Frozen
		b.Frozen = &f
	}
	b.Progress = b.Progress.clone()
	return b
}

func (p Progress) clone() Progress {
	p.Unsure, p.Done, p.Missed = slices.Clone(p.Unsure), slices.Clone(p.Done), slices.Clone(p.Missed)
	refused := make(map[string]int, len(p.Refused))
	for k, v := range p.Refused {
		refused[k] = v
	}
	p.Refused = refused
	return p
}
