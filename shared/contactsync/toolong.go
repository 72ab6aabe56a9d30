package contactsync

import (
	"context"
	"slices"
	"strings"

	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
)

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
