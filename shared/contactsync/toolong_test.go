package contactsync_test

import (
	"slices"
	"strings"
	"testing"

	"lumo/shared/friend"
	"lumo/shared/mapping"
	"lumo/shared/register"
)

// What a friend's row cannot hold is a failed item that names the property; everything else of the contact goes through.
func TestValuesThatAreTooLongTogetherAreLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for _, p := range []string{"notes", "story"} {
		w.scope.Mappings.Mappings = append(w.scope.Mappings.Mappings, mapping.Mapping{
			Property: p, Label: p, Type: "string", FieldType: "textarea", Rule: register.NewestWins, Status: mapping.Active,
		})
	}
	w.edit(1, "firstname", "Aoi", false)
	w.edit(1, "notes", strings.Repeat("n", 20_000), false)
	w.edit(1, "story", strings.Repeat("長", 60_000), false)
	k := w.link(t, 1, userA)
	f := w.friends[k]
	if w.shown(k, "firstname") != "Aoi" || len(w.shown(k, "notes")) != 20_000 || w.shown(k, "story") != "" {
		t.Fatalf("first name %q, %d of notes, %d of story", w.shown(k, "firstname"), len(w.shown(k, "notes")), len(w.shown(k, "story")))
	}
	if f.Weight() > friend.MaxWeight {
		t.Errorf("the fields weigh %d", f.Weight())
	}
	it, ok := w.failures["read#1"]
	if !ok || it.Code != "VALUE_TOO_LONG" || !slices.Equal(it.Properties, []string{"story"}) {
		t.Errorf("failed items: %+v", w.failures)
	}
	w.clock.Advance(60_000_000_000)
	w.edit(1, "story", "short", false)
	w.notify(t, changed(1, "story"))
	if got := w.shown(k, "story"); got != "short" {
		t.Errorf("the shortened story is %q", got)
	}
}
