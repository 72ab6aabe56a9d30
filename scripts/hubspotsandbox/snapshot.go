package hubspotsandbox

import (
	"bufio"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// saved is everything that outlives a restart. Faults, statistics and logs of requests do not.
type saved struct {
	Portals  map[int64]*portal
	Sources  []Source
	OAuth    oauthState
	Journal  journal
	Channels []*channel
	Hooks    []byte // JSON: gob loses pointers to false
	Writes   []Write
	WriteNo  int
	Skew     time.Duration
	Changes  int64
}

type savedHooks struct {
	Settings WebhookSettings
	Waiting  []waitingEvent
	Batches  []*batch
	NextID   int64
}

// Save writes the state; requests go on meanwhile.
func (s *Server) Save(w io.Writer) error {
	s.mu.Lock()
	state, err := s.capture()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if err := gob.NewEncoder(w).Encode(state); err != nil {
		return fmt.Errorf("save the sandbox: %w", err)
	}
	return nil
}

func (s *Server) capture() (*saved, error) {
	h := &s.hooks
	hooks, err := json.Marshal(savedHooks{h.Settings, h.Waiting, h.Batches, h.NextID})
	if err != nil {
		return nil, fmt.Errorf("save the webhooks: %w", err)
	}
	out := &saved{Portals: map[int64]*portal{}, Sources: slices.Clone(s.sources.List), Hooks: hooks, Skew: s.skew, Changes: s.changes,
		Writes: slices.Clone(s.writes.list), WriteNo: s.writes.seq, Journal: s.journal, OAuth: s.oauth}
	out.OAuth.Tokens, out.OAuth.Codes = copyAll(s.oauth.Tokens), copyAll(s.oauth.Codes)
	out.Channels = copies(s.channels)
	out.Journal.Subs = copies(s.journal.Subs)
	out.Journal.Pending, out.Journal.Files = slices.Clone(s.journal.Pending), slices.Clone(s.journal.Files)
	for id, p := range s.portals {
		out.Portals[id] = p.copy()
	}
	return out, nil
}

func copies[T any](in []*T) []*T {
	out := make([]*T, len(in))
	for i, x := range in {
		y := *x
		out[i] = &y
	}
	return out
}

func copyAll[K comparable, T any](in map[K]*T) map[K]*T {
	out := make(map[K]*T, len(in))
	for k, x := range in {
		y := *x
		out[k] = &y
	}
	return out
}

// copy shares only what is never changed in place.
func (p *portal) copy() *portal {
	q := &portal{ID: p.ID, Options: p.Options, Created: p.Created, Users: slices.Clone(p.Users), Rules: slices.Clone(p.Rules), Search: p.Search, Limits: p.Limits}
	if p.Installed != nil {
		in := *p.Installed
		q.Installed = &in
	}
	q.Objects = map[string]*objects{}
	for name, o := range p.Objects {
		q.Objects[name] = &objects{Props: copies(o.Props), Groups: copies(o.Groups), Recs: copies(o.Recs), Alias: maps.Clone(o.Alias), NextID: o.NextID}
	}
	q.Links.Labels = slices.Clone(p.Links.Labels)
	for _, id := range slices.Sorted(maps.Keys(p.Links.byContact)) {
		q.Links.List = append(q.Links.List, copies(p.Links.byContact[id])...)
	}
	q.Lists = lists{List: copies(p.Lists.List), NextID: p.Lists.NextID}
	q.Inbox = p.Inbox.copy()
	for _, x := range q.Lists.List {
		x.Members = slices.Clone(x.Members)
	}
	return q
}

// Load replaces the state by a saved one.
func (s *Server) Load(r io.Reader) error {
	var in saved
	if err := gob.NewDecoder(r).Decode(&in); err != nil {
		return fmt.Errorf("load the sandbox: %w", err)
	}
	var h savedHooks
	if err := json.Unmarshal(in.Hooks, &h); err != nil {
		return fmt.Errorf("load the webhooks: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reset()
	s.rng = rand.New(rand.NewPCG(s.cfg.Seed, uint64(in.Changes)+1)) // never the same tokens again
	s.sources = sources{List: in.Sources}
	s.journal, s.skew, s.changes = in.Journal, in.Skew, in.Changes
	s.channels = in.Channels
	s.writes.list, s.writes.seq = in.Writes, in.WriteNo
	secrets := s.oauth.Secrets
	s.oauth = in.OAuth
	s.oauth.Secrets = secrets // the configuration's, which may have changed
	if s.oauth.Tokens == nil {
		s.oauth.Tokens = map[string]*token{}
	}
	if s.oauth.Codes == nil {
		s.oauth.Codes = map[string]*code{}
	}
	for _, p := range in.Portals {
		p.revive()
	}
	if in.Portals != nil {
		s.portals = in.Portals
	}
	s.hooks.Settings, s.hooks.Waiting, s.hooks.Batches, s.hooks.NextID = h.Settings, h.Waiting, h.Batches, h.NextID
	s.schedule()
	return nil
}

// revive rebuilds everything that is derived.
func (p *portal) revive() {
	p.stats = newStatsBook()
	p.Links.init()
	p.Lists.init()
	p.Inbox.init()
	for _, k := range kinds {
		o := p.Objects[k.Name]
		if o == nil {
			o = newObjects(k, p.Created)
			p.Objects[k.Name] = o
		}
		o.kind, o.byName, o.unique = k, map[string]uint16{}, map[uint16]map[string]int64{}
		if o.Alias == nil {
			o.Alias = map[int64]int64{}
		}
		for i, prop := range o.Props {
			prop.idx = uint16(i)
			o.byName[prop.Name] = prop.idx
			if prop.Unique {
				o.unique[prop.idx] = map[string]int64{}
			}
		}
		for _, r := range o.Recs {
			if r.Gone || r.Archived != 0 {
				continue
			}
			for _, prop := range o.Props {
				if prop.Unique {
					v, _ := current(r.Vers, prop.idx)
					o.claim(prop, v, r.ID)
				}
			}
		}
		o.rebuild()
	}
}

const stateFile = "hubspot-sandbox.gob"

// LoadDir loads the state kept in a directory; an empty directory is a new sandbox.
func (s *Server) LoadDir(dir string) error {
	f, err := os.Open(filepath.Join(dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load the sandbox: %w", err)
	}
	defer f.Close()
	return s.Load(bufio.NewReaderSize(f, 1<<20))
}

// SaveDir replaces the state kept in a directory, so that a crash in between leaves the old one whole.
func (s *Server) SaveDir(dir string) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("save the sandbox: %w", err)
	}
	f, err := os.CreateTemp(dir, stateFile+".*")
	if err != nil {
		return fmt.Errorf("save the sandbox: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	err = errors.Join(s.Save(w), w.Flush(), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, stateFile))
}

// KeepSaving saves every few seconds while anything changes, and once more when ctx ends. A large state is saved less often, so that
// saving never takes more than a twentieth of the time.
func (s *Server) KeepSaving(ctx context.Context, dir string) {
	var last int64 = -1
	pause := 3 * time.Second
	for {
		stopped := s.clock.Sleep(ctx, pause) != nil
		s.mu.Lock()
		now := s.changes
		s.mu.Unlock()
		if now != last {
			began := s.clock.Now()
			if err := s.SaveDir(dir); err != nil {
				s.log.Error("the state was not saved", "error", err)
			} else {
				last = now
			}
			pause = max(3*time.Second, 20*s.clock.Now().Sub(began))
		}
		if stopped {
			return
		}
	}
}
