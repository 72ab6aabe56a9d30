package crash

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
)

// edits are a day's changes on all three sides. They wait for the end of the 30 s in which changes of one contact are gathered.
func (s *scenario) edits(ctx context.Context) error {
	contacts := slices.Sorted(maps.Keys(s.linked))
	type edit struct {
		contact   int64
		name, new string
	}
	var all []edit
	// First those that a person may have to repeat: how the others fall together must not depend on it.
	for i, c := range contacts[:12] {
		if i%4 != 1 {
			continue
		}
		e := edit{c, "lastname", fmt.Sprintf("入力%d", i)}
		all = append(all, e)
		if err := insist(ctx, "edit in Lumo", func() error { return s.enter(ctx, s.linked[c], e.name, e.new) }); err != nil {
			return err
		}
	}
	if err := insist(ctx, "edits in Lumo", func() error { return s.empty(ctx) }); err != nil {
		return err
	}
	if err := s.afterWindow(ctx); err != nil {
		return err
	}
	for i, c := range contacts[:12] {
		if i%4 != 0 {
			continue
		}
		e := edit{c, "phone", fmt.Sprintf("+8170%08d", i)}
		all = append(all, e)
		if err := s.outside.HubSpot.Edit(portal, "contacts", c, map[string]string{e.name: e.new}, hubspotsandbox.By{}); err != nil {
			return err
		}
	}
	for i, c := range contacts[:12] {
		if i%4 < 2 {
			continue
		}
		if err := s.block(ctx, s.linked[c], i%4 == 3); err != nil {
			return err
		}
	}
	return insist(ctx, "edits", func() error {
		for _, e := range all {
			r, err := s.outside.HubSpot.Record(portal, "contacts", e.contact)
			if err != nil {
				return err
			}
			f, err := s.friend(ctx, s.linked[e.contact])
			if err != nil {
				return err
			}
			for _, x := range f.Fields {
				if x.Property == e.name && (x.Value == nil || *x.Value != e.new || r.Value(e.name) != e.new) {
					return fmt.Errorf("contact %d: the edit of %s has not reached the other side", e.contact, e.name)
				}
			}
		}
		return s.blocked(ctx, contacts[:12])
	})
}

// afterWindow waits until no contact is in the 30 s after its last write any more: how many writes the next changes make must not depend on
// how long the ones before took.
func (s *scenario) afterWindow(ctx context.Context) error {
	last := int64(0)
	for _, w := range s.outside.HubSpot.Writes(portal, 0) {
		if w.Object == "contacts" && w.Action == "update" {
			last = max(last, w.At)
		}
	}
	return pause(ctx, time.Until(time.UnixMilli(last).Add(31*time.Second)))
}

// block has a person block the account, waits until Lumo knows, and has them come back, if they do.
func (s *scenario) block(ctx context.Context, user string, back bool) error {
	if err := s.outside.Line.Block(s.account.ID, user); err != nil {
		return err
	}
	err := insist(ctx, "block", func() error {
		f, err := s.friend(ctx, user)
		if err == nil && f.Follow != "blocked" {
			err = fmt.Errorf("the friend is %s in Lumo", f.Follow)
		}
		return err
	})
	if err != nil || !back {
		return err
	}
	return s.outside.Line.Unblock(s.account.ID, user)
}

// enter is a person's edit; HubSpot's proxy repeats it under the same name when the answer got lost.
func (s *scenario) enter(ctx context.Context, user, property, value string) error {
	in := map[string]any{"requestId": "edit-" + user, "values": map[string]string{property: value}}
	err := s.world.API(ctx, "PATCH", "/api/v1/friends/1/"+user+"/fields", in, nil)
	var refusal *demo.APIError
	if errors.As(err, &refusal) && refusal.Code == "REQUEST_RUNNING" {
		_ = pause(ctx, time.Second) // the caller asks again
	}
	return err
}

func (s *scenario) blocked(ctx context.Context, contacts []int64) error {
	people, err := s.world.People(ctx, s.account)
	if err != nil {
		return err
	}
	for i, c := range contacts {
		if i%4 < 2 {
			continue
		}
		r, err := s.outside.HubSpot.Record(portal, "contacts", c)
		if err != nil {
			return err
		}
		want := map[string]string{"friend": "following", "blocked": "blocked"}[people[s.linked[c]].State]
		if got := r.Value("line_follow_status"); got != want {
			return fmt.Errorf("contact %d: LINE says %s, HubSpot %s", c, want, got)
		}
	}
	return nil
}
