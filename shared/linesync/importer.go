package linesync

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/work"
)

// ImportKind is the kind of chain that imports are.
const ImportKind = "import"

// ImportStatus as displayed (P-144).
type ImportStatus string

const (
	Waiting    ImportStatus = "waiting"
	Processing ImportStatus = "processing"
	Completed  ImportStatus = "completed"
	Canceled   ImportStatus = "canceled"
	ImportFail ImportStatus = "failed"
)

// Import is one import of an account's existing friends. Times are Unix ms.
type Import struct {
	ID        string       `json:"id"`
	Slot      id.Slot      `json:"slot"`
	Status    ImportStatus `json:"status"`
	Actor     string       `json:"actor,omitempty"`
	StartedAt int64        `json:"startedAt"`
	EndedAt   int64        `json:"endedAt,omitempty"`
	Start     string       `json:"start,omitempty"` // LINE's page token, good for 24 hours
	Seen      int          `json:"seen"`
	Added     int          `json:"added"`
	Failed    int          `json:"failed"`
	Cancel    bool         `json:"cancel,omitempty"`
	Code      string       `json:"code,omitempty"`
	Error     string       `json:"error,omitempty"`
	Reach     *Reach       `json:"reach,omitempty"` // of a completed import
}

// Reach is how LINE itself counts the account's friends, to compare the import with: LINE lists only those who use LINE for iOS or Android and agreed
// (P-145).
type Reach struct {
	Friends int64 `json:"friends"` // who do not block the account
	Day     int64 `json:"day"`     // Unix ms of the beginning of the counted day, in Japan
}

// Followers pages over the user ids of an account's friends (verified and premium accounts only, P-142).
type Followers interface {
	Followers(ctx context.Context, p id.PortalID, s id.Slot, start string) (users []id.LineUserID, next string, err error)
	// Reach is nil where LINE does not tell.
	Reach(ctx context.Context, p id.PortalID, s id.Slot) (*Reach, error)
}

// Importer imports friends. Existing data is never overwritten (P-143).
type Importer struct {
	Chain     *chain.Engine
	Friends   friend.Store
	Profiles  contactsync.Profiles
	Followers Followers
	Index     Index
	Outbox    contactsync.Outbox
	Clock     clock.Clock
	NewID     func() string
	Parallel  int
	Budget    time.Duration
	// Want asks for contacts of friends who have none, if the portal makes those for everybody (P-29). Optional.
	Want func(ctx context.Context, p id.PortalID, fs []friend.Friend) error
}

// Start begins an import, or returns the running one with chain.ErrBusy.
func (m *Importer) Start(ctx context.Context, p id.PortalID, slot id.Slot, actor string) (Import, error) {
	im := Import{ID: m.NewID(), Slot: slot, Status: Processing, Actor: actor, StartedAt: m.Clock.Now().UnixMilli()}
	_, err := m.Chain.Start(ctx, p, ImportKind, im.ID, im)
	if errors.Is(err, chain.ErrBusy) {
		if r, ok, lerr := m.Chain.Store.Running(ctx, p, ImportKind); lerr == nil && ok {
			return im, errors.Join(err, json.Unmarshal(r.State, &im))
		}
	}
	return im, err
}

// Stop asks a running import to end after its page (P-144).
func (m *Importer) Stop(ctx context.Context, p id.PortalID) error {
	for range 8 {
		r, ok, err := m.Chain.Store.Running(ctx, p, ImportKind)
		if err != nil || !ok {
			return err
		}
		var im Import
		if err := json.Unmarshal(r.State, &im); err != nil {
			return err
		}
		im.Cancel = true
		if err = m.Chain.Replace(ctx, r, im); !errors.Is(err, chain.ErrFenced) {
			return err
		}
	}
	return chain.ErrFenced
}

// Last returns the newest imports.
func (m *Importer) Last(ctx context.Context, p id.PortalID, limit int) ([]Import, error) {
	rows, _, err := m.Chain.Store.List(ctx, p, ImportKind, "", limit)
	if err != nil {
		return nil, err
	}
	out := make([]Import, len(rows))
	for i, r := range rows {
		if err := json.Unmarshal(r.State, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Step handles one step message.
func (m *Importer) Step(ctx context.Context, msg chain.Message) error {
	return m.Chain.Run(ctx, msg, func(ctx context.Context, s *chain.Step) (chain.Next, error) {
		var im Import
		if err := json.Unmarshal(s.Row.State, &im); err != nil {
			return chain.Next{}, err
		}
		err := m.pages(ctx, s, &im)
		switch {
		case err != nil && (errors.Is(err, chain.ErrFenced) || fault.ClassOf(err) == "" || fault.ClassOf(err).Retryable()):
			return chain.Next{}, err
		case err != nil:
			im.Status = ImportFail
			var f *fault.Fault
			if errors.As(err, &f) {
				im.Code, im.Error = f.Code, f.Message
			}
		case im.Cancel:
			im.Status = Canceled
		}
		if im.Status != Processing {
			im.EndedAt = m.Clock.Now().UnixMilli()
		}
		return chain.Next{State: im, Done: im.Status != Processing}, nil
	})
}

// pages reads pages until the time is up.
func (m *Importer) pages(ctx context.Context, s *chain.Step, im *Import) error {
	until := m.Clock.Now().Add(max(m.Budget, 20*time.Second))
	for !im.Cancel && m.Clock.Now().Before(until) {
		at := m.Clock.Now().UnixMilli() // before the page: a block that comes later counts more
		users, next, err := m.Followers.Followers(ctx, s.Row.Portal, im.Slot, im.Start)
		if err != nil {
			return err
		}
		if err := m.page(ctx, s.Row.Portal, im, users, at); err != nil {
			return err
		}
		im.Seen += len(users)
		if im.Start = next; next == "" {
			im.Status = Completed
			if reach, err := m.Followers.Reach(ctx, s.Row.Portal, im.Slot); err == nil { // for information: an import does not fail for it
				im.Reach = reach
			}
			return nil
		}
		if err := s.Save(ctx, *im); err != nil {
			return err
		}
	}
	return nil
}

func (m *Importer) page(ctx context.Context, p id.PortalID, im *Import, users []id.LineUserID, at int64) error {
	keys := make([]friend.Key, len(users))
	for i, u := range users {
		keys[i] = friend.Key{Slot: im.Slot, User: u}
	}
	known, err := m.Friends.GetMany(ctx, p, keys)
	if err != nil {
		return err
	}
	fresh := make([]friend.Key, 0, len(keys))
	for _, k := range keys {
		if _, ok := known[k]; !ok {
			fresh = append(fresh, k)
		}
	}
	first, err := uint32(0), error(nil)
	if len(fresh) > 0 {
		if first, err = m.Friends.Ordinals(ctx, p, im.Slot, len(fresh)); err != nil {
			return err
		}
	}
	var mu sync.Mutex
	var rows []friend.Friend
	err = work.Each(ctx, m.Parallel, len(fresh), func(ctx context.Context, i int) error {
		f, added, err := m.add(ctx, p, fresh[i], first+uint32(i), at)
		mu.Lock()
		defer mu.Unlock()
		if added {
			im.Added++
			rows = append(rows, f)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, k := range keys { // also those that this page's first try added before it died
		if f, ok := known[k]; ok {
			rows = append(rows, f)
		}
	}
	if err := m.Index.Ensure(ctx, p, im.Slot, rows); err != nil {
		return err
	}
	for _, k := range keys {
		f, ok := known[k]
		if !ok {
			continue
		}
		if err := m.seen(ctx, p, f, at); err != nil {
			return err
		}
	}
	if m.Want == nil {
		return nil
	}
	return m.Want(ctx, p, rows)
}

// add makes a friend of a user whom only the list tells about. LINE gives no date of friendship, so none is invented (P-43).
func (m *Importer) add(ctx context.Context, p id.PortalID, k friend.Key, ordinal uint32, at int64) (friend.Friend, bool, error) {
	f := friend.Friend{Key: k, Ordinal: ordinal}
	prof, ok, err := m.Profiles.Profile(ctx, p, k)
	if err != nil {
		return f, false, err
	}
	if ok {
		f.ApplyProfile(prof, m.Clock.Now().UnixMilli())
	}
	f.ApplyFollow(at, true, true)
	f, err = m.Friends.Save(ctx, p, f)
	if errors.Is(err, friend.ErrStale) { // an event was first: its row is as good
		return f, false, nil
	}
	return f, err == nil, err
}

// seen corrects the follow state of a known friend; nothing else is touched (P-143).
func (m *Importer) seen(ctx context.Context, p id.PortalID, f friend.Friend, at int64) error {
	if f.Follow == friend.Following {
		if f.Due != 0 { // perhaps marked by this page's first try, whose kick did not go out
			return m.Outbox.Kick(ctx, p)
		}
		return nil
	}
	for range 8 {
		f.ApplyFollow(at, true, true)
		if f.Link.Contact != 0 {
			f.MarkDirty(at)
		}
		_, err := m.Friends.Save(ctx, p, f)
		if err == nil && f.Due != 0 {
			return m.Outbox.Kick(ctx, p)
		}
		if !errors.Is(err, friend.ErrStale) {
			return err
		}
		var ok bool
		if f, ok, err = m.Friends.Get(ctx, p, f.Key); err != nil || !ok {
			return err
		}
	}
	return friend.ErrStale
}
