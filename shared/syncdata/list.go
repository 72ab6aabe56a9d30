package syncdata

import (
	"cmp"
	"slices"
	"strings"

	"lumo/shared/hubspotlist"
)

// ListsByName keeps the HubSpot lists whose name contains the search text, in the order of their names.
func ListsByName(all []hubspotlist.List, search string) []hubspotlist.List {
	search = strings.ToLower(strings.TrimSpace(search))
	out := slices.DeleteFunc(slices.Clone(all), func(l hubspotlist.List) bool { return !strings.Contains(strings.ToLower(l.Name), search) })
	slices.SortFunc(out, func(a, b hubspotlist.List) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return out
}
