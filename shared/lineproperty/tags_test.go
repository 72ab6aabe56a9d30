package lineproperty_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lumo/shared/lineproperty"
)

func TestTagsBecomeOptions(t *testing.T) {
	t.Parallel()
	crm := newCRM()
	s, store := newService(crm)
	ensure(t, s, shop)
	set := func(tags ...lineproperty.Tag) []lineproperty.Option {
		t.Helper()
		if _, err := s.SetTags(t.Context(), 7, shop, tags); err != nil {
			t.Fatal(err)
		}
		return crm.live["line_tags"].Options
	}
	vip, new_ := lineproperty.Tag{ID: "t1", Name: "VIP"}, lineproperty.Tag{ID: "t2", Name: "New"}
	if got := set(vip, new_); len(got) != 2 || got[0].Label != "VIP" || got[0].Value != "t1" {
		t.Fatalf("options %+v", got)
	}
	vip.Name = "Gold"
	if got := set(vip, new_); got[0].Label != "Gold" || got[0].Value != "t1" {
		t.Fatalf("renamed: %+v", got)
	}
	vip.Deleted = true
	if got := set(vip, new_); len(got) != 2 || !got[0].Hidden {
		t.Fatalf("deleted: %+v", got)
	}
	crm.writes = nil
	if set(vip, new_); len(crm.writes) != 0 || len(store.locks) != 0 {
		t.Fatalf("again: %q, locks %v", crm.writes, store.locks)
	}
}

func TestTagOptionsAreChangedUnderALock(t *testing.T) {
	t.Parallel()
	crm := newCRM()
	s, store := newService(crm)
	ensure(t, s, shop)
	store.locks["options#line_tags"] = "somebody else"
	if _, err := s.SetTags(t.Context(), 7, shop, []lineproperty.Tag{{ID: "t1", Name: "VIP"}}); !errors.Is(err, lineproperty.ErrBusy) {
		t.Fatalf("got %v", err)
	}
}

func TestTooManyTagsBecomeText(t *testing.T) {
	t.Parallel()
	crm := newCRM()
	s, _ := newService(crm)
	ensure(t, s, cafe)
	var tags []lineproperty.Tag
	for i := range lineproperty.MaxTagOptions + 1 {
		tags = append(tags, lineproperty.Tag{ID: fmt.Sprint("t", i), Name: fmt.Sprint("Tag ", i)})
	}
	for range 2 {
		set, err := s.SetTags(t.Context(), 7, cafe, tags)
		if err != nil {
			t.Fatal(err)
		}
		e := set.Entries[lineproperty.Tags]
		if !e.Text || e.Name != "line_tag_names_2" || crm.live[e.Name].Type != "string" {
			t.Fatalf("entry %+v", e)
		}
	}
	if e := ensure(t, s, cafe)[0].Entries[lineproperty.Tags]; !e.Text || e.Status != lineproperty.Ready {
		t.Fatalf("entry %+v", e)
	}
}

func TestADeletedTagPropertyIsNoticed(t *testing.T) {
	t.Parallel()
	crm := newCRM()
	s, _ := newService(crm)
	ensure(t, s, shop)
	crm.remove("line_tags")
	set, err := s.SetTags(t.Context(), 7, shop, []lineproperty.Tag{{ID: "t1", Name: "VIP"}})
	if err != nil || set.Entries[lineproperty.Tags].Status != lineproperty.Missing {
		t.Fatalf("%+v, %v", set.Entries[lineproperty.Tags], err)
	}
}

func TestOptionsMirrorTags(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		crm := newCRM()
		s, _ := newService(crm)
		ensure(t, s, shop)
		foreign := lineproperty.Option{Label: "Theirs", Value: "theirs"}
		p := crm.live["line_tags"]
		p.Options = []lineproperty.Option{foreign}
		crm.live["line_tags"] = p
		var tags []lineproperty.Tag
		for i := range rapid.IntRange(1, 12).Draw(rt, "rounds") {
			at := fmt.Sprint("round ", i)
			tag := lineproperty.Tag{
				ID: fmt.Sprint("t", rapid.IntRange(0, 5).Draw(rt, at)), Name: rapid.SampledFrom([]string{"A", "a", "B", "Theirs"}).Draw(rt, at+" name"),
				Deleted: rapid.Bool().Draw(rt, at+" deleted"),
			}
			tags = append(slices.DeleteFunc(tags, func(o lineproperty.Tag) bool { return o.ID == tag.ID }), tag)
			if _, err := s.SetTags(t.Context(), 7, shop, tags); err != nil {
				rt.Fatal(err)
			}
			options := crm.live["line_tags"].Options
			labels, orders := map[string]bool{}, map[int]bool{}
			for _, o := range options {
				if l := strings.ToLower(o.Label); labels[l] || orders[o.Order] {
					rt.Fatalf("twice the same in %+v", options)
				}
				labels[strings.ToLower(o.Label)], orders[o.Order] = true, true
			}
			if options[0] != foreign {
				rt.Fatalf("a foreign option was touched: %+v", options)
			}
			for _, tag := range tags {
				i := slices.IndexFunc(options, func(o lineproperty.Option) bool { return o.Value == tag.ID })
				if i < 0 && !tag.Deleted || i >= 0 && (options[i].Hidden != tag.Deleted || !strings.HasPrefix(options[i].Label, tag.Name)) {
					rt.Fatalf("tag %+v in %+v", tag, options)
				}
			}
		}
	})
}
