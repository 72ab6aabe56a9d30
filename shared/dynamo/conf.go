package dynamo

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"lumo/shared/alert"
	"lumo/shared/chain"
	"lumo/shared/contactsync"
	"lumo/shared/id"
	"lumo/shared/linesync"
	"lumo/shared/mapping"
	"lumo/shared/syncdata"
	"lumo/shared/syncrun"
)

// conf is the partition of a portal's single small rows.
func (t Tenant) conf() partition { return t.in("CONF") }

// Mappings implements mapping.Store.
type Mappings struct{ Table *Table }

var _ mapping.Store = Mappings{}

// Load returns the empty set with version 0 when the portal has none yet.
func (s Mappings) Load(ctx context.Context, p id.PortalID) (mapping.Set, error) {
	var set mapping.Set
	_, err := s.Table.Portal(p).conf().get(ctx, "mappings", &set)
	return set, err
}

// Save implements mapping.Store.
func (s Mappings) Save(ctx context.Context, p id.PortalID, set mapping.Set) (mapping.Set, error) {
	cond := absent()
	if set.Version > 0 {
		cond = versionIs(set.Version)
	}
	set.Version++
	err := s.Table.Portal(p).conf().put(ctx, "mappings", set, cond)
	if errors.Is(err, ErrChanged) {
		return set, mapping.ErrChanged
	}
	return set, err
}

// Choices implements syncdata.Choices.
type Choices struct{ Table *Table }

var _ syncdata.Choices = Choices{}

type choicesItem struct {
	Choices []syncdata.Choice `dynamodbav:"c"`
	At      int64             `dynamodbav:"t"`
	TTL     int64             `dynamodbav:"ttl"`
}

// Choices implements syncdata.Choices.
func (s Choices) Choices(ctx context.Context, p id.PortalID, property string) ([]syncdata.Choice, int64, error) {
	var it choicesItem
	_, err := s.Table.Portal(p).conf().get(ctx, "choices#"+property, &it)
	return it.Choices, it.At, err
}

// SaveChoices implements syncdata.Choices. Whoever comes last wins; what nobody looks at goes after a week.
func (s Choices) SaveChoices(ctx context.Context, p id.PortalID, property string, cs []syncdata.Choice, at int64) error {
	return s.Table.Portal(p).conf().put(ctx, "choices#"+property, choicesItem{cs, at, at/1000 + 7*24*3600}, nil)
}

// Schedules implements syncrun.ScheduleStore.
type Schedules struct{ Table *Table }

var _ syncrun.ScheduleStore = Schedules{}

// Load implements syncrun.ScheduleStore.
func (s Schedules) Load(ctx context.Context, p id.PortalID) (syncrun.Schedule, error) {
	var out syncrun.Schedule
	_, err := s.Table.Portal(p).conf().get(ctx, "schedule", &out)
	return out, err
}

// Save implements syncrun.ScheduleStore.
func (s Schedules) Save(ctx context.Context, p id.PortalID, sch syncrun.Schedule) error {
	cond := absent()
	if sch.Version > 0 {
		cond = versionIs(sch.Version)
	}
	sch.Version++
	err := s.Table.Portal(p).conf().put(ctx, "schedule", sch, cond)
	if errors.Is(err, ErrChanged) {
		return chain.ErrFenced
	}
	return err
}

// Generations implements contactsync.Generations with one row per portal.
type Generations struct{ Table *Table }

var _ contactsync.Generations = Generations{}

type flushItem struct {
	Generation int64 `dynamodbav:"g"`
	Armed      bool  `dynamodbav:"a,omitempty"`
	WakeAt     int64 `dynamodbav:"w,omitempty"`
}

// Generation implements contactsync.Generations.
func (s Generations) Generation(ctx context.Context, p id.PortalID) (int64, bool, error) {
	var it flushItem
	_, err := s.Table.Portal(p).conf().get(ctx, "flush", &it)
	return it.Generation, it.Armed, err
}

// Arm implements contactsync.Generations.
func (s Generations) Arm(ctx context.Context, p id.PortalID) error {
	return s.Table.Portal(p).conf().update(ctx, "flush", expression.Set(expression.Name("a"), expression.Value(true)), nil, nil)
}

// Bump implements contactsync.Generations.
func (s Generations) Bump(ctx context.Context, p id.PortalID) error {
	return s.Table.Portal(p).conf().update(ctx, "flush", expression.Add(expression.Name("g"), expression.Value(1)).Remove(expression.Name("a")), nil, nil)
}

// WakeAt implements contactsync.Generations.
func (s Generations) WakeAt(ctx context.Context, p id.PortalID, at, now int64) (bool, error) {
	w := expression.Name("w")
	cond := expression.AttributeNotExists(w).Or(w.GreaterThan(expression.Value(at))).Or(w.LessThanEqual(expression.Value(now)))
	err := s.Table.Portal(p).conf().update(ctx, "flush", expression.Set(w, expression.Value(at)), &cond, nil)
	if errors.Is(err, ErrChanged) {
		return false, nil
	}
	return err == nil, err
}

// Sweeps implements linesync.Sweeps.
type Sweeps struct{ Table *Table }

var _ linesync.Sweeps = Sweeps{}

type sweepItem struct {
	Cursor string `dynamodbav:"c,omitempty"`
}

// Cursor implements linesync.Sweeps.
func (s Sweeps) Cursor(ctx context.Context, p id.PortalID, slot id.Slot) (string, error) {
	var it sweepItem
	_, err := s.Table.Portal(p).conf().get(ctx, "sweep#"+slot.String(), &it)
	return it.Cursor, err
}

// SaveCursor implements linesync.Sweeps.
func (s Sweeps) SaveCursor(ctx context.Context, p id.PortalID, slot id.Slot, cursor string) error {
	return s.Table.Portal(p).conf().put(ctx, "sweep#"+slot.String(), sweepItem{cursor}, nil)
}

// Alerts implements alert.Store.
type Alerts struct{ Table *Table }

var _ alert.Store = Alerts{}

type alertsItem struct {
	Alerts []alert.Alert `dynamodbav:"a"`
}

// Load implements alert.Store.
func (s Alerts) Load(ctx context.Context, p id.PortalID) ([]alert.Alert, error) {
	var it alertsItem
	_, err := s.Table.Portal(p).conf().get(ctx, "alerts", &it)
	return it.Alerts, err
}

// Save implements alert.Store. One run at a time judges a portal, so the last word is the right one.
func (s Alerts) Save(ctx context.Context, p id.PortalID, as []alert.Alert) error {
	return s.Table.Portal(p).conf().put(ctx, "alerts", alertsItem{as}, nil)
}
