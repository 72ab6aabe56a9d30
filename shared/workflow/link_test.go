package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/linkage"
	"lumo/shared/queue"
	"lumo/shared/workflow"
)

const (
	aiko = id.LineUserID("U0123456789abcdef0123456789abcdef")
	cara = id.LineUserID("Uffffffffffffffffffffffffffffffff")
)

// stage is a world with friends of its own, a LINE that knows some users, and a maker of links.
type stage struct {
	*world
	friends map[friend.Key]friend.Friend
	line    error // what LINE answers to who a user is; errNobody for "nobody"
	gone    bool  // the contact
	wishes  []linkage.Wish
	login   string
	proofs  int
	answers map[string]map[string]string
}

var errNobody = errors.New("nobody")

func newStage() *stage {
	s := &stage{world: newWorld(), friends: map[friend.Key]friend.Friend{}, answers: map[string]map[string]string{}}
	s.Service.Friends, s.Service.Profiles, s.Service.Links, s.Service.HubSpot = s, s, s, s
	s.Service.Accounts, s.Service.Queue = account{s: s}, s
	return s
}

func (s *stage) has(f friend.Friend) { s.friends[f.Key] = f }

func (s *stage) Get(_ context.Context, _ id.PortalID, k friend.Key) (friend.Friend, bool, error) {
	f, ok := s.friends[k]
	return f, ok, nil
}

func (s *stage) ByContact(_ context.Context, _ id.PortalID, c id.ContactID) (out []friend.Key, err error) {
	for k, f := range s.friends {
		if f.Link.Contact == c {
			out = append(out, k)
		}
	}
	return out, nil
}

func (s *stage) Profile(context.Context, id.PortalID, friend.Key) (friend.Profile, bool, error) {
	if errors.Is(s.line, errNobody) {
		return friend.Profile{}, false, nil
	}
	return friend.Profile{Name: "Aiko"}, s.line == nil, s.line
}

func (s *stage) Make(_ context.Context, p id.PortalID, w linkage.Wish) (linkage.Made, error) {
	s.wishes = append(s.wishes, w)
	if s.gone {
		return linkage.Made{}, linkage.ErrNoContact
	}
	return linkage.Made{Address: s.Address(p, w)}, nil
}

func (s *stage) Address(_ id.PortalID, w linkage.Wish) string {
	return "https://lumo.test/k/" + w.Seed + "/" + w.At.UTC().Format("150405")
}

func (s *stage) Complete(_ context.Context, _ id.PortalID, cs []workflow.Completion) error {
	for _, c := range cs {
		s.answers[c.Callback] = c.Outputs
	}
	return nil
}

func (s *stage) Value(context.Context, id.PortalID, id.ContactID, string) (string, error) {
	return "", nil
}

// Send counts proofs; what goes back to the service itself is asked for by the test.
func (s *stage) Send(_ context.Context, q queue.Queue, _ ...queue.Message) error {
	if q == queue.HubspotEvents {
		s.proofs++
	}
	return nil
}

type account struct {
	lineaccount.Store
	s *stage
}

func (a account) Account(_ context.Context, p id.PortalID, s id.Slot) (lineaccount.Account, error) {
	return lineaccount.Account{Portal: p, Slot: s, State: lineaccount.Active, Login: lineaccount.LoginChannel{ID: a.s.login}}, nil
}

// do gives a call to the service, has the contact sync do its part, and looks again.
func (s *stage) do(t *testing.T, a workflow.Action, inputs map[string]string, sync func()) map[string]string {
	t.Helper()
	inputs["oa"] = "1"
	c := workflow.Call{Portal: hub, Action: a, Callback: "ap-1", Workflow: "5", Step: "s", Contact: ann, At: noon.UnixMilli(), Inputs: inputs}
	for range 2 { // HubSpot repeats
		if again, err := s.Handle(t.Context(), hub, []workflow.Call{c}); err != nil || len(again) > 0 {
			t.Fatalf("%v, %v", again, err)
		}
	}
	if sync != nil {
		sync()
	}
	for _, e := range s.rows {
		if again, err := s.Resume(t.Context(), hub, []workflow.Ref{e.Ref()}); err != nil || len(again) > 0 {
			t.Fatalf("%v, %v", again, err)
		}
	}
	return s.answers["ap-1"]
}

func TestLinkingAFriendByPropertyEndsAsItTurnedOut(t *testing.T) {
	t.Parallel()
	key := func(u id.LineUserID) friend.Key { return friend.Key{Slot: 1, User: u} }
	free := friend.Friend{Key: key(aiko), Follow: friend.Following}
	ours := friend.Link{State: friend.Linked, Contact: ann, Method: friend.AutoMatch, At: noon.UnixMilli()}
	other := friend.Friend{Key: key(cara), Link: friend.Link{State: friend.Linked, Contact: ann}}
	linked := func(l friend.Link) friend.Friend { return friend.Friend{Key: key(aiko), Link: l} }
	for name, c := range map[string]struct {
		value          string
		before         []friend.Friend
		line           error
		after          *friend.Friend // what the contact sync makes of it
		status, reason string
		proofs         int
	}{
		"linked":                   {string(aiko), []friend.Friend{free}, nil, new(linked(ours)), "linked", "", 1},
		"met at LINE, then linked": {" " + string(aiko) + "\n", nil, nil, new(linked(ours)), "linked", "", 1},
		"linked before":            {string(aiko), []friend.Friend{linked(friend.Link{State: friend.Linked, Contact: ann, Method: friend.EmailLink})}, nil, nil, "already_linked", "", 0},
		"the friend is another's": {
			string(aiko), []friend.Friend{linked(friend.Link{State: friend.Linked, Contact: 9})}, nil,
			new(linked(friend.Link{State: friend.Conflict, Contact: 9, Claimant: ann})), "conflict", workflow.ReasonFriendTaken, 1,
		},
		"the contact is another's": {string(aiko), []friend.Friend{free, other}, nil, nil, "conflict", workflow.ReasonContactTaken, 1},
		"in conflict before":       {string(aiko), []friend.Friend{linked(friend.Link{State: friend.Conflict, Contact: ann, Claimant: 9})}, nil, nil, "conflict", workflow.ReasonFriendTaken, 0},
		"parted by a person":       {string(aiko), []friend.Friend{{Key: key(aiko), Parted: friend.Parted{Contact: ann, Until: 1}}}, nil, nil, "skipped_unlinked_by_hand", workflow.ReasonParted, 0},
		"nothing in the property":  {" ", nil, nil, nil, "not_found", workflow.ReasonNoUser, 0},
		"something else in it":     {"aiko@example.com", nil, nil, nil, "not_found", workflow.ReasonBadUser, 0},
		"LINE knows nobody":        {string(aiko), nil, errNobody, nil, "not_found", workflow.ReasonStranger, 0},
		"LINE refuses for good":    {string(aiko), nil, &fault.Fault{Class: fault.Permission}, nil, "failed", workflow.ReasonUnavailable, 0},
		"not done yet":             {string(aiko), []friend.Friend{free}, nil, nil, "", "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage()
			s.line = c.line
			for _, f := range c.before {
				s.has(f)
			}
			got := s.do(t, workflow.LinkFriend, map[string]string{"line_user_id": c.value}, func() {
				if c.after != nil {
					s.has(*c.after)
				}
			})
			if got["status"] != c.status || got["reason"] != c.reason || s.proofs != c.proofs {
				t.Errorf("%v after %d proofs", got, s.proofs)
			}
			for _, e := range s.rows {
				if _, kept := e.Call.Inputs["line_user_id"]; kept != (c.status == "") {
					t.Errorf("the LINE User ID is kept: %v", kept)
				}
			}
		})
	}
}

// Wherever processes die and whatever comes twice, the step says that it linked the two, and to every call of it.
func TestLinkingSaysWhatItDidThoughProcessesDie(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newStage()
		key := friend.Key{Slot: 1, User: aiko}
		s.has(friend.Friend{Key: key, Follow: friend.Following})
		s.dies = func() bool { return rapid.IntRange(0, 5).Draw(t, "dies") == 0 }
		calls := []workflow.Call{}
		for i := range rapid.IntRange(1, 3).Draw(t, "calls") {
			calls = append(calls, workflow.Call{
				Portal: hub, Action: workflow.LinkFriend, Callback: fmt.Sprint("ap-", i), Workflow: "5", Step: "s", Exact: true, Contact: ann,
				At: noon.Add(time.Duration(i) * time.Second).UnixMilli(), Inputs: map[string]string{"oa": "1", "line_user_id": string(aiko)},
			})
		}
		do := func(work func() ([]int, error)) {
			defer func() {
				if r := recover(); r != nil && r != (died{}) {
					panic(r)
				}
			}()
			if again, err := work(); err != nil || len(again) > 0 {
				t.Fatalf("%v, %v", again, err)
			}
		}
		first := int64(0) // the call that the execution was made of
		for step := 0; len(s.answers) < len(calls); step++ {
			switch {
			case step > 300:
				t.Fatalf("no end: %+v", s.rows)
			case step > 60:
				s.dies = func() bool { return false }
			}
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				c := calls[rapid.IntRange(0, len(calls)-1).Draw(t, "call")]
				do(func() ([]int, error) { return s.Handle(t.Context(), hub, []workflow.Call{c}) })
			case 2:
				for _, e := range s.rows {
					do(func() ([]int, error) { return s.Resume(t.Context(), hub, []workflow.Ref{e.Ref()}) })
				}
			default: // the contact sync; the first proof counts
				for _, e := range s.rows {
					if s.proofs > 0 && first == 0 {
						first = e.Call.At
						s.has(friend.Friend{Key: key, Link: friend.Link{State: friend.Linked, Contact: ann, Method: friend.AutoMatch, At: first}})
					}
				}
			}
		}
		if len(s.rows) != 1 {
			t.Fatalf("%d executions", len(s.rows))
		}
		for callback, out := range s.answers {
			if out["status"] != "linked" {
				t.Errorf("%s was answered %v", callback, out)
			}
		}
	})
}

// A wish that nobody carries out ends with the wait.
func TestLinkingAFriendEndsInTime(t *testing.T) {
	t.Parallel()
	s := newStage()
	s.has(friend.Friend{Key: friend.Key{Slot: 1, User: aiko}})
	if got := s.do(t, workflow.LinkFriend, map[string]string{"line_user_id": string(aiko)}, func() { s.clock.Advance(time.Hour) }); got["reason"] != workflow.ReasonLate {
		t.Errorf("%v", got)
	}
}

func TestCreatingALink(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		login, question string
		gone            bool
		status, reason  string
	}{
		"made":             {"1660000001", "", false, "done", ""},
		"without question": {"1660000001", "direct", false, "done", ""},
		"no login channel": {"", "", false, "failed", workflow.ReasonNoLogin},
		"contact gone":     {"1660000001", "", true, "failed", workflow.ReasonGone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage()
			s.login, s.gone = c.login, c.gone
			got := s.do(t, workflow.CreateLink, map[string]string{"question": c.question}, nil)
			if got["status"] != c.status || got["reason"] != c.reason || (got["link_url"] != "") != (c.status == "done") {
				t.Errorf("%v", got)
			}
			if c.status == "done" && (len(s.wishes) != 1 || s.wishes[0].Direct != (c.question == "direct") || s.wishes[0].Contact != ann || s.wishes[0].Slot != 1) {
				t.Errorf("%+v", s.wishes)
			}
		})
	}
}
