package dynamo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/id"
	"lumo/shared/portal"
	"lumo/shared/segment"
)

// Segments implements segment.Store at P#<portal>#SEG / <slot>#<id>: one query finds what uses HubSpot lists.
type Segments struct{ Table *Table }

var _ segment.Store = Segments{}

type segmentItem struct {
	Name      string       `dynamodbav:"n"`
	Tree      []byte       `dynamodbav:"t"` // JSON, as the API has it
	CreatedAt int64        `dynamodbav:"c"`
	CreatedBy portal.Actor `dynamodbav:"cb"`
	UpdatedAt int64        `dynamodbav:"u"`
	UpdatedBy portal.Actor `dynamodbav:"ub"`
	Version   int64        `dynamodbav:"v"`
}

func (s Segments) part(p id.PortalID) partition { return s.Table.Portal(p).in("SEG") }

func segmentKey(slot id.Slot, name string) string { return slot.String() + "#" + name }

func (it segmentItem) segment(slot id.Slot, name string) (segment.Segment, error) {
	g := segment.Segment{
		ID: name, Slot: slot, Name: it.Name, CreatedAt: it.CreatedAt, CreatedBy: it.CreatedBy, UpdatedAt: it.UpdatedAt, UpdatedBy: it.UpdatedBy, Version: it.Version,
	}
	return g, json.Unmarshal(it.Tree, &g.Tree)
}

// All implements segment.Store.
func (s Segments) All(ctx context.Context, p id.PortalID, slot id.Slot) ([]segment.Segment, error) {
	return s.list(ctx, p, segmentKey(slot, ""))
}

// Every implements segment.Store.
func (s Segments) Every(ctx context.Context, p id.PortalID) ([]segment.Segment, error) {
	return s.list(ctx, p, "")
}

func (s Segments) list(ctx context.Context, p id.PortalID, prefix string) ([]segment.Segment, error) {
	var out []segment.Segment
	for q := (query{prefix: prefix}); ; {
		pg, err := s.part(p).query(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, m := range pg.Items {
			g, err := readSegment(m)
			if err != nil {
				return nil, err
			}
			out = append(out, g)
		}
		if q.after = pg.Next; q.after == nil {
			return out, nil
		}
	}
}

func readSegment(m map[string]types.AttributeValue) (segment.Segment, error) {
	var it segmentItem
	if err := attributevalue.UnmarshalMap(m, &it); err != nil {
		return segment.Segment{}, err
	}
	number, name, ok := strings.Cut(text(m[attrSK]), "#")
	slot, err := id.ParseSlot(number)
	if err != nil || !ok {
		return segment.Segment{}, fmt.Errorf("row %.40q is no segment", text(m[attrSK]))
	}
	return it.segment(slot, name)
}

// Get implements segment.Store.
func (s Segments) Get(ctx context.Context, p id.PortalID, slot id.Slot, name string) (segment.Segment, bool, error) {
	var it segmentItem
	ok, err := s.part(p).get(ctx, segmentKey(slot, name), &it)
	if err != nil || !ok {
		return segment.Segment{}, false, err
	}
	g, err := it.segment(slot, name)
	return g, true, err
}

// Save implements segment.Store.
func (s Segments) Save(ctx context.Context, p id.PortalID, g segment.Segment) (segment.Segment, error) {
	raw, err := json.Marshal(g.Tree)
	if err != nil {
		return g, err
	}
	was := g.Version
	g.Version++
	it := segmentItem{
		Name: g.Name, Tree: raw, CreatedAt: g.CreatedAt, CreatedBy: g.CreatedBy, UpdatedAt: g.UpdatedAt, UpdatedBy: g.UpdatedBy, Version: g.Version,
	}
	return g, segmentChanged(s.part(p).put(ctx, segmentKey(g.Slot, g.ID), it, versioned(was)))
}

// Delete implements segment.Store.
func (s Segments) Delete(ctx context.Context, p id.PortalID, g segment.Segment) error {
	return segmentChanged(s.part(p).remove(ctx, segmentKey(g.Slot, g.ID), versionIs(g.Version)))
}

func segmentChanged(err error) error {
	if errors.Is(err, ErrChanged) {
		return segment.ErrChanged
	}
	return err
}
