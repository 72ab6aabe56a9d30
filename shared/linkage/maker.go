package linkage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// ErrNoContact: HubSpot has no such contact (any more).
var ErrNoContact = errors.New("this contact is not in HubSpot any more")

// ErrNoLogin: the account has no LINE Login channel yet, so that no link of it would work.
var ErrNoLogin = errors.New("set up the LINE Login channel of this account first")

// Contacts reads contacts fresh (contactsync.CRM).
type Contacts interface {
	Contacts(ctx context.Context, p id.PortalID, ids []id.ContactID, properties, history []string, u contactsync.Urgency) (found []contactsync.Contact, missing []id.ContactID, err error)
}

// Maker makes links for contacts.
type Maker struct {
	Signer   Signer
	Store    Store
	Contacts Contacts
	Clock    clock.Clock
	Random   func(n int) []byte
	Origin   string // PUBLIC_URL
}

// Wish is a link that somebody wants.
type Wish struct {
	Contact id.ContactID
	Slot    id.Slot
	Method  friend.Method
	Direct  bool // links without the question whose address it is (P-22)
	By      string
	// Seed, where there is one, and At name the wish: the same one always makes the same link, so that nobody has to keep it.
	Seed string
	At   time.Time
}

// Made is a link. The token is nowhere else.
type Made struct {
	Token   string
	Address string
	Hint    string
	Ends    int64
	Contact id.ContactID // under which id it lives now
}

// Make makes one for a contact, on demand.
func (m *Maker) Make(ctx context.Context, p id.PortalID, w Wish) (Made, error) {
	found, _, err := m.Contacts.Contacts(ctx, p, []id.ContactID{w.Contact}, []string{"email"}, nil, contactsync.Interactive)
	if err != nil {
		return Made{}, err
	}
	if len(found) == 0 {
		return Made{}, ErrNoContact
	}
	w.Contact = found[0].ID
	email := ""
	if v := found[0].Properties["email"]; v != nil {
		email = *v
	}
	return m.For(ctx, p, w, email)
}

// For makes one for a contact whose address is known.
func (m *Maker) For(ctx context.Context, p id.PortalID, w Wish, email string) (Made, error) {
	now, random := w.At, []byte(nil)
	if w.Seed == "" {
		now, random = m.Clock.Now(), m.Random(secret)
	} else {
		random = m.Signer.named(p, w.Seed)
	}
	ends := now.Add(Life)
	token := m.Signer.Sign(Invite, p, ends, random)
	i := Invitation{
		Hash: Hash(token), Portal: p, Contact: w.Contact, Slot: w.Slot, Method: w.Method, Hint: Mask(email), By: w.By,
		MadeAt: now.UnixMilli(), Ends: ends.UnixMilli(),
	}
	if w.Direct {
		i.Hint = ""
	}
	if err := m.Store.AddInvitation(ctx, i); err != nil && (w.Seed == "" || !errors.Is(err, ErrChanged)) {
		return Made{}, fmt.Errorf("keep a link: %w", err)
	}
	return Made{Token: token, Address: m.Origin + Path + token, Hint: i.Hint, Ends: i.Ends, Contact: w.Contact}, nil
}

// Address is where the link of a named wish leads, whether it was made yet or not.
func (m *Maker) Address(p id.PortalID, w Wish) string {
	return m.Origin + Path + m.Signer.Sign(Invite, p, w.At.Add(Life), m.Signer.named(p, w.Seed))
}
