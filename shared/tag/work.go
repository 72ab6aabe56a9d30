package tag

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"lumo/shared/chain"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
)

// WorkKind is the kind of chain that has friends' rows follow tags that were deleted, restored or copied.
const WorkKind = "tags"

const (
	// Grace is longer than any function works that may have read a tag while it was in use: a walk that begins so much later sees all it wrote.
	Grace = 65 * time.Second

	walkPage   = 500
	walkBudget = 20 * time.Second // of one step
	retryPause = 30 * time.Second // while HubSpot cannot be told
	longestNap = 15 * time.Minute // what a chain may wait
)

// walk is how far the work is. Times are Unix ms.
type walk struct {
	// Until is how long a chain that finds nothing to do stays: whoever changes a tag prolongs it first, so that the change is worked on
	// although its process may die right after.
	Until int64 `json:"until"`

	Slot  id.Slot `json:"slot,omitempty"` // whose friends are walked over; 0: choose
	Copy  copying `json:"copy,omitzero"`
	Began int64   `json:"began,omitempty"`
	After string  `json:"after,omitempty"`
	// Seen are the versions of the tags as the walk began; those that changed since need another walk.
	Seen  map[string]int64 `json:"seen,omitempty"`
	Count map[string]int   `json:"count,omitempty"`
}

// copying is a tag that is being copied: the people of From get To.
type copying struct {
	From, To Source
}

// announce makes sure that a chain runs, that it will run for longer than this call can take, and that it looks for work now. It is called
// before a change is stored, so that no crash can leave the change alone, and after it.
func (s *Service) announce(ctx context.Context, p id.PortalID) error {
	until := s.Clock.Now().Add(Grace).UnixMilli()
	for range tries {
		_, err := s.Chain.Start(ctx, p, WorkKind, s.NewID(), walk{Until: until})
		if !errors.Is(err, chain.ErrBusy) {
			return err
		}
		r, ok, err := s.Chain.Store.Running(ctx, p, WorkKind)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		var w walk
		if err := json.Unmarshal(r.State, &w); err != nil {
			return err
		}
		w.Until = max(w.Until, until)
		if err = s.Chain.Replace(ctx, r, w); !errors.Is(err, chain.ErrFenced) {
			return err
		}
	}
	return ErrChanged
}

// Expire begins to forget tags whose time to be restored is over.
func (s *Service) Expire(ctx context.Context, p id.PortalID, accounts []lineaccount.Account) error {
	now := s.Clock.Now().UnixMilli()
	for _, a := range accounts {
		aside, err := s.Store.Aside(ctx, p, a.Slot)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(aside, func(t Tag) bool { return t.expired(now) }) {
			return s.announce(ctx, p)
		}
	}
	return nil
}

func (t Tag) expired(now int64) bool { return t.State == Deleted && t.RestorableUntil() <= now }

// due tells whether friends' rows must be looked at for a tag, or when.
func (t Tag) due(now int64) (bool, int64) {
	switch {
	case t.State == Restoring || t.State == Copying || t.expired(now):
		return true, 0
	case t.State != Deleted || t.WorkSince == 0:
		return false, 0
	}
	again := t.WorkSince + Grace.Milliseconds()
	return t.WalkedAt == 0 || now >= again, again
}

// Step handles one step message.
func (s *Service) Step(ctx context.Context, m chain.Message) error {
	return s.Chain.Run(ctx, m, s.work)
}

func (s *Service) work(ctx context.Context, st *chain.Step) (chain.Next, error) {
	var w walk
	if err := json.Unmarshal(st.Row.State, &w); err != nil {
		return chain.Next{}, err
	}
	if w.Slot == 0 {
		done, pause, err := s.choose(ctx, st.Row.Portal, &w)
		return chain.Next{State: w, Done: done, Delay: pause}, err
	}
	for end := s.Clock.Now().Add(walkBudget); ; {
		next, err := s.page(ctx, st.Row.Portal, &w)
		if err != nil {
			return chain.Next{}, err
		}
		if w.After = next; next == "" {
			break
		}
		if !s.Clock.Now().Before(end) {
			return chain.Next{State: w}, nil
		}
		if err := st.Save(ctx, w); err != nil {
			return chain.Next{}, err
		}
	}
	if err := s.finish(ctx, st.Row.Portal, w); err != nil {
		return chain.Next{}, err
	}
	return chain.Next{State: walk{Until: w.Until}}, nil
}

// choose finds the next account whose friends must be walked over, and has HubSpot offer its tags as they are now: a value that it does not
// offer would be refused.
func (s *Service) choose(ctx context.Context, p id.PortalID, w *walk) (done bool, pause time.Duration, err error) {
	all, err := s.Accounts.Accounts(ctx, p)
	if err != nil {
		return false, 0, err
	}
	now := s.Clock.Now().UnixMilli()
	wake := w.Until
	for _, a := range all {
		aside, err := s.Store.Aside(ctx, p, a.Slot)
		if err != nil {
			return false, 0, err
		}
		next := walk{Until: w.Until, Slot: a.Slot, Began: now, Seen: map[string]int64{}}
		found := false
		for _, t := range aside {
			ready, at := t.due(now)
			wake = max(wake, at)
			switch {
			case t.State == Copying:
				next.Copy = copying{From: t.From, To: Source{Slot: t.Slot, ID: t.ID}}
			default:
				next.Seen[t.ID], found = t.Version, found || ready
			}
		}
		if found {
			next.Copy = copying{}
		} else if next.Copy == (copying{}) {
			continue
		} else {
			next.Slot, next.Seen = next.Copy.From.Slot, nil
		}
		err = s.publish(ctx, p, a)
		if fault.ClassOf(err).Retryable() || errors.Is(err, lineproperty.ErrBusy) {
			return false, retryPause, nil
		}
		if err != nil && fault.ClassOf(err) == "" {
			return false, 0, err
		}
		// What HubSpot refuses for good keeps nobody from having the tag here.
		*w = next
		return false, 0, nil
	}
	if wake <= now {
		return true, 0, nil
	}
	return false, min(time.Duration(wake-now)*time.Millisecond, longestNap), nil
}

// finish takes note of the tags that the walk was about.
func (s *Service) finish(ctx context.Context, p id.PortalID, w walk) error {
	if to := w.Copy.To; to != (Source{}) {
		t, ok, err := s.Store.Spare(ctx, p, to.Slot, to.ID)
		if err != nil || !ok {
			return err
		}
		return s.use(ctx, p, t)
	}
	aside, err := s.Store.Aside(ctx, p, w.Slot)
	if err != nil {
		return err
	}
	for _, t := range aside {
		if v, ok := w.Seen[t.ID]; !ok || v != t.Version {
			continue
		}
		switch {
		case t.expired(w.Began):
			t.State, t.WorkSince = Purged, 0
			_, err = s.Store.Note(ctx, p, t)
		case t.State == Deleted && t.WorkSince != 0:
			if t.WalkedAt, t.Friends = w.Began, w.Count[t.ID]; w.Began >= t.WorkSince+Grace.Milliseconds() {
				t.WorkSince = 0
			}
			_, err = s.Store.Note(ctx, p, t)
		case t.State == Restoring:
			err = s.use(ctx, p, t)
		default:
			continue
		}
		if err != nil && !errors.Is(err, ErrChanged) {
			return err
		}
	}
	return s.Store.Forget(ctx, p, w.Slot)
}

// use puts a tag into use that everybody has who is to have it.
func (s *Service) use(ctx context.Context, p id.PortalID, t Tag) error {
	t = Tag{ID: t.ID, Slot: t.Slot, Name: t.Name, CreatedAt: t.CreatedAt, CreatedBy: t.CreatedBy, UpdatedAt: t.UpdatedAt, Version: t.Version}
	if _, err := s.Store.Use(ctx, p, t); err != nil && !errors.Is(err, ErrChanged) {
		return err
	}
	return s.Store.Forget(ctx, p, t.Slot)
}

// Settle brings one friend in line with the tags that are not in use. It is a pure function of both, so that repeating it changes nothing.
func Settle(f *friend.Friend, aside []Tag, now int64) bool {
	changed := false
	for _, t := range aside {
		switch {
		case t.State == Purged || t.expired(now):
			changed = f.SetTag(t.ID, false) || changed
		case t.State == Deleted:
			changed = f.Shelve(t.ID) || changed
		case t.State == Restoring && len(f.Tags) >= MaxPerFriend && !f.HasTag(t.ID):
			changed = f.SetTag(t.ID, false) || changed
		case t.State == Restoring:
			changed = f.Unshelve(t.ID) || changed
		}
	}
	return changed
}
