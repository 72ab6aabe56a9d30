package sim

import (
	"fmt"
	"slices"
	"strings"

	hs "lumo/scripts/hubspotsandbox"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/mapping"
	"lumo/shared/register"
)

// journal remembers the edits that people made in Lumo and that Lumo accepted.
type journal struct {
	newest map[editKey]lumoEdit
	all    map[editKey][]lumoEdit
}

type editKey struct {
	portal   id.PortalID
	friend   friend.Key
	property string
}

type lumoEdit struct {
	value string
	at    int64
}

func newJournal() *journal {
	return &journal{newest: map[editKey]lumoEdit{}, all: map[editKey][]lumoEdit{}}
}

func (j *journal) edited(p id.PortalID, k friend.Key, property, value string, at int64) {
	key := editKey{p, k, property}
	j.all[key] = append(j.all[key], lumoEdit{value, at})
	if old := j.newest[key]; at > old.at || at == old.at && value > old.value {
		j.newest[key] = lumoEdit{value, at}
	}
}

// verdict is what both sides should hold. Where open is set the rule alone does not tell, and both sides must only be equal.
type verdict struct {
	value string
	by    register.Side
	open  bool
}

// judge decides a field from the outside: HubSpot's own history and the journal, by the rules of P-39 and P-40 as people read them. ks are
// the friends linked to the contact: they are one person.
func (j *journal) judge(t *tenant, ks []friend.Key, m mapping.Mapping, r hs.Record) verdict {
	now, history := r.Value(m.Property), r.History[m.Property]
	var lumo lumoEdit
	for _, k := range ks {
		if e, ok := j.newest[editKey{t.id, k, m.Property}]; ok && (e.at > lumo.at || e.at == lumo.at && e.value > lumo.value) {
			lumo = e
		}
	}
	theirs := foreign(history)
	v := verdict{theirs.Value, register.HubSpot, false}
	switch m.Rule {
	case register.HubSpotAlways:
		return verdict{now, register.HubSpot, false}
	case register.HubSpotElseLumo:
		v.value = now
		if strings.TrimSpace(now) == "" && lumo.at != 0 {
			v = verdict{lumo.value, register.Lumo, false}
		}
		return v
	case register.LumoAlways:
		if lumo.at != 0 {
			v = verdict{lumo.value, register.Lumo, false}
		}
	default:
		if lumo.at != 0 && (theirs.At.IsZero() || lumo.at > theirs.At.UnixMilli()+register.TieMillis) {
			v = verdict{lumo.value, register.Lumo, false}
		}
	}
	v.open = j.stranger(t, ks, m, history, max(theirs.At.UnixMilli(), lumo.at))
	return v
}

// stranger tells whether, after a time, we wrote a value for a friend who is not linked to the contact any more: such an edit was
// somebody's, too.
func (j *journal) stranger(t *tenant, ks []friend.Key, m mapping.Mapping, history []hs.Entry, after int64) bool {
	canon := mapping.Canonical(m)
	for _, e := range history {
		if !ours(e.Source) || e.At.UnixMilli() < after {
			continue
		}
		for key, edits := range j.all {
			if key.portal != t.id || key.property != m.Property || slices.Contains(ks, key.friend) {
				continue
			}
			if slices.ContainsFunc(edits, func(x lumoEdit) bool { return canon(x.value) == canon(e.Value) }) {
				return true
			}
		}
	}
	return false
}

// inherited tells whether a friend's edit was made on a friend who was linked to the same contact and is not any more.
func (j *journal) inherited(t *tenant, ks []friend.Key, m mapping.Mapping, e register.Edit) bool {
	for key, edits := range j.all {
		if key.portal == t.id && key.property == m.Property && !slices.Contains(ks, key.friend) && slices.Contains(edits, lumoEdit{e.Value, e.At}) {
			return true
		}
	}
	return false
}

// foreign is the newest entry that is not our own write; entries come newest first.
func foreign(entries []hs.Entry) hs.Entry {
	i := slices.IndexFunc(entries, func(e hs.Entry) bool { return !ours(e.Source) })
	if i < 0 {
		return hs.Entry{}
	}
	return entries[i]
}

func ours(s hs.Source) bool { return s.Type == "INTEGRATION" && s.ID == fmt.Sprint(appID) }
