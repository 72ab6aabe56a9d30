package hubspotsandbox

import (
	"encoding/json"
	"html"
	"strconv"
	"unicode/utf8"
)

type participant struct {
	Identifier Identifier `json:"deliveryIdentifier"`
	Name       string     `json:"name"`
	Actor      string     `json:"senderActorId"`
}

type publishInput struct {
	Account     text              `json:"channelAccountId"`
	Direction   string            `json:"messageDirection"`
	Text        *string           `json:"text"`
	Timestamp   string            `json:"timestamp"`
	Senders     []participant     `json:"senders"`
	Recipients  []participant     `json:"recipients"`
	Attachments []json.RawMessage `json:"attachments"`
	Thread      string            `json:"integrationThreadId"`
	Idempotency string            `json:"integrationIdempotencyId"`
	Contact     int64             `json:"associateWithContactId"`
	Reply       string            `json:"inReplyToId"`
}

// publishMessage takes a message of the channel. A repetition of an idempotency id answers with the message that is there.
func (s *Server) publishMessage(c *call) reply {
	x, bad := s.channelOf(c)
	if bad != nil {
		return *bad
	}
	var in publishInput
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	box := &c.portal.Inbox
	n, _ := strconv.ParseInt(string(in.Account), 10, 64)
	a := box.account(n)
	at, ok := parseTime(in.Timestamp)
	switch {
	case a == nil || a.Channel != x.ID || a.Archived:
		return c.sub(404, "OBJECT_NOT_FOUND", "ChannelIntegrationMessagePublishError.CHANNEL_ACCOUNT_DOES_NOT_EXIST", "The channel account does not exist")
	case !a.Authorized:
		return c.sub(400, "VALIDATION_ERROR", "ChannelIntegrationMessagePublishError.CHANNEL_ACCOUNT_NOT_AUTHORIZED", "The channel account is not authorized")
	case in.Direction != "INCOMING" && in.Direction != "OUTGOING":
		return c.fail(400, "VALIDATION_ERROR", "messageDirection must be INCOMING or OUTGOING")
	case in.Text == nil || *in.Text == "":
		return c.sub(400, "VALIDATION_ERROR", "ChannelIntegrationMessagePublishError.EMPTY_TEXT", "text must not be empty")
	case !utf8.ValidString(*in.Text) || utf8.RuneCountInString(*in.Text) > 65_536:
		return c.fail(400, "VALIDATION_ERROR", "text is too long")
	case !ok:
		return c.fail(400, "VALIDATION_ERROR", "timestamp must be an ISO 8601 time")
	case len(in.Senders) != 1 || len(in.Recipients) != 1 || in.Senders[0].Identifier.Value == "" || in.Recipients[0].Identifier.Value == "":
		return c.fail(400, "VALIDATION_ERROR", "this channel takes one sender and one recipient")
	case in.Thread == "":
		return c.fail(400, "VALIDATION_ERROR", "a channel with INTEGRATION_THREAD_ID needs integrationThreadId")
	}
	if in.Idempotency != "" {
		if m := box.byRepeat[repeatKey(a.ID, in.Idempotency)]; m != nil {
			return reply{status: 201, body: s.messageBody(c.portal, a, box.byMessage[m.ID], m)}
		}
	}
	attachments, bad := s.attachments(c, in.Attachments)
	if bad != nil {
		return *bad
	}
	person := in.Senders[0]
	if in.Direction == "OUTGOING" {
		person = in.Recipients[0]
	}
	t := s.threadFor(c.portal, a, in.Thread, person, in.Contact, c.now)
	m := &ChatEntry{ID: s.uuid(), Incoming: in.Direction == "INCOMING", Text: *in.Text, At: at, Attachments: attachments, ByApp: true, Idempotency: in.Idempotency,
		Sender: in.Senders[0].Actor, SenderName: in.Senders[0].Name, Recipient: in.Recipients[0].Identifier.Value, Status: "SENT", Published: c.now}
	if m.Incoming {
		m.Sender, m.Status = t.actor(), "RECEIVED"
	}
	if m.Sender == "" {
		m.Sender = "I-" + strconv.FormatInt(s.cfg.AppID, 10)
	}
	box.add(t, m)
	s.changes++
	return reply{status: 201, body: s.messageBody(c.portal, a, t, m)}
}

// threadFor finds or opens a thread. Whoever is named as its contact becomes it.
func (s *Server) threadFor(p *portal, a *ChannelAccount, key string, person participant, contact, now int64) *Thread {
	var t *Thread
	for _, x := range p.Inbox.Threads {
		if x.Account == a.ID && x.Key == key {
			t = x
		}
	}
	if t == nil {
		t = &Thread{ID: p.Inbox.id(), Account: a.ID, Key: key, Visitor: person.Identifier.Value, Created: now}
		p.Inbox.Threads = append(p.Inbox.Threads, t)
	}
	if person.Name != "" {
		t.Name = person.Name
	}
	if r := p.Objects[contactKind.Name].find(contact); r != nil && !r.Gone && r.Archived == 0 {
		t.Contact = r.ID
	}
	return t
}

// actor is who writes in a thread from outside.
func (t *Thread) actor() string {
	if t.Contact != 0 {
		return "V-" + strconv.FormatInt(t.Contact, 10)
	}
	return "V-" + strconv.FormatInt(9_000_000_000+t.ID, 10)
}

func (s *Server) attachments(c *call, in []json.RawMessage) ([]ChatAttachment, *reply) {
	var out []ChatAttachment
	for _, raw := range in {
		var a struct {
			Type  string `json:"type"`
			File  text   `json:"fileId"`
			Usage string `json:"fileUsageType"`
		}
		err := json.Unmarshal(raw, &a)
		n, _ := strconv.ParseInt(string(a.File), 10, 64)
		switch {
		case err != nil:
			r := c.fail(400, "VALIDATION_ERROR", "Invalid attachment")
			return nil, &r
		case a.Type == "FILE" && c.portal.Inbox.file(n) == nil:
			r := c.sub(400, "VALIDATION_ERROR", "ChannelIntegrationMessagePublishError.FILE_DOES_NOT_EXIST", "The attached file does not exist in this account")
			return nil, &r
		case a.Type == "FILE":
			out = append(out, ChatAttachment{Type: a.Type, File: n, Usage: a.Usage})
		case a.Type == "LOCATION":
			out = append(out, ChatAttachment{Type: a.Type, Raw: raw})
		default:
			r := c.fail(400, "VALIDATION_ERROR", "The sandbox takes attachments of the types FILE and LOCATION")
			return nil, &r
		}
	}
	return out, nil
}

func (s *Server) messageBody(p *portal, a *ChannelAccount, t *Thread, m *ChatEntry) map[string]any {
	direction, client := "OUTGOING", map[string]any{"clientType": "HUBSPOT"}
	if m.Incoming {
		direction = "INCOMING"
	}
	if m.ByApp {
		client = map[string]any{"clientType": "INTEGRATION", "integrationAppId": s.cfg.AppID}
	}
	status := map[string]any{"statusType": m.Status}
	if m.Error != "" {
		status["failureDetails"] = map[string]any{"errorMessage": m.Error, "errorMessageTokens": map[string]string{}}
	}
	sender := map[string]any{"actorId": m.Sender}
	recipient := map[string]any{"deliveryIdentifier": Identifier{"CHANNEL_SPECIFIC_OPAQUE_ID", m.Recipient}}
	if m.SenderName != "" {
		sender["name"] = m.SenderName
	}
	if m.Incoming {
		sender["deliveryIdentifier"] = Identifier{"CHANNEL_SPECIFIC_OPAQUE_ID", t.Visitor}
	} else {
		recipient["actorId"] = t.actor()
	}
	return map[string]any{
		"id": m.ID, "type": "MESSAGE", "conversationsThreadId": strconv.FormatInt(t.ID, 10), "channelId": strconv.FormatInt(a.Channel, 10),
		"channelAccountId": strconv.FormatInt(a.ID, 10), "createdAt": iso(m.At), "createdBy": m.Sender, "client": client, "senders": []any{sender},
		"recipients": []any{recipient}, "text": m.Text, "richText": "<p>" + html.EscapeString(m.Text) + "</p>", "attachments": p.attachmentBodies(m), "direction": direction,
		"truncationStatus": "NOT_TRUNCATED", "status": status, "archived": false,
	}
}

func (p *portal) attachmentBodies(m *ChatEntry) []any {
	out := []any{}
	for _, a := range m.Attachments {
		if a.Type != "FILE" {
			out = append(out, json.RawMessage(a.Raw))
			continue
		}
		usage := a.Usage
		if usage == "" {
			usage = "OTHER"
		}
		b := map[string]any{"type": "FILE", "fileId": strconv.FormatInt(a.File, 10), "fileUsageType": usage}
		if f := p.Inbox.file(a.File); f != nil {
			b["name"] = f.Name
		}
		out = append(out, b)
	}
	return out
}

// messageOf finds the message of the path on the channel of the path.
func (s *Server) messageOf(c *call) (*ChannelAccount, *Thread, *ChatEntry, *reply) {
	x, bad := s.channelOf(c)
	if bad != nil {
		return nil, nil, nil, bad
	}
	t, m := c.portal.Inbox.message(c.path("message"))
	if t == nil || c.portal.Inbox.account(t.Account).Channel != x.ID {
		r := c.notFound()
		return nil, nil, nil, &r
	}
	return c.portal.Inbox.account(t.Account), t, m, nil
}

func (s *Server) getMessage(c *call) reply {
	a, t, m, bad := s.messageOf(c)
	if bad != nil {
		return *bad
	}
	return reply{status: 200, body: s.messageBody(c.portal, a, t, m)}
}

func (s *Server) patchMessage(c *call) reply {
	a, t, m, bad := s.messageOf(c)
	if bad != nil {
		return *bad
	}
	var in struct {
		Status string `json:"statusType"`
		Error  string `json:"errorMessage"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if in.Status != "SENT" && in.Status != "FAILED" && in.Status != "READ" {
		return c.fail(400, "VALIDATION_ERROR", "statusType must be SENT, FAILED or READ")
	}
	m.Status, m.Error = in.Status, in.Error
	m.Edits++
	s.changes++
	return reply{status: 200, body: s.messageBody(c.portal, a, t, m)}
}
