package segment

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"lumo/shared/blob"
	"lumo/shared/broadcast"
	"lumo/shared/friendindex"
	"lumo/shared/id"
)

// Select turns a segment into a test of friends for a broadcast. Members of lists are as fresh as asked for (P-52); ErrPreparing asks to come
// again when that, or reading rows, takes longer. A segment that rests on something that is gone is refused (P-53).
func (s *Service) Select(ctx context.Context, p id.PortalID, slot id.Slot, segment string, f broadcast.Freshness) (broadcast.Selection, error) {
	var sel broadcast.Selection
	g, err := s.get(ctx, p, slot, segment)
	switch {
	case err != nil:
	case f.Since == 0:
		sel, err = s.look(ctx, p, g)
	default:
		sel, err = s.choose(ctx, p, g, f)
	}
	var ps Problems
	switch {
	case errors.Is(err, ErrUnknown):
		err = fmt.Errorf("%w: %w", broadcast.ErrAudience, err)
	case errors.As(err, &ps) && ps.passing():
		err = fmt.Errorf("%w: %w", broadcast.ErrPreparing, err)
	case errors.As(err, &ps):
		err = fmt.Errorf("%w: %w", broadcast.ErrAudience, err)
	}
	if err != nil {
		sel = broadcast.Selection{Match: func(friendindex.Entry) bool { return false }} // whoever forgets to ask reaches nobody
	}
	return sel, err
}

// look counts for somebody who waits.
func (s *Service) look(ctx context.Context, p id.PortalID, g Segment) (broadcast.Selection, error) {
	e, who, err := s.count(ctx, p, g.Slot, g.Tree)
	return broadcast.Selection{
		Match: func(e friendindex.Entry) bool { return who.has(e.Ordinal) }, MembersAsOf: e.MembersAsOf,
		Counted: &broadcast.Estimate{
			Recipients: e.Recipients, Blocked: e.Blocked, Linked: e.Linked, NotFriends: e.NotFriends, Approximate: e.Approximate, MembersAsOf: e.MembersAsOf,
		},
	}, err
}

// choose finds everybody who is to get a broadcast. When the time is up it keeps how far it came.
func (s *Service) choose(ctx context.Context, p id.PortalID, g Segment, f broadcast.Freshness) (broadcast.Selection, error) {
	var none broadcast.Selection
	if err := s.fresh(ctx, p, g.Tree, f); err != nil {
		return none, err
	}
	b, err := s.bind(ctx, p, g.Slot, g.Tree)
	if err != nil {
		return none, err
	}
	sofar, who, err := s.resume(ctx, p, g, f)
	if err != nil {
		return none, err
	}
	w := &walk{bound: b, service: s, portal: p, slot: g.Slot, most: -1, stop: f.Stop, visit: func(e friendindex.Entry, v Truth, _ bool) {
		if v == True {
			who.add(e.Ordinal)
		}
	}}
	done, err := w.run(ctx, sofar.Next)
	if err != nil {
		return none, err
	}
	if !done {
		sofar.Next = w.next
		return none, errors.Join(broadcast.ErrPreparing, s.keep(ctx, p, g, sofar, who))
	}
	if sofar.Next > 0 {
		if err := s.Blobs.Delete(ctx, p, halfway(g.ID)); err != nil {
			return none, err
		}
	}
	return broadcast.Selection{Match: func(e friendindex.Entry) bool { return who.has(e.Ordinal) }, MembersAsOf: b.asOf}, nil
}

// fresh reads the members of lists again that are older than asked for.
func (s *Service) fresh(ctx context.Context, p id.PortalID, t Tree, f broadcast.Freshness) error {
	for _, l := range t.Lists() {
		done, err := s.Lists.Fresh(ctx, p, l, f.Since, f.By, f.Stop)
		if err != nil {
			return s.gone(t, l, err)
		}
		if !done {
			return broadcast.ErrPreparing
		}
	}
	return nil
}

// progress is how far choosing came, in one object: this as a line of JSON, then a bit for each ordinal.
type progress struct {
	By      string `json:"by"`
	Since   int64  `json:"since"`
	Version int64  `json:"version"` // of the segment
	Next    uint32 `json:"next"`    // the ordinal to go on at
}

func halfway(segment string) string { return "segments/" + segment }

func (s *Service) keep(ctx context.Context, p id.PortalID, g Segment, at progress, who *set) error {
	b, err := json.Marshal(at)
	if err != nil {
		return err
	}
	b = append(b, '\n')
	for _, w := range who.words {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return blob.PutBytes(ctx, s.Blobs, p, halfway(g.ID), "application/octet-stream", b)
}

// resume finds how far the same choice came before; what belongs to another one counts for nothing.
func (s *Service) resume(ctx context.Context, p id.PortalID, g Segment, f broadcast.Freshness) (progress, *set, error) {
	begin, who := progress{By: f.By, Since: f.Since, Version: g.Version}, &set{}
	b, err := blob.GetBytes(ctx, s.Blobs, p, halfway(g.ID))
	if errors.Is(err, blob.ErrNotFound) {
		return begin, who, nil
	}
	if err != nil {
		return begin, who, err
	}
	head, bits, _ := bytes.Cut(b, []byte{'\n'})
	var at progress
	if json.Unmarshal(head, &at) != nil || at != (progress{f.By, f.Since, g.Version, at.Next}) {
		return begin, who, nil
	}
	for ; len(bits) >= 8; bits = bits[8:] {
		who.words = append(who.words, binary.LittleEndian.Uint64(bits))
	}
	return at, who, nil
}
