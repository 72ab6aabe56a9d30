package contactsync_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"lumo/shared/chain"
	"lumo/shared/changelog"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineproperty"
	"lumo/shared/mapping"
	"lumo/shared/queue"
	"lumo/shared/register"
)

const portalID = id.PortalID(7)

var userA = id.LineUserID("U" + fmt.Sprintf("%032x", 0xa))

// world is a HubSpot of a few contacts, a table in memory, and the real services between them.
type world struct {
	erasing  bool // another erasure runs
	erased   []id.ContactID
	dropped  []friend.Key // friends whose files are gone
	clock    *clock.Virtual
	contacts map[id.ContactID]*record
	merged   map[id.ContactID]id.ContactID
	friends  map[friend.Key]friend.Friend
	invalid  map[friend.Key]id.ContactID
	line     map[id.LineUserID]friend.Profile
	log      map[string][]changelog.Record
	failures map[string]failure.Item
	sent     []queue.Message
	scope    contactsync.Scope

	updates    int // batch calls that wrote
	refuse     map[id.ContactID]error
	refuseOnce bool
	kicks      int
	companies  map[id.CompanyID]string
	ordinal    uint32
	interfere  func() // runs before the next save
	logFails   int    // appends to the change log that fail from here on
}

type record struct {
	props   map[string]*string
	history map[string][]register.Entry
	updated int64
}

func newWorld() *world {
	w := &world{
		clock: clock.NewVirtual(time.UnixMilli(1_800_000_000_000)), contacts: map[id.ContactID]*record{}, merged: map[id.ContactID]id.ContactID{},
		friends: map[friend.Key]friend.Friend{}, invalid: map[friend.Key]id.ContactID{}, line: map[id.LineUserID]friend.Profile{},
		log: map[string][]changelog.Record{}, failures: map[string]failure.Item{}, refuse: map[id.ContactID]error{}, companies: map[id.CompanyID]string{},
	}
	names := contactsync.Names{}
	for _, p := range lineproperty.ForSlot(1, "Shop") {
		names[p.Key] = contactsync.Property{Name: p.Name, Type: p.Type, FieldType: p.FieldType}
	}
	w.scope = contactsync.Scope{Portal: portalID, Mappings: mapping.Default(1), Slots: []id.Slot{1}, Names: map[id.Slot]contactsync.Names{1: names}, LinkByID: true}
	return w
}

func (w *world) applier() *contactsync.Applier {
	return &contactsync.Applier{Friends: w, CRM: w, Profiles: w, Invalids: invalids{w}, Log: logs{w}, Failures: failures{w}, Outbox: w, Again: contactsync.AgainBy(w), Clock: w.clock, Parallel: 1}
}

func (w *world) events() *contactsync.Events {
	return &contactsync.Events{Applier: w.applier(), Queue: w, Eraser: w, Files: w}
}

func (w *world) flusher() *contactsync.Flusher {
	return &contactsync.Flusher{Friends: w, CRM: w, Log: logs{w}, Failures: failures{w}, Outbox: w, Again: contactsync.AgainBy(w), Clock: w.clock, Parallel: 1,
		Gone: func(ctx context.Context, p id.PortalID, c id.ContactID) error { return nil }}
}

func (w *world) ForgetFriends(_ context.Context, _ id.PortalID, ks []friend.Key) error {
	w.dropped = append(w.dropped, ks...)
	return nil
}

// Erase implements contactsync.Eraser.
func (w *world) Erase(_ context.Context, _ id.PortalID, cs []id.ContactID) error {
	if w.erasing {
		return chain.ErrBusy
	}
	w.erased = append(w.erased, cs...)
	return nil
}

func (w *world) now() int64 { return w.clock.Now().UnixMilli() }

// edit is a HubSpot user's edit; ours marks the app's own writes.
func (w *world) edit(c id.ContactID, prop, value string, ours bool) {
	r := w.contacts[c]
	if r == nil {
		r = &record{props: map[string]*string{}, history: map[string][]register.Entry{}}
		w.contacts[c] = r
	}
	if v := r.props[prop]; v != nil && *v == value || v == nil && value == "" {
		return // HubSpot makes no version of a value that stays the same
	}
	r.props[prop] = &value
	r.history[prop] = append([]register.Entry{{Value: value, At: w.now(), Ours: ours}}, r.history[prop]...)
	r.updated = w.now()
}

func (w *world) value(c id.ContactID, prop string) string {
	if r := w.contacts[c]; r != nil && r.props[prop] != nil {
		return *r.props[prop]
	}
	return ""
}

func (w *world) contact(c id.ContactID, history []string) contactsync.Contact {
	r := w.contacts[c]
	out := contactsync.Contact{ID: c, Properties: map[string]*string{}, UpdatedAt: r.updated}
	for _, p := range w.scope.Read() {
		out.Properties[p] = r.props[p]
	}
	for _, p := range history {
		if out.History == nil {
			out.History = map[string][]register.Entry{}
		}
		out.History[p] = slices.Clone(r.history[p])
	}
	return out
}

// contactsync.CRM

func (w *world) Contacts(_ context.Context, _ id.PortalID, ids []id.ContactID, _, history []string, _ contactsync.Urgency) (found []contactsync.Contact, missing []id.ContactID, err error) {
	for _, c := range ids {
		if w.contacts[c] == nil {
			missing = append(missing, c)
			continue
		}
		found = append(found, w.contact(c, history))
	}
	return found, missing, nil
}

func (w *world) Resolve(_ context.Context, _ id.PortalID, c id.ContactID) (id.ContactID, error) {
	if to, ok := w.merged[c]; ok {
		return to, nil
	}
	if w.contacts[c] == nil {
		return 0, nil
	}
	return c, nil
}

func (w *world) Update(_ context.Context, _ id.PortalID, in []contactsync.Update, _ contactsync.Urgency) (done []contactsync.Updated, refused []contactsync.Refused, err error) {
	w.updates++
	for _, u := range in {
		if err := w.refuse[u.Contact]; err != nil {
			refused = append(refused, contactsync.Refused{Contact: u.Contact, Err: err})
			if w.refuseOnce {
				delete(w.refuse, u.Contact)
			}
			continue
		}
		for p, v := range u.Properties {
			w.edit(u.Contact, p, v, true)
		}
		done = append(done, contactsync.Updated{Contact: u.Contact, UpdatedAt: w.contacts[u.Contact].updated})
	}
	return done, refused, nil
}

func (w *world) CompanyNames(_ context.Context, _ id.PortalID, ids []id.CompanyID, _ contactsync.Urgency) (map[id.CompanyID]string, error) {
	out := map[id.CompanyID]string{}
	for _, c := range ids {
		if n, ok := w.companies[c]; ok {
			out[c] = n
		}
	}
	return out, nil
}

// friend.Store

func (w *world) Get(_ context.Context, _ id.PortalID, k friend.Key) (friend.Friend, bool, error) {
	f, ok := w.friends[k]
	return f.Clone(), ok, nil
}

func (w *world) GetMany(_ context.Context, _ id.PortalID, ks []friend.Key) (map[friend.Key]friend.Friend, error) {
	out := map[friend.Key]friend.Friend{}
	for _, k := range ks {
		if f, ok := w.friends[k]; ok {
			out[k] = f.Clone()
		}
	}
	return out, nil
}

func (w *world) ByContact(_ context.Context, _ id.PortalID, c id.ContactID) (ks []friend.Key, err error) {
	for k, f := range w.friends {
		if f.Link.Contact == c {
			ks = append(ks, k)
		}
	}
	slices.SortFunc(ks, func(a, b friend.Key) int { return int(a.Slot - b.Slot) })
	return ks, nil
}

func (w *world) ByContacts(ctx context.Context, p id.PortalID, cs []id.ContactID) (map[id.ContactID][]friend.Key, error) {
	out := map[id.ContactID][]friend.Key{}
	for _, c := range cs {
		out[c], _ = w.ByContact(ctx, p, c)
	}
	return out, nil
}

func (w *world) ByCompany(_ context.Context, _ id.PortalID, c id.CompanyID, _ string) (ks []friend.Key, next string, err error) {
	for k, f := range w.friends {
		if f.Company == c {
			ks = append(ks, k)
		}
	}
	return ks, "", nil
}

func (w *world) Save(_ context.Context, _ id.PortalID, f friend.Friend) (friend.Friend, error) {
	if i := w.interfere; i != nil {
		w.interfere = nil
		i()
	}
	if w.friends[f.Key].Version != f.Version {
		return f, friend.ErrStale
	}
	f.Version++
	w.friends[f.Key] = f.Clone()
	return f, nil
}

func (w *world) Markers(_ context.Context, _ id.PortalID, s id.Slot, limit int) (ms []friend.Marker, err error) {
	for k, f := range w.friends {
		if f.Due != 0 && k.Slot == s {
			ms = append(ms, friend.Marker{Key: k, Due: f.Due})
		}
	}
	slices.SortFunc(ms, func(a, b friend.Marker) int { return int(a.Due - b.Due) })
	return ms[:min(limit, len(ms))], nil
}

func (w *world) Page(context.Context, id.PortalID, id.Slot, string, int) ([]friend.Friend, string, error) {
	return slices.Collect(maps.Values(w.friends)), "", nil
}

func (w *world) Ordinals(_ context.Context, _ id.PortalID, _ id.Slot, n int) (uint32, error) {
	w.ordinal += uint32(n)
	return w.ordinal - uint32(n), nil
}

// The other ports.

func (w *world) Profile(_ context.Context, _ id.PortalID, k friend.Key) (friend.Profile, bool, error) {
	p, ok := w.line[k.User]
	return p, ok, nil
}
func (w *world) Kick(context.Context, id.PortalID) error           { w.kicks++; return nil }
func (w *world) KickAt(context.Context, id.PortalID, int64) error  { return nil }
func (w *world) NextGeneration(context.Context, id.PortalID) error { return nil }
func (w *world) Send(_ context.Context, _ queue.Queue, ms ...queue.Message) error {
	w.sent = append(w.sent, ms...)
	return nil
}

type invalids struct{ w *world }

func (i invalids) Known(_ context.Context, _ id.PortalID, ks []friend.Key) (map[friend.Key]bool, error) {
	out := map[friend.Key]bool{}
	for _, k := range ks {
		if _, ok := i.w.invalid[k]; ok {
			out[k] = true
		}
	}
	return out, nil
}
func (i invalids) Remember(_ context.Context, _ id.PortalID, k friend.Key, c id.ContactID, _ int64) error {
	i.w.invalid[k] = c
	return nil
}
func (i invalids) Forget(_ context.Context, _ id.PortalID, k friend.Key) (id.ContactID, error) {
	c := i.w.invalid[k]
	delete(i.w.invalid, k)
	return c, nil
}

var errLog = errors.New("the change log cannot be written")

// explained finds the newest record of a friend's field and side.
func (w *world) explained(k friend.Key, field string, to register.Side) (out changelog.Record, ok bool) {
	for _, rs := range w.log {
		for _, r := range rs {
			if r.Friend == k && r.Field == field && r.To == to && r.At >= out.At {
				out, ok = r, true
			}
		}
	}
	return out, ok
}

type logs struct{ w *world }

func (l logs) Append(_ context.Context, _ id.PortalID, name string, _ int64, rs []changelog.Record) error {
	if l.w.logFails > 0 {
		l.w.logFails--
		return errLog
	}
	l.w.log[name] = rs
	return nil
}
func (l logs) Read(context.Context, id.PortalID, changelog.Filter, string, int) ([]changelog.Record, string, error) {
	return nil, "", nil
}

type failures struct{ w *world }

func (f failures) Put(_ context.Context, _ id.PortalID, it failure.Item) error {
	f.w.failures[it.ID()] = it
	return nil
}
func (f failures) Get(_ context.Context, _ id.PortalID, i string) (failure.Item, bool, error) {
	it, ok := f.w.failures[i]
	return it, ok, nil
}
func (f failures) Close(ctx context.Context, p id.PortalID, it failure.Item) error {
	return f.Remove(ctx, p, it.ID())
}

func (f failures) Remove(_ context.Context, _ id.PortalID, i string) error {
	delete(f.w.failures, i)
	return nil
}
func (f failures) List(context.Context, id.PortalID, string, int) ([]failure.Item, string, error) {
	return slices.Collect(maps.Values(f.w.failures)), "", nil
}
func (f failures) Of(ctx context.Context, p id.PortalID, _, after string, limit int) ([]failure.Item, string, error) {
	return f.List(ctx, p, after, limit)
}
func (f failures) Count(context.Context, id.PortalID) (int, error) { return len(f.w.failures), nil }

// link makes a friend, and a contact that names it, and brings both together.
func (w *world) link(t testing.TB, c id.ContactID, u id.LineUserID) friend.Key {
	t.Helper()
	k := friend.Key{Slot: 1, User: u}
	w.line[u] = friend.Profile{Name: "Hanako", Picture: "https://p.example/1"}
	w.edit(c, "line_user_id", string(u), false)
	w.reconcile(t)
	w.flush(t)
	return k
}

// reconcile compares every contact, as a full run does.
func (w *world) reconcile(t testing.TB) contactsync.Counts {
	t.Helper()
	ids := slices.Sorted(maps.Keys(w.contacts))
	var cs []contactsync.Contact
	for _, c := range ids {
		cs = append(cs, w.contact(c, nil))
	}
	a, err := w.applier().Apply(context.Background(), w.scope, cs, nil, "run", fmt.Sprintf("run/%d/up", w.now()), contactsync.Bulk)
	if err != nil {
		t.Fatal(err)
	}
	return a.Counts
}

// flush drains the outbox, waiting out the coalescing windows.
func (w *world) flush(t testing.TB) {
	t.Helper()
	for range 20 {
		out, err := w.flusher().Drain(context.Background(), w.scope, fmt.Sprintf("flush/%d", w.now()))
		if err != nil {
			t.Fatal(err)
		}
		if out.Waiting == 0 {
			return
		}
		w.clock.Advance(time.Duration(out.NextDue-w.now()) * time.Millisecond)
	}
	t.Fatal("the outbox never empties")
}

func (w *world) notify(t testing.TB, notes ...contactsync.Note) {
	t.Helper()
	if err := w.events().Handle(context.Background(), w.scope, notes, fmt.Sprintf("event/%d", w.now())); err != nil {
		t.Fatal(err)
	}
}

// editInLumo is what the API does.
func (w *world) editInLumo(k friend.Key, prop, value string) {
	m, _ := w.scope.Mappings.Find(prop)
	f := w.friends[k].Clone()
	f, _ = contactsync.EditField(f, w.scope, m, value, w.now(), "edit")
	f.Version++
	w.friends[k] = f
}

func (w *world) shown(k friend.Key, prop string) string {
	m, _ := w.scope.Mappings.Find(prop)
	return m.Decide(w.friends[k].Fields[prop]).Value
}
