package contactsync

import (
	"context"
	"maps"
	"slices"
	"sync"

	"lumo/shared/failure"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/work"
)

// friends reads the rows; users that we do not know yet are looked up at LINE and become friends (P-27).
func (a *Applier) friends(ctx context.Context, s Scope, pairs []pair, by tally) (map[friend.Key]friend.Friend, error) {
	if len(pairs) == 0 {
		return map[friend.Key]friend.Friend{}, nil
	}
	keys := make([]friend.Key, len(pairs))
	for i, p := range pairs {
		keys[i] = p.key
	}
	rows, err := a.Friends.GetMany(ctx, s.Portal, keys)
	if err != nil {
		return nil, err
	}
	var unknown []pair
	for _, p := range pairs {
		if _, ok := rows[p.key]; ok {
			by.add(p.contact.ID, Counts{Matched: 1})
		} else if _, proven := p.contact.Proofs[p.key]; proven || s.LinkByID {
			unknown = append(unknown, p)
		}
	}
	if len(unknown) == 0 {
		return rows, nil
	}
	return rows, a.meet(ctx, s, unknown, rows, by)
}

// meet asks LINE about users named by contacts only.
func (a *Applier) meet(ctx context.Context, s Scope, unknown []pair, rows map[friend.Key]friend.Friend, by tally) error {
	keys := make([]friend.Key, len(unknown))
	for i, p := range unknown {
		keys[i] = p.key
	}
	refused, err := a.Invalids.Known(ctx, s.Portal, keys)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	err = work.Each(ctx, a.Parallel, len(unknown), func(ctx context.Context, i int) error {
		p := unknown[i]
		f, ok, err := friend.Friend{Key: p.key, Follow: friend.Unknown}, false, error(nil)
		var prof friend.Profile
		_, proven := p.contact.Proofs[p.key]
		if proven || !refused[p.key] {
			prof, ok, err = a.Profiles.Profile(ctx, s.Portal, p.key)
		}
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil && fault.ClassOf(err).Retryable():
			return err
		case err != nil:
			by.add(p.contact.ID, Counts{Failed: 1})
			return a.fail(ctx, s.Portal, failure.Of(failure.Link, failure.SubjectOf(p.key), err, a.now()), &p)
		case !ok:
			by.add(p.contact.ID, Counts{Invalid: 1})
			if refused[p.key] && !proven || a.Discard {
				return nil
			}
			return a.refuse(ctx, s.Portal, p)
		}
		by.add(p.contact.ID, Counts{Matched: 1})
		f.ApplyProfile(prof, a.now())
		rows[p.key] = f
		return nil
	})
	if err != nil {
		return err
	}
	return a.number(ctx, s.Portal, unknown, rows)
}

// number gives new friends their ordinals, those of a whole page at once. Numbers that a crash leaves unused do no harm.
func (a *Applier) number(ctx context.Context, p id.PortalID, unknown []pair, rows map[friend.Key]friend.Friend) error {
	if a.Discard {
		return nil
	}
	bySlot, seen := map[id.Slot][]friend.Key{}, map[friend.Key]bool{}
	for _, u := range unknown {
		if _, met := rows[u.key]; met && !seen[u.key] {
			seen[u.key] = true
			bySlot[u.key.Slot] = append(bySlot[u.key.Slot], u.key)
		}
	}
	for _, slot := range slices.Sorted(maps.Keys(bySlot)) {
		first, err := a.Friends.Ordinals(ctx, p, slot, len(bySlot[slot]))
		if err != nil {
			return err
		}
		for i, k := range bySlot[slot] {
			f := rows[k]
			f.Ordinal = first + uint32(i)
			rows[k] = f
		}
	}
	return nil
}

// refuse remembers an id that LINE does not know for this account (P-27, P-33 "ID not valid").
func (a *Applier) refuse(ctx context.Context, p id.PortalID, pr pair) error {
	err := a.fail(ctx, p, failure.Item{
		Kind: failure.Link, Subject: failure.SubjectOf(pr.key), Code: "LINE_ID_NOT_VALID",
		Message: "LINE does not know this user ID for this account: it belongs to another provider, the person is not a friend, or has blocked the account.",
		FirstAt: a.now(), LastAt: a.now(),
	}, &pr)
	if err != nil {
		return err
	}
	// Last: whoever finds the id here is not told again.
	return a.Invalids.Remember(ctx, p, pr.key, pr.contact.ID, a.now())
}
