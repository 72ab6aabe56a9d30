package linesandbox

import (
	"encoding/json"
	"time"
)

// state is everything that survives a restart. Maps and slices hold pointers owned by the server; copies leave it.
type state struct {
	Providers   []*Provider            `json:"providers"`
	Channels    []*channel             `json:"channels"`
	Users       []*User                `json:"users"`
	Groups      []*groupChat           `json:"groups,omitempty"`
	Tokens      map[string]*token      `json:"tokens"`
	Replies     map[string]*replyToken `json:"replies"`
	Contents    map[string]*content    `json:"contents"`
	Codes       map[string]*loginCode  `json:"codes"`
	LinkTokens  map[string]*linkToken  `json:"linkTokens,omitempty"`
	Assumed     map[string]string      `json:"assumed"`
	Violations  []Violation            `json:"violations"`
	NextMessage int64                  `json:"nextMessage"`
	NextUser    int                    `json:"nextUser"`
	NextChannel int64                  `json:"nextChannel"`

	users    map[string]*User
	channels map[string]*channel
	byLine   map[string]lineRef
}

// lineRef is what a LINE user id stands for: one person under one provider.
type lineRef struct{ provider, user string }

// firstMessageID starts the digit strings that LINE uses for messages (18 digits today, Messaging API reference: Message event).
const firstMessageID = 518000000000000000

func newState() *state {
	st := &state{NextMessage: firstMessageID, NextChannel: 2000000001}
	st.index()
	return st
}

// index rebuilds what is not stored.
func (st *state) index() {
	if st.Tokens == nil {
		st.Tokens = map[string]*token{}
	}
	if st.Replies == nil {
		st.Replies = map[string]*replyToken{}
	}
	if st.Contents == nil {
		st.Contents = map[string]*content{}
	}
	if st.Codes == nil {
		st.Codes = map[string]*loginCode{}
	}
	if st.LinkTokens == nil {
		st.LinkTokens = map[string]*linkToken{}
	}
	if st.Assumed == nil {
		st.Assumed = map[string]string{}
	}
	st.users, st.channels, st.byLine = map[string]*User{}, map[string]*channel{}, map[string]lineRef{}
	for _, u := range st.Users {
		st.users[u.ID] = u
		for _, p := range st.Providers {
			st.byLine[lineUserID(p.ID, u.ID)] = lineRef{p.ID, u.ID}
		}
	}
	for _, c := range st.Channels {
		st.channels[c.ID] = c
		c.index()
	}
}

// Provider owns channels; a person's LINE user id is the same in all channels of one provider and different elsewhere
// (LINE docs: Get user IDs).
type Provider struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// User is a person with a LINE account. ID is the sandbox's own; the LINE user id depends on the provider.
type User struct {
	ID            string `json:"id"`
	Name          string `json:"name"`
	StatusMessage string `json:"statusMessage,omitempty"`
	Language      string `json:"language,omitempty"`
	// Picture counts the pictures this person has had; 0 is none.
	Picture int    `json:"picture"`
	Email   string `json:"email,omitempty"`
	// Consent: the person accepted that accounts may read the profile. Without it profiles and follower lists omit them.
	Consent bool `json:"consent"`
	Deleted bool `json:"deleted,omitempty"`
}

// Relationship between a person and an Official Account.
type Relationship string

const (
	Stranger Relationship = "none"
	Friended Relationship = "friend"
	Blocked  Relationship = "blocked"
)

// relation is one person's side of one Official Account: the friendship and the chat.
type relation struct {
	User      string       `json:"user"`
	State     Relationship `json:"state"`
	Since     time.Time    `json:"since,omitzero"`
	LastEvent int64        `json:"lastEvent,omitempty"` // ms of the latest event, strictly growing
	LastWrote time.Time    `json:"lastWrote,omitzero"`
	Log       []*ChatEntry `json:"log,omitempty"`
}

// ChatEntry is one bubble on a person's screen.
type ChatEntry struct {
	ID   string    `json:"id"`
	From string    `json:"from"`           // "user" or "account"
	User string    `json:"user,omitempty"` // who wrote, in groups
	At   time.Time `json:"at"`
	Type string    `json:"type"`
	// Text is a readable form of any message; Message is the object as it was sent.
	Text      string          `json:"text"`
	Message   json.RawMessage `json:"message"`
	Via       string          `json:"via,omitempty"` // reply, push, multicast, broadcast
	RequestID string          `json:"requestId,omitempty"`
	Silent    bool            `json:"silent,omitempty"` // notificationDisabled
	Unsent    bool            `json:"unsent,omitempty"`
}

// Violation is something LINE leaves undefined or forbids and that our app must never do. Tests require that there are none.
type Violation struct {
	At        time.Time `json:"at"`
	Rule      string    `json:"rule"`
	Detail    string    `json:"detail"`
	RequestID string    `json:"requestId,omitempty"`
}

type token struct {
	Kind    tokenKind `json:"kind"`
	Channel string    `json:"channel"`
	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires,omitzero"` // zero: never
	KeyID   string    `json:"keyId,omitempty"`
	User    string    `json:"user,omitempty"`  // login tokens
	Scope   string    `json:"scope,omitempty"` // login tokens
}

type replyToken struct {
	Channel  string    `json:"channel"`
	User     string    `json:"user"`
	Happened time.Time `json:"happened"`
	Expires  time.Time `json:"expires"`
	Used     bool      `json:"used"`
}

type content struct {
	Channel  string    `json:"channel"`
	User     string    `json:"user"`
	Kind     string    `json:"kind"` // image, video, audio, file
	MIME     string    `json:"mime"`
	Ready    time.Time `json:"ready"`
	Gone     bool      `json:"gone,omitempty"`
	External bool      `json:"external,omitempty"`
	data     []byte
}
