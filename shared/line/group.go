package line

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"lumo/shared/groupchat"
	"lumo/shared/id"
)

// GroupEvent turns a queued event into what groups are made of; false for everything else. Rooms are no groups (P-101).
func GroupEvent(raw json.RawMessage) (groupchat.Event, bool) {
	e := ParseEvent(raw)
	g, err := id.ParseGroup(e.Group)
	if e.Source != FromGroup || err != nil || e.Timestamp.IsZero() {
		return groupchat.Event{}, false
	}
	out := groupchat.Event{Kind: groupchat.Other, Group: g, At: e.Timestamp.UnixMilli(), User: e.User}
	switch {
	case e.Type == JoinEvent:
		out.Kind = groupchat.Joined
	case e.Type == LeaveEvent:
		out.Kind = groupchat.Left
	case e.Type == MemberJoinedEvent:
		out.Kind, out.Users = groupchat.Arrived, members(raw, "joined")
	case e.Type == MemberLeftEvent:
		out.Kind, out.Users = groupchat.Gone, members(raw, "left")
	case e.Type == MessageEvent && e.Message != nil && e.Message.ID != "":
		out.Kind, out.MessageID, out.Type, out.Text = groupchat.Said, e.Message.ID, string(e.Message.Type), words(*e.Message)
	case e.Type == UnsendEvent && e.Unsend != nil:
		out.Kind, out.MessageID = groupchat.Unsent, e.Unsend.MessageID
	}
	return out, true
}

// members reads who came or went; ids that make no sense are left out.
func members(raw json.RawMessage, field string) (out []id.LineUserID) {
	var body map[string]json.RawMessage
	var list struct {
		Members []struct {
			UserID string `json:"userId"`
		} `json:"members"`
	}
	if json.Unmarshal(raw, &body) != nil || json.Unmarshal(body[field], &list) != nil {
		return nil
	}
	for _, m := range list.Members {
		if u, err := id.ParseLineUser(m.UserID); err == nil {
			out = append(out, u)
		}
	}
	return out
}

// GroupSummary tells name and picture of a group. NotFound: the account is not in it.
func (c *ChannelClient) GroupSummary(ctx context.Context, g id.GroupID) (name, picture string, err error) {
	if err := checkGroup(g); err != nil {
		return "", "", err
	}
	r, err := call(ctx, c, func(a *messaging_api.MessagingApiAPI) (*http.Response, *messaging_api.GroupSummaryResponse, error) {
		return a.GetGroupSummaryWithHttpInfo(string(g))
	})
	if err != nil {
		return "", "", err
	}
	return r.GroupName, r.PictureUrl, nil
}

// GroupCount is how many people are in a group, the account not counted.
func (c *ChannelClient) GroupCount(ctx context.Context, g id.GroupID) (int, error) {
	if err := checkGroup(g); err != nil {
		return 0, err
	}
	r, err := call(ctx, c, func(a *messaging_api.MessagingApiAPI) (*http.Response, *messaging_api.GroupMemberCountResponse, error) {
		return a.GetGroupMemberCountWithHttpInfo(string(g))
	})
	if err != nil {
		return 0, err
	}
	return int(r.Count), nil
}

// GroupMember tells the name of a member, friend or not.
func (c *ChannelClient) GroupMember(ctx context.Context, g id.GroupID, u id.LineUserID) (string, error) {
	if err := checkGroup(g); err != nil {
		return "", err
	}
	if err := checkUser(u); err != nil {
		return "", err
	}
	r, err := call(ctx, c, func(a *messaging_api.MessagingApiAPI) (*http.Response, *messaging_api.GroupUserProfileResponse, error) {
		return a.GetGroupMemberProfileWithHttpInfo(string(g), string(u))
	})
	if err != nil {
		return "", err
	}
	return r.DisplayName, nil
}

// PushGroup is Push to a group. Each member counts as a message of the quota (LINE docs: Pricing).
func (c *ChannelClient) PushGroup(ctx context.Context, retryKey string, to id.GroupID, o Outgoing) (Sent, error) {
	if err := checkGroup(to); err != nil {
		return Sent{}, err
	}
	if err := c.state.push.wait(ctx, c.client.clock); err != nil {
		return Sent{}, notSent(err)
	}
	return c.keyed(ctx, "/v2/bot/message/push", retryKey, sendBody{To: to}, o)
}

func checkGroup(g id.GroupID) error {
	if _, err := id.ParseGroup(string(g)); err != nil {
		return refusedHere("The LINE group id is not valid.", err)
	}
	return nil
}
