package linesandbox

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
)

// Endpoints of group chats (Messaging API reference: Group chats).

var groupIDPattern = regexp.MustCompile(`^C[0-9a-f]{32}$`)

// groupMembersPage is LINE's page of member ids.
const groupMembersPage = 100

// inGroup finds the group of a path; an account that is not in it does not see it.
func (c *call) inGroup() (*groupChat, answer, bool) {
	id := c.params["groupId"]
	if !groupIDPattern.MatchString(id) {
		return nil, refuse(http.StatusBadRequest, "The value for the 'groupId' parameter is invalid"), true
	}
	g, err := c.s.group(id)
	if err != nil || g.Channel != c.ch.ID {
		return nil, refuse(http.StatusNotFound, "Not found"), true
	}
	return g, answer{}, false
}

func groupSummary(c *call) answer {
	g, a, bad := c.inGroup()
	if bad {
		return a
	}
	return ok(object{"groupId": g.ID, "groupName": g.Name, "pictureUrl": pictureAddress(g.ID, 1)})
}

func groupCount(c *call) answer {
	g, a, bad := c.inGroup()
	if bad {
		return a
	}
	return ok(object{"count": len(g.Members)})
}

func groupMembers(c *call) answer {
	g, a, bad := c.inGroup()
	if bad {
		return a
	}
	if !c.ch.Verified {
		return refuse(http.StatusForbidden, "Access to this API is not available for your account")
	}
	from, valid := c.s.readPageToken(c.ch, c.r.URL.Query().Get("start"))
	if !valid {
		return refuse(http.StatusBadRequest, "Invalid start param")
	}
	ids := []string{}
	for i := from; i < len(g.Members); i++ {
		u := c.s.st.users[g.Members[i]]
		if u.Deleted || !u.Consent {
			continue
		}
		if len(ids) == groupMembersPage {
			return ok(object{"memberIds": ids, "next": c.s.pageToken(c.ch, i)})
		}
		ids = append(ids, lineUserID(c.ch.Provider, u.ID))
	}
	return ok(object{"memberIds": ids})
}

func groupMember(c *call) answer {
	g, a, bad := c.inGroup()
	if bad {
		return a
	}
	id := c.params["userId"]
	if !userIDPattern.MatchString(id) {
		return refuse(http.StatusBadRequest, "The value for the 'userId' parameter is invalid")
	}
	u := c.s.knows(c.ch, id)
	if u == nil || u.Deleted || !slices.Contains(g.Members, u.ID) {
		return refuse(http.StatusNotFound, "Not found")
	}
	o := object{"userId": id, "displayName": u.Name}
	o.put("pictureUrl", c.s.pictureURL(u))
	return ok(o)
}

// leaveGroup: the account goes by itself. LINE's reference names no leave event for that.
func leaveGroup(c *call) answer {
	g, a, bad := c.inGroup()
	if bad {
		return a
	}
	g.Channel = ""
	return ok(empty)
}

// Control API and forms of groups.

func (s *Server) controlGroups() map[string]controlFunc {
	return map[string]controlFunc{
		"GET /_sandbox/groups": func(request) (any, error) { return s.Groups(), nil },
		"POST /_sandbox/groups": func(r request) (any, error) {
			var in struct {
				Name    string   `json:"name"`
				Members []string `json:"members"`
			}
			if err := r.into(&in); err != nil {
				return nil, err
			}
			return s.CreateGroup(in.Name, in.Members...)
		},
		"GET /_sandbox/groups/{group}":     func(r request) (any, error) { return s.Group(r.PathValue("group")) },
		"GET /_sandbox/groups/{group}/log": func(r request) (any, error) { return s.GroupLog(r.PathValue("group")) },
		"POST /_sandbox/groups/{group}/{act}": func(r request) (any, error) {
			var in struct {
				Name, User, Text, Channel, MessageID string
			}
			if err := r.into(&in); err != nil {
				return nil, err
			}
			return nil, s.groupAct(r.PathValue("act"), r.PathValue("group"), in.Channel, in.User, in.Name+in.Text, in.MessageID)
		},
	}
}

// groupAct is what a person does with a group.
func (s *Server) groupAct(act, group, channelID, user, value, message string) error {
	switch act {
	case "rename":
		return s.RenameGroup(group, value)
	case "invite":
		return s.InviteAccount(group, channelID)
	case "remove":
		return s.RemoveAccount(group)
	case "join":
		return s.JoinGroup(group, user)
	case "leave":
		return s.LeaveGroup(group, user)
	case "text":
		_, err := s.SendGroupText(group, user, value)
		return err
	case "unsend":
		return s.UnsendInGroup(group, message)
	}
	return refusedAct(act)
}

func (s *Server) groupPage(w http.ResponseWriter, r *http.Request, page string) {
	g, err := s.Group(r.PathValue("group"))
	if err != nil {
		s.problem(w, err)
		return
	}
	log, err := s.GroupLog(g.ID)
	if err != nil {
		s.problem(w, err)
		return
	}
	people := map[string]string{}
	var members, others []User
	for _, u := range s.Users() {
		people[u.ID] = u.Name
		if slices.Contains(g.Members, u.ID) {
			members = append(members, u)
		} else if len(others) < 200 && !u.Deleted {
			others = append(others, u)
		}
	}
	var channels []Channel
	account := Channel{}
	for _, c := range s.Channels() {
		if c.ID == g.Channel {
			account = c
		}
		if c.Kind == MessagingChannel {
			channels = append(channels, c)
		}
	}
	s.render(w, http.StatusOK, page, map[string]any{
		"Title": g.Name, "Group": g, "Members": members, "Others": others, "Channels": channels, "Account": account, "People": people,
		"Bubbles": s.bubbles(log), "Version": strconv.Itoa(len(log)), "Error": r.URL.Query().Get("error"), "As": r.URL.Query().Get("as"),
	})
}
