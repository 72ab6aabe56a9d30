package hubspotsandbox

import (
	"slices"
	"strconv"
	"strings"
)

var (
	readThreads  = []string{"conversations.read"}
	writeThreads = []string{"conversations.write"}
)

const threadBase = "/conversations/conversations/{v}"

var threadRoutes = []route{
	{pattern: "GET " + threadBase + "/inboxes", scopes: readThreads, handle: (*Server).getInboxes},
	{pattern: "GET " + threadBase + "/threads/{thread}/messages", scopes: readThreads, handle: (*Server).getThreadMessages},
	{pattern: "POST " + threadBase + "/threads/{thread}/messages", scopes: writeThreads, handle: (*Server).postThreadMessage},
	{pattern: "GET " + threadBase + "/actors/{actor}", scopes: readThreads, handle: (*Server).getActor},
}

func (s *Server) getInboxes(c *call) reply {
	results := []any{}
	for _, b := range c.portal.Inbox.Inboxes {
		results = append(results, map[string]any{"id": strconv.FormatInt(b.ID, 10), "name": b.Name, "type": b.Type, "archived": false, "createdAt": iso(c.portal.Created), "updatedAt": iso(c.portal.Created)})
	}
	return reply{status: 200, body: map[string]any{"results": results, "total": len(results)}}
}

func (c *call) thread() *Thread {
	n, _ := strconv.ParseInt(c.path("thread"), 10, 64)
	return c.portal.Inbox.thread(n)
}

// getThreadMessages lists the newest first.
func (s *Server) getThreadMessages(c *call) reply {
	t := c.thread()
	if t == nil {
		return c.notFound()
	}
	limit, err := strconv.Atoi(c.r.URL.Query().Get("limit"))
	if err != nil || limit < 1 || limit > 100 {
		limit = 20
	}
	results := []any{}
	for _, m := range slices.Backward(t.Messages) {
		if len(results) == limit {
			break
		}
		results = append(results, s.entryBody(c.portal, t, m))
	}
	return reply{status: 200, body: map[string]any{"results": results}}
}

func (s *Server) entryBody(p *portal, t *Thread, m *ChatEntry) map[string]any {
	if !m.Comment {
		return s.messageBody(p, p.Inbox.account(t.Account), t, m)
	}
	return map[string]any{
		"id": m.ID, "type": "COMMENT", "conversationsThreadId": strconv.FormatInt(t.ID, 10), "createdAt": iso(m.At), "createdBy": m.Sender,
		"client": map[string]any{"clientType": "INTEGRATION", "integrationAppId": s.cfg.AppID}, "senders": []any{map[string]any{"actorId": m.Sender}}, "recipients": []any{},
		"text": m.Text, "richText": m.Text, "attachments": []any{}, "archived": false,
	}
}

// postThreadMessage takes comments only: a message there would go to the channel like an agent's.
func (s *Server) postThreadMessage(c *call) reply {
	t := c.thread()
	if t == nil {
		return c.notFound()
	}
	var in struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if in.Type != "COMMENT" || in.Text == "" {
		return c.fail(400, "VALIDATION_ERROR", "The sandbox takes comments with a text here")
	}
	m := &ChatEntry{ID: s.uuid(), Comment: true, Text: in.Text, At: c.now, Sender: "I-" + strconv.FormatInt(s.cfg.AppID, 10), ByApp: true, Published: c.now}
	c.portal.Inbox.add(t, m)
	s.changes++
	return reply{status: 201, body: s.entryBody(c.portal, t, m)}
}

func (s *Server) getActor(c *call) reply {
	user, agent := strings.CutPrefix(c.path("actor"), "A-")
	n, _ := strconv.ParseInt(user, 10, 64)
	i := slices.IndexFunc(c.portal.Users, func(u User) bool { return u.ID == n })
	if !agent || i < 0 {
		return c.notFound()
	}
	u := c.portal.Users[i]
	return reply{status: 200, body: map[string]any{"id": c.path("actor"), "type": "AGENT", "name": u.First + " " + u.Last, "email": u.Email}}
}
