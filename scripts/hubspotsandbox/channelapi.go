package hubspotsandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	channelScopes = []string{"conversations.custom_channels.read|conversations.custom_channels.write"}
	publishScopes = []string{"conversations.custom_channels.write"}
)

const channelBase = "/conversations/custom-channels/{v}"

var channelRoutes = []route{
	{pattern: "GET " + channelBase, auth: developerKey, handle: (*Server).getChannels},
	{pattern: "POST " + channelBase, auth: developerKey, handle: (*Server).postChannel},
	{pattern: "GET " + channelBase + "/{channel}", auth: developerKey, handle: (*Server).getChannel},
	{pattern: "PATCH " + channelBase + "/{channel}", auth: developerKey, handle: (*Server).patchChannel},
	{pattern: "DELETE " + channelBase + "/{channel}", auth: developerKey, handle: (*Server).deleteChannel},
	{pattern: "PATCH " + channelBase + "/{channel}/channel-account-staging-tokens/{token}", scopes: channelScopes, handle: (*Server).patchStaging},
	{pattern: "GET " + channelBase + "/{channel}/channel-accounts", scopes: channelScopes, handle: (*Server).getAccounts},
	{pattern: "POST " + channelBase + "/{channel}/channel-accounts", scopes: channelScopes, handle: (*Server).postAccount},
	{pattern: "GET " + channelBase + "/{channel}/channel-accounts/{account}", scopes: channelScopes, handle: (*Server).getAccount},
	{pattern: "PATCH " + channelBase + "/{channel}/channel-accounts/{account}", scopes: channelScopes, handle: (*Server).patchAccount},
	{pattern: "POST " + channelBase + "/{channel}/messages", scopes: publishScopes, handle: (*Server).publishMessage},
	{pattern: "GET " + channelBase + "/{channel}/messages/{message}", scopes: channelScopes, handle: (*Server).getMessage},
	{pattern: "PATCH " + channelBase + "/{channel}/messages/{message}", scopes: publishScopes, handle: (*Server).patchMessage},
}

// channelOf finds the channel of the path; another app's, or none, is 404.
func (s *Server) channelOf(c *call) (*channel, *reply) {
	n, _ := strconv.ParseInt(c.path("channel"), 10, 64)
	for _, x := range s.channels {
		if x.ID == n && !x.Archived {
			return x, nil
		}
	}
	r := c.sub(404, "OBJECT_NOT_FOUND", "ChannelIntegrationMessagePublishError.CHANNEL_DOES_NOT_EXIST", fmt.Sprintf("Channel with id %s does not exist", c.path("channel")))
	return nil, &r
}

func (x *channel) body() map[string]any {
	return dropEmpty(map[string]any{
		"id": strconv.FormatInt(x.ID, 10), "name": x.Name, "createdAt": iso(x.Created), "capabilities": json.RawMessage(x.Capabilities), "webhookUrl": x.Webhook,
		"channelAccountConnectionRedirectUrl": x.Redirect, "channelDescription": x.Description, "channelLogoUrl": x.Logo,
	})
}

func dropEmpty(m map[string]any) map[string]any {
	for k, v := range m {
		if v == "" {
			delete(m, k)
		}
	}
	return m
}

func (s *Server) getChannels(c *call) reply {
	results := []any{}
	for _, x := range s.channels {
		if !x.Archived {
			results = append(results, x.body())
		}
	}
	return reply{status: 200, body: map[string]any{"results": results, "total": len(results)}}
}

func (s *Server) getChannel(c *call) reply {
	x, bad := s.channelOf(c)
	if bad != nil {
		return *bad
	}
	return reply{status: 200, body: x.body()}
}

type channelInput struct {
	Name         *string                    `json:"name"`
	Webhook      *string                    `json:"webhookUrl"`
	Redirect     *string                    `json:"channelAccountConnectionRedirectUrl"`
	Description  *string                    `json:"channelDescription"`
	Logo         *string                    `json:"channelLogoUrl"`
	Capabilities map[string]json.RawMessage `json:"capabilities"`
}

// known capabilities and the first character of their JSON values.
var capabilities = map[string]string{
	"deliveryIdentifierTypes": "[", "threadingModel": `"`, "richText": "[", "allowInlineImages": "tf", "allowOutgoingMessages": "tf", "allowConversationStart": "tf",
	"allowMultipleRecipients": "tf", "outgoingAttachmentTypes": "[", "allowedFileAttachmentMimeTypes": "[", "maxFileAttachmentCount": "0123456789",
	"maxFileAttachmentSizeBytes": "0123456789", "maxTotalFileAttachmentSizeBytes": "0123456789",
}

func (in channelInput) into(x *channel) bool {
	set := func(to *string, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&x.Name, in.Name)
	set(&x.Webhook, in.Webhook)
	set(&x.Redirect, in.Redirect)
	set(&x.Description, in.Description)
	set(&x.Logo, in.Logo)
	if in.Capabilities == nil {
		return true
	}
	for name, value := range in.Capabilities {
		value = bytes.TrimSpace(value)
		if first, known := capabilities[name]; !known || len(value) == 0 || !strings.ContainsRune(first, rune(value[0])) {
			return false
		}
	}
	b, err := json.Marshal(in.Capabilities)
	x.Capabilities = b
	return err == nil
}

func (s *Server) postChannel(c *call) reply {
	var in channelInput
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	x := &channel{ID: 1_234_001 + int64(len(s.channels)), Created: c.now}
	if in.Name == nil || *in.Name == "" || in.Capabilities == nil {
		return c.fail(400, "VALIDATION_ERROR", "name and capabilities are required")
	}
	if !in.into(x) {
		return c.sub(400, "VALIDATION_ERROR", "CustomChannelsError.INVALID_CHANNEL_CAPABILITY_VALUES", "The capabilities are not valid")
	}
	s.channels = append(s.channels, x)
	s.changes++
	return reply{status: 201, body: x.body()}
}

func (s *Server) patchChannel(c *call) reply {
	x, bad := s.channelOf(c)
	if bad != nil {
		return *bad
	}
	var in channelInput
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	y := *x
	if !in.into(&y) {
		return c.sub(400, "VALIDATION_ERROR", "CustomChannelsError.INVALID_CHANNEL_CAPABILITY_VALUES", "The capabilities are not valid")
	}
	*x = y
	s.changes++
	return reply{status: 200, body: x.body()}
}

func (s *Server) deleteChannel(c *call) reply {
	x, bad := s.channelOf(c)
	if bad != nil {
		return *bad
	}
	x.Archived = true
	s.changes++
	return reply{status: 204}
}

func (t *staging) body() map[string]any {
	m := map[string]any{"accountToken": t.Token, "createdAt": iso(t.Created), "genericChannelId": t.Channel, "inboxId": t.Inbox, "userId": t.User}
	if t.Name != "" {
		m["accountName"], m["deliveryIdentifier"] = t.Name, t.Identifier
	}
	return m
}

func (s *Server) patchStaging(c *call) reply {
	x, bad := s.channelOf(c)
	if bad != nil {
		return *bad
	}
	var in struct {
		Name       string     `json:"accountName"`
		Identifier Identifier `json:"deliveryIdentifier"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	box := &c.portal.Inbox
	i := slices.IndexFunc(box.Staging, func(t *staging) bool { return t.Token == c.path("token") && t.Channel == x.ID && !t.Used })
	if i < 0 {
		return c.notFound()
	}
	if box.taken(x.ID, in.Identifier) {
		return c.sub(409, "CONFLICT", "CustomChannelsError.CHANNEL_ACCOUNT_ALREADY_EXISTS", "A channel account with this delivery identifier exists already")
	}
	t := box.Staging[i]
	t.Name, t.Identifier = in.Name, in.Identifier
	s.changes++
	return reply{status: 200, body: t.body()}
}

func (s *inboxState) taken(channel int64, i Identifier) bool {
	return slices.ContainsFunc(s.Accounts, func(a *ChannelAccount) bool { return a.Channel == channel && !a.Archived && a.Identifier == i })
}

func (a *ChannelAccount) body() map[string]any {
	m := map[string]any{
		"id": strconv.FormatInt(a.ID, 10), "channelId": strconv.FormatInt(a.Channel, 10), "inboxId": strconv.FormatInt(a.Inbox, 10), "name": a.Name, "active": a.Active,
		"authorized": a.Authorized, "archived": a.Archived, "createdAt": iso(a.Created), "deliveryIdentifier": a.Identifier,
	}
	if a.ArchivedAt != 0 {
		m["archivedAt"] = iso(a.ArchivedAt)
	}
	return m
}

func (s *Server) getAccounts(c *call) reply {
	x, bad := s.channelOf(c)
	if bad != nil {
		return *bad
	}
	q, results := c.r.URL.Query(), []any{}
	for _, a := range c.portal.Inbox.Accounts {
		if a.Channel == x.ID && a.Archived == (q.Get("archived") == "true") && (q.Get("deliveryIdentifierValue") == "" || q.Get("deliveryIdentifierValue") == a.Identifier.Value) {
			results = append(results, a.body())
		}
	}
	return reply{status: 200, body: map[string]any{"results": results, "total": len(results)}}
}

func (s *Server) postAccount(c *call) reply {
	x, bad := s.channelOf(c)
	if bad != nil {
		return *bad
	}
	var in struct {
		Inbox      text       `json:"inboxId"`
		Name       string     `json:"name"`
		Authorized bool       `json:"authorized"`
		Identifier Identifier `json:"deliveryIdentifier"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	inbox, _ := strconv.ParseInt(string(in.Inbox), 10, 64)
	switch {
	case !slices.ContainsFunc(c.portal.Inbox.Inboxes, func(b Inbox) bool { return b.ID == inbox }):
		return c.fail(400, "VALIDATION_ERROR", "There is no such inbox")
	case c.portal.Inbox.taken(x.ID, in.Identifier):
		return c.sub(409, "CONFLICT", "CustomChannelsError.CHANNEL_ACCOUNT_ALREADY_EXISTS", "A channel account with this delivery identifier exists already")
	}
	return reply{status: 201, body: s.newAccount(c.portal, x, inbox, in.Name, in.Identifier, in.Authorized).body()}
}

func (s *Server) newAccount(p *portal, x *channel, inbox int64, name string, i Identifier, authorized bool) *ChannelAccount {
	a := &ChannelAccount{ID: p.Inbox.id(), Channel: x.ID, Inbox: inbox, Name: name, Identifier: i, Active: true, Authorized: authorized, Created: s.now().UnixMilli()}
	p.Inbox.Accounts = append(p.Inbox.Accounts, a)
	s.changes++
	s.tellAccount(p, x, a, "CHANNEL_ACCOUNT_CREATED")
	return a
}

// accountOf finds the channel account of the path, archived ones too.
func (s *Server) accountOf(c *call) (*channel, *ChannelAccount, *reply) {
	x, bad := s.channelOf(c)
	if bad != nil {
		return nil, nil, bad
	}
	n, _ := strconv.ParseInt(c.path("account"), 10, 64)
	a := c.portal.Inbox.account(n)
	if a == nil || a.Channel != x.ID || a.Archived && c.r.URL.Query().Get("archived") != "true" {
		r := c.notFound()
		return nil, nil, &r
	}
	return x, a, nil
}

func (s *Server) getAccount(c *call) reply {
	_, a, bad := s.accountOf(c)
	if bad != nil {
		return *bad
	}
	return reply{status: 200, body: a.body()}
}

func (s *Server) patchAccount(c *call) reply {
	x, a, bad := s.accountOf(c)
	if bad != nil {
		return *bad
	}
	var in struct {
		Name       *string `json:"name"`
		Authorized *bool   `json:"authorized"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if in.Name == nil && in.Authorized == nil {
		return c.sub(400, "VALIDATION_ERROR", "CustomChannelsError.EMPTY_UPDATE_REQUEST_BODY", "Nothing to change")
	}
	if in.Name != nil {
		a.Name = *in.Name
	}
	if in.Authorized != nil {
		a.Authorized = *in.Authorized
	}
	s.changes++
	s.tellAccount(c.portal, x, a, "CHANNEL_ACCOUNT_UPDATED")
	return reply{status: 200, body: a.body()}
}

func parseTime(s string) (int64, bool) {
	t, err := time.Parse(time.RFC3339, s)
	return t.UnixMilli(), err == nil
}
