package handle

import (
	"context"
	"slices"

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
	State     string `json:"state"`
}

func tagViewOf(t tag.Tag) tagView {
	v := tagView{ID: t.ID, Slot: int(t.Slot), Name: t.Name, CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt, State: string(t.State)}
	if t.State == "" {
		v.State = "active"
	}
	return v
}

// getTags also lists those that people are waiting for, because they are being restored or copied. An account too large to be counted shows
// no counts.
func getTags(ctx context.Context, c *call) (any, error) {
	slot, err := c.querySlot(ctx)
	if err != nil {
		return nil, err
	}
	all, err := c.Tags.List(ctx, c.portal(), slot)
	if err != nil {
		return nil, err
	}
	counts, err := c.Tags.Counts(ctx, c.portal(), slot)
	if err != nil {
		return nil, err
	}
	aside, err := c.Tags.Aside(ctx, c.portal(), slot)
	if err != nil {
		return nil, err
	}
	for _, t := range aside {
		if t.State != tag.Deleted {
			all = append(all, t)
		}
	}
	return slice(c, all, func(t tag.Tag) tagView {
		v := tagViewOf(t)
		if n := counts.Friends[t.ID]; counts.Whole {
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
	slot, tagID, err := c.pathTag()
	if err != nil {
		return nil, err
	}
	r, err := c.Tags.Rename(ctx, c.portal(), c.who, slot, tagID, in.Name, c.attempt.At)
	return tagResult{tagViewOf(r.Tag), r.Offered}, err
}

// pathTag reads the address of a tag.
func (c *call) pathTag() (slot id.Slot, tagID string, err error) {
	if slot, err = c.slot(); err != nil {
		return 0, "", err
	}
	tagID, err = c.name("tag")
	return slot, tagID, err
}

type deletedTagView struct {
	tagView
	DeletedAt       int64   `json:"deletedAt"`
	DeletedBy       *string `json:"deletedBy"`
	RestorableUntil int64   `json:"restorableUntil"`
	// Working: friends are still losing it.
	Working bool `json:"working"`
}

func deletedTagViewOf(t tag.Tag) deletedTagView {
	v := deletedTagView{tagView: tagViewOf(t), DeletedAt: t.DeletedAt, DeletedBy: some(t.DeletedBy.Email), RestorableUntil: t.RestorableUntil(), Working: t.WalkedAt == 0}
	if !v.Working {
		v.Friends = &t.Friends
	}
	return v
}

func deleteTag(ctx context.Context, c *call) (any, error) {
	slot, tagID, err := c.pathTag()
	if err != nil {
		return nil, err
	}
	t, err := c.Tags.Delete(ctx, c.portal(), c.who, slot, tagID, c.attempt.At)
	return deletedTagViewOf(t), err
}

func getDeletedTags(ctx context.Context, c *call) (any, error) {
	slot, err := c.querySlot(ctx)
	if err != nil {
		return nil, err
	}
	all, err := c.Tags.Aside(ctx, c.portal(), slot)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(t tag.Tag) bool { return t.State != tag.Deleted })
	return slice(c, all, deletedTagViewOf)
}

type useView struct {
	Kind   string  `json:"kind"`
	ID     string  `json:"id"`
	Name   string  `json:"name"`
	Status *string `json:"status"`
	LastAt *int64  `json:"lastAt"`
}

func getTagUses(ctx context.Context, c *call) (any, error) {
	slot, tagID, err := c.pathTag()
	if err != nil {
		return nil, err
	}
	uses, err := c.Tags.Uses(ctx, c.portal(), slot, tagID)
	if err != nil {
		return nil, err
	}
	return slice(c, uses, func(u tag.Use) useView { return useView{u.Kind, u.ID, u.Name, some(u.Status), at(u.LastAt)} })
}

type copyTag struct {
	request
	To     int    `json:"to"`
	Name   string `json:"name"`
	People bool   `json:"people"`
}

func postTagCopy(ctx context.Context, c *call) (any, error) {
	in, err := read[copyTag](c)
	if err != nil {
		return nil, err
	}
	slot, tagID, err := c.pathTag()
	if err != nil {
		return nil, err
	}
	to, err := id.ParseSlot(id.Slot(in.To).String())
	if err != nil {
		return nil, malformed("to", err)
	}
	r, err := c.Tags.Copy(ctx, c.portal(), tag.Copy{
		Slot: slot, Tag: tagID, To: to, Name: in.Name, People: in.People, By: c.who, At: c.attempt.At, Seed: c.attempt.Seed,
	})
	return tagResult{tagViewOf(r.Tag), r.Offered}, err
}

func postTagRestore(ctx context.Context, c *call) (any, error) {
	in, err := read[renameTag](c)
	if err != nil {
		return nil, err
	}
	slot, tagID, err := c.pathTag()
	if err != nil {
		return nil, err
	}
	t, err := c.Tags.Restore(ctx, c.portal(), c.who, slot, tagID, in.Name, c.attempt.At)
	return tagViewOf(t), err
}
