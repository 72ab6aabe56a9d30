package lineproperty_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/lineproperty"
	"lumo/shared/portal"
)

var (
	shop  = lineproperty.Wish{Slot: 1, AccountName: "Shop"}
	cafe  = lineproperty.Wish{Slot: 2, AccountName: "Café"}
	ann   = portal.Actor{UserID: 3}
	names = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

func ensure(t *testing.T, s *lineproperty.Service, wishes ...lineproperty.Wish) []lineproperty.Set {
	t.Helper()
	sets, err := s.Ensure(t.Context(), 7, wishes...)
	if err != nil {
		t.Fatal(err)
	}
	return sets
}

func TestNamesFollowTheSlot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		key         lineproperty.Key
		slot        id.Slot
		name, label string
	}{
		{lineproperty.UserID, 1, "line_user_id", "LINE User ID"},
		{lineproperty.UserID, 2, "line_user_id_2", "LINE User ID 2"},
		{lineproperty.BroadcastName, 10, "last_line_broadcast_name_10", "Last broadcast name 10"},
		{lineproperty.Tags, 1, "line_tags", "LINE tag"},
	} {
		p, ok := lineproperty.Define(c.key, c.slot, "Shop")
		if !ok || p.Name != c.name || p.Label != c.label || !strings.Contains(p.Description, "Shop") {
			t.Errorf("%s in slot %d: %+v", c.key, c.slot, p)
		}
		if p.Unique != (c.key == lineproperty.UserID && c.slot == 1) {
			t.Errorf("%s: unique %t", p.Name, p.Unique)
		}
	}
	seen := map[string]bool{}
	for slot := id.Slot(1); slot <= id.MaxSlot; slot++ {
		for _, p := range lineproperty.ForSlot(slot, "Shop") {
			if seen[p.Name] || !names.MatchString(p.Name) {
				t.Errorf("name %q", p.Name)
			}
			seen[p.Name] = true
		}
	}
	if g := lineproperty.GroupFor(2, "Café"); g.Name != "line_2" || g.Label != "LINE 2 – Café" {
		t.Errorf("group %+v", g)
	}
}

func TestConnectingMakesThePropertiesOnce(t *testing.T) {
	t.Parallel()
	crm := newCRM()
	s, _ := newService(crm)
	sets := ensure(t, s, shop, cafe)
	made := len(crm.live)
	for _, want := range []string{"line_user_id", "line_tags", "line_link_token", "line_user_id_2", "last_line_click_date_2"} {
		if _, ok := crm.live[want]; !ok {
			t.Errorf("%s is missing", want)
		}
	}
	if _, ok := crm.live["line_last_received_message"]; ok {
		t.Error("message texts are off by default")
	}
	if !crm.groups["line"] || !crm.groups["line_2"] {
		t.Errorf("groups %v", crm.groups)
	}
	if name, ok := sets[1].Name(lineproperty.UserID); !ok || name != "line_user_id_2" || len(sets[1].Problems()) != 0 || len(sets[1].Adopted()) != 0 {
		t.Errorf("set %+v", sets[1])
	}
	crm.writes = nil
	for range 3 {
		ensure(t, s, shop, cafe)
	}
	if len(crm.writes) != 0 || len(crm.live) != made || crm.asked != 1 {
		t.Fatalf("again: %q; asked for the groups %d times", crm.writes, crm.asked)
	}
	also := shop
	also.Also = []lineproperty.Key{lineproperty.LastReceived}
	ensure(t, s, also)
	if !slices.Equal(crm.writes, []string{"create line_last_received_message"}) {
		t.Fatalf("switched on: %q", crm.writes)
	}
}

func TestACrashBetweenMakingAndRememberingIsNoAdoption(t *testing.T) {
	t.Parallel()
	crm := newCRM()
	s, store := newService(crm)
	ensure(t, s, shop)
	delete(store.sets, 1)
	crm.writes = nil
	if set := ensure(t, s, shop)[0]; len(set.Adopted()) != 0 || len(crm.writes) != 0 {
		t.Fatalf("adopted %+v, writes %q", set.Adopted(), crm.writes)
	}
}

func TestCollisions(t *testing.T) {
	t.Parallel()
	text := lineproperty.Property{Name: "line_user_id", Type: "string", FieldType: "text"}
	number := lineproperty.Property{Name: "line_user_id", Type: "number", FieldType: "number"}
	app := lineproperty.Property{Name: "line_user_id_app", Type: "string", FieldType: "textarea"}
	badApp := lineproperty.Property{Name: "line_user_id_app", Type: "bool", FieldType: "booleancheckbox"}
	for name, c := range map[string]struct {
		live, archived []lineproperty.Property
		want           lineproperty.Entry
	}{
		"fitting: adopted":              {live: []lineproperty.Property{text}, want: lineproperty.Entry{Name: "line_user_id", Status: lineproperty.Ready, Adopted: true}},
		"unfit: another name":           {live: []lineproperty.Property{number}, want: lineproperty.Entry{Name: "line_user_id_app", Status: lineproperty.Ready, Instead: "line_user_id", Unique: true}},
		"unfit: other name fits":        {live: []lineproperty.Property{number, app}, want: lineproperty.Entry{Name: "line_user_id_app", Status: lineproperty.Ready, Instead: "line_user_id", Adopted: true}},
		"both unfit: refused":           {live: []lineproperty.Property{number, badApp}, want: lineproperty.Entry{Name: "line_user_id", Status: lineproperty.Refused, Reason: "NAME_TAKEN"}},
		"archived and fitting: back":    {archived: []lineproperty.Property{text}, want: lineproperty.Entry{Name: "line_user_id", Status: lineproperty.Ready}},
		"archived and unfit: elsewhere": {archived: []lineproperty.Property{number}, want: lineproperty.Entry{Name: "line_user_id_app", Status: lineproperty.Ready, Instead: "line_user_id", Unique: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			crm := newCRM(c.live...)
			for _, p := range c.archived {
				crm.archived[p.Name] = p
			}
			s, _ := newService(crm)
			set := ensure(t, s, shop)[0]
			c.want.Key = lineproperty.UserID
			if got := set.Entries[lineproperty.UserID]; got != c.want {
				t.Fatalf("got  %+v\nwant %+v", got, c.want)
			}
			for _, p := range c.live {
				if crm.live[p.Name].Type != p.Type {
					t.Fatalf("%s was retyped", p.Name)
				}
			}
		})
	}
}

func TestTheUniqueBudget(t *testing.T) {
	t.Parallel()
	t.Run("counted", func(t *testing.T) {
		t.Parallel()
		crm := newCRM(lineproperty.Property{Name: "email", Type: "string", FieldType: "text", Unique: true, Standard: true})
		for i := range 10 {
			n := fmt.Sprintf("code_%d", i)
			crm.live[n] = lineproperty.Property{Name: n, Type: "string", FieldType: "text", Unique: true}
		}
		s, _ := newService(crm)
		if e := ensure(t, s, shop)[0].Entries[lineproperty.UserID]; e.Status != lineproperty.Ready || e.Unique || crm.live["line_user_id"].Unique {
			t.Fatalf("entry %+v", e)
		}
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		crm := newCRM()
		crm.noUnique = true
		s, _ := newService(crm)
		if e := ensure(t, s, shop)[0].Entries[lineproperty.UserID]; e.Status != lineproperty.Ready || e.Unique {
			t.Fatalf("entry %+v", e)
		}
	})
}

func TestARefusedPropertyIsToldAndTriedAgain(t *testing.T) {
	t.Parallel()
	crm := newCRM()
	crm.refuse["line_consent"] = fault.Invalid
	s, _ := newService(crm)
	set := ensure(t, s, shop)[0]
	if p := set.Problems(); len(p) != 1 || p[0].Key != lineproperty.Consent || p[0].Reason != "TEST_INVALID" {
		t.Fatalf("problems %+v", p)
	}
	if _, ok := set.Name(lineproperty.Consent); ok {
		t.Fatal("a refused property must not be written")
	}
	delete(crm.refuse, "line_consent")
	if p := ensure(t, s, shop)[0].Problems(); len(p) != 0 {
		t.Fatalf("problems %+v", p)
	}
}

func TestTroubleThatGoesAwayIsAnError(t *testing.T) {
	t.Parallel()
	crm := newCRM()
	crm.refuse["line_consent"] = fault.Unavailable
	s, store := newService(crm)
	if _, err := s.Ensure(t.Context(), 7, shop); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("got %v", err)
	}
	if len(store.sets) != 0 {
		t.Fatal("nothing may be remembered of an unfinished run")
	}
	delete(crm.refuse, "line_consent")
	if set := ensure(t, s, shop)[0]; len(set.Problems()) != 0 || len(set.Adopted()) != 0 {
		t.Fatalf("set %+v", set)
	}
}

func TestADeletedPropertyStaysDeletedUntilAsked(t *testing.T) {
	t.Parallel()
	crm := newCRM()
	s, store := newService(crm)
	ensure(t, s, shop)
	crm.remove("line_follow_status")
	changed, err := s.MarkMissing(t.Context(), 7, 1, "line_follow_status")
	if err != nil || !changed {
		t.Fatalf("%t, %v", changed, err)
	}
	if changed, err = s.MarkMissing(t.Context(), 7, 1, "line_follow_status"); err != nil || changed {
		t.Fatalf("twice: %t, %v", changed, err)
	}
	if e := ensure(t, s, shop)[0].Entries[lineproperty.FollowStatus]; e.Status != lineproperty.Missing {
		t.Fatalf("entry %+v", e)
	}
	set, err := s.Recreate(t.Context(), 7, ann, shop, lineproperty.FollowStatus)
	if err != nil || set.Entries[lineproperty.FollowStatus].Status != lineproperty.Ready || crm.live["line_follow_status"].Name == "" {
		t.Fatalf("%+v, %v", set.Entries[lineproperty.FollowStatus], err)
	}
	if len(store.log) != 1 || store.log[0].Action != portal.PropertyRestore {
		t.Fatalf("log %+v", store.log)
	}
}

func TestAPropertyThatWasRetypedIsNotWritten(t *testing.T) {
	t.Parallel()
	crm := newCRM()
	s, _ := newService(crm)
	ensure(t, s, shop)
	crm.live["line_display_name"] = lineproperty.Property{Name: "line_display_name", Type: "number", FieldType: "number"}
	set := ensure(t, s, shop)[0]
	if _, ok := set.Name(lineproperty.DisplayName); ok || set.Problems()[0].Status != lineproperty.Retyped {
		t.Fatalf("problems %+v", set.Problems())
	}
	crm.live["line_display_name"] = lineproperty.Property{Name: "line_display_name", Type: "string", FieldType: "textarea"}
	if set = ensure(t, s, shop)[0]; len(set.Problems()) != 0 {
		t.Fatalf("problems %+v", set.Problems())
	}
}

func TestAnAdoptedChoiceGetsOurOptions(t *testing.T) {
	t.Parallel()
	theirs := lineproperty.Option{Label: "VIP", Value: "vip", Order: 4}
	crm := newCRM(lineproperty.Property{Name: "line_follow_status", Type: "enumeration", FieldType: "radio", Options: []lineproperty.Option{theirs}})
	s, _ := newService(crm)
	ensure(t, s, shop)
	got := crm.live["line_follow_status"].Options
	if len(got) != 4 || got[0] != theirs || got[1].Value != lineproperty.Following || got[1].Order != 5 {
		t.Fatalf("options %+v", got)
	}
}

func TestUsingAnExistingPropertyForTheUserID(t *testing.T) {
	t.Parallel()
	crm := newCRM(
		lineproperty.Property{Name: "line_user_id_lhc", Label: "LINE User ID _ 1", Type: "string", FieldType: "text"},
		lineproperty.Property{Name: "score", Type: "number", FieldType: "number"},
		lineproperty.Property{Name: "email", Type: "string", FieldType: "text", Standard: true})
	s, store := newService(crm)
	ensure(t, s, shop)
	for _, bad := range []string{"score", "email"} {
		if _, err := s.UseExisting(t.Context(), 7, ann, 1, bad); !errors.Is(err, lineproperty.ErrUnfit) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := s.UseExisting(t.Context(), 7, ann, 1, "nowhere"); !fault.Is(err, fault.NotFound) {
		t.Errorf("nowhere: %v", err)
	}
	for range 2 {
		set, err := s.UseExisting(t.Context(), 7, ann, 1, "line_user_id_lhc")
		if name, _ := set.Name(lineproperty.UserID); err != nil || name != "line_user_id_lhc" {
			t.Fatalf("%q, %v", name, err)
		}
	}
	if len(store.log) != 1 {
		t.Fatalf("log %+v", store.log)
	}
	if name, _ := ensure(t, s, shop)[0].Name(lineproperty.UserID); name != "line_user_id_lhc" {
		t.Fatalf("forgotten: %q", name)
	}
	all, err := s.Candidates(t.Context(), 7, 1)
	if err != nil || slices.ContainsFunc(all, func(p lineproperty.Property) bool { return p.Name == "score" || p.Name == "email" }) {
		t.Fatalf("candidates %+v, %v", all, err)
	}
}

func TestEnsureSettlesWhateverThePortalHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		crm := newCRM()
		kinds := []lineproperty.Property{
			{Type: "string", FieldType: "text"}, {Type: "number", FieldType: "number"}, {Type: "enumeration", FieldType: "select"},
			{Type: "enumeration", FieldType: "checkbox"}, {Type: "datetime", FieldType: "date"}, {Type: "bool", FieldType: "booleancheckbox"},
		}
		var before []lineproperty.Property
		for _, d := range lineproperty.ForSlot(1, "Shop") {
			for _, name := range []string{d.Name, d.Name + "_app"} {
				where := rapid.IntRange(0, 3).Draw(rt, name)
				p := rapid.SampledFrom(kinds).Draw(rt, name+" kind")
				p.Name = name
				switch where {
				case 1:
					crm.live[name] = p
					before = append(before, p)
				case 2:
					crm.archived[name] = p
				}
			}
		}
		s, _ := newService(crm)
		first, err := s.Ensure(t.Context(), 7, shop, cafe)
		if err != nil {
			rt.Fatal(err)
		}
		for _, p := range before {
			if now := crm.live[p.Name]; now.Type != p.Type || now.FieldType != p.FieldType {
				rt.Fatalf("%s was changed", p.Name)
			}
		}
		used := map[string]bool{}
		for _, set := range first {
			for _, d := range lineproperty.ForSlot(set.Slot, "") {
				name, ok := set.Name(d.Key)
				if !ok {
					continue
				}
				if have, there := crm.live[name]; !there || used[name] || have.Type != d.Type && d.Key != lineproperty.NeedsReply {
					rt.Fatalf("%s stands for %s: %+v", name, d.Key, have)
				}
				used[name] = true
			}
		}
		crm.writes = nil
		if _, err := s.Ensure(t.Context(), 7, shop, cafe); err != nil || len(crm.writes) != 0 {
			rt.Fatalf("again: %q, %v", crm.writes, err)
		}
	})
}
