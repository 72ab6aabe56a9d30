package friendcard

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lumo/shared/changelog"
	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/mapping"
	"lumo/shared/portal"
	"lumo/shared/register"
)

// MaxValue is the longest value, in characters, and MaxEdits the most fields that one call may edit.
const (
	MaxValue = 5000
	MaxEdits = 20
)

// Named refusals; their texts are shown to users.
var (
	ErrUnknown   = errors.New("this account has no such friend")
	ErrNotMapped = errors.New("this field is not mapped")
	ErrOneWay    = errors.New("this field only flows from HubSpot")
	ErrHubSpot   = errors.New("the field's rule is \"HubSpot always\", so it can only be edited in HubSpot")
	ErrPaused    = errors.New("this field does not flow at the moment")
	ErrValue     = errors.New("the value does not fit the field")
	// ErrTooLong: the friend's fields together are more than its row can hold.
	ErrTooLong    = errors.New("the fields of this friend are too long together; shorten one of them")
	ErrManyFields = fmt.Errorf("at most %d fields at a time", MaxEdits)
)

// FieldError names the field that was refused.
type FieldError struct {
	Property string
	Err      error
}

func (e *FieldError) Error() string { return e.Property + ": " + e.Err.Error() }
func (e *FieldError) Unwrap() error { return e.Err }

// editable says whether a person may edit a field here.
func editable(m mapping.Mapping) error {
	switch {
	case !m.Writable():
		return ErrOneWay
	case m.Rule == register.HubSpotAlways:
		return ErrHubSpot
	case !m.Status.Flows():
		return ErrPaused
	}
	return nil
}

// CheckValue tells whether HubSpot could take a value of this type. An empty value clears the field.
func CheckValue(m mapping.Mapping, v string) error {
	bad := func(why string) error { return fmt.Errorf("%w: %s", ErrValue, why) }
	if !utf8.ValidString(v) || utf8.RuneCountInString(v) > MaxValue || strings.ContainsRune(v, 0) {
		return bad(fmt.Sprintf("at most %d characters of text", MaxValue))
	}
	if strings.TrimSpace(v) == "" {
		return nil
	}
	switch {
	case m.Type == "number":
		if f, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err != nil || f != f || f > 1e300 || f < -1e300 {
			return bad("it must be a number")
		}
	case m.Type == "bool" || m.FieldType == "booleancheckbox":
		if c := mapping.Canonical(m)(v); c != "true" && c != "false" {
			return bad("it must be true or false")
		}
	case m.Type == "date":
		if _, err := time.Parse(time.DateOnly, v); err != nil {
			return bad("it must be a date such as 2026-11-30")
		}
	case m.Type == "datetime":
		if _, err := time.Parse(time.RFC3339, v); err != nil {
			return bad("it must be a time such as 2026-11-30T09:00:00Z")
		}
	case m.Property == "email":
		if a, err := mail.ParseAddress(v); err != nil || a.Address != v {
			return bad("it must be an e-mail address")
		}
	}
	return nil
}

// Scopes loads what a portal's sync works with.
type Scopes interface {
	Scope(ctx context.Context, p id.PortalID) (contactsync.Scope, error)
}

// Editor stores edits.
type Editor struct {
	Friends friend.Store
	Scopes  Scopes
	Log     changelog.Log
	Outbox  contactsync.Outbox
}

// Edit is what a person changes of a friend. At is when the person did it and Seed names it; both are the same when it is repeated, so
// that a repetition changes nothing, not even over a later edit.
type Edit struct {
	Key    friend.Key
	Values map[string]string // by property; "" clears
	By     portal.Actor
	At     time.Time
	Seed   string
}

// cause is what the change log shows as the reason.
func (e Edit) cause() string { return fmt.Sprintf("edit/%d/%s", e.By.UserID, e.Seed) }

// Apply stores an edit and marks a linked friend, so that HubSpot learns of it. It returns the friend as it is then, and the mappings.
func (d *Editor) Apply(ctx context.Context, p id.PortalID, e Edit) (friend.Friend, mapping.Set, error) {
	scope, err := d.Scopes.Scope(ctx, p)
	if err != nil {
		return friend.Friend{}, mapping.Set{}, err
	}
	ms, err := check(scope.Mappings, e)
	if err != nil {
		return friend.Friend{}, scope.Mappings, err
	}
	for range 8 {
		f, ok, err := d.Friends.Get(ctx, p, e.Key)
		if err != nil {
			return f, scope.Mappings, err
		}
		if !ok || !slices.Contains(scope.Slots, e.Key.Slot) {
			return f, scope.Mappings, ErrUnknown
		}
		next, changes := change(f, scope, ms, e)
		if w := next.Weight(); w > friend.MaxWeight && w > f.Weight() {
			return f, scope.Mappings, ErrTooLong
		}
		if !next.Equal(f) {
			if next, err = d.Friends.Save(ctx, p, next); errors.Is(err, friend.ErrStale) {
				continue
			} else if err != nil {
				return f, scope.Mappings, err
			}
		}
		return next, scope.Mappings, d.finish(ctx, p, next, e, changes)
	}
	return friend.Friend{}, scope.Mappings, friend.ErrStale
}

func check(set mapping.Set, e Edit) ([]mapping.Mapping, error) {
	if len(e.Values) == 0 || len(e.Values) > MaxEdits {
		return nil, ErrManyFields
	}
	var out []mapping.Mapping
	for _, name := range slices.Sorted(maps.Keys(e.Values)) {
		m, ok := set.Find(name)
		err := ErrNotMapped
		if ok {
			err = editable(m)
		}
		if err == nil {
			err = CheckValue(m, e.Values[name])
		}
		if err != nil {
			return nil, &FieldError{name, err}
		}
		out = append(out, m)
	}
	return out, nil
}

func change(f friend.Friend, s contactsync.Scope, ms []mapping.Mapping, e Edit) (friend.Friend, []changelog.Record) {
	var log []changelog.Record
	for _, m := range ms {
		var changes []changelog.Record
		f, changes = contactsync.EditField(f, s, m, e.Values[m.Property], e.At.UnixMilli(), e.cause())
		log = append(log, changes...)
	}
	return f, log
}

// finish runs after the row is stored; all of it is repeated when the edit is.
func (d *Editor) finish(ctx context.Context, p id.PortalID, f friend.Friend, e Edit, changes []changelog.Record) error {
	if len(changes) > 0 {
		if err := d.Log.Append(ctx, p, e.cause(), e.At.UnixMilli(), changes); err != nil {
			return err
		}
	}
	if f.Due != 0 {
		return d.Outbox.Kick(ctx, p)
	}
	return nil
}
