package segment

import (
	"context"
	"errors"
	"slices"

	"lumo/shared/broadcast"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/mapping"
	"lumo/shared/tag"
)

// ground is what trees of an account rest on, as it is now. It is loaded as far as it is needed.
type ground struct {
	tags     []tag.Tag
	mappings mapping.Set
	lists    []hubspotlist.List
	checked  hubspotlist.Checked
	casts    map[string]broadcast.Broadcast
}

func (s *Service) ground(ctx context.Context, p id.PortalID, slot id.Slot, trees ...Tree) (g ground, err error) {
	has := func(t Type) bool {
		return slices.ContainsFunc(trees, func(tree Tree) bool { return len(tree.refs(t)) > 0 })
	}
	if has(Tag) {
		if g.tags, err = s.Tags.All(ctx, p, slot); err != nil {
			return g, err
		}
	}
	if has(Property) {
		if g.mappings, err = s.Mappings.Load(ctx, p); err != nil {
			return g, err
		}
	}
	if has(List) {
		if g.lists, g.checked, err = s.Lists.Index(ctx, p); err != nil {
			return g, err
		}
	}
	g.casts = map[string]broadcast.Broadcast{}
	for _, t := range trees {
		for _, r := range t.refs(Broadcast) {
			if _, ok := g.casts[r]; ok {
				continue
			}
			b, err := s.Broadcasts.Now(ctx, p, slot, r)
			if err != nil && !errors.Is(err, broadcast.ErrUnknown) {
				return g, err
			}
			g.casts[r] = b
		}
	}
	return g, nil
}

// Problems tells what keeps a tree from being used now: what it rests on is gone, or is being read for the first time.
func (s *Service) Problems(ctx context.Context, p id.PortalID, slot id.Slot, t Tree) (Problems, error) {
	g, err := s.ground(ctx, p, slot, t)
	if err != nil {
		return nil, err
	}
	return g.problems(t), nil
}

// ProblemsOf is Problems of many segments of an account, which looks everything up once.
func (s *Service) ProblemsOf(ctx context.Context, p id.PortalID, slot id.Slot, all []Segment) ([]Problems, error) {
	trees := make([]Tree, len(all))
	for i, x := range all {
		trees[i] = x.Tree
	}
	g, err := s.ground(ctx, p, slot, trees...)
	if err != nil {
		return nil, err
	}
	out := make([]Problems, len(all))
	for i, t := range trees {
		out[i] = g.problems(t)
	}
	return out, nil
}

func (g ground) problems(t Tree) Problems {
	k := &checker{}
	for i, group := range t.All {
		for j, c := range group.Any {
			at := place(i, j)
			switch c.Type {
			case Tag:
				if !slices.ContainsFunc(g.tags, func(t tag.Tag) bool { return t.ID == c.Ref }) {
					k.add(CodeTag, at+".ref", "This tag does not exist in this account.")
				}
			case Property:
				g.property(k, at, c)
			case List:
				g.list(k, at, c)
			case Broadcast:
				g.broadcast(k, at, c)
			}
		}
	}
	return k.out
}

func (g ground) property(k *checker, at string, c Condition) {
	m, ok := g.mappings.Find(c.Ref)
	switch {
	case !ok:
		k.add(CodeProperty, at+".ref", "The HubSpot property %q is not mapped.", c.Ref)
		return
	case !m.Status.Flows() && m.Status != mapping.Paused:
		k.add(CodeProperty, at+".ref", "The HubSpot property %q cannot be read any more.", c.Ref)
		return
	case m.Status == mapping.WaitingFirst:
		k.add(CodeFirstSync, at+".ref", "The HubSpot property %q waits for its first sync.", c.Ref)
	}
	if !slices.Contains(kindOps[KindOf(m)], c.Op) {
		k.add(CodeOperator, at+".op", "A property of this type cannot be compared in this way.")
		return
	}
	k.values(at, c, KindOf(m))
}

func (g ground) list(k *checker, at string, c Condition) {
	i := slices.IndexFunc(g.lists, func(l hubspotlist.List) bool { return string(l.ID) == c.Ref })
	if i < 0 {
		k.add(CodeList, at+".ref", "HubSpot has no such list.")
		return
	}
	switch l := g.lists[i]; {
	case l.DeletedAt != 0:
		k.add(CodeList, at+".ref", "The HubSpot list %q was deleted.", l.Name)
	case l.Size > hubspotlist.MaxMembers:
		k.add(CodeUnreadable, at+".ref", "The HubSpot list %q has more than 1,000,000 members.", l.Name)
	case l.State() == hubspotlist.Refused:
		k.add(CodeUnreadable, at+".ref", "HubSpot does not show the members of the list %q.", l.Name)
	case l.Members == nil:
		k.add(CodeReading, at+".ref", "The members of the HubSpot list %q are being read.", l.Name)
	}
}

func (g ground) broadcast(k *checker, at string, c Condition) {
	b := g.casts[c.Ref]
	switch {
	case b.ID == "":
		k.add(CodeBroadcast, at+".ref", "This broadcast does not exist in this account.")
	case b.Tracking != broadcast.Personal && c.Op != Received && c.Op != NotReceived:
		k.add(CodeNotTracked, at+".ref", "The broadcast %q does not tell who opened or clicked: its links were not personal.", b.Name)
	}
}
