package syncdata_test

import (
	"errors"
	"slices"
	"testing"

	"lumo/shared/fault"
	"lumo/shared/lineproperty"
	"lumo/shared/mapping"
	"lumo/shared/syncdata"
)

// lose deletes a mapped property in HubSpot, and lets the sync find out.
func lose(t *testing.T, s *syncdata.Service, o *outside, name string, remembered bool) {
	t.Helper()
	i := slices.IndexFunc(o.props, func(p lineproperty.Property) bool { return p.Name == name })
	if remembered {
		old := o.props[i]
		old.Archived = true
		o.archive = append(o.archive, old)
	}
	o.props = slices.Delete(slices.Clone(o.props), i, i+1)
	set, err := s.Mappings.Load(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	set, err = set.Change(name, func(m *mapping.Mapping) error { m.Status = mapping.PropertyDeleted; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Mappings.Save(t.Context(), 7, set); err != nil {
		t.Fatal(err)
	}
}

func TestADeletedPropertyIsMadeAnewAsItWas(t *testing.T) {
	t.Parallel()
	s, o := newService(t)
	for _, name := range []string{"phone", "topics"} {
		if _, err := s.Add(t.Context(), 7, ann, name, "", noon); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recreate(t.Context(), 7, ann, name); !errors.Is(err, syncdata.ErrNothing) {
			t.Errorf("%s is there: %v", name, err)
		}
	}
	i := slices.IndexFunc(o.props, func(p lineproperty.Property) bool { return p.Name == "topics" })
	o.props[i].Options = []lineproperty.Option{{Label: "Tea", Value: "tea"}}
	lose(t, s, o, "topics", true)
	lose(t, s, o, "phone", false)
	o.started = nil

	got, err := s.Recreate(t.Context(), 7, ann, "topics")
	if err != nil || got.Mapping.Status != mapping.WaitingFirst || got.Run == nil || len(o.made) != 1 || len(o.made[0].Options) != 1 || o.made[0].Archived {
		t.Errorf("remembered: %+v, %v; made %+v", got, err, o.made)
	}
	// HubSpot forgot it: a text can be made of what the mapping knows.
	o.refuses = &fault.Fault{Class: fault.Invalid, Code: "PROPERTY_LIMIT"}
	if _, err := s.Recreate(t.Context(), 7, ann, "phone"); !fault.Is(err, fault.Invalid) {
		t.Errorf("refused: %v", err)
	}
	o.refuses = nil
	got, err = s.Recreate(t.Context(), 7, ann, "phone")
	if err != nil || got.Mapping.Status != mapping.WaitingFirst || o.made[1].Label != "The phone" || o.made[1].Group == "" {
		t.Errorf("forgotten: %+v, %v; made %+v", got, err, o.made)
	}
	if _, err := s.Recreate(t.Context(), 7, ann, "city"); !errors.Is(err, mapping.ErrUnknown) {
		t.Errorf("not mapped: %v", err)
	}
	// A process that died after making it left the mapping as it was: nothing is made twice.
	lose(t, s, o, "phone", false)
	o.props = append(o.props, text("phone"))
	if got, err := s.Recreate(t.Context(), 7, ann, "phone"); err != nil || got.Mapping.Status != mapping.WaitingFirst || len(o.made) != 2 {
		t.Errorf("made already: %+v, %v", got, err)
	}
}

func TestChoicesThatNobodyRemembersAreNotGuessed(t *testing.T) {
	t.Parallel()
	s, o := newService(t)
	if _, err := s.Add(t.Context(), 7, ann, "topics", "", noon); err != nil {
		t.Fatal(err)
	}
	lose(t, s, o, "topics", false)
	if _, err := s.Recreate(t.Context(), 7, ann, "topics"); !errors.Is(err, syncdata.ErrChoices) || len(o.made) != 0 {
		t.Errorf("%v, made %+v", err, o.made)
	}
}
