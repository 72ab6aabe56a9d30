package linesandbox_test

import (
	"encoding/json"
	"strings"
	"testing"

	"lumo/scripts/linesandbox"
)

// A group tells its account of joining, members and messages; the account asks about it and writes to it, each member counting.
func TestAGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen()
	f := w.friends(2)
	quiet := w.CreateUser(linesandbox.UserSpec{NoConsent: true})
	g, err := w.CreateGroup("営業チーム", f[0].User, f[1].User, quiet.ID)
	w.must(err)
	if err := w.InviteAccount(g.ID, w.channel.ID); err == nil {
		t.Error("joined although the console does not allow it")
	}
	on := true
	_, err = w.ConfigureChannel(w.channel.ID, linesandbox.ChannelChange{JoinGroups: &on})
	w.must(err)
	w.want(w.call("GET", "/v2/bot/group/"+g.ID+"/summary", ""), 404)
	w.must(w.InviteAccount(g.ID, w.channel.ID))
	if r := w.want(w.call("GET", "/v2/bot/group/"+g.ID+"/summary", ""), 200); r.text("groupName") != "営業チーム" {
		t.Errorf("summary %s", r.body)
	}
	w.want(w.call("GET", "/v2/bot/group/nothing/summary", ""), 400)
	var count struct{ Count int }
	w.want(w.call("GET", "/v2/bot/group/"+g.ID+"/members/count", ""), 200).into(t, &count)
	var ids struct{ MemberIDs []string }
	w.want(w.call("GET", "/v2/bot/group/"+g.ID+"/members/ids", ""), 200).into(t, &ids)
	if count.Count != 3 || len(ids.MemberIDs) != 2 {
		t.Errorf("%d members, %v", count.Count, ids.MemberIDs)
	}
	w.want(w.call("GET", "/v2/bot/group/"+g.ID+"/member/"+f[0].LineUserID, ""), 200)
	_, err = w.SendGroupText(g.ID, f[0].User, "hello")
	w.must(err)
	_, err = w.SendGroupText(g.ID, quiet.ID, "nobody knows me")
	w.must(err)
	w.must(w.LeaveGroup(g.ID, f[1].User))
	w.must(w.JoinGroup(g.ID, f[1].User))
	w.want(w.call("POST", "/v2/bot/message/push", textTo(g.ID, "to all")), 200)
	if w.used() != 3 {
		t.Errorf("a push to three counted %d", w.used())
	}
	log, err := w.GroupLog(g.ID)
	w.must(err)
	if len(log) != 3 || log[2].Text != "to all" || log[2].Via != "push" || log[0].User != f[0].User {
		t.Errorf("log %+v", log)
	}
	w.must(w.RemoveAccount(g.ID))
	w.want(w.call("POST", "/v2/bot/message/push", textTo(g.ID, "too late")), 400)
	w.clock.Advance(1e9)
	var kinds []string
	var named int
	hooks, err := w.Webhooks(w.channel.ID)
	w.must(err)
	for _, h := range hooks {
		var body struct {
			Events []struct {
				Type   string
				Source struct{ Type, GroupID, UserID string }
			}
		}
		w.must(json.Unmarshal([]byte(h.Body), &body))
		for _, e := range body.Events {
			kinds = append(kinds, e.Type)
			if e.Source.Type != "group" || e.Source.GroupID != g.ID {
				t.Errorf("source %+v", e.Source)
			}
			if e.Source.UserID != "" {
				named++
			}
		}
	}
	if got := strings.Join(kinds, " "); got != "join message message memberLeft memberJoined leave" || named != 1 {
		t.Errorf("events %s, %d with a user", got, named)
	}
}
