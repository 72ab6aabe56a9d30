package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"lumo/shared/compose"
	"lumo/shared/contactsync"
	"lumo/shared/dynamo"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/id"
	"lumo/shared/portal"
	"lumo/shared/tag"
)

// maxTagsOf an account, deleted ones among them.
const maxTagsOf = 3

// label is a tag, and what people want of it.
type label struct {
	t    *tenant
	slot id.Slot
	id   string
	// wants says who was given it (true) or had it taken away last; doubt is who had both at once, or something that was refused half way.
	wants map[id.LineUserID]bool
	busy  map[id.LineUserID]int
	doubt map[id.LineUserID]bool
}

var tagRefusals = []error{tag.ErrUnknown, tag.ErrTaken, tag.ErrExpired, tag.ErrNoAccount, tag.ErrTooMany, contactsync.ErrNotConnected}

var tagger = portal.Actor{UserID: 7, Email: "tagger@acme.example"}

// changeTag makes a tag, gives it or takes it away, deletes it or restores it.
func (w *World) changeTag() {
	t := w.tenant()
	c := w.account(t)
	var own []*label
	for _, l := range w.labels {
		if l.t == t && l.slot == c.slot {
			own = append(own, l)
		}
	}
	if len(own) == 0 || len(own) < maxTagsOf && w.rng.IntN(4) == 0 {
		w.makeTag(t, c.slot)
		return
	}
	l := own[w.rng.IntN(len(own))]
	at, name := w.now, fmt.Sprintf("%d/%d/%s", t.id, l.slot, l.id)
	switch n := w.rng.IntN(10); {
	case n == 0:
		w.pressTag("delete tag "+name, func(ctx context.Context, s *tag.Service) error {
			_, err := s.Delete(ctx, t.id, tagger, l.slot, l.id, at)
			return err
		}, func(error) {})
	case n < 3:
		w.pressTag("restore tag "+name, func(ctx context.Context, s *tag.Service) error {
			_, err := s.Restore(ctx, t.id, tagger, l.slot, l.id, "", at)
			return err
		}, func(error) {})
	default:
		if _, k, ok := w.linked(t); ok && k.Slot == l.slot {
			w.giveTag(l, k.User, w.rng.IntN(4) > 0)
		}
	}
}

func (w *World) makeTag(t *tenant, slot id.Slot) {
	n := tag.New{Slot: slot, Name: fmt.Sprintf("Tag %d", w.steps), By: tagger, At: w.now, Seed: fmt.Sprintf("tag-%d", w.steps)}
	made := ""
	w.pressTag("make "+n.Name, func(ctx context.Context, s *tag.Service) error {
		r, err := s.Create(ctx, t.id, n)
		made = r.Tag.ID
		return err
	}, func(err error) {
		if err == nil {
			w.labels = append(w.labels, &label{t: t, slot: slot, id: made, wants: map[id.LineUserID]bool{}, busy: map[id.LineUserID]int{}, doubt: map[id.LineUserID]bool{}})
		}
	})
}

func (w *World) giveTag(l *label, u id.LineUserID, on bool) {
	b := tag.Bulk{Slot: l.slot, Users: []id.LineUserID{u}, By: tagger, At: w.now}
	if b.Remove = []string{l.id}; on {
		b.Add, b.Remove = b.Remove, nil
	}
	if l.busy[u]++; l.busy[u] > 1 {
		l.doubt[u] = true
	}
	known := false
	w.pressTag(fmt.Sprintf("tag %d/%d/%s %s %v", l.t.id, l.slot, u, l.id, on), func(ctx context.Context, s *tag.Service) error {
		c, err := s.Give(ctx, l.t.id, b)
		known = c.Changed+c.Unchanged > 0
		return err
	}, func(err error) {
		l.busy[u]--
		if l.wants[u] = on && known; err != nil {
			l.doubt[u] = true
		}
		if l.busy[u] == 0 && err == nil && known {
			l.doubt[u] = false
		}
	})
}

// pressTag tries again unless Lumo or HubSpot refuses for good. Whatever is done may be written to every contact once.
func (w *World) pressTag(what string, do func(context.Context, *tag.Service) error, then func(error)) {
	w.lineActs += 2 // deleting walks over the friends twice
	w.insist(what, append([]error{errRefusedTag}, tagRefusals...), func(ctx context.Context, a *compose.App) error {
		err := do(ctx, a.Tags())
		if c := fault.ClassOf(err); c != "" && !c.Retryable() {
			err = errors.Join(errRefusedTag, err)
		}
		return err
	}, then)
}

var errRefusedTag = errors.New("HubSpot refuses it")

// checkTags: nobody has a deleted tag, everybody has those that were given, no work is left, and the directory of names knows it.
func (w *World) checkTags(t *tenant) {
	ctx := context.Background()
	store := dynamo.Tags{Table: w.rows()}
	index := &friendindex.Index{Store: dynamo.FriendIndex{Table: w.rows()}, Clock: simClock{w.scheduler}}
	for _, c := range t.channels {
		aside, err := store.Aside(ctx, t.id, c.slot)
		w.check(err)
		rows := w.friends(t, c)
		deleted := map[string]bool{}
		for _, g := range aside {
			w.evaluate("I1")
			if deleted[g.ID] = true; g.State != tag.Deleted || g.WorkSince != 0 {
				w.violate("I1", "tag %d/%d/%s: nobody works on it any more: %+v", t.id, c.slot, g.ID, g)
			}
		}
		for u, f := range rows {
			for _, g := range slices.Concat(f.Tags, f.Shelved) {
				if f.HasTag(g) == deleted[g] {
					w.violate("I3", "friend %d/%d/%s: tags %v, of deleted ones %v, while %v are deleted", t.id, c.slot, u, f.Tags, f.Shelved, deleted)
				}
			}
		}
		w.check(index.Each(ctx, t.id, c.slot, func(e friendindex.Entry) bool {
			w.evaluate("I3")
			if f, ok := rows[e.User]; ok && !slices.Equal(f.Tags, e.Tags) {
				w.violate("I3", "friend %d/%d/%s: the row has tags %v, the directory %v", t.id, c.slot, e.User, f.Tags, e.Tags)
			}
			return true
		}))
		w.checkWanted(t, c, rows)
	}
}

func (w *World) checkWanted(t *tenant, c *channel, rows map[id.LineUserID]friend.Friend) {
	for _, l := range w.labels {
		if l.t != t || l.slot != c.slot {
			continue
		}
		for _, u := range slices.Sorted(maps.Keys(l.wants)) {
			f, ok := rows[u]
			if !ok || l.doubt[u] || l.busy[u] > 0 {
				continue
			}
			w.evaluate("I1")
			if has := f.HasTag(l.id) || f.HasShelved(l.id); has != l.wants[u] {
				w.violate("I1", "friend %d/%d/%s: tag %s should be %v, is %v; has %v, of deleted ones %v", t.id, c.slot, u, l.id, l.wants[u], has, f.Tags, f.Shelved)
			}
		}
	}
}
