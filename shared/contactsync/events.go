package contactsync

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"lumo/shared/friend"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/queue"
	"lumo/shared/work"
)

// Events applies what HubSpot told us about contacts and companies. Handling a note twice, late or out of order does no harm: contacts are
// read fresh, and registers merge.
type Events struct {
	Applier *Applier
	Queue   queue.Sender
	Eraser  Eraser
	// Files is nil where none are kept.
	Files Files
	Lists Lists
	// Creator makes contacts for friends who have none. Optional.
	Creator Creator
}

// Lists is told of single changes of members.
type Lists interface {
	Told(ctx context.Context, p id.PortalID, cs []hubspotlist.Change) error
}

// Files are what friends sent and HubSpot could not take.
type Files interface {
	// ForgetFriends removes all that these have sent.
	ForgetFriends(ctx context.Context, p id.PortalID, ks []friend.Key) error
}

// Eraser forgets what is still known of contacts that were deleted for privacy. chain.ErrBusy: come again later.
type Eraser interface {
	Erase(ctx context.Context, p id.PortalID, cs []id.ContactID) error
}

// Handle applies notes of one portal. cause names the delivery.
func (e *Events) Handle(ctx context.Context, s Scope, notes []Note, cause string) error {
	t := gather(s, notes)
	for i, n := range notes {
		// Erased again in one delivery: each would come again while others are being erased, and doubled notes double each time.
		if n.Kind == Erased && slices.ContainsFunc(notes[:i], func(o Note) bool { return o.Kind == Erased && o.Contact == n.Contact }) {
			continue
		}
		if err := e.single(ctx, s, n, cause); err != nil {
			return err
		}
	}
	if err := e.forget(ctx, s.Portal, t.erased); err != nil {
		return err
	}
	if len(t.listed) > 0 {
		if err := e.Lists.Told(ctx, s.Portal, t.listed); err != nil {
			return err
		}
	}
	if err := e.renamed(ctx, s, t.renamed, t.again, cause); err != nil {
		return err
	}
	if err := e.create(ctx, s, t.wanted, cause); err != nil {
		return err
	}
	return e.changed(ctx, s, t.look, notes, keysOf(t.history), cause)
}

// gathered is what notes ask for that is done for all of them at once.
type gathered struct {
	look    []id.ContactID  // contacts to read
	history map[string]bool // properties whose history is wanted with them
	erased  []id.ContactID  // each once
	listed  []hubspotlist.Change
	renamed []id.CompanyID
	again   []Note // looks once more at what was renamed
	wanted  []Note
}

func gather(s Scope, notes []Note) gathered {
	t := gathered{history: map[string]bool{}}
	tags := s.TagProperties()
	for _, n := range notes {
		switch n.Kind {
		case Wanted:
			t.wanted = append(t.wanted, n)
		case Changed, Restored, Associated:
			t.look = append(t.look, n.Contact)
			if m, ok := s.Mappings.Find(n.Property); ok && m.Status.Flows() || slices.Contains(tags, n.Property) {
				t.history[n.Property] = true
			}
		case Erased:
			if !slices.Contains(t.erased, n.Contact) {
				t.erased = append(t.erased, n.Contact)
			}
		case Listed, Unlisted:
			t.listed = append(t.listed, hubspotlist.Change{List: n.List, Contact: n.Contact, Removed: n.Kind == Unlisted, At: n.At})
		case Renamed:
			t.renamed, t.again = append(t.renamed, n.Company), append(t.again, Note{Kind: RenamedBefore, Company: n.Company})
		case RenamedBefore:
			t.renamed = append(t.renamed, n.Company)
		}
	}
	return t
}

// single does what a note asks for by itself.
func (e *Events) single(ctx context.Context, s Scope, n Note, cause string) error {
	switch n.Kind {
	case Gone:
		return e.later(ctx, s.Portal, GoneWait*time.Second, Note{Kind: Checked, Contact: n.Contact})
	case Checked:
		return e.checked(ctx, s, n.Contact, cause)
	case Merged:
		return e.merged(ctx, s, n.Contact, n.Others, cause)
	case Erased:
		return e.erased(ctx, s, n.Contact, cause)
	case Proven:
		return e.prove(ctx, s, n, cause)
	case Contested:
		return e.contest(ctx, s, n, cause)
	case Parted:
		return e.part(ctx, s, n, cause)
	}
	return nil
}

func keysOf(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// later sends notes back to ourselves after a wait.
func (e *Events) later(ctx context.Context, p id.PortalID, wait time.Duration, notes ...Note) error {
	body, err := json.Marshal(Batch{p, notes})
	if err != nil {
		return err
	}
	return e.Queue.Send(ctx, queue.HubspotEvents, queue.Message{Body: body, Delay: wait})
}

// changed reads the contacts that matter: those linked to a friend, and those whose LINE User ID changed.
func (e *Events) changed(ctx context.Context, s Scope, ids []id.ContactID, notes []Note, history []string, cause string) error {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	linked, err := e.linked(ctx, s, ids)
	if err != nil {
		return err
	}
	named := map[id.ContactID]bool{}
	names := slices.Collect(maps.Values(s.UserIDProperties()))
	for _, n := range notes {
		if n.Kind == Restored || n.Kind == Changed && slices.Contains(names, n.Property) {
			named[n.Contact] = true
		}
	}
	ids = slices.DeleteFunc(ids, func(c id.ContactID) bool { return len(linked[c]) == 0 && !named[c] })
	return e.read(ctx, s, ids, linked, history, cause)
}

func (e *Events) linked(ctx context.Context, s Scope, ids []id.ContactID) (map[id.ContactID][]friend.Key, error) {
	out := map[id.ContactID][]friend.Key{}
	var mu sync.Mutex
	err := work.Each(ctx, e.Applier.Parallel, len(ids), func(ctx context.Context, i int) error {
		ks, err := e.Applier.Friends.ByContact(ctx, s.Portal, ids[i])
		ks = slices.DeleteFunc(ks, func(k friend.Key) bool { return !slices.Contains(s.Slots, k.Slot) })
		if len(ks) > 0 {
			mu.Lock()
			out[ids[i]] = ks
			mu.Unlock()
		}
		return err
	})
	return out, err
}

func (e *Events) read(ctx context.Context, s Scope, ids []id.ContactID, linked map[id.ContactID][]friend.Key, history []string, cause string) error {
	if len(ids) == 0 {
		return nil
	}
	found, missing, err := e.Applier.CRM.Contacts(ctx, s.Portal, ids, s.Read(), history, Event)
	if err != nil {
		return err
	}
	if err := e.apply(ctx, s, found, linked, cause); err != nil {
		return err
	}
	for _, c := range missing {
		if len(linked[c]) == 0 {
			continue
		}
		if err := e.later(ctx, s.Portal, GoneWait*time.Second, Note{Kind: Checked, Contact: c}); err != nil {
			return err
		}
	}
	return nil
}

// seatWait is when a contact that was linked is looked at once more: two friends of one account may have come at the same moment.
const seatWait = 10 * time.Second

func (e *Events) apply(ctx context.Context, s Scope, cs []Contact, linked map[id.ContactID][]friend.Key, cause string) error {
	a, err := e.Applier.Apply(ctx, s, cs, linked, cause, cause, Event)
	if err != nil || len(a.Linked) == 0 {
		return err
	}
	return AgainBy(e.Queue)(ctx, s.Portal, a.Linked...)
}

// checked ends the wait after a deletion: merged away, gone, or back again.
func (e *Events) checked(ctx context.Context, s Scope, c id.ContactID, cause string) error {
	linked, err := e.linked(ctx, s, []id.ContactID{c})
	if err != nil || len(linked) == 0 {
		return err
	}
	now, err := e.Applier.CRM.Resolve(ctx, s.Portal, c)
	switch {
	case err != nil:
		return err
	case now == 0:
		return e.unlink(ctx, s, linked[c], false, cause)
	case now != c:
		return e.merged(ctx, s, now, []id.ContactID{c}, cause)
	}
	return e.read(ctx, s, []id.ContactID{c}, linked, nil, cause)
}
