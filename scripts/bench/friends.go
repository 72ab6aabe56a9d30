package bench

import (
	"context"
	"sync/atomic"
	"time"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/register"
)

// known is what Lumo knows of the n-th user before the first import. Every twentieth has an edit of the first name made in Lumo, shortly
// before the contact's last change: the two sides differ, and only the property's history tells who was later.
func (w *world) known(n int) (friend.Friend, error) {
	f := friend.Friend{
		Key: friend.Key{Slot: slot, User: w.users[n]}, Ordinal: uint32(n), Name: "友達 " + string(w.users[n][24:]), Follow: friend.Following,
		Picture: "https://profile.line-scdn.net/" + string(w.users[n]), FollowAt: start.UnixMilli(), FriendSince: start.UnixMilli(), ProfileAt: start.UnixMilli(), Version: 1,
	}
	if n%20 != 0 || n >= len(w.contacts) {
		return f, nil
	}
	r, err := w.hub.Record(hub, "contacts", w.contacts[n])
	if err != nil {
		return f, err
	}
	at := r.Updated.Add(-time.Minute).UnixMilli()
	f.Fields = map[string]register.Register{"firstname": register.Register{}.EditInLumo("Lumo's own", at)}
	return f, nil
}

// discard is a friend.Store that knows the users and keeps nothing.
type discard struct {
	friend.Store
	rows  map[friend.Key]friend.Friend
	saved atomic.Int64
}

func (w *world) discard() (*discard, error) {
	d := &discard{rows: make(map[friend.Key]friend.Friend, len(w.users))}
	for n := range w.users {
		f, err := w.known(n)
		if err != nil {
			return nil, err
		}
		d.rows[f.Key] = f
	}
	return d, nil
}

// Get implements friend.Store.
func (d *discard) Get(_ context.Context, _ id.PortalID, k friend.Key) (friend.Friend, bool, error) {
	f, ok := d.rows[k]
	return f, ok, nil
}

// GetMany implements friend.Store.
func (d *discard) GetMany(_ context.Context, _ id.PortalID, ks []friend.Key) (map[friend.Key]friend.Friend, error) {
	out := make(map[friend.Key]friend.Friend, len(ks))
	for _, k := range ks {
		if f, ok := d.rows[k]; ok {
			out[k] = f
		}
	}
	return out, nil
}

// ByContact implements friend.Store: nobody is linked yet.
func (d *discard) ByContact(context.Context, id.PortalID, id.ContactID) ([]friend.Key, error) {
	return nil, nil
}

// ByContacts implements friend.Store.
func (d *discard) ByContacts(context.Context, id.PortalID, []id.ContactID) (map[id.ContactID][]friend.Key, error) {
	return nil, nil
}

// Save implements friend.Store.
func (d *discard) Save(_ context.Context, _ id.PortalID, f friend.Friend) (friend.Friend, error) {
	d.saved.Add(1)
	f.Version++
	return f, nil
}
