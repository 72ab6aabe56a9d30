package broadcast

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"lumo/shared/blob"
	"lumo/shared/bubble"
	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/id"
	"lumo/shared/queue"
)

const (
	hub  = id.PortalID(7)
	slot = id.Slot(1)
)

var start = time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC)

// crash is a killed process: nothing after it runs.
type crash struct{}

// world is a portal, LINE as it behaves, and stores in memory.
type world struct {
	t       *testing.T
	clock   *clock.Virtual
	sender  *Sender
	service *Service
	rows    map[string]Broadcast
	chains  map[string]chain.Row
	resv    Reservations
	set     Settings
	people  []friendindex.Entry
	values  map[id.LineUserID]string
	queue   *queue.Recorder
	line    *fakeLine
	told    map[id.LineUserID]string
	alarms  []time.Time
	// before each outside effect; it may panic(crash{}) or return an error.
	before func(what string) error
	writes int
	last   error
	sel    func(Audience) (Selection, error)
	asked  []Freshness
}

func user(n int) id.LineUserID { return id.LineUserID(fmt.Sprintf("U%032x", n)) }

func newWorld(t *testing.T, people int) *world {
	w := &world{t: t, clock: clock.NewVirtual(start), rows: map[string]Broadcast{}, chains: map[string]chain.Row{}, queue: &queue.Recorder{}, told: map[id.LineUserID]string{},
		values: map[id.LineUserID]string{}, set: Settings{Tracking: true}, before: func(string) error { return nil }}
	for i := range people {
		w.people = append(w.people, friendindex.Entry{Ordinal: uint32(i), User: user(i), Follow: friend.Following, Version: 1})
	}
	w.line = &fakeLine{w: w, keys: map[string]time.Time{}, got: map[id.LineUserID]int{}, texts: map[id.LineUserID]string{}}
	engine := &chain.Engine{Store: memChains{w}, Queue: w.queue, Clock: w.clock, Lane: queue.SyncSteps, Group: Group}
	w.sender = &Sender{
		Store: memStore{w}, Ledger: memLedger{w}, Settings: memStore{w}, Selector: selector{w}, Index: memIndex{w}, Friends: memFriends{w}, Blobs: &blob.Memory{},
		Line: w.line, Links: plainLinks{}, Values: merger{w}, Tell: teller{w}, Chain: engine, Alarm: alarm{w}, Clock: w.clock, Parallel: 1,
	}
	w.service = &Service{
		Store: memStore{w}, Settings: memStore{w}, Ledger: memLedger{w}, Selector: selector{w}, Index: memIndex{w}, Friends: memFriends{w}, Line: w.line, Values: merger{w},
		Sender: w.sender, Clock: w.clock, Known: func(context.Context, id.PortalID) (func(string) bool, error) {
			return func(string) bool { return true }, nil
		},
	}
	return w
}

// draft makes one that greets everybody.
func (w *world) draft(name, text string) Broadcast {
	w.t.Helper()
	b, err := w.service.Create(w.t.Context(), hub, New{ID: name, Slot: slot, At: w.clock.Now(), Content: Content{Name: name, Bubbles: bubble.OfText(text), Audience: Audience{Kind: Everyone}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (w *world) get(name string) Broadcast { return w.rows[name] }

// run delivers steps, repeating those that failed, until nothing waits; time passes while they wait.
func (w *world) run() {
	for range 20_000 {
		if m := w.queue.Take(queue.SyncSteps); len(m) > 0 {
			for _, one := range m {
				w.deliver(one)
			}
			continue
		}
		m := w.queue.Take(queue.Wakeups)
		if len(m) == 0 {
			return
		}
		for _, one := range m {
			w.clock.Advance(one.Delay)
			var up chain.Wakeup
			_ = json.Unmarshal(one.Body, &up)
			_ = w.sender.Chain.Forward(context.Background(), up)
		}
	}
	w.t.Fatal("it never ends")
}

func (w *world) deliver(m queue.Message) {
	var msg chain.Message
	if err := json.Unmarshal(m.Body, &msg); err != nil || !Ours(msg) {
		w.t.Fatalf("message %s", m.Body)
	}
	for range 200 {
		done := false
		func() {
			defer func() {
				if r := recover(); r != nil && r != (crash{}) {
					panic(r)
				}
			}()
			err := w.sender.Step(context.Background(), msg)
			if done = err == nil; !done {
				w.last = err
			}
		}()
		if done {
			return
		}
		w.clock.Advance(2 * time.Minute) // the message becomes visible again
	}
	w.t.Fatalf("a step never succeeds: %v", w.last)
}

// -- LINE ---------------------------------------------------------------------------------------------------------------

type fakeLine struct {
	w         *world
	keys      map[string]time.Time
	got       map[id.LineUserID]int
	texts     map[id.LineUserID]string
	casts     int // accepted multicasts
	calls     int
	limit     int64 // 0: none
	used      int64
	gone      map[id.LineUserID]bool // LINE refuses whole multicasts because of them
	badBody   bool
	noAccount bool
}

func (l *fakeLine) Channel(context.Context, id.PortalID, id.Slot) (Channel, error) {
	if l.noAccount {
		return nil, ErrNoAccount
	}
	return l, nil
}

func lineFault(c fault.Class, certain fault.Certainty) error {
	return &fault.Fault{Provider: "line", Class: c, Certainty: certain, Code: "LINE_" + string(c), Message: "no"}
}

var errLost = lineFault(fault.Unavailable, fault.Unknown)

func (l *fakeLine) accept(key string, to []id.LineUserID, m Message) error {
	l.calls++
	if err := l.w.before("call"); err != nil {
		return err
	}
	if at, ok := l.keys[key]; ok && l.w.clock.Now().Sub(at) < 24*time.Hour {
		return nil // 409, which the client reads as sent
	}
	if l.badBody {
		return lineFault(fault.Invalid, fault.NothingHappened)
	}
	for _, u := range to {
		if l.gone[u] {
			return lineFault(fault.Invalid, fault.NothingHappened)
		}
	}
	if l.limit > 0 && l.used+int64(len(to)) > l.limit {
		return lineFault(fault.Quota, fault.NothingHappened)
	}
	l.keys[key] = l.w.clock.Now()
	for _, u := range to {
		l.got[u]++
		l.texts[u] = string(m.Messages[0])
	}
	l.used += int64(len(to))
	if len(to) > 1 {
		l.casts++
	}
	return l.w.before("accepted")
}

func (l *fakeLine) Multicast(_ context.Context, key string, to []id.LineUserID, m Message) error {
	return l.accept(key, to, m)
}

func (l *fakeLine) Push(_ context.Context, key string, to id.LineUserID, m Message) error {
	return l.accept(key, []id.LineUserID{to}, m)
}

func (l *fakeLine) Validate(context.Context, []json.RawMessage) error {
	if l.badBody {
		return lineFault(fault.Invalid, fault.NothingHappened)
	}
	return nil
}

func (l *fakeLine) Quota(context.Context) (Quota, error) {
	return Quota{Limited: l.limit > 0, Value: l.limit, Used: l.used}, nil
}

// -- stores --------------------------------------------------------------------------------------------------------------

type memStore struct{ w *world }

func (s memStore) Get(_ context.Context, _ id.PortalID, _ id.Slot, name string) (Broadcast, error) {
	b, ok := s.w.rows[name]
	if !ok {
		return b, ErrUnknown
	}
	return b.Clone(), nil
}

func (s memStore) Save(_ context.Context, _ id.PortalID, b Broadcast) (Broadcast, error) {
	if err := s.w.before("write"); err != nil {
		return b, err
	}
	if s.w.rows[b.ID].Version != b.Version {
		return b, ErrChanged
	}
	b.Version++
	s.w.rows[b.ID] = b.Clone()
	s.w.writes++
	return b, s.w.before("written")
}

func (s memStore) Delete(_ context.Context, _ id.PortalID, b Broadcast) error {
	delete(s.w.rows, b.ID)
	return nil
}

func (s memStore) List(context.Context, id.PortalID, id.Slot, string, int) ([]Broadcast, string, error) {
	return nil, "", nil
}

func (s memStore) Due(_ context.Context, _ id.PortalID, until int64) (bs []Broadcast, next int64, err error) {
	for _, b := range s.w.rows {
		switch {
		case b.Due == 0:
		case b.Due <= until:
			bs = append(bs, b.Clone())
		case next == 0 || b.Due < next:
			next = b.Due
		}
	}
	slices.SortFunc(bs, func(a, b Broadcast) int { return int(a.Due - b.Due) })
	return bs, next, nil
}

func (s memStore) Settings(context.Context, id.PortalID, id.Slot) (Settings, error) {
	return s.w.set, nil
}

func (s memStore) SaveSettings(_ context.Context, _ id.PortalID, _ id.Slot, v Settings) error {
	s.w.set = v
	return nil
}

type memLedger struct{ w *world }

func (l memLedger) Load(context.Context, id.PortalID, id.Slot) (Reservations, error) {
	return l.w.resv, l.w.before("ledger")
}

func (l memLedger) Save(_ context.Context, _ id.PortalID, _ id.Slot, r Reservations) error {
	if r.Version != l.w.resv.Version {
		return ErrReservations
	}
	r.Version++
	l.w.resv = r
	l.w.writes++
	return nil
}

type memChains struct{ w *world }

func (c memChains) Start(_ context.Context, r chain.Row) error {
	if _, ok := c.w.chains[r.ID]; ok {
		return chain.ErrBusy
	}
	for _, o := range c.w.chains {
		if o.Kind == r.Kind && !o.Done {
			return chain.ErrBusy
		}
	}
	r.Version = 1
	c.w.chains[r.ID] = r
	return nil
}

func (c memChains) Running(_ context.Context, _ id.PortalID, kind string) (chain.Row, bool, error) {
	for _, r := range c.w.chains {
		if r.Kind == kind && !r.Done {
			return r, true, nil
		}
	}
	return chain.Row{}, false, nil
}

func (c memChains) Load(_ context.Context, _ id.PortalID, _, name string) (chain.Row, bool, error) {
	r, ok := c.w.chains[name]
	return r, ok, nil
}

func (c memChains) Save(_ context.Context, r chain.Row) (chain.Row, error) {
	if err := c.w.before("write"); err != nil {
		return r, err
	}
	if c.w.chains[r.ID].Version != r.Version {
		return r, chain.ErrFenced
	}
	r.Version++
	c.w.chains[r.ID] = r
	c.w.writes++
	return r, c.w.before("written")
}

func (c memChains) List(context.Context, id.PortalID, string, string, int) ([]chain.Row, string, error) {
	return nil, "", nil
}

type memIndex struct{ w *world }

func (x memIndex) Each(_ context.Context, _ id.PortalID, _ id.Slot, visit func(friendindex.Entry) bool) error {
	for _, e := range x.w.people {
		if !visit(e) {
			break
		}
	}
	return nil
}

type memFriends struct{ w *world }

func (f memFriends) Get(_ context.Context, _ id.PortalID, k friend.Key) (friend.Friend, bool, error) {
	i := slices.IndexFunc(f.w.people, func(e friendindex.Entry) bool { return e.User == k.User })
	if i < 0 {
		return friend.Friend{}, false, nil
	}
	return friend.Friend{Key: k, Ordinal: f.w.people[i].Ordinal, Name: f.w.values[k.User]}, true, nil
}

func (f memFriends) GetMany(ctx context.Context, p id.PortalID, ks []friend.Key) (map[friend.Key]friend.Friend, error) {
	out := map[friend.Key]friend.Friend{}
	for _, k := range ks {
		out[k] = friend.Friend{Key: k, Name: f.w.values[k.User]}
	}
	return out, nil
}

type selector struct{ w *world }

func (s selector) Select(_ context.Context, _ id.PortalID, _ id.Slot, a Audience, f Freshness) (Selection, error) {
	s.w.asked = append(s.w.asked, f)
	if s.w.sel != nil {
		return s.w.sel(a)
	}
	switch a.Kind {
	case Everyone:
		return Selection{}, nil
	case WithTag:
		return Selection{Match: func(e friendindex.Entry) bool { return slices.Contains(e.Tags, a.Ref) }}, nil
	}
	return Selection{}, ErrAudience
}

type merger struct{ w *world }

func (m merger) Values(context.Context, id.PortalID, id.Slot) (func(friend.Friend) bubble.Values, error) {
	return func(f friend.Friend) bubble.Values {
		return func(field string) (string, bool) { return f.Name, f.Name != "" }
	}, nil
}

type teller struct{ w *world }

func (t teller) Tell(_ context.Context, _ id.PortalID, ks []friend.Key, name string, _ int64) error {
	for _, k := range ks {
		t.w.told[k.User] = name
	}
	return nil
}

func (t teller) Kick(context.Context, id.PortalID) error { return nil }

type alarm struct{ w *world }

func (a alarm) BringForward(_ context.Context, _ id.PortalID, t time.Time) error {
	a.w.alarms = append(a.w.alarms, t)
	return nil
}

type plainLinks struct{}

func (plainLinks) Link(_ id.PortalID, _ id.Slot, name string, n int, who *uint32, _ time.Time) string {
	if who == nil {
		return fmt.Sprintf("https://t.example/%s/%d", name, n)
	}
	return fmt.Sprintf("https://t.example/%s/%d/%d", name, n, *who)
}

func (plainLinks) Picture(_ id.PortalID, _ id.Slot, name string, n int, who uint32, _ time.Time) string {
	return fmt.Sprintf("https://p.example/%s/%d/%d", name, n, who)
}

// once fails the test unless exactly these phones got it exactly once.
func (w *world) once(from, to int) {
	w.t.Helper()
	for i := range w.people {
		want := 0
		if i >= from && i < to {
			want = 1
		}
		if n := w.line.got[user(i)]; n != want {
			w.t.Fatalf("phone %d got it %d times, want %d", i, n, want)
		}
	}
}

var errDown = errors.New("the table is down")
