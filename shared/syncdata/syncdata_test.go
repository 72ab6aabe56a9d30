package syncdata_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/dynamo"
	"lumo/shared/fault"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/internal/dynamotest"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/mapping"
	"lumo/shared/portal"
	"lumo/shared/register"
	"lumo/shared/syncdata"
	"lumo/shared/syncrun"
)

var (
	noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	ann  = portal.Actor{UserID: 3, Email: "ann@acme.example"}
)

// outside stands for HubSpot, the runs and the audit log.
type outside struct {
	props   []lineproperty.Property
	archive []lineproperty.Property // what HubSpot remembers of deleted ones
	made    []lineproperty.Property
	refuses error
	busy    bool
	started []syncrun.Request
	again   int
	woken   []time.Time
	notes   []portal.Change
}

func (o *outside) Properties(_ context.Context, _ id.PortalID, archived bool) ([]lineproperty.Property, error) {
	if archived {
		return o.archive, nil
	}
	return o.props, nil
}

func (o *outside) Create(_ context.Context, _ id.PortalID, ps []lineproperty.Property) (out []lineproperty.Refusal, err error) {
	for _, p := range ps {
		if o.refuses != nil {
			out = append(out, lineproperty.Refusal{Name: p.Name, Err: o.refuses})
			continue
		}
		o.made, o.props = append(o.made, p), append(o.props, p)
	}
	return out, nil
}

func (o *outside) Property(_ context.Context, _ id.PortalID, name string) (lineproperty.Property, error) {
	i := slices.IndexFunc(o.props, func(p lineproperty.Property) bool { return p.Name == name })
	if i < 0 {
		return lineproperty.Property{}, &fault.Fault{Class: fault.NotFound}
	}
	return o.props[i], nil
}

func (o *outside) Accounts(context.Context, id.PortalID) ([]lineaccount.Account, error) {
	return []lineaccount.Account{{Slot: 1, State: lineaccount.Disconnected}}, nil
}

func (o *outside) Set(context.Context, id.PortalID, id.Slot) (lineproperty.Set, error) {
	return lineproperty.Set{Entries: map[lineproperty.Key]lineproperty.Entry{lineproperty.UserID: {Name: "line_user_id"}}}, nil
}

func (o *outside) Start(_ context.Context, _ id.PortalID, r syncrun.Request) (syncrun.Run, error) {
	if o.busy {
		return syncrun.Run{}, chain.ErrBusy
	}
	o.started = append(o.started, r)
	return syncrun.Run{ID: "r"}, nil
}

func (o *outside) Again(context.Context, id.PortalID) error { o.again++; return nil }

func (o *outside) BringForward(_ context.Context, _ id.PortalID, t time.Time) error {
	o.woken = append(o.woken, t)
	return nil
}

func (o *outside) Note(_ context.Context, _ id.PortalID, _ portal.Actor, _ portal.Action, _ string, cs ...portal.Change) error {
	o.notes = append(o.notes, cs...)
	return nil
}

func text(name string) lineproperty.Property {
	return lineproperty.Property{Name: name, Label: "The " + name, Type: "string", FieldType: "text"}
}

func newService(t *testing.T) (*syncdata.Service, *outside) {
	db := dynamotest.Start(t)
	o := &outside{props: []lineproperty.Property{
		text("phone"), text("line_user_id"), {Name: "score", Label: "Score", Type: "number", FieldType: "calculation_equation", ReadOnly: true},
		{Name: "hidden", Label: "Hidden", Type: "string", FieldType: "text", Hidden: true}, {Name: "object", Label: "Object", Type: "json", FieldType: "text"},
		{Name: mapping.CompanyLink, Label: "Primary company", Type: "number", FieldType: "number"}, {Name: "topics", Label: "Topics", Type: "enumeration", FieldType: "checkbox"},
	}}
	return &syncdata.Service{
		Mappings: dynamo.Mappings{Table: dynamo.New(db.Client, db.Name)}, Catalog: o, Accounts: o, Sets: o, Runs: o, Agenda: o, Audit: o, Clock: clock.NewVirtual(noon),
	}, o
}

func TestWhatCanBeMapped(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	all, err := s.Candidates(t.Context(), 7, "")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]syncdata.Fit{}
	for _, c := range all {
		got[c.Name] = c.Fit
	}
	for name, want := range map[string]syncdata.Fit{
		"phone": syncdata.Both, "line_user_id": syncdata.None, "score": syncdata.OneWay, "object": syncdata.None, mapping.CompanyLink: syncdata.None,
		"topics": syncdata.OneWay, mapping.Company: syncdata.OneWay,
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	if _, ok := got["hidden"]; ok {
		t.Error("hidden properties are offered")
	}
	if found, err := s.Candidates(t.Context(), 7, " PHO"); err != nil || len(found) != 1 {
		t.Errorf("search: %v, %v", found, err)
	}
}

func TestAddingStartsARunOverEverybody(t *testing.T) {
	t.Parallel()
	s, o := newService(t)
	got, err := s.Add(t.Context(), 7, ann, "phone", "", noon)
	if err != nil || got.Mapping.Status != mapping.WaitingFirst || got.Mapping.Rule != register.NewestWins || got.Run == nil || got.Mapping.AddedBy != ann.Email {
		t.Fatalf("%+v, %v", got, err)
	}
	if len(o.started) != 1 || o.started[0].Extent != syncrun.Contacts || o.started[0].Changes || o.started[0].Actor != ann.Email {
		t.Errorf("started %+v", o.started)
	}
	if !slices.Equal(o.woken, []time.Time{noon.Add(time.Minute)}) { // whoever dies before the run begins is followed by the tick
		t.Errorf("the tick looks at %v", o.woken)
	}
	if _, err := s.Add(t.Context(), 7, ann, "phone", "", noon); err != nil {
		t.Errorf("the same request again: %v", err)
	}
	if _, err := s.Add(t.Context(), 7, ann, "phone", "", noon.Add(time.Second)); !errors.Is(err, mapping.ErrExists) {
		t.Errorf("another request: %v", err)
	}
	o.busy = true
	got, err = s.Add(t.Context(), 7, ann, mapping.Company, register.LumoAlways, noon)
	if err != nil || !got.Queued || got.Run != nil || o.again != 1 || !o.woken[len(o.woken)-1].Equal(noon) || got.Mapping.Rule != register.HubSpotAlways {
		t.Errorf("while a run is at work: %+v, %v", got, err)
	}
	for name, want := range map[string]error{"line_user_id": syncdata.ErrOwn, "nothing": syncdata.ErrGone, "object": mapping.ErrNotMappable} {
		if _, err := s.Add(t.Context(), 7, ann, name, "", noon); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChangingAndRemoving(t *testing.T) {
	t.Parallel()
	s, o := newService(t)
	if _, err := s.Add(t.Context(), 7, ann, "phone", "", noon); err != nil {
		t.Fatal(err)
	}
	rule := func(r register.Rule) syncdata.Change { return syncdata.Change{Rule: &r} }
	paused := func(b bool) syncdata.Change { return syncdata.Change{Paused: &b} }
	runs := func(c syncdata.Change) int {
		t.Helper()
		before := len(o.started)
		if _, err := s.Change(t.Context(), 7, ann, "phone", c); err != nil {
			t.Fatal(err)
		}
		return len(o.started) - before
	}
	if runs(rule(register.LumoAlways)) != 1 || runs(paused(true)) != 0 {
		t.Error("a new rule must be applied to everybody, pausing to nobody")
	}
	o.props[0].Type, o.props[0].FieldType = "number", "number" // changed in HubSpot meanwhile
	if runs(paused(false)) != 1 {
		t.Error("resuming must read everybody")
	}
	set, err := s.Mappings.Load(t.Context(), 7)
	m, _ := set.Find("phone")
	if err != nil || m.Type != "number" || m.Status != mapping.WaitingFirst || m.Rule != register.LumoAlways {
		t.Errorf("%+v, %v", m, err)
	}
	o.props = o.props[1:]
	if _, err := s.Change(t.Context(), 7, ann, "phone", paused(false)); !errors.Is(err, syncdata.ErrGone) {
		t.Errorf("resuming what HubSpot no longer has: %v", err)
	}
	if _, err := s.Change(t.Context(), 7, ann, "phone", syncdata.Change{}); !errors.Is(err, syncdata.ErrNothing) {
		t.Errorf("nothing: %v", err)
	}
	if _, err := s.Change(t.Context(), 7, ann, "phone", rule("mine")); !errors.Is(err, mapping.ErrRule) {
		t.Errorf("unknown rule: %v", err)
	}
	for _, want := range []bool{true, false} {
		if got, err := s.Remove(t.Context(), 7, ann, "phone"); err != nil || got != want {
			t.Errorf("removed %v, %v", got, err)
		}
	}
	if want := []string{"newest_wins", "lumo_always", "paused", "waiting_first_sync", "removed"}; len(o.notes) != len(want) {
		t.Errorf("audit %+v", o.notes)
	}
}

func TestListsByName(t *testing.T) {
	t.Parallel()
	all := []hubspotlist.List{{ID: "3", Name: "b"}, {ID: "1", Name: "Beta"}, {ID: "2", Name: "alpha"}}
	var got []id.ListID
	for _, l := range syncdata.ListsByName(all, "B") {
		got = append(got, l.ID)
	}
	if !slices.Equal(got, []id.ListID{"3", "1"}) || all[0].ID != "3" {
		t.Errorf("%v", got)
	}
}

func TestWhatToDo(t *testing.T) {
	t.Parallel()
	for status, want := range map[mapping.Status]string{
		mapping.Active: "", mapping.WaitingFirst: "WAIT_FOR_RUN", mapping.Paused: "RESUME", mapping.PropertyDeleted: "RESTORE_PROPERTY",
		mapping.TypeChanged: "MAP_AGAIN", mapping.NoPermission: "GRANT_PERMISSION",
	} {
		if got := syncdata.Todo(mapping.Mapping{Status: status}); got != want {
			t.Errorf("%s: %q", status, got)
		}
	}
}

// Mapping a field before any account is connected keeps the names that every portal starts with (P-36).
func TestTheFirstMappingJoinsTheDefaults(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	if _, err := s.Add(t.Context(), 7, ann, "phone", "", noon); err != nil {
		t.Fatal(err)
	}
	set, err := s.Mappings.Load(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"firstname", "lastname", "phone"} {
		if m, ok := set.Find(name); !ok || m.Status != mapping.WaitingFirst {
			t.Errorf("%s: %+v, %t", name, m, ok)
		}
	}
}
