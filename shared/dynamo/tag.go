package dynamo

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"lumo/shared/id"
	"lumo/shared/portal"
	"lumo/shared/tag"
)

// Tags implements tag.Store. At P#<portal>#TAG#<slot> lie the tags ("t#<id>"), those aside ("d#<id>") and the names in use ("n#<key of the
// name>"), which are written together, and what was counted last ("counts").
type Tags struct{ Table *Table }

var _ tag.Store = Tags{}

type tagItem struct {
	ID        string       `dynamodbav:"i"`
	Name      string       `dynamodbav:"n"`
	CreatedAt int64        `dynamodbav:"t"`
	CreatedBy portal.Actor `dynamodbav:"by"`
	UpdatedAt int64        `dynamodbav:"u"`
	Version   int64        `dynamodbav:"v"`
	State     tag.State    `dynamodbav:"st,omitempty"`
	DeletedAt int64        `dynamodbav:"d,omitempty"`
	DeletedBy portal.Actor `dynamodbav:"db,omitempty"`
	WorkSince int64        `dynamodbav:"w,omitempty"`
	WalkedAt  int64        `dynamodbav:"wa,omitempty"`
	Friends   int          `dynamodbav:"f,omitempty"`
	From      *tag.Source  `dynamodbav:"fr,omitempty"`
}

type tagName struct {
	ID string `dynamodbav:"i"`
}

const (
	tagPrefix     = "t#"
	tagAside      = "d#"
	tagNamePrefix = "n#"
	tagCounts     = "counts"
)

func (s Tags) part(p id.PortalID, slot id.Slot) partition {
	return s.Table.Portal(p).in("TAG", slot.String())
}

func tagItemOf(t tag.Tag) tagItem {
	it := tagItem{
		ID: t.ID, Name: t.Name, CreatedAt: t.CreatedAt, CreatedBy: t.CreatedBy, UpdatedAt: t.UpdatedAt, Version: t.Version,
		State: t.State, DeletedAt: t.DeletedAt, DeletedBy: t.DeletedBy, WorkSince: t.WorkSince, WalkedAt: t.WalkedAt, Friends: t.Friends,
	}
	if t.From != (tag.Source{}) {
		it.From = &t.From
	}
	return it
}

func (it tagItem) tag(slot id.Slot) tag.Tag {
	t := tag.Tag{
		ID: it.ID, Slot: slot, Name: it.Name, CreatedAt: it.CreatedAt, CreatedBy: it.CreatedBy, UpdatedAt: it.UpdatedAt, Version: it.Version,
		State: it.State, DeletedAt: it.DeletedAt, DeletedBy: it.DeletedBy, WorkSince: it.WorkSince, WalkedAt: it.WalkedAt, Friends: it.Friends,
	}
	if it.From != nil {
		t.From = *it.From
	}
	return t
}

// All implements tag.Store.
func (s Tags) All(ctx context.Context, p id.PortalID, slot id.Slot) ([]tag.Tag, error) {
	return s.list(ctx, p, slot, tagPrefix)
}

// Aside implements tag.Store.
func (s Tags) Aside(ctx context.Context, p id.PortalID, slot id.Slot) ([]tag.Tag, error) {
	return s.list(ctx, p, slot, tagAside)
}

func (s Tags) list(ctx context.Context, p id.PortalID, slot id.Slot, prefix string) ([]tag.Tag, error) {
	var out []tag.Tag
	for q := (query{prefix: prefix}); ; {
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
	return s.one(ctx, p, slot, tagPrefix+tagID)
}

// Spare implements tag.Store.
func (s Tags) Spare(ctx context.Context, p id.PortalID, slot id.Slot, tagID string) (tag.Tag, bool, error) {
	return s.one(ctx, p, slot, tagAside+tagID)
}

func (s Tags) one(ctx context.Context, p id.PortalID, slot id.Slot, sk string) (tag.Tag, bool, error) {
	var it tagItem
	ok, err := s.part(p, slot).get(ctx, sk, &it)
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
	at, other := tagPrefix, tagAside
	if t.State != "" {
		at, other = tagAside, tagPrefix
	}
	row, err := part.putting(at+t.ID, tagItemOf(t), absent())
	if err != nil {
		return t, err
	}
	fresh, err := part.checking(other+t.ID, absent())
	if err != nil {
		return t, err
	}
	name, err := part.putting(tagNamePrefix+tag.NameKey(t.Name), tagName{t.ID}, absent())
	if err != nil {
		return t, err
	}
	err = s.Table.transact(ctx, row, fresh, name)
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
	now, ok, err := s.one(ctx, p, t.Slot, at+t.ID)
	if err == nil && !ok {
		now, _, err = s.one(ctx, p, t.Slot, other+t.ID)
	}
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

// Drop implements tag.Store.
func (s Tags) Drop(ctx context.Context, p id.PortalID, t tag.Tag) (tag.Tag, error) {
	part, was := s.part(p, t.Slot), t.Version
	t.Version++
	live, err := part.deleting(tagPrefix+t.ID, versionIs(was))
	if err != nil {
		return t, err
	}
	row, err := part.putting(tagAside+t.ID, tagItemOf(t), absent())
	if err != nil {
		return t, err
	}
	free, err := part.deleting(tagNamePrefix+tag.NameKey(t.Name), nil)
	if err != nil {
		return t, err
	}
	return t, tagChanged(s.Table.transact(ctx, live, row, free))
}

// Reclaim implements tag.Store.
func (s Tags) Reclaim(ctx context.Context, p id.PortalID, t tag.Tag) (tag.Tag, error) {
	part, was := s.part(p, t.Slot), t.Version
	t.Version++
	row, err := part.putting(tagAside+t.ID, tagItemOf(t), versionIs(was))
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
	if err == nil && holder != "" && holder != t.ID {
		return t, tag.ErrTaken
	}
	return t, errors.Join(tag.ErrChanged, err)
}

// Use implements tag.Store.
func (s Tags) Use(ctx context.Context, p id.PortalID, t tag.Tag) (tag.Tag, error) {
	part, was := s.part(p, t.Slot), t.Version
	t.Version++
	aside, err := part.deleting(tagAside+t.ID, versionIs(was))
	if err != nil {
		return t, err
	}
	row, err := part.putting(tagPrefix+t.ID, tagItemOf(t), absent())
	if err != nil {
		return t, err
	}
	return t, tagChanged(s.Table.transact(ctx, aside, row))
}

// Note implements tag.Store.
func (s Tags) Note(ctx context.Context, p id.PortalID, t tag.Tag) (tag.Tag, error) {
	was := t.Version
	t.Version++
	return t, tagChanged(s.part(p, t.Slot).put(ctx, tagAside+t.ID, tagItemOf(t), versionIs(was)))
}

type tagCount struct {
	At      int64          `dynamodbav:"t,omitempty"`
	Friends map[string]int `dynamodbav:"f,omitempty"`
	Whole   bool           `dynamodbav:"h,omitempty"`
	Edition int64          `dynamodbav:"v"`
}

// Counts implements tag.Store.
func (s Tags) Counts(ctx context.Context, p id.PortalID, slot id.Slot) (tag.Counts, error) {
	var it tagCount
	_, err := s.part(p, slot).get(ctx, tagCounts, &it)
	return tag.Counts{At: it.At, Friends: it.Friends, Whole: it.Whole, Edition: it.Edition}, err
}

// SaveCounts implements tag.Store.
func (s Tags) SaveCounts(ctx context.Context, p id.PortalID, slot id.Slot, c tag.Counts) error {
	return unlessChanged(s.part(p, slot).put(ctx, tagCounts, tagCount{c.At, c.Friends, c.Whole, c.Edition + 1}, versioned(c.Edition)))
}

// Forget implements tag.Store.
func (s Tags) Forget(ctx context.Context, p id.PortalID, slot id.Slot) error {
	up := expression.Remove(expression.Name("t")).Add(expression.Name("v"), expression.Value(1))
	return s.part(p, slot).update(ctx, tagCounts, up, nil, nil)
}
