package linesandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// groupChat is a group of people in LINE, and at most one Official Account (LINE docs: Group chats and multi-person chats).
type groupChat struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	Members   []string     `json:"members"`           // people, in the order they came
	Channel   string       `json:"channel,omitempty"` // the account that is in it
	LastEvent int64        `json:"lastEvent,omitempty"`
	Log       []*ChatEntry `json:"log,omitempty"`
}

// Group is a group as its members see it.
type Group struct {
	ID      string   `json:"id"` // the same for every account
	Name    string   `json:"name"`
	Members []string `json:"members"`
	Channel string   `json:"channel,omitempty"`
}

func (g *groupChat) view() Group {
	return Group{ID: g.ID, Name: g.Name, Members: slices.Clone(g.Members), Channel: g.Channel}
}

func (s *Server) group(id string) (*groupChat, error) {
	for _, g := range s.st.Groups {
		if g.ID == id {
			return g, nil
		}
	}
	return nil, fmt.Errorf("group %q: %w", id, ErrUnknown)
}

// CreateGroup makes a group of people.
func (s *Server) CreateGroup(name string, members ...string) (Group, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &groupChat{ID: hashID("C", "group", fmt.Sprint(len(s.st.Groups)+1)), Name: name}
	if g.Name == "" {
		g.Name = fmt.Sprintf("Group %d", len(s.st.Groups)+1)
	}
	for _, ref := range members {
		u, err := s.user(ref)
		if err != nil {
			return Group{}, err
		}
		if !slices.Contains(g.Members, u.ID) {
			g.Members = append(g.Members, u.ID)
		}
	}
	if len(g.Members) == 0 {
		return Group{}, fmt.Errorf("a group without people: %w", ErrNotPossible)
	}
	s.changes++
	s.st.Groups = append(s.st.Groups, g)
	return g.view(), nil
}

// Groups lists them in order of creation.
func (s *Server) Groups() []Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Group, len(s.st.Groups))
	for i, g := range s.st.Groups {
		out[i] = g.view()
	}
	return out
}

// Group returns one.
func (s *Server) Group(id string) (Group, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(id)
	if err != nil {
		return Group{}, err
	}
	return g.view(), nil
}

// GroupLog is what was said in a group.
func (s *Server) GroupLog(id string) ([]ChatEntry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(id)
	if err != nil {
		return nil, err
	}
	out := make([]ChatEntry, len(g.Log))
	for i, e := range g.Log {
		out[i] = *e
	}
	return out, nil
}

func (s *Server) inGroup(id string, do func(g *groupChat, c *channel) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(id)
	if err != nil {
		return err
	}
	s.changes++
	return do(g, s.st.channels[g.Channel])
}

// RenameGroup changes its name. LINE sends no event for it.
func (s *Server) RenameGroup(id, name string) error {
	return s.inGroup(id, func(g *groupChat, _ *channel) error { g.Name = name; return nil })
}

// InviteAccount brings an account into a group: it joins by itself where its console allows that, and one account at most (LINE docs: Group chats).
func (s *Server) InviteAccount(id, channelID string) error {
	return s.inGroup(id, func(g *groupChat, _ *channel) error {
		c, err := s.messaging(channelID)
		if err != nil {
			return err
		}
		switch {
		case g.Channel != "":
			return fmt.Errorf("there is an account in the group already: %w", ErrNotPossible)
		case !c.JoinGroups:
			return fmt.Errorf("%s may not join groups (console switch): %w", c.Name, ErrNotPossible)
		}
		g.Channel = c.ID
		s.emitGroup(c, g, "", "join", nil, true)
		return nil
	})
}

// RemoveAccount takes the account out of the group.
func (s *Server) RemoveAccount(id string) error {
	return s.inGroup(id, func(g *groupChat, c *channel) error {
		if c == nil {
			return fmt.Errorf("there is no account in the group: %w", ErrNotPossible)
		}
		s.emitGroup(c, g, "", "leave", nil, false)
		g.Channel = ""
		return nil
	})
}

// JoinGroup adds a person.
func (s *Server) JoinGroup(id, ref string) error {
	return s.inGroup(id, func(g *groupChat, c *channel) error {
		u, err := s.user(ref)
		if err != nil {
			return err
		}
		if slices.Contains(g.Members, u.ID) {
			return fmt.Errorf("%s is in the group already: %w", u.ID, ErrNotPossible)
		}
		g.Members = append(g.Members, u.ID)
		s.emitMember(c, g, u, "memberJoined", "joined", true)
		return nil
	})
}

// LeaveGroup takes a person out.
func (s *Server) LeaveGroup(id, ref string) error {
	return s.inGroup(id, func(g *groupChat, c *channel) error {
		u, err := s.user(ref)
		if err != nil {
			return err
		}
		at := slices.Index(g.Members, u.ID)
		if at < 0 {
			return fmt.Errorf("%s is not in the group: %w", u.ID, ErrNotPossible)
		}
		g.Members = slices.Delete(g.Members, at, at+1)
		s.emitMember(c, g, u, "memberLeft", "left", false)
		return nil
	})
}

func (s *Server) emitMember(c *channel, g *groupChat, u *User, kind, field string, replyable bool) {
	if c == nil {
		return
	}
	member := object{"type": "user", "userId": lineUserID(c.Provider, u.ID)}
	s.emitGroup(c, g, "", kind, object{field: object{"members": []any{member}}}, replyable)
}

// SendGroupText is a person's message to a group. Whoever consented is named to the account.
func (s *Server) SendGroupText(id, ref, text string) (string, error) {
	var message string
	err := s.inGroup(id, func(g *groupChat, c *channel) error {
		u, err := s.user(ref)
		if err != nil {
			return err
		}
		if text == "" || !slices.Contains(g.Members, u.ID) {
			return fmt.Errorf("no text, or %s is not in the group: %w", u.ID, ErrNotPossible)
		}
		message = s.messageID()
		m := object{"id": message, "type": "text", "text": text, "quoteToken": s.secretText(48)}
		raw, err := json.Marshal(m)
		if err != nil {
			return fmt.Errorf("encode message: %w", err)
		}
		g.note(&ChatEntry{ID: message, From: "user", User: u.ID, At: s.now(), Type: "text", Text: text, Message: raw})
		if c == nil {
			return nil
		}
		named := u.ID
		if !u.Consent {
			named = "" // users who never accepted the privacy policy on a phone (Messaging API reference: Source group chat)
		}
		s.emitGroup(c, g, named, "message", object{"message": m}, true)
		return nil
	})
	return message, err
}

// UnsendInGroup takes a message back.
func (s *Server) UnsendInGroup(id, messageID string) error {
	return s.inGroup(id, func(g *groupChat, c *channel) error {
		for _, e := range g.Log {
			if e.ID == messageID && e.From == "user" && !e.Unsent {
				e.Unsent = true
				if c != nil {
					s.emitGroup(c, g, e.User, "unsend", object{"unsend": object{"messageId": messageID}}, false)
				}
				return nil
			}
		}
		return fmt.Errorf("message %q: %w", messageID, ErrUnknown)
	})
}

func (g *groupChat) note(e *ChatEntry) {
	if g.Log = append(g.Log, e); len(g.Log) > logLimit {
		g.Log = slices.Clone(g.Log[len(g.Log)-logLimit/2:])
	}
}

// emitGroup puts an event of a group into the channel's outbox. Only messages name who did it (Messaging API reference: Source group chat).
func (s *Server) emitGroup(c *channel, g *groupChat, user, kind string, detail object, replyable bool) {
	at := max(s.now().UnixMilli(), g.LastEvent+1)
	g.LastEvent = at
	source := object{"type": "group", "groupId": g.ID}
	if user != "" {
		source["userId"] = lineUserID(c.Provider, user)
	}
	body := object{"type": kind, "mode": "active", "timestamp": at, "source": source}
	maps.Copy(body, detail)
	e := &outEvent{Type: kind, User: g.ID, Happened: time.UnixMilli(at).UTC()}
	if replyable {
		e.ReplyToken = s.hex(32)
		body["replyToken"] = e.ReplyToken
	}
	s.send(c, e, body)
}

// deliverToGroup puts messages of the account into a group. Each member counts (LINE docs: Pricing); false: the quota does not suffice.
func (s *Server) deliverToGroup(c *call, g *groupChat, in sendRequest, sent []sentMessage, via string) bool {
	n, month := len(g.Members), s.month()
	if via != "reply" {
		if c.ch.Quota != nil && c.ch.Usage[month]+n > *c.ch.Quota {
			return false
		}
		c.ch.Usage[month] += n
	}
	c.ch.Sent[via+" "+s.day(s.now())] += n
	for i, m := range in.Messages {
		g.note(&ChatEntry{ID: sent[i].ID, From: "account", At: s.now(), Type: messageType(m), Text: readable(m), Message: m, Via: via, RequestID: c.requestID, Silent: in.Silent})
	}
	return true
}
