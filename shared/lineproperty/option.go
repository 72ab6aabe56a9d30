package lineproperty

import (
	"fmt"
	"slices"
	"strings"
)

// Tag is a label of friends, as HubSpot should offer it.
type Tag struct {
	ID      string
	Name    string
	Deleted bool
}

// MaxTagOptions is how many tags of a slot are kept as options; with more, the property holds their names as text (P-43).
const MaxTagOptions = 1000

// addOptions returns have with what is missing of want behind it.
func addOptions(have, want []Option) (merged []Option, changed bool) {
	merged = slices.Clone(have)
	for _, w := range want {
		if slices.ContainsFunc(have, func(h Option) bool { return h.Value == w.Value }) {
			continue
		}
		w.Order = nextOrder(merged)
		merged = append(merged, w)
		changed = true
	}
	return merged, changed
}

func nextOrder(all []Option) int {
	next := 0
	for _, o := range all {
		next = max(next, o.Order+1)
	}
	return next
}

// mergeTags brings the options in line with the tags: new ones are added, names follow, deleted ones are hidden so that old values stay
// readable (P-137). Options that are no tags of ours are left alone, since an option list is replaced whole.
func mergeTags(have []Option, tags []Tag) (merged []Option, changed bool) {
	merged = slices.Clone(have)
	at := map[string]int{}
	for i, o := range merged {
		at[o.Value] = i
	}
	labels := map[string]bool{}
	ours := map[string]bool{}
	for _, t := range tags {
		ours[t.ID] = true
	}
	for _, o := range merged {
		if !ours[o.Value] {
			labels[fold(o.Label)] = true
		}
	}
	for _, deleted := range []bool{false, true} {
		for _, t := range tags {
			if t.Deleted != deleted {
				continue
			}
			i, known := at[t.ID]
			if !known {
				if deleted {
					continue
				}
				i = len(merged)
				at[t.ID] = i
				merged = append(merged, Option{Value: t.ID, Order: nextOrder(merged)})
			}
			next := merged[i]
			next.Label, next.Hidden = free(labels, t.Name), deleted
			changed = changed || !known || next != merged[i]
			merged[i] = next
		}
	}
	return merged, changed
}

// free returns the label, numbered if another option shows the same one.
func free(labels map[string]bool, name string) string {
	label := name
	for n := 2; labels[fold(label)]; n++ {
		label = fmt.Sprintf("%s (%d)", name, n)
	}
	labels[fold(label)] = true
	return label
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// namesOfTags is the text property that takes over when there are too many tags for options.
func namesOfTags(d Property) Property {
	base, slot, found := strings.Cut(d.Name, "line_tags")
	if found {
		d.Name = base + "line_tag_names" + slot
	}
	d.Label += " (names)"
	d.Type, d.FieldType, d.Options = "string", "textarea", nil
	return d
}
