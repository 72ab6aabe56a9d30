package demo

import (
	"context"
	"fmt"
	"sort"
)

// Person is a friend as the LINE sandbox tells it.
type Person struct {
	User    string `json:"lineUserId"`
	Name    string `json:"name"`
	Picture string `json:"pictureUrl"`
	State   string `json:"state"`
}

// Contact is a contact as the HubSpot sandbox tells it.
type Contact struct {
	ID     int64             `json:"id"`
	Values map[string]string `json:"values"`
}

// People reads the account's friends from the LINE sandbox.
func (w *World) People(ctx context.Context, a Account) (map[string]Person, error) {
	var all []Person
	if err := call(ctx, "GET", w.Line+"/_sandbox/channels/"+a.ID+"/friends", nil, &all); err != nil {
		return nil, err
	}
	out := make(map[string]Person, len(all))
	for _, p := range all {
		out[p.User] = p
	}
	return out, nil
}

// Contacts reads all contacts from the HubSpot sandbox.
func (w *World) Contacts(ctx context.Context) ([]Contact, error) {
	var all []Contact
	err := call(ctx, "GET", w.portal("/records/contacts"), nil, &all)
	return all, err
}

// Difference is a field in which the two sides do not agree.
type Difference struct {
	Contact int64  `json:"contact"`
	Field   string `json:"field"`
	HubSpot string `json:"hubspot"`
	Other   string `json:"other"` // what LINE or Lumo holds
}

func (d Difference) String() string {
	return fmt.Sprintf("contact %d, %s: HubSpot %q, other side %q", d.Contact, d.Field, d.HubSpot, d.Other)
}

// Compare reads both sandboxes from outside and, for each contact that holds a LINE User ID of the account, compares what HubSpot shows with
// what LINE says, and the mapped fields with what Lumo shows. It returns how many contacts are linked.
func (w *World) Compare(ctx context.Context, a Account, fields ...string) (linked int, diffs []Difference, err error) {
	people, err := w.People(ctx, a)
	if err != nil {
		return 0, nil, err
	}
	contacts, err := w.Contacts(ctx)
	if err != nil {
		return 0, nil, err
	}
	for _, c := range contacts {
		user := c.Values["line_user_id"]
		p, known := people[user]
		if user == "" || !known {
			continue
		}
		linked++
		status := map[string]string{"friend": "following", "blocked": "blocked"}[p.State]
		for field, want := range map[string]string{"line_display_name": p.Name, "line_profile_image": p.Picture, "line_follow_status": status} {
			if got := c.Values[field]; got != want {
				diffs = append(diffs, Difference{c.ID, field, got, want})
			}
		}
		if len(fields) == 0 {
			continue
		}
		shown, err := w.Friend(ctx, user)
		if err != nil {
			return linked, diffs, fmt.Errorf("friend of contact %d: %w", c.ID, err)
		}
		for _, field := range fields {
			if got, want := shown[field], c.Values[field]; got != want {
				diffs = append(diffs, Difference{c.ID, field, want, got})
			}
		}
	}
	sort.Slice(diffs, func(i, j int) bool {
		return diffs[i].Contact < diffs[j].Contact || diffs[i].Contact == diffs[j].Contact && diffs[i].Field < diffs[j].Field
	})
	return linked, diffs, nil
}

// Friend reads a friend's mapped fields from Lumo.
func (w *World) Friend(ctx context.Context, user string) (map[string]string, error) {
	var f struct {
		Fields []struct {
			Property string `json:"property"`
			Value    string `json:"value"`
		} `json:"fields"`
	}
	if err := w.API(ctx, "GET", "/api/v1/friends/1/"+user, nil, &f); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, x := range f.Fields {
		out[x.Property] = x.Value
	}
	return out, nil
}
