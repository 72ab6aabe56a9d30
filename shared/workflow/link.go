package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/linkage"
	"lumo/shared/queue"
)

// OutputLink is the address that "Create LINE link" answers.
const OutputLink = "link_url"

// wish is the link of an execution. It is named by the execution, so that every answer to HubSpot bears the same address, and nobody keeps it.
func (e Execution) wish() linkage.Wish {
	c := e.Call
	slot, _ := slotOf(c.Inputs[InputAccount])
	return linkage.Wish{
		Contact: c.Contact, Slot: slot, Method: friend.EmailLink, Direct: c.Inputs[InputQuestion] == Direct, By: "workflow", Seed: e.ID, At: time.UnixMilli(c.At),
	}
}

// invite makes a linking address for the contact, as people do by hand (P-21).
func (s *Service) invite(ctx context.Context, e Execution) (Execution, error) {
	now := s.Clock.Now()
	_, err := s.Links.Make(ctx, e.Call.Portal, e.wish())
	switch {
	case errors.Is(err, linkage.ErrNoContact):
		return e.Decided(Failed, ReasonGone, now), nil
	case err != nil && fault.ClassOf(err) != "" && !fault.ClassOf(err).Retryable():
		return e.Decided(Failed, ReasonUnavailable, now), nil
	case err != nil:
		return e, err
	}
	return e.Decided(Done, "", now), nil
}

// outputs are what the workflow gets, with what is made anew each time.
func (s *Service) outputs(e Execution) map[string]string {
	out := e.Outputs()
	if e.Call.Action == CreateLink {
		out[OutputLink] = ""
		if e.Status == Done {
			out[OutputLink] = s.Links.Address(e.Call.Portal, e.wish())
		}
	}
	return out
}

// named takes the friend whose LINE User ID the step was given.
func named(e Execution, slot id.Slot, now time.Time) Execution {
	text := strings.TrimSpace(e.Call.Inputs[InputUser])
	if text == "" {
		return e.Decided(NotFound, ReasonNoUser, now)
	}
	user, err := id.ParseLineUser(text)
	if err != nil {
		return e.Decided(NotFound, ReasonBadUser, now)
	}
	e.Target = &friend.Key{Slot: slot, User: user}
	return e
}

const (
	// linkSoon is when the contact sync will have done it, linkLater when it is asked after again.
	linkSoon  = 3 * time.Second
	linkLater = time.Minute
)

// proof of a step is that the contact's own property names the friend (P-28).
func (e Execution) proof() friend.Proof {
	return friend.Proof{Method: friend.AutoMatch, Proof: "workflow:" + e.Call.Workflow, Actor: "workflow", At: e.Call.At}
}

// link hands the proof to the contact sync, which alone links, and looks what it made of it. A person's decision against the two stays.
func (s *Service) link(ctx context.Context, e Execution) (Execution, error) {
	now, c, k := s.Clock.Now(), e.Call, *e.Target
	f, known, err := s.Friends.Get(ctx, c.Portal, k)
	if err != nil {
		return e, err
	}
	if status, reason := linked(f, e); status != Open {
		return e.Decided(status, reason, now), nil
	}
	if now.After(e.Deadline()) {
		return e.Decided(Failed, ReasonLate, now), nil
	}
	if e.Due != 0 { // it was handed on
		taken, err := s.taken(ctx, c, k)
		if err != nil {
			return e, err
		}
		if taken {
			return e.Decided(InConflict, ReasonContactTaken, now), nil
		}
		return e.Later(now.Add(linkLater)), nil
	}
	if !known {
		_, ok, err := s.Profiles.Profile(ctx, c.Portal, k)
		switch {
		case err != nil && fault.ClassOf(err) != "" && !fault.ClassOf(err).Retryable():
			return e.Decided(Failed, ReasonUnavailable, now), nil
		case err != nil:
			return e, err
		case !ok:
			return e.Decided(NotFound, ReasonStranger, now), nil
		}
	}
	if err := linkage.Hand(ctx, s.Queue, c.Portal, k, c.Contact, e.proof()); err != nil {
		return e, err
	}
	b, err := json.Marshal(Work{Portal: c.Portal, Refs: []Ref{e.Ref()}})
	if err != nil {
		return e, err
	}
	return e.Later(now.Add(linkLater)), s.Queue.Send(ctx, queue.Actions, queue.Message{Body: b, Delay: linkSoon})
}

// linked reads from a friend's row what became of the wish; Open where it does not say.
func linked(f friend.Friend, e Execution) (Status, string) {
	c, l := e.Call.Contact, f.Link
	switch {
	case l.State == friend.Linked && l.Contact == c && l.Method == friend.AutoMatch && l.At == e.Call.At:
		return Linked, ""
	case l.State == friend.Linked && l.Contact == c:
		return AlreadyLinked, ""
	case l.State == friend.Conflict && (l.Contact == c || l.Claimant == c):
		return InConflict, ReasonFriendTaken
	case f.Parted.Contact == c, f.Outlived(c, e.proof()):
		return SkippedParted, ReasonParted
	}
	return Open, ""
}

// taken tells whether another friend of the account has the contact's place.
func (s *Service) taken(ctx context.Context, c Call, k friend.Key) (bool, error) {
	keys, err := s.Friends.ByContact(ctx, c.Portal, c.Contact)
	if err != nil {
		return false, err
	}
	for _, o := range keys {
		if o.Slot != k.Slot || o.User == k.User {
			continue
		}
		f, ok, err := s.Friends.Get(ctx, c.Portal, o) // the index may be behind
		if err != nil || ok && f.Link.Contact == c.Contact {
			return err == nil, err
		}
	}
	return false, nil
}
