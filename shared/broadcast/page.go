package broadcast

import (
	"context"

	"lumo/shared/id"
)

// lookedThrough bounds how many broadcasts one page of a filtered list looks through; the cursor goes on from there.
const lookedThrough = 500

// Page returns an account's broadcasts, newest first, without their bubbles. With a status it leaves out the others: a page may then be short,
// and even empty, although next says that there is more to look through.
func (v *Service) Page(ctx context.Context, p id.PortalID, s id.Slot, status Status, after string, limit int) (bs []Broadcast, next string, err error) {
	if status == "" {
		return v.Store.List(ctx, p, s, after, limit)
	}
	for looked := 0; looked < lookedThrough; {
		some, more, err := v.Store.List(ctx, p, s, after, limit)
		if err != nil {
			return nil, "", err
		}
		for i, b := range some {
			if b.Status != status {
				continue
			}
			if bs = append(bs, b); len(bs) == limit && (more != "" || i < len(some)-1) {
				return bs, b.ID, nil
			}
		}
		if after = more; after == "" {
			return bs, "", nil
		}
		looked += len(some)
	}
	return bs, after, nil
}
