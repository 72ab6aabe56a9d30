package hubspotsandbox

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
)

// DefineChannel makes the app's custom channel without the developer's API, and returns its id.
func (s *Server) DefineChannel(name, webhook, redirect string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := &channel{ID: 1_234_001 + int64(len(s.channels)), Name: name, Webhook: webhook, Redirect: redirect, Capabilities: []byte(`{"threadingModel":"INTEGRATION_THREAD_ID"}`), Created: s.now().UnixMilli()}
	s.channels = append(s.channels, x)
	s.changes++
	return x.ID
}

// Channels lists the ids of the app's channels.
func (s *Server) Channels() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []int64
	for _, x := range s.channels {
		if !x.Archived {
			out = append(out, x.ID)
		}
	}
	return out
}

func (s *Server) channelByID(id int64) *channel {
	i := slices.IndexFunc(s.channels, func(x *channel) bool { return x.ID == id && !x.Archived })
	if i < 0 {
		return nil
	}
	return s.channels[i]
}

// BeginConnection is what happens when a user chooses the channel in the inbox's settings: it returns the app's address to open.
func (s *Server) BeginConnection(portalID, channelID, inbox, user int64) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, x := s.portals[portalID], s.channelByID(channelID)
	if p == nil || x == nil || !slices.ContainsFunc(p.Inbox.Inboxes, func(b Inbox) bool { return b.ID == inbox }) {
		return "", fmt.Errorf("%w: portal %d, channel %d or inbox %d", ErrNotFound, portalID, channelID, inbox)
	}
	t := &staging{Token: s.uuid(), Channel: x.ID, Inbox: inbox, User: user, Created: s.now().UnixMilli()}
	p.Inbox.Staging = append(p.Inbox.Staging, t)
	s.changes++
	back := fmt.Sprintf("%s/ui/%d/inbox/connected?token=%s", s.cfg.PublicURL, portalID, t.Token)
	return withQuery(x.Redirect, url.Values{"accountToken": {t.Token}, "channelId": {strconv.FormatInt(x.ID, 10)}, "inboxId": {strconv.FormatInt(inbox, 10)},
		"portalId": {strconv.FormatInt(portalID, 10)}, "redirectUrl": {back}}), nil
}

// FinishConnection is what HubSpot does when the app sends the browser back.
func (s *Server) FinishConnection(portalID int64, token string) (ChannelAccount, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[portalID]
	if p == nil {
		return ChannelAccount{}, fmt.Errorf("%w: portal %d", ErrNotFound, portalID)
	}
	i := slices.IndexFunc(p.Inbox.Staging, func(t *staging) bool { return t.Token == token && !t.Used && t.Name != "" })
	if i < 0 {
		return ChannelAccount{}, fmt.Errorf("%w: a connection that the app has completed", ErrNotFound)
	}
	t := p.Inbox.Staging[i]
	t.Used = true
	return *s.newAccount(p, s.channelByID(t.Channel), t.Inbox, t.Name, t.Identifier, true), nil
}

// RemoveChannelAccount disconnects it in the inbox's settings.
func (s *Server) RemoveChannelAccount(portalID, account int64) error {
	return s.onPortal(portalID, func(p *portal) {
		if a := p.Inbox.account(account); a != nil && !a.Archived {
			a.Archived, a.ArchivedAt = true, s.now().UnixMilli()
			s.tellAccount(p, s.channelByID(a.Channel), a, "CHANNEL_ACCOUNT_PURGED")
		}
	})
}

// ChannelAccounts lists them, archived ones too.
func (s *Server) ChannelAccounts(portalID int64) ([]ChannelAccount, error) {
	var out []ChannelAccount
	err := s.onPortal(portalID, func(p *portal) {
		for _, a := range p.Inbox.Accounts {
			out = append(out, *a)
		}
	})
	return out, err
}

// Threads lists the conversations of a portal.
func (s *Server) Threads(portalID int64) ([]Thread, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[portalID]
	if p == nil {
		return nil, fmt.Errorf("%w: portal %d", ErrNotFound, portalID)
	}
	box := p.Inbox.copy()
	out := make([]Thread, len(box.Threads))
	for i, t := range box.Threads {
		out[i] = *t
	}
	return out, nil
}

// File reads a file of the file manager with its data.
func (s *Server) File(portalID, file int64) (StoredFile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.portals[portalID]; p != nil {
		if f := p.Inbox.file(file); f != nil {
			return *f, nil
		}
	}
	return StoredFile{}, fmt.Errorf("%w: file %d of portal %d", ErrNotFound, file, portalID)
}

// AddFile puts a file into the file manager as a user would.
func (s *Server) AddFile(portalID int64, name, mimeType string, data []byte) (int64, error) {
	var id int64
	err := s.onPortal(portalID, func(p *portal) {
		id = p.Inbox.id()
		p.Inbox.Files = append(p.Inbox.Files, &StoredFile{ID: id, Name: name, Path: "/" + name, Access: "PRIVATE", Type: mimeType, Size: int64(len(data)), Data: data, Created: s.now().UnixMilli(), FromUs: true})
	})
	return id, err
}

// Reply is an agent's answer in a thread. It returns the message's id.
func (s *Server) Reply(portalID, thread, user int64, text string, files ...int64) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[portalID]
	if p == nil || p.Inbox.thread(thread) == nil {
		return "", fmt.Errorf("%w: thread %d of portal %d", ErrNotFound, thread, portalID)
	}
	t := p.Inbox.thread(thread)
	a := p.Inbox.account(t.Account)
	switch {
	case a.Archived || !a.Active || !a.Authorized:
		return "", fmt.Errorf("the channel account is disconnected")
	case text == "" && len(files) == 0:
		return "", fmt.Errorf("the message is empty")
	}
	now := s.now().UnixMilli()
	m := &ChatEntry{ID: s.uuid(), Text: text, At: now, Sender: "A-" + strconv.FormatInt(user, 10), Recipient: t.Visitor, Published: now}
	for _, f := range files {
		if p.Inbox.file(f) == nil {
			return "", fmt.Errorf("%w: file %d", ErrNotFound, f)
		}
		m.Attachments = append(m.Attachments, ChatAttachment{Type: "FILE", File: f})
	}
	m.Status = "SENT"
	p.Inbox.add(t, m)
	s.changes++
	s.tellOutgoing(p, s.channelByID(a.Channel), a, t, m)
	return m.ID, nil
}

func (s *Server) inboxControls(handle handleFunc) {
	const base = "/_sandbox/portals/{p}/inbox"
	handle("GET "+base+"/threads", func(c control) (any, error) { return s.Threads(c.portal()) })
	handle("GET "+base+"/accounts", func(c control) (any, error) { return s.ChannelAccounts(c.portal()) })
	handle("GET /_sandbox/channels", func(control) (any, error) { return s.Channels(), nil })
	type definition struct {
		Name, Webhook, Redirect string
	}
	put(handle, "POST /_sandbox/channels", func(_ control, in definition) (any, error) {
		return map[string]int64{"id": s.DefineChannel(in.Name, in.Webhook, in.Redirect)}, nil
	})
	type begin struct {
		Channel int64 `json:"channel"`
		Inbox   int64 `json:"inbox"`
		User    int64 `json:"user"`
	}
	put(handle, "POST "+base+"/connect", func(c control, in begin) (any, error) {
		to, err := s.BeginConnection(c.portal(), in.Channel, in.Inbox, in.User)
		return map[string]string{"url": to}, err
	})
	handle("DELETE "+base+"/accounts/{account}", func(c control) (any, error) { return nil, s.RemoveChannelAccount(c.portal(), c.number("account")) })
	type answer struct {
		User  int64   `json:"user"`
		Text  string  `json:"text"`
		Files []int64 `json:"files"`
	}
	put(handle, "POST "+base+"/threads/{thread}/reply", func(c control, in answer) (any, error) {
		id, err := s.Reply(c.portal(), c.number("thread"), in.User, in.Text, in.Files...)
		return map[string]string{"id": id}, err
	})
	type upload struct {
		Name, Type string
		Data       json.RawMessage
	}
	put(handle, "POST /_sandbox/portals/{p}/files", func(c control, in upload) (any, error) {
		var b []byte
		if err := json.Unmarshal(in.Data, &b); err != nil {
			return nil, err
		}
		id, err := s.AddFile(c.portal(), in.Name, in.Type, b)
		return map[string]int64{"id": id}, err
	})
}
