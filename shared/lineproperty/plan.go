package lineproperty

import (
	"strings"

	"lumo/shared/id"
)

// Wish is what one slot should have.
type Wish struct {
	Slot        id.Slot
	AccountName string
	// Also are keys beyond those that everyone gets (Property.DefaultOn).
	Also []Key
}

func (w Wish) properties() []Property {
	var out []Property
	for _, d := range ForSlot(w.Slot, w.AccountName) {
		wanted := d.DefaultOn
		for _, k := range w.Also {
			wanted = wanted || k == d.Key
		}
		if wanted {
			out = append(out, d)
		}
	}
	return out
}

// maxUnique is HubSpot's limit of unique properties per object.
const maxUnique = 10

// mark at the end of a description tells a property that we made from one that was there before us.
const mark = "Written by Lumo."

// portalProperties is what a portal has, by name.
type portalProperties struct {
	live, archived map[string]Property
	unique         int // custom unique properties in use
}

func index(live, archived []Property) portalProperties {
	pp := portalProperties{live: map[string]Property{}, archived: map[string]Property{}}
	for _, p := range live {
		pp.live[p.Name] = p
		if p.Unique && !p.Standard {
			pp.unique++
		}
	}
	for _, p := range archived {
		pp.archived[p.Name] = p
	}
	return pp
}

// step is what must be done in HubSpot for one slot, and what will be true of its keys afterwards. Entries to be created are Ready.
type step struct {
	entries map[Key]Entry
	create  []Property
	// options are fixed options that an adopted property lacks, by property name: the whole list to write.
	options map[string][]Option
}

// plan decides without calling anybody. Properties that we had and a user deleted stay Missing (P-48); everything else that is
// wanted is adopted when it fits, created when it is nowhere, and given another name when a misfit holds ours (P-06).
func plan(set Set, w Wish, has portalProperties) step {
	st := step{entries: map[Key]Entry{}, options: map[string][]Option{}}
	for k, e := range set.Entries {
		st.entries[k] = e
	}
	for _, d := range w.properties() {
		old, known := set.Entries[d.Key]
		switch {
		case known && old.Status != Refused:
			st.known(d, old, has)
		default:
			st.fresh(d, &has)
		}
	}
	return st
}

// known looks at a property that stood for the key before.
func (st *step) known(d Property, e Entry, has portalProperties) {
	if e.Text {
		d = namesOfTags(d)
	}
	have, ok := has.live[e.Name]
	switch {
	case !ok:
		e.Status, e.Reason = Missing, ""
	case !fits(d, have):
		e.Status, e.Reason = Retyped, have.Type+"/"+have.FieldType
	default:
		e.Status, e.Reason, e.Unique = Ready, "", have.Unique
		st.lacking(d, have)
	}
	st.entries[d.Key] = e
}

// fresh finds a property for a key that has none.
func (st *step) fresh(d Property, has *portalProperties) {
	wanted := d.Name
	for _, name := range []string{wanted, wanted + "_app"} {
		e := Entry{Key: d.Key, Name: name, Status: Ready}
		if name != wanted {
			e.Instead = wanted
		}
		have, live := has.live[name]
		if live && fits(d, have) {
			e.Adopted, e.Unique = !strings.HasSuffix(have.Description, mark), have.Unique
			st.lacking(d, have)
			st.entries[d.Key] = e
			return
		}
		// Creating under an archived name brings the old property back, so its type must fit too.
		old, archived := has.archived[name]
		if live || archived && !fits(d, old) {
			continue
		}
		d.Name = name
		if d.Unique && has.unique >= maxUnique {
			d.Unique = false
		}
		if d.Unique {
			has.unique++
		}
		e.Unique = d.Unique
		st.create = append(st.create, d)
		st.entries[d.Key] = e
		return
	}
	st.entries[d.Key] = Entry{Key: d.Key, Name: wanted, Status: Refused, Reason: "NAME_TAKEN"}
}

// lacking plans the fixed options that an adopted enumeration does not have. Tags bring their own.
func (st *step) lacking(d, have Property) {
	if d.Type != "enumeration" || have.Type != "enumeration" || d.Key == Tags {
		return
	}
	merged, changed := addOptions(have.Options, d.Options)
	if changed {
		st.options[have.Name] = merged
	}
}

// fits tells whether our values can be written to a property as it is.
func fits(want, have Property) bool {
	if have.ReadOnly {
		return false
	}
	switch {
	case want.Key == NeedsReply:
		return have.FieldType == "booleancheckbox"
	case want.Type != have.Type:
		return false
	case want.Type == "string":
		return have.FieldType == "text" || have.FieldType == "textarea"
	case want.Type == "enumeration":
		// Only a checkbox can hold several values; a single choice may be shown in either way.
		return (want.FieldType == "checkbox") == (have.FieldType == "checkbox") && have.FieldType != "booleancheckbox"
	}
	return true
}

// Problems lists what is not written, and why.
func (s Set) Problems() []Entry {
	return s.filter(func(e Entry) bool { return e.Status != Ready })
}

// Adopted lists what was there before us or got another name than planned.
func (s Set) Adopted() []Entry {
	return s.filter(func(e Entry) bool { return e.Status == Ready && (e.Adopted || e.Instead != "") })
}

// filter keeps the order of the catalog.
func (s Set) filter(keep func(Entry) bool) []Entry {
	var out []Entry
	for _, d := range catalog {
		if e, ok := s.Entries[d.Key]; ok && keep(e) {
			out = append(out, e)
		}
	}
	return out
}
