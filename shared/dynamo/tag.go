package dynamo

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"lumo/shared/id"
	"lumo/shared/portal"
	"lumo/shared/tag"
)

// Tags implements tag.Store. At P#<portal>#TAG#<slot> lie the tags ("t#<id>") and the names in use ("n#<key of the name>"), which are
// written together.
type Tags struct{ Table *Table }

var _ tag.Store = Tags{}

type tagItem struct {
	ID        string       `dynamodbav:"i"`
	Name      string       `dynamodbav:"n"`
	CreatedAt int64        `dynamodbav:"t"`
	CreatedBy portal.Actor `dynamodbav:"by"`
	UpdatedAt int64        `dynamodbav:"u"`
	Version   int64        `dynamodbav:"v"`
}

type tagName struct {
	ID string `dynamodbav:"i"`
}

const (
	tagPrefix     = "t#"
	tagNamePrefix = "n#"
)

func (s Tags) part(p id.PortalID, slot id.Slot) partition {
	return s.Table.Portal(p).in("TAG", slot.String())
}

func tagItemOf(t tag.Tag) tagItem {
	return tagItem{ID: t.ID, Name: t.Name, CreatedAt: t.CreatedAt, CreatedBy: t.CreatedBy, UpdatedAt: t.UpdatedAt, Version: t.Version}
}

func (it tagItem) tag(slot id.Slot) tag.Tag {
	return tag.Tag{ID: it.ID, Slot: slot, Name: it.Name, CreatedAt: it.CreatedAt, CreatedBy: it.CreatedBy, UpdatedAt: it.UpdatedAt, Version: it.Version}
}

// All implements tag.Store.
func (s Tags) All(ctx context.Context, p id.PortalID, slot id.Slot) ([]tag.Tag, error) {
	var out []tag.Tag
	for q := (query{prefix: tagPrefix}); ; {
		pg, err := s.part(p, slot).query(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, m := range pg.Items {
			var it tagItem
			if err := attributevalue.UnmarshalMap(m, &it); err != nil {
				return nil, err
			}
			out = append(out, it.tag(slot))
		}
		if q.after = pg.Next; q.after == nil {
			return out, nil
		}
	}
}

// Get implements tag.Store.
func (s Tags) Get(ctx context.Context, p id.PortalID, slot id.Slot, tagID string) (tag.Tag, bool, error) {
	var it tagItem
	ok, err := s.part(p, slot).get(ctx, tagPrefix+tagID, &it)
	return it.tag(slot), ok, err
}

// holder tells which tag has a name.
func (s Tags) holder(ctx context.Context, p id.PortalID, slot id.Slot, name string) (string, error) {
	var it tagName
	_, err := s.part(p, slot).get(ctx, tagNamePrefix+tag.NameKey(name), &it)
	return it.ID, err
}

// Create implements tag.Store.
func (s Tags) Create(ctx context.Context, p id.PortalID, t tag.Tag) (tag.Tag, error) {
	part := s.part(p, t.Slot)
	t.Version = 1
	row, err := part.putting(tagPrefix+t.ID, tagItemOf(t), absent())
	if err != nil {
		return t, err
	}
	name, err := part.putting(tagNamePrefix+tag.NameKey(t.Name), tagName{t.ID}, absent())
	if err != nil {
		return t, err
	}
	err = s.Table.transact(ctx, row, name)
	if !errors.Is(err, ErrChanged) {
		return t, err
	}
	holder, err := s.holder(ctx, p, t.Slot, t.Name)
	switch {
	case err != nil:
		return t, err
	case holder == "":
		return t, tag.ErrIDUsed
	case holder != t.ID:
		return t, tag.ErrTaken
	}
	now, _, err := s.Get(ctx, p, t.Slot, t.ID)
	return now, err
}

// Rename implements tag.Store. A name that differs only in width or case is the same reservation.
func (s Tags) Rename(ctx context.Context, p id.PortalID, t tag.Tag, former string) (tag.Tag, error) {
	part, was := s.part(p, t.Slot), t.Version
	t.Version++
	if tag.NameKey(t.Name) == tag.NameKey(former) {
		err := part.put(ctx, tagPrefix+t.ID, tagItemOf(t), versionIs(was))
		return t, tagChanged(err)
	}
	row, err := part.putting(tagPrefix+t.ID, tagItemOf(t), versionIs(was))
	if err != nil {
		return t, err
	}
	name, err := part.putting(tagNamePrefix+tag.NameKey(t.Name), tagName{t.ID}, absent())
	if err != nil {
		return t, err
	}
	free, err := part.deleting(tagNamePrefix+tag.NameKey(former), nil)
	if err != nil {
		return t, err
	}
	err = s.Table.transact(ctx, row, name, free)
	if !errors.Is(err, ErrChanged) {
		return t, err
	}
	holder, err := s.holder(ctx, p, t.Slot, t.Name)
	if err == nil && holder != "" && holder != t.ID {
		return t, tag.ErrTaken
	}
	return t, errors.Join(tag.ErrChanged, err)
}

func tagChanged(err error) error {
	if errors.Is(err, ErrChanged) {
		return tag.ErrChanged
	}
	return err
}
