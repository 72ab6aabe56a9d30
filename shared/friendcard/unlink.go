package friendcard

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/queue"
)

// ErrOtherContact: the friend is not linked to the contact (any more).
var ErrOtherContact = errors.New("this friend is not linked to this contact")

// Unlinker ends links on a person's wish.
type Unlinker struct {
	Friends friend.Store
	Queue   queue.Sender
}

// Unlink has the link of a friend to a contact ended, and the contact's LINE properties cleared. A repetition does no harm.
func (u *Unlinker) Unlink(ctx context.Context, p id.PortalID, k friend.Key, c id.ContactID, at time.Time, by string) error {
	f, ok, err := u.Friends.Get(ctx, p, k)
	switch {
	case err != nil:
		return err
	case !ok:
		return ErrUnknown
	case f.Link.Contact != c && f.Link.Claimant != c && f.Parted.Contact != c:
		return ErrOtherContact
	}
	b, err := json.Marshal(contactsync.Batch{Portal: p, Notes: []contactsync.Note{{Kind: contactsync.Parted, Contact: c, At: at.UnixMilli(), Friend: &k, By: by}}})
	if err != nil {
		return err
	}
	return u.Queue.Send(ctx, queue.HubspotEvents, queue.Message{Body: b})
}
