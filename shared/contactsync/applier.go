package contactsync

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"lumo/shared/changelog"
	"lumo/shared/clock"
	"lumo/shared/failure"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/work"
)

// Applier brings contacts, as read from HubSpot, into friends.
type Applier struct {
	Friends  friend.Store
	CRM      CRM
	Profiles Profiles
	Invalids Invalids
	Log      changelog.Log
	Failures failure.Store
	Outbox   Outbox
	// Index is told of links that come or go one at a time; full runs rebuild it. Optional.
	Index    Index
	Clock    clock.Clock
	Parallel int // rows written at once; 1 in the simulation
	// Discard computes everything and stores nothing (dry run, P-64).
	Discard bool
}

// Counts sums up what an application did (P-73).
type Counts struct {
	Read      int `json:"read" dynamodbav:"r"`
	Matched   int `json:"matched" dynamodbav:"m"`
	Linked    int `json:"linked" dynamodbav:"l"`
	Updated   int `json:"updated" dynamodbav:"u"`
	Unchanged int `json:"unchanged" dynamodbav:"n"`
	Conflicts int `json:"conflicts" dynamodbav:"c"`
	Invalid   int `json:"invalid" dynamodbav:"i"`
	Failed    int `json:"failed" dynamodbav:"f"`
	Dirty     int `json:"dirty" dynamodbav:"d"`
}

// Add sums.
func (c Counts) Add(o Counts) Counts {
	return Counts{c.Read + o.Read, c.Matched + o.Matched, c.Linked + o.Linked, c.Updated + o.Updated, c.Unchanged + o.Unchanged,
		c.Conflicts + o.Conflicts, c.Invalid + o.Invalid, c.Failed + o.Failed, c.Dirty + o.Dirty}
}

// Sub takes away.
func (c Counts) Sub(o Counts) Counts {
	return Counts{c.Read - o.Read, c.Matched - o.Matched, c.Linked - o.Linked, c.Updated - o.Updated, c.Unchanged - o.Unchanged,
		c.Conflicts - o.Conflicts, c.Invalid - o.Invalid, c.Failed - o.Failed, c.Dirty - o.Dirty}
}

// tally counts by contact.
type tally map[id.ContactID]Counts

func (t tally) add(c id.ContactID, n Counts) { t[c] = t[c].Add(n) }

func (t tally) sum() (out Counts) {
	for _, n := range t {
		out = out.Add(n)
	}
	return out
}

// Applied is the result of one batch.
type Applied struct {
	Counts  Counts
	By      map[id.ContactID]Counts // what each contact added to them
	Changes []changelog.Record
	Linked  []id.ContactID // newly
}

// pair is one friend to be looked at with one contact.
type pair struct {
	key     friend.Key
	contact Contact
}

// Apply looks at every contact with the friends it names, and with those linked to it (linked may be nil). name makes the log entry's name
// stable under repetition; cause goes into the records. Without linked, those are looked up of contacts that name somebody else.
func (a *Applier) Apply(ctx context.Context, s Scope, contacts []Contact, linked map[id.ContactID][]friend.Key, name, cause string, u Urgency) (Applied, error) {
	by := tally{}
	for _, c := range contacts {
		by.add(c.ID, Counts{Read: 1})
	}
	out := Applied{By: by}
	if err := a.malformed(ctx, s, contacts, by); err != nil {
		return out, err
	}
	pairs := a.pairs(s, contacts, linked)
	rows, err := a.friends(ctx, s, pairs, by)
	if err == nil && linked == nil {
		pairs, err = a.strangers(ctx, s, contacts, pairs, rows)
	}
	if err != nil {
		return out, err
	}
	if len(pairs) == 0 {
		out.Counts = by.sum()
		return out, nil
	}
	if err := a.freeSeats(ctx, s, pairs, rows, cause); err != nil {
		return out, err
	}
	share(pairs, rows)
	if err := a.companies(ctx, s, pairs, rows, u); err != nil {
		return out, err
	}
	if err := a.histories(ctx, s, pairs, rows, cause, u); err != nil {
		return out, err
	}
	if err := a.holders(ctx, s.Portal, pairs, rows); err != nil {
		return out, err
	}
	var mu sync.Mutex
	err = work.Each(ctx, a.Parallel, len(pairs), func(ctx context.Context, i int) error {
		row, ok := rows[pairs[i].key]
		if !ok {
			return nil
		}
		c, changes, err := a.one(ctx, s, row, pairs[i].contact, cause, u)
		mu.Lock()
		defer mu.Unlock()
		if c.Linked > 0 {
			out.Linked = append(out.Linked, pairs[i].contact.ID)
		}
		by.add(pairs[i].contact.ID, c)
		out.Changes = append(out.Changes, changes...)
		return err
	})
	if err != nil {
		return out, err
	}
	out.Counts = by.sum()
	slices.SortFunc(out.Changes, compareRecords)
	slices.Sort(out.Linked)
	return out, a.finish(ctx, s.Portal, out, name)
}

// finish runs after the rows are stored: the log, then the kick. Both are repeated when the step is.
func (a *Applier) finish(ctx context.Context, p id.PortalID, out Applied, name string) error {
	if a.Discard {
		return nil
	}
	if len(out.Changes) > 0 {
		if err := a.Log.Append(ctx, p, name, a.Clock.Now().UnixMilli(), out.Changes); err != nil {
			return err
		}
	}
	if out.Counts.Dirty > 0 {
		return a.Outbox.Kick(ctx, p)
	}
	return nil
}

func (a *Applier) pairs(s Scope, contacts []Contact, linked map[id.ContactID][]friend.Key) []pair {
	var out []pair
	for _, c := range contacts {
		ks, _ := s.Claims(c)
		for _, k := range linked[c.ID] {
			if !slices.Contains(ks, k) {
				ks = append(ks, k)
			}
		}
		for _, k := range ks {
			out = append(out, pair{k, c})
		}
	}
	return out
}

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
		} else {
			unknown = append(unknown, p)
		}
	}
	if len(unknown) == 0 || !s.LinkByID {
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
		if !refused[p.key] {
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
			if refused[p.key] || a.Discard {
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

func (a *Applier) fail(ctx context.Context, p id.PortalID, it failure.Item, pr *pair) error {
	if a.Discard {
		return nil
	}
	if pr != nil {
		it.Friend, it.Contact = &pr.key, pr.contact.ID
	}
	return a.Failures.Put(ctx, p, it)
}

func (a *Applier) now() int64 { return a.Clock.Now().UnixMilli() }

// one observes a pair and stores the friend, again from a fresh row when somebody else changed it meanwhile.
func (a *Applier) one(ctx context.Context, s Scope, f friend.Friend, c Contact, cause string, u Urgency) (Counts, []changelog.Record, error) {
	var left []changelog.Record
	for range 8 {
		o, err := a.observe(ctx, s, f, c, cause, u)
		if err != nil {
			return Counts{}, nil, err
		}
		if o.Claim != friend.AlreadyLinked && o.Changed {
			r, err := a.arbitrate(ctx, s, f, o, c, cause)
			if err != nil {
				return Counts{}, nil, err
			}
			if r.refused {
				return Counts{Conflicts: 1}, nil, nil
			}
			if r.again != nil {
				f, left = *r.again, r.left
				continue
			}
		}
		o.Changes = append(left, o.Changes...)
		if a.Discard {
			o.Changes = append(o.Changes, a.owed(o.Friend, s, cause)...)
		}
		if err := a.tooLong(ctx, s.Portal, f, c, o); err != nil {
			return Counts{}, nil, err
		}
		n := Counts{Failed: min(len(o.TooLong), 1)}
		if o.Friend.Due != 0 {
			n.Dirty = 1
		}
		if !o.Changed {
			n.Unchanged = 1
			return n, o.Changes, nil
		}
		if o.Friend, err = a.save(ctx, s.Portal, o.Friend); err == nil {
			if o.Claim == friend.NewLink {
				n.Linked = 1
				if err := a.reindex(ctx, s.Portal, o.Friend, u); err != nil {
					return n, o.Changes, err
				}
			}
			if o.Claim == friend.Contested {
				n.Conflicts = 1
				return n, o.Changes, nil
			}
			n.Updated = 1
			return n, o.Changes, nil
		}
		if !errors.Is(err, friend.ErrStale) {
			return Counts{}, nil, err
		}
		fresh, ok, err := a.Friends.Get(ctx, s.Portal, f.Key)
		if err != nil {
			return Counts{}, nil, err
		}
		if !ok {
			fresh = friend.Friend{Key: f.Key, Ordinal: f.Ordinal, Name: f.Name, Picture: f.Picture, ProfileAt: f.ProfileAt, Follow: friend.Unknown}
		}
		f, left = fresh, nil
	}
	return Counts{}, nil, friend.ErrStale
}

// owed explains what HubSpot would be told of a friend.
func (a *Applier) owed(f friend.Friend, s Scope, cause string) []changelog.Record {
	if f.Due == 0 {
		return nil
	}
	_, log := Wrote(f, s, PendingOf(f, s).Properties, a.now(), a.now(), cause)
	return log
}

// reindex brings one friend's entry up to date. Runs link by the thousand and rebuild the whole at their end.
func (a *Applier) reindex(ctx context.Context, p id.PortalID, f friend.Friend, u Urgency) error {
	if a.Index == nil || a.Discard || u == Bulk {
		return nil
	}
	return a.Index.Ensure(ctx, p, f.Slot, []friend.Friend{f})
}

func (a *Applier) save(ctx context.Context, p id.PortalID, f friend.Friend) (friend.Friend, error) {
	if a.Discard {
		return f, nil
	}
	return a.Friends.Save(ctx, p, f)
}

// observe is a look at a contact that leaves out what the friend's row cannot hold.
func (a *Applier) observe(ctx context.Context, s Scope, f friend.Friend, c Contact, cause string, u Urgency) (Observed, error) {
	o, err := a.look(ctx, s, f, c, cause, u)
	var left []string
	for err == nil && o.Friend.Weight() > friend.MaxWeight {
		name, ok := heaviestChange(f, o.Friend)
		if !ok {
			break
		}
		left = append(left, name)
		s.Mappings = s.Mappings.Without(name)
		o, err = a.look(ctx, s, f, c, cause, u)
	}
	o.TooLong = left
	return o, err
}

// heaviestChange names the field that takes most of what a look added.
func heaviestChange(before, after friend.Friend) (string, bool) {
	name, most := "", 0
	for p, r := range after.Fields {
		if w := friend.WeightOf(r); r != before.Fields[p] && (w > most || w == most && p < name) {
			name, most = p, w
		}
	}
	return name, name != ""
}

// tooLong tells that values of a contact were left out.
func (a *Applier) tooLong(ctx context.Context, p id.PortalID, f friend.Friend, c Contact, o Observed) error {
	if len(o.TooLong) == 0 {
		return nil
	}
	slices.Sort(o.TooLong)
	return a.fail(ctx, p, failure.Item{
		Kind: failure.Read, Subject: c.ID.String(), Code: "VALUE_TOO_LONG", Properties: o.TooLong, FirstAt: a.now(), LastAt: a.now(),
		Message: "The contact's values are too long to be kept with the LINE friend. Shorten them in HubSpot or remove the mapping, then press Retry: " + strings.Join(o.TooLong, ", "),
	}, &pair{f.Key, c})
}

// look is Observe with the histories it turns out to need.
func (a *Applier) look(ctx context.Context, s Scope, f friend.Friend, c Contact, cause string, u Urgency) (Observed, error) {
	o := Observe(f, c, s, a.now(), cause)
	if len(o.NeedHistory) == 0 {
		return o, nil
	}
	fresh, _, err := a.CRM.Contacts(ctx, s.Portal, []id.ContactID{c.ID}, s.Read(), c.historiesAnd(o.NeedHistory), u)
	if err != nil {
		return o, err
	}
	if len(fresh) == 0 || fresh[0].ID != c.ID { // gone or merged meanwhile; its own event follows
		return Observed{Friend: f}, nil
	}
	return Observe(f, again(fresh[0], c), s, a.now(), cause), nil
}

// again is a contact that was read again, with what was found out about it before.
func again(fresh, c Contact) Contact {
	fresh.Shared, fresh.Holders, fresh.HasHolders = c.Shared, c.Holders, c.HasHolders
	fresh.Company, fresh.CompanyName, fresh.HasCompany = c.Company, c.CompanyName, c.HasCompany
	return fresh
}
