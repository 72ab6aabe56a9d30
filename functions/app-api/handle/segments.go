package handle

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/segment"
	"lumo/shared/syncdata"
)

type segmentRow struct {
	ID         string             `json:"id"`
	Slot       int                `json:"slot"`
	Name       string             `json:"name"`
	State      string             `json:"state"`
	Problems   []segment.Problem  `json:"problems"`
	Conditions int                `json:"conditions"`
	CreatedAt  int64              `json:"createdAt"`
	CreatedBy  string             `json:"createdBy"`
	UpdatedAt  int64              `json:"updatedAt"`
	UpdatedBy  string             `json:"updatedBy"`
	Version    int64              `json:"version"`
	Tree       *segment.Tree      `json:"tree,omitempty"`
	UsedBy     []segmentBroadcast `json:"usedBy,omitempty"`
}

type segmentBroadcast struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
}

// States of a segment.
const (
	segmentReady     = "ready"
	segmentPreparing = "preparing"
	segmentAttention = "attention"
)

func segmentStateOf(ps segment.Problems) string {
	switch {
	case len(ps) == 0:
		return segmentReady
	case slices.ContainsFunc(ps, func(p segment.Problem) bool { return !p.Passing() }):
		return segmentAttention
	}
	return segmentPreparing
}

func segmentRowOf(g segment.Segment, ps segment.Problems) segmentRow {
	return segmentRow{
		ID: g.ID, Slot: int(g.Slot), Name: g.Name, State: segmentStateOf(ps), Problems: append([]segment.Problem{}, ps...), Conditions: g.Tree.Count(),
		CreatedAt: g.CreatedAt, CreatedBy: g.CreatedBy.Email, UpdatedAt: g.UpdatedAt, UpdatedBy: g.UpdatedBy.Email, Version: g.Version,
	}
}

// segmentView is one segment with its conditions.
func (c *call) segmentView(ctx context.Context, g segment.Segment, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	ps, err := c.Segments.Problems(ctx, c.portal(), g.Slot, g.Tree)
	if err != nil {
		return nil, err
	}
	v := segmentRowOf(g, ps)
	v.Tree, v.UsedBy = &g.Tree, []segmentBroadcast{}
	uses, err := c.Segments.UsedBy(ctx, c.portal(), g.Slot, g.ID)
	for _, b := range uses[:min(len(uses), usesShown)] {
		v.UsedBy = append(v.UsedBy, segmentBroadcast{b.ID, b.Name, string(b.Status)})
	}
	return v, err
}

func getSegments(ctx context.Context, c *call) (any, error) {
	slot, err := c.querySlot(ctx)
	if err != nil {
		return nil, err
	}
	search, err := c.text("search", 100)
	if err != nil {
		return nil, err
	}
	all, err := c.Segments.List(ctx, c.portal(), slot, search)
	if err != nil {
		return nil, err
	}
	here, next, err := part(c, all)
	if err != nil {
		return nil, err
	}
	problems, err := c.Segments.ProblemsOf(ctx, c.portal(), slot, here)
	if err != nil {
		return nil, err
	}
	seen := make([]segmentRow, len(here))
	for i, g := range here {
		seen[i] = segmentRowOf(g, problems[i])
	}
	return rows(seen, func(r segmentRow) segmentRow { return r }, c.next(next)), nil
}

func (c *call) segmentName() (id.Slot, string, error) {
	slot, err := c.slot()
	if err != nil {
		return 0, "", err
	}
	name, err := c.name("segment")
	return slot, name, err
}

func getSegment(ctx context.Context, c *call) (any, error) {
	slot, name, err := c.segmentName()
	if err != nil {
		return nil, err
	}
	g, err := c.Segments.Get(ctx, c.portal(), slot, name)
	return c.segmentView(ctx, g, err)
}

type newSegment struct {
	request
	Slot int          `json:"slot"`
	Name string       `json:"name"`
	Tree segment.Tree `json:"tree"`
}

func postSegment(ctx context.Context, c *call) (any, error) {
	in, err := read[newSegment](c)
	if err != nil {
		return nil, err
	}
	slot, err := id.ParseSlot(id.Slot(in.Slot).String())
	if err != nil {
		return nil, malformed("slot", err)
	}
	g, err := c.Segments.Create(ctx, c.portal(), segment.New{Slot: slot, Name: in.Name, Tree: in.Tree, By: c.who, At: c.attempt.At, Seed: c.attempt.Seed})
	return c.segmentView(ctx, g, err)
}

type editSegment struct {
	request
	Name    string       `json:"name"`
	Tree    segment.Tree `json:"tree"`
	Version int64        `json:"version"`
}

func putSegment(ctx context.Context, c *call) (any, error) {
	in, err := read[editSegment](c)
	if err != nil {
		return nil, err
	}
	slot, name, err := c.segmentName()
	if err != nil {
		return nil, err
	}
	g, err := c.Segments.Edit(ctx, c.portal(), slot, name, in.Version, in.Name, in.Tree, c.who)
	return c.segmentView(ctx, g, err)
}

type copySegment struct {
	request
	Name string `json:"name"`
}

func postSegmentCopy(ctx context.Context, c *call) (any, error) {
	in, err := read[copySegment](c)
	if err != nil {
		return nil, err
	}
	slot, name, err := c.segmentName()
	if err != nil {
		return nil, err
	}
	g, err := c.Segments.Copy(ctx, c.portal(), slot, name, segment.New{Name: in.Name, By: c.who, At: c.attempt.At, Seed: c.attempt.Seed})
	return c.segmentView(ctx, g, err)
}

func deleteSegment(ctx context.Context, c *call) (any, error) {
	slot, name, err := c.segmentName()
	if err != nil {
		return nil, err
	}
	return deleted{true}, c.Segments.Delete(ctx, c.portal(), slot, name, c.who)
}

type segmentEstimate struct {
	State    string            `json:"state"`
	Problems []segment.Problem `json:"problems"`
	Estimate *segment.Estimate `json:"estimate"`
}

// postSegmentEstimate counts a tree that is being put together. What is wrong with it is part of the answer, all at once.
func postSegmentEstimate(ctx context.Context, c *call) (any, error) {
	in, err := read[newSegment](c)
	if err != nil {
		return nil, err
	}
	slot, err := id.ParseSlot(id.Slot(in.Slot).String())
	if err != nil {
		return nil, malformed("slot", err)
	}
	e, err := c.Segments.Estimate(ctx, c.portal(), slot, in.Tree)
	var ps segment.Problems
	if errors.As(err, &ps) {
		return segmentEstimate{segmentStateOf(ps), ps, nil}, nil
	}
	return segmentEstimate{segmentReady, []segment.Problem{}, &e}, err
}

type segmentChoices struct {
	Types      []typeChoice     `json:"types"`
	Properties []propertyChoice `json:"properties"`
	Tags       []namedChoice    `json:"tags"`
	Lists      []listChoice     `json:"lists"`
	Broadcasts []castChoice     `json:"broadcasts"`
	Follow     []string         `json:"follow"`
	Methods    []friend.Method  `json:"methods"`
	Limits     segmentLimits    `json:"limits"`
}

type typeChoice struct {
	Type      segment.Type `json:"type"`
	Operators []segment.Op `json:"operators"`
	OrUnknown bool         `json:"orUnknown"`
}

type propertyChoice struct {
	Property  string       `json:"property"`
	Label     string       `json:"label"`
	Kind      segment.Kind `json:"kind"`
	Status    string       `json:"status"`
	Operators []segment.Op `json:"operators"`
}

type namedChoice struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type listChoice struct {
	namedChoice
	Kind  string `json:"kind"`
	State string `json:"state"`
}

type castChoice struct {
	namedChoice
	SentAt  *int64 `json:"sentAt"`
	Tracked bool   `json:"tracked"`
}

type segmentLimits struct {
	Groups     int `json:"groups"`
	Conditions int `json:"conditions"`
	Values     int `json:"values"`
	Days       int `json:"days"`
	Lists      int `json:"lists"`
}

// Of lists and broadcasts so many are offered; a search of lists narrows them down.
const (
	listsOffered = 500
	castsOffered = 100
)

// getSegmentChoices tells what conditions can be made of.
func getSegmentChoices(ctx context.Context, c *call) (any, error) {
	slot, err := c.querySlot(ctx)
	if err != nil {
		return nil, err
	}
	search, err := c.text("search", 100)
	if err != nil {
		return nil, err
	}
	from, err := c.Segments.Choices(ctx, c.portal(), slot, castsOffered)
	if err != nil {
		return nil, err
	}
	v := segmentChoices{
		Properties: []propertyChoice{}, Tags: []namedChoice{}, Lists: []listChoice{}, Broadcasts: []castChoice{},
		Follow: []string{string(friend.Following), string(friend.Blocked)}, Methods: segment.Methods(),
		Limits: segmentLimits{segment.MaxGroups, segment.MaxConditions, segment.MaxValues, segment.MaxDays, segment.MaxLists},
	}
	for _, t := range segment.Types() {
		unknown := segment.Condition{Type: t}.MayBeUnknown()
		v.Types = append(v.Types, typeChoice{t, append([]segment.Op{}, segment.OpsOf(t, "")...), unknown})
	}
	for _, m := range from.Mappings.Mappings {
		kind := segment.KindOf(m)
		v.Properties = append(v.Properties, propertyChoice{m.Property, clip(m.Label, 200), kind, string(m.Status), segment.OpsOf(segment.Property, kind)})
	}
	for _, t := range from.Tags {
		v.Tags = append(v.Tags, namedChoice{t.ID, t.Name})
	}
	slices.SortFunc(v.Tags, func(a, b namedChoice) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	lists := syncdata.ListsByName(from.Lists, search)
	for _, l := range lists[:min(len(lists), listsOffered)] {
		v.Lists = append(v.Lists, listChoice{namedChoice{string(l.ID), clip(l.Name, 200)}, string(l.Kind), string(l.State())})
	}
	for _, b := range from.Broadcasts {
		v.Broadcasts = append(v.Broadcasts, castChoice{namedChoice{b.ID, b.Name}, at(b.StartedAt), b.Tracking == "personal"})
	}
	return v, nil
}
