package handle

import (
	"context"
	"log/slog"
	"strings"

	"lumo/shared/contactsync"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/linkage"
	"lumo/shared/logging"
)

// claim is a state of P-33 that a contact has before it is linked.
type claim string

const (
	claimPending   claim = "pending"      // it has a linking link that nobody has used
	claimMalformed claim = "id_malformed" // its LINE User ID is none
	claimInvalid   claim = "id_not_valid" // LINE does not know its LINE User ID for the account
)

// claimOf looks at the contact itself. The card is shown all the same when HubSpot does not answer.
func (c *call) claimOf(ctx context.Context, contact id.ContactID, accounts []lineaccount.Account) *claim {
	found, err := c.findClaim(ctx, contact, accounts)
	if err != nil {
		c.Log.LogAttrs(ctx, slog.LevelWarn, "claim of a contact not read", logging.Portal(c.portal()), logging.Error(err))
	}
	if err != nil || found == "" {
		return nil
	}
	return &found
}

func (c *call) findClaim(ctx context.Context, contact id.ContactID, accounts []lineaccount.Account) (claim, error) {
	type names struct {
		slot        id.Slot
		user, token string
	}
	var all []names
	var read []string
	for _, a := range accounts {
		if a.State != lineaccount.Active {
			continue
		}
		set, err := c.Properties.Store.Set(ctx, c.portal(), a.Slot)
		if err != nil {
			return "", err
		}
		n := names{slot: a.Slot}
		n.user, _ = set.Name(lineproperty.UserID)
		n.token, _ = set.Name(lineproperty.LinkToken)
		for _, p := range []string{n.user, n.token} {
			if p != "" {
				read = append(read, p)
			}
		}
		all = append(all, n)
	}
	if len(read) == 0 {
		return "", nil
	}
	found, _, err := c.Links.Contacts.Contacts(ctx, c.portal(), []id.ContactID{contact}, read, nil, contactsync.Interactive)
	if err != nil || len(found) == 0 {
		return "", err
	}
	value := func(property string) string {
		if v := found[0].Properties[property]; v != nil {
			return strings.TrimSpace(*v)
		}
		return ""
	}
	var out claim
	for _, n := range all {
		if v := value(n.user); v != "" {
			of, err := c.claimByID(ctx, n.slot, v)
			if err != nil || of != "" {
				return of, err
			}
		}
		waits, err := c.waits(ctx, value(n.token))
		if err != nil {
			return "", err
		}
		if waits {
			out = claimPending
		}
	}
	return out, nil
}

func (c *call) claimByID(ctx context.Context, slot id.Slot, v string) (claim, error) {
	user, err := id.ParseLineUser(v)
	if err != nil {
		return claimMalformed, nil
	}
	it := failure.Item{Kind: failure.Link, Subject: failure.SubjectOf(friend.Key{Slot: slot, User: user})}
	it, ok, err := c.Failures.Get(ctx, c.portal(), it.ID())
	if err != nil || !ok || it.Code != "LINE_ID_NOT_VALID" {
		return "", err
	}
	return claimInvalid, nil
}

// waits tells whether a linking link is there that somebody may still use.
func (c *call) waits(ctx context.Context, token string) (bool, error) {
	now := c.Clock.Now()
	if of, err := c.Links.Signer.Read(linkage.Invite, token, now); err != nil || of != c.portal() {
		return false, nil
	}
	i, ok, err := c.Links.Store.Invitation(ctx, c.portal(), linkage.Hash(token))
	return ok && i.UsedBy == "" && i.Ends > now.UnixMilli(), err
}
