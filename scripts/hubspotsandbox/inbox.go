package hubspotsandbox

import (
	"encoding/json"
	"slices"
)

// The conversations inbox of a portal: inboxes, channel accounts, threads, messages and files.

// channel is the app's one definition of a custom channel; it belongs to the app, not to a portal.
type channel struct {
	ID           int64
	Name         string
	Webhook      string
	Redirect     string
	Description  string
	Logo         string
	Capabilities []byte // JSON
	Created      int64
	Archived     bool
}

// Inbox of a portal. Type is INBOX or HELP_DESK.
type Inbox struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
}

// Identifier names one end of a channel.
type Identifier struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// ChannelAccount joins an inbox with one account on the channel.
type ChannelAccount struct {
	ID         int64      `json:"id"`
	Channel    int64      `json:"channelId"`
	Inbox      int64      `json:"inboxId"`
	Name       string     `json:"name"`
	Identifier Identifier `json:"deliveryIdentifier"`
	Active     bool       `json:"active"`
	Authorized bool       `json:"authorized"`
	Archived   bool       `json:"archived"`
	Created    int64      `json:"createdAt"`
	ArchivedAt int64      `json:"archivedAt,omitempty"`
}

// staging is a connection that a user has begun in HubSpot's settings.
type staging struct {
	Token      string
	Channel    int64
	Inbox      int64
	User       int64
	Name       string
	Identifier Identifier
	Created    int64
	Used       bool
}

// Thread is one conversation.
type Thread struct {
	ID       int64        `json:"id"`
	Account  int64        `json:"channelAccountId"`
	Key      string       `json:"integrationThreadId"` // the integration's own name of it
	Visitor  string       `json:"visitor"`             // who is at the other end, and their name
	Name     string       `json:"name"`
	Contact  int64        `json:"contactId"` // 0: unknown visitor
	Created  int64        `json:"createdAt"`
	Messages []*ChatEntry `json:"messages"` // in order of their time
}

// ChatEntry is one message or comment of a thread.
type ChatEntry struct {
	ID          string           `json:"id"`
	Comment     bool             `json:"comment"`
	Incoming    bool             `json:"incoming"`
	Sender      string           `json:"sender"`      // actor id
	SenderName  string           `json:"senderName"`  // as the integration told it
	Recipient   string           `json:"recipient"`   // delivery identifier's value
	Text        string           `json:"text"`        // plain text
	At          int64            `json:"at"`          // the time the history shows, ms
	Attachments []ChatAttachment `json:"attachments"` // in order
	Status      string           `json:"status"`      // SENT, FAILED, READ, RECEIVED
	Error       string           `json:"error"`       // why it failed
	ByApp       bool             `json:"byApp"`       // published by the app, not written in HubSpot
	Idempotency string           `json:"idempotencyId"`
	Edits       int              `json:"edits"` // how often the app set the status
	Published   int64            `json:"publishedAt"`
}

// ChatAttachment of a message. Raw is the body of one that is no file.
type ChatAttachment struct {
	Type  string `json:"type"`
	File  int64  `json:"fileId,omitempty"`
	Usage string `json:"fileUsageType,omitempty"`
	Raw   []byte `json:"-"`
}

// StoredFile is a file of the file manager.
type StoredFile struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Path     string `json:"path"`
	Access   string `json:"access"`
	Type     string `json:"type"` // MIME type of the part that was uploaded
	Size     int64  `json:"size"`
	Expires  int64  `json:"expiresAt,omitempty"`
	Created  int64  `json:"createdAt"`
	Archived bool   `json:"archived"`
	Data     []byte `json:"-"`
	// FromUs: a user put it there, not the app.
	FromUs bool `json:"fromUs"`
}

// inboxState is a portal's share of the conversations world.
type inboxState struct {
	Inboxes  []Inbox
	Accounts []*ChannelAccount
	Staging  []*staging
	Threads  []*Thread
	Files    []*StoredFile
	NextID   int64

	byMessage map[string]*Thread
	byRepeat  map[string]*ChatEntry // by channel account and idempotency id
}

func (s *inboxState) init() {
	if len(s.Inboxes) == 0 {
		s.Inboxes = []Inbox{{ID: 4001, Name: "Sales inbox", Type: "INBOX"}, {ID: 4002, Name: "Help desk", Type: "HELP_DESK"}}
	}
	s.NextID = max(s.NextID, 500_000)
	s.byMessage, s.byRepeat = map[string]*Thread{}, map[string]*ChatEntry{}
	for _, t := range s.Threads {
		for _, m := range t.Messages {
			s.index(t, m)
		}
	}
}

func (s *inboxState) index(t *Thread, m *ChatEntry) {
	s.byMessage[m.ID] = t
	if m.Idempotency != "" {
		s.byRepeat[repeatKey(t.Account, m.Idempotency)] = m
	}
}

func repeatKey(account int64, idempotency string) string {
	b, _ := json.Marshal([]any{account, idempotency}) // numbers and strings always encode
	return string(b)
}

func (s *inboxState) id() int64 {
	s.NextID++
	return s.NextID
}

func (s *inboxState) account(id int64) *ChannelAccount {
	i := slices.IndexFunc(s.Accounts, func(a *ChannelAccount) bool { return a.ID == id })
	if i < 0 {
		return nil
	}
	return s.Accounts[i]
}

func (s *inboxState) thread(id int64) *Thread {
	i := slices.IndexFunc(s.Threads, func(t *Thread) bool { return t.ID == id })
	if i < 0 {
		return nil
	}
	return s.Threads[i]
}

func (s *inboxState) file(id int64) *StoredFile {
	i := slices.IndexFunc(s.Files, func(f *StoredFile) bool { return f.ID == id })
	if i < 0 || s.Files[i].Archived {
		return nil
	}
	return s.Files[i]
}

func (s *inboxState) message(id string) (*Thread, *ChatEntry) {
	t := s.byMessage[id]
	if t == nil {
		return nil, nil
	}
	i := slices.IndexFunc(t.Messages, func(m *ChatEntry) bool { return m.ID == id })
	return t, t.Messages[i]
}

// add keeps a thread's messages in the order of their times, as HubSpot shows them.
func (s *inboxState) add(t *Thread, m *ChatEntry) {
	i := len(t.Messages)
	for i > 0 && t.Messages[i-1].At > m.At {
		i--
	}
	t.Messages = slices.Insert(t.Messages, i, m)
	s.index(t, m)
}

// copy shares only the data of files, which never changes.
func (s *inboxState) copy() inboxState {
	out := inboxState{Inboxes: slices.Clone(s.Inboxes), Accounts: copies(s.Accounts), Staging: copies(s.Staging), Threads: copies(s.Threads), Files: copies(s.Files), NextID: s.NextID}
	for _, t := range out.Threads {
		t.Messages = copies(t.Messages)
	}
	return out
}
