// Package chat sends what a person writes to one friend, each message exactly once. The intent is stored, with the retry key that LINE knows
// it by, before LINE is called; whoever comes later, be it a repeated request, the minute tick or a person who presses Retry, goes on under
// the same key, and LINE answers a repetition of what it accepted with "already sent" (P-107, line.md 3.3).
package chat

import (
	"errors"
	"time"

	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/message"
	"lumo/shared/portal"
)

const (
	// protection is how long LINE remembers a retry key, counted from our side's earlier moment: when the intent was stored.
	protection = 24 * time.Hour
	// budget of one attempt, with the token it may need; lease is longer than an attempt and the write after it.
	budget = 8 * time.Second
	lease  = 30 * time.Second
	// margin keeps an attempt from reaching LINE after the protection ended.
	margin = 5 * time.Minute
	// patient is how long a message that certainly never left is tried again by itself. A chat message of an hour ago is worse than a
	// failed one.
	patient = 10 * time.Minute
	// longestPause between attempts by the tick.
	longestPause = 30 * time.Minute
)

// Intent is one message that somebody means to send.
type Intent struct {
	// Message is what is shown of it. Its ID is the client's, unique within the friend.
	message.Message
	// Fingerprint of the content: another content under the same id is a mistake of the caller.
	Fingerprint string
	// Made are the objects of a message that a machine sends.
	Made string // JSON
	// Automatic: it is no answer of a person. Attended: who sends it comes again by itself until it is settled, so the tick need not.
	Automatic bool
	Attended  bool
	RetryKey  string // good until RetryUntil
	// Reply is an event's reply token, with which the message costs nothing; "" once it is of no use. It is certainly valid until ReplyUntil
	// (Unix ms), and nobody else has it. A reply takes no retry key: what became of one can only be asked with the same token.
	Reply      string
	ReplyUntil int64
	// People who get it: each counts as a message of the quota. 0 is one.
	People int
	// Taken: LINE has the reply, and nobody was told of it yet.
	Taken bool
	// Rest of the content.
	Rest []Content
	// Holder works on it until Until (Unix ms), or died. Empty: nobody.
	Holder string
	Until  int64
	// Doubt: nobody knows what became of some earlier attempt.
	Doubt bool
	Tries int
	// Since is when it was last wanted: written, or tried again by a person.
	Since int64
	// Due is when the tick looks at it; 0 when nothing is left to do.
	Due     int64
	Version int64
}

// New is a message of a person, as yet tried by nobody.
func New(k friend.Key, messageID string, c Content, by portal.Actor, at time.Time, retryKey string) Intent {
	return Intent{
		Message: message.Message{
			ID: messageID, Friend: k, Direction: message.Out, Type: c.Type, Text: c.Text, Image: c.Image, Preview: c.Preview, At: at.UnixMilli(),
			Status: message.Sending, By: by.Email, ByUser: by.UserID,
			RetryUntil: at.Add(protection).UnixMilli(),
		},
		Fingerprint: c.Fingerprint(), Made: c.Made, RetryKey: retryKey, Rest: c.Rest, Since: at.UnixMilli(), Due: at.UnixMilli(),
	}
}

// Turn tells who asks to work on an intent what to do.
type Turn int

const (
	Mine Turn = iota // the attempt is ours, once the row is stored
	Busy             // somebody else is at it
	Over             // nothing is left to do; if the row changed, store it
)

// Take claims the intent for one attempt. newKey replaces a retry key that LINE may have forgotten, which is only safe for a message that
// certainly never left.
func (i Intent) Take(holder, newKey string, at time.Time) (Intent, Turn) {
	now := at.UnixMilli()
	switch {
	case i.Status != message.Sending:
		return i, Over
	case i.Holder != "" && i.Until > now:
		return i, Busy
	}
	if i.Holder != "" { // it died, perhaps after LINE accepted
		i.Doubt, i.Holder = true, ""
	}
	if i.Reply != "" && !i.Taken && now+budget.Milliseconds() >= i.ReplyUntil {
		if i.Doubt { // never from an unknown reply to a push
			return i.unclear(CodeKeyOver), Over
		}
		i.Reply = ""
	}
	if !i.Taken && now+margin.Milliseconds() >= i.RetryUntil {
		if i.Doubt {
			return i.unclear(CodeKeyOver), Over
		}
		i.RetryKey, i.RetryUntil = newKey, at.Add(protection).UnixMilli()
	}
	i.Holder, i.Until, i.Tries = holder, at.Add(lease).UnixMilli(), i.Tries+1
	i.Due = i.Until
	return i, Mine
}

// Accepted is LINE's word for a message that it took.
type Accepted struct {
	LineID    string // "" when LINE did not tell
	RequestID string
}

// Sent settles an attempt that LINE accepted, or had accepted before.
func (i Intent) Sent(a Accepted, at time.Time) Intent {
	i = i.settled(message.Sent, "")
	i.LineID, i.SentAt, i.Cost, i.Reason = a.LineID, at.UnixMilli(), max(i.People, 1), ""
	i.CorrelationID = a.RequestID
	return i
}

// Failed settles an attempt that LINE did not answer with acceptance, or that was not made.
func (i Intent) Failed(err error, at time.Time) Intent {
	code, text := codeOf(err)
	var f *fault.Fault
	if errors.As(err, &f) {
		i.CorrelationID = f.CorrelationID
	} else if code == CodeInternal { // our own trouble, before LINE was called
		f = &fault.Fault{Class: fault.Unavailable, Certainty: fault.NothingHappened}
	}
	switch {
	case f == nil:
	case f.Certainty == fault.Happened:
		return i.Sent(Accepted{RequestID: f.CorrelationID}, at)
	case f.Certainty == fault.Unknown:
		i.Doubt = true
		return i.later(f, at)
	case f.Class.Retryable() && (i.Doubt || at.Sub(time.UnixMilli(i.Since)) < patient):
		return i.later(f, at)
	}
	if i.Doubt { // refused now, but an earlier attempt may have got through
		return i.unclear(code)
	}
	i = i.settled(message.Failed, code)
	i.Reason = text
	return i
}

// Replied settles an attempt with the reply token. push: LINE certainly took nothing and the token is of no use, so a push is next.
func (i Intent) Replied(a Accepted, err error, at time.Time) (next Intent, push bool) {
	var f *fault.Fault
	used := errors.As(err, &f) && f.Code == codeReplyToken
	switch {
	case used && i.Doubt && at.UnixMilli() >= i.ReplyUntil: // the answer took so long that the token may just be too old
		return i.unclear(CodeKeyOver), false
	case err == nil, used && i.Doubt, f != nil && f.Certainty == fault.Happened:
		// Who asks again with a token that must still be valid, and hears that it is not, was heard the first time.
		next = i.Sent(a, at)
		next.Cost = 0
		return next, false
	case f == nil, i.Doubt, f.Certainty == fault.Unknown, !used && !f.Class.Retryable():
		return i.Failed(err, at), false
	}
	i.Reply = ""
	return i, true
}

// codeReplyToken is LINE's word for a token that was used, is too old or never was.
const codeReplyToken = "LINE_REPLY_TOKEN"

// later leaves the rest to the tick.
func (i Intent) later(f *fault.Fault, at time.Time) Intent {
	pause := max(f.RetryAfter, min(time.Minute<<min(max(i.Tries-3, 0), 10), longestPause))
	if i.Tries <= 1 || i.Reply != "" {
		pause = max(f.RetryAfter, 5*time.Second)
	}
	i.Holder, i.Until, i.Due = "", 0, at.Add(pause).UnixMilli()
	return i
}

// Stopped settles what nobody may send any more, for example because the integration was removed (P-155).
func (i Intent) Stopped(code string) Intent {
	if i.Status != message.Sending {
		return i
	}
	if i.Taken {
		i.SentAt = i.At
		return i.settled(message.Sent, "")
	}
	if i.Doubt || i.Holder != "" {
		return i.unclear(code)
	}
	return i.settled(message.Failed, code)
}

func (i Intent) unclear(code string) Intent {
	if i.Reply != "" {
		i.RetryUntil = 0 // nothing would recognize the repetition
	}
	return i.settled(message.Unclear, code)
}

func (i Intent) settled(s message.Status, code string) Intent {
	i.Status, i.Code, i.Holder, i.Until, i.Due = s, code, "", 0, 0
	return i
}

// Again is a person's Retry. ErrFinal: there is nothing that trying again could change, or it could send a second message.
func (i Intent) Again(newKey string, at time.Time) (Intent, error) {
	now := at.UnixMilli()
	protected := now+margin.Milliseconds() < i.RetryUntil
	switch {
	case i.Status == message.Sending || i.Status == message.Sent:
		return i, nil
	case !Retryable(i.Message, at):
		return i, ErrFinal
	case !protected:
		i.RetryKey, i.RetryUntil = newKey, at.Add(protection).UnixMilli()
	}
	i.Status, i.Code, i.Reason, i.CorrelationID, i.Reply = message.Sending, "", "", "", ""
	i.Since, i.Due, i.Tries, i.Attended = now, now, 0, false
	return i, nil
}

// Retryable tells whether a person may try again. // What is unclear may be tried as long as LINE recognizes the repetition.
func Retryable(m message.Message, at time.Time) bool {
	switch m.Status {
	case message.Failed:
		return !finalCodes[m.Code]
	case message.Unclear:
		return at.UnixMilli()+margin.Milliseconds() < m.RetryUntil
	}
	return false
}
