package tracking

import (
	"context"
	"testing"

	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// noFriends has none.
type noFriends struct{ friend.Store }

func (noFriends) GetMany(context.Context, id.PortalID, []friend.Key) (map[friend.Key]friend.Friend, error) {
	return nil, nil
}

type rows struct {
	friend.Store
	m     map[friend.Key]friend.Friend
	stale int
}

func (r *rows) GetMany(_ context.Context, _ id.PortalID, ks []friend.Key) (map[friend.Key]friend.Friend, error) {
	return r.m, nil
}

func (r *rows) Get(_ context.Context, _ id.PortalID, k friend.Key) (friend.Friend, bool, error) {
	f, ok := r.m[k]
	return f, ok, nil
}

func (r *rows) Save(_ context.Context, _ id.PortalID, f friend.Friend) (friend.Friend, error) {
	if r.stale > 0 {
		r.stale--
		return f, friend.ErrStale
	}
	f.Version++
	r.m[f.Key] = f
	return f, nil
}

type kicks struct {
	contactsync.Outbox
	n int
}

func (k *kicks) Kick(context.Context, id.PortalID) error { k.n++; return nil }

func TestOnlyLinkedFriendsAreNoted(t *testing.T) {
	t.Parallel()
	a, b := friend.Key{Slot: 1, User: "Ua"}, friend.Key{Slot: 1, User: "Ub"}
	r := &rows{stale: 1, m: map[friend.Key]friend.Friend{a: {Key: a, Link: friend.Link{State: friend.Linked, Contact: 5}}, b: {Key: b}}}
	k := &kicks{}
	n := Notes{Friends: r, Outbox: k, Clock: clock.NewVirtual(now), Parallel: 1}
	for range 2 { // a repeated step
		if err := n.Tell(t.Context(), 7, []friend.Key{a, b, {Slot: 1, User: "Uc"}}, "Sale", 1000); err != nil {
			t.Fatal(err)
		}
	}
	if f := r.m[a]; f.LastCast != "Sale" || f.LastCastAt != 1000 || f.Due == 0 || f.Version != 1 || r.m[b].LastCast != "" || k.n != 0 {
		t.Errorf("%+v, %d kicks", f, k.n)
	}
	if err := n.Tell(t.Context(), 7, []friend.Key{a}, "Older", 500); err != nil || r.m[a].LastCast != "Sale" {
		t.Errorf("an older broadcast shows: %s", r.m[a].LastCast)
	}
	seen := map[friend.Key]Seen{a: {Opened: 3000, Clicked: 2000}, b: {Opened: 1}}
	if err := n.Saw(t.Context(), 7, seen); err != nil || k.n != 1 || r.m[a].LastClick != 2000 || r.m[a].LastOpen != 3000 {
		t.Errorf("%+v, %d kicks, %v", r.m[a], k.n, err)
	}
	p := contactsync.Project(r.m[a])
	if p["last_broadcast_name"] == "" && len(p) < 4 {
		t.Errorf("projected %v", p)
	}
}
