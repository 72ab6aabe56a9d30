package handle

import (
	"context"

	"lumo/shared/id"
	"lumo/shared/tag"
)

type tagView struct {
	ID        string `json:"id"`
	Slot      int    `json:"slot"`
	Name      string `json:"name"`
	Friends   *int   `json:"friends"`
	CreatedAt int64  `json:"createdAt"`
	UpdatedAt int64  `json:"updatedAt"`
}

func tagViewOf(t tag.Tag) tagView {
	return tagView{ID: t.ID, Slot: int(t.Slot), Name: t.Name, CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt}
}

// getTags counts friends from the index; an account too large for that shows no counts.
func getTags(ctx context.Context, c *call) (any, error) {
	slot, err := c.querySlot(ctx)
	if err != nil {
		return nil, err
	}
	all, err := c.Tags.List(ctx, c.portal(), slot)
	if err != nil {
		return nil, err
	}
	counts, err := c.Index.Count(ctx, c.portal(), slot)
	if err != nil {
		return nil, err
	}
	return slice(c, all, func(t tag.Tag) tagView {
		v := tagViewOf(t)
		if n := counts.Tags[t.ID]; counts.Whole {
			v.Friends = &n
		}
		return v
	})
}

type tagResult struct {
	Tag     tagView `json:"tag"`
	Offered bool    `json:"offered"`
}

type newTag struct {
	request
	Slot int    `json:"slot"`
	Name string `json:"name"`
}

func postTag(ctx context.Context, c *call) (any, error) {
	in, err := read[newTag](c)
	if err != nil {
		return nil, err
	}
	slot, err := id.ParseSlot(id.Slot(in.Slot).String())
	if err != nil {
		return nil, malformed("slot", err)
	}
	r, err := c.Tags.Create(ctx, c.portal(), tag.New{Slot: slot, Name: in.Name, By: c.who, At: c.attempt.At, Seed: c.attempt.Seed})
	return tagResult{tagViewOf(r.Tag), r.Offered}, err
}

type renameTag struct {
	request
	Name string `json:"name"`
}

func patchTag(ctx context.Context, c *call) (any, error) {
	in, err := read[renameTag](c)
	if err != nil {
		return nil, err
	}
	slot, err := c.slot()
	if err != nil {
		return nil, err
	}
	tagID, err := c.name("tag")
	if err != nil {
		return nil, err
	}
	r, err := c.Tags.Rename(ctx, c.portal(), c.who, slot, tagID, in.Name, c.attempt.At)
	return tagResult{tagViewOf(r.Tag), r.Offered}, err
}
