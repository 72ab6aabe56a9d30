package contactsync

import (
	"context"
	"errors"
	"slices"

	"lumo/shared/failure"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// refused deals with one contact that HubSpot did not take. What waiting may cure is returned; everything else becomes a failed item
// with HubSpot's own reason, and the marker is cleared so that the contact is not sent again until somebody presses Retry.
func (f *Flusher) refused(ctx context.Context, s Scope, j *job, cause error, name string, out *Flushed) error {
	if j == nil {
		return nil
	}
	var ft *fault.Fault
	if !errors.As(cause, &ft) || ft.Class.Retryable() || ft.Class == fault.Revoked || ft.Class == fault.Misconfigured {
		return cause
	}
	if ft.Class == fault.NotFound {
		if err := f.unmark(ctx, s, j, nil); err != nil {
			return err
		}
		return f.Gone(ctx, s.Portal, j.contact)
	}
	if ft.Code == CodeNoProperty && f.Broken != nil {
		if err := f.Broken(ctx, s.Portal, ft); err != nil {
			return err
		}
	}
	if kept := without(j.properties, ft.Properties); len(ft.Properties) > 0 && len(kept) > 0 {
		// One bad property fails the whole record at HubSpot: send the others without it.
		if err := f.rest(ctx, s, j, kept, name, out); err != nil {
			return err
		}
	}
	out.Failed++
	return f.unmark(ctx, s, j, ft)
}

// CodeNoProperty: HubSpot does not know a property that we wrote.
const CodeNoProperty = "HUBSPOT_PROPERTY_MISSING"

func without(m map[string]string, names []string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		if !slices.Contains(names, k) {
			out[k] = v
		}
	}
	return out
}

// rest writes a contact's remaining values once; a second refusal changes nothing here, the first is reported.
func (f *Flusher) rest(ctx context.Context, s Scope, j *job, properties map[string]string, cause string, out *Flushed) error {
	done, _, err := f.CRM.Update(ctx, s.Portal, []Update{{j.contact, properties}}, Event)
	if err != nil || len(done) == 0 {
		return err
	}
	var kept Flushed
	err = f.accepted(ctx, s, map[id.ContactID]*job{j.contact: {j.contact, j.friends, properties}}, done, nil, cause, &kept)
	out.Fields += kept.Fields
	return err
}

// unmark clears the markers of a job; with a fault the friends are noted as failed.
func (f *Flusher) unmark(ctx context.Context, s Scope, j *job, ft *fault.Fault) error {
	for _, row := range j.friends {
		for range 8 {
			fresh, ok, err := f.Friends.Get(ctx, s.Portal, row.Key)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			if ft != nil {
				it := failure.Of(failure.WriteBack, failure.SubjectOf(row.Key), ft, f.Clock.Now().UnixMilli())
				it.Contact, it.Friend = j.contact, &row.Key
				if err := f.Failures.Put(ctx, s.Portal, it); err != nil {
					return err
				}
			}
			fresh.Due, fresh.Failed = 0, fresh.Failed || ft != nil
			if _, err = f.Friends.Save(ctx, s.Portal, fresh); err == nil {
				break
			}
			if !errors.Is(err, friend.ErrStale) {
				return err
			}
		}
	}
	return nil
}
