package appevent_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"lumo/shared/appevent"
	"lumo/shared/friend"
	"lumo/shared/lineproperty"
)

func TestEventsAreWhatTheWrittenPropertiesSay(t *testing.T) {
	t.Parallel()
	f := friend.Friend{
		Key: friend.Key{Slot: 1, User: "U0123456789abcdef0123456789abcdef"}, Follow: friend.Blocked, FollowAt: 50, LastCast: "Spring", LastCastAt: 40, LastOpen: 41,
		LastClick: 42, Link: friend.Link{State: friend.Linked, Contact: 501, Method: friend.EmailLink, At: 10},
	}
	of := func(f friend.Friend, written map[lineproperty.Key]string) (types []appevent.Type, ids []string) {
		for _, e := range appevent.Of(7, f, func(k lineproperty.Key) (string, bool) { v, ok := written[k]; return v, ok }) {
			types, ids = append(types, e.Type), append(ids, e.ID)
			if e.Contact != 501 || e.At == 0 {
				t.Errorf("%+v", e)
			}
		}
		return types, ids
	}
	never := f
	never.FollowAt, never.Follow = 0, friend.Following // imported: nobody knows since when
	unknown := f
	unknown.Follow = friend.Unknown
	for name, c := range map[string]struct {
		f       friend.Friend
		written map[lineproperty.Key]string
		want    []appevent.Type
	}{
		"nothing written":                  {f, nil, nil},
		"another property":                 {f, map[lineproperty.Key]string{lineproperty.DisplayName: "Aiko"}, nil},
		"cleared":                          {f, map[lineproperty.Key]string{lineproperty.OpenDate: ""}, nil},
		"blocked":                          {f, map[lineproperty.Key]string{lineproperty.FollowStatus: "blocked"}, []appevent.Type{appevent.Blocked}},
		"follows, since nobody knows when": {never, map[lineproperty.Key]string{lineproperty.FollowStatus: "following"}, nil},
		"the account left":                 {unknown, map[lineproperty.Key]string{lineproperty.FollowStatus: "unknown"}, nil},
		"sent, opened and clicked":         {f, map[lineproperty.Key]string{lineproperty.BroadcastDate: "x", lineproperty.OpenDate: "x", lineproperty.ClickDate: "x"}, []appevent.Type{appevent.Sent, appevent.Opened, appevent.Clicked}},
		"linked":                           {f, map[lineproperty.Key]string{lineproperty.LinkedDate: "x"}, []appevent.Type{appevent.Linked}},
	} {
		got, ids := of(c.f, c.written)
		_, again := of(c.f, c.written)
		if !slices.Equal(got, c.want) || !slices.Equal(ids, again) {
			t.Errorf("%s: %v", name, got)
		}
	}
	later := f
	later.LastOpen = 43
	opened := map[lineproperty.Key]string{lineproperty.OpenDate: "x"}
	if _, a := of(f, opened); true {
		if _, b := of(later, opened); a[0] == b[0] {
			t.Error("a second opening is the same event")
		}
	}
}

// The metafiles, which are uploaded once HubSpot approved the app, declare what is sent.
func TestMetafilesDeclareTheEvents(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("../../hubspot-app/app-events/*-hsmeta.json")
	if err != nil {
		t.Fatal(err)
	}
	found := map[appevent.Type][]string{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var meta struct {
			UID    appevent.Type
			Type   string
			Config struct {
				Name, ObjectType, HeaderTemplate, DetailTemplate string
				Properties                                       []struct{ Name, Label, Type string }
			}
		}
		if err := json.Unmarshal(b, &meta); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if meta.Type != "app-event" || meta.Config.ObjectType != "CONTACT" || meta.Config.Name == "" || meta.Config.HeaderTemplate == "" {
			t.Errorf("%s: %+v", name, meta)
		}
		props := []string{}
		for _, p := range meta.Config.Properties {
			props = append(props, p.Name)
		}
		found[meta.UID] = props
	}
	for _, e := range appevent.Types() {
		if !slices.Equal(found[e], e.Properties()) {
			t.Errorf("%s is declared with %v, sent with %v", e, found[e], e.Properties())
		}
	}
	if len(found) != len(appevent.Types()) {
		t.Errorf("%d are declared", len(found))
	}
}
