package contactsync

import (
	"maps"
	"slices"

	"lumo/shared/changelog"
	"lumo/shared/friend"
	"lumo/shared/lineproperty"
	"lumo/shared/mapping"
	"lumo/shared/register"
)

// Pending is what HubSpot must still learn of one friend.
type Pending struct {
	Properties  map[string]string
	NeedHistory []string
}

// PendingOf computes it. Unlinked friends owe nothing.
func PendingOf(f friend.Friend, s Scope) Pending {
	p := Pending{Properties: map[string]string{}}
	if f.Link.Contact == 0 || f.Link.State == friend.Conflict {
		return p
	}
	for _, m := range s.Mappings.Flowing() {
		r, ok := f.Fields[m.Property]
		if !ok {
			continue
		}
		o := m.Decide(r)
		switch {
		case o.NeedHistory:
			p.NeedHistory = append(p.NeedHistory, m.Property)
		case o.WriteHubSpot:
			p.Properties[m.Property] = o.Value
		}
	}
	for key, v := range unshown(f, s) {
		p.Properties[s.Names[f.Slot][key].Name] = v
	}
	maps.Copy(p.Properties, f.Answers)
	return p
}

// Wrote records that HubSpot accepted the values; updatedAt is the record's time after the write (HubSpot's clock), now is ours. What
// changed meanwhile stays marked, behind the coalescing window.
func Wrote(before friend.Friend, s Scope, written map[string]string, updatedAt, now int64, cause string) (friend.Friend, []changelog.Record) {
	f := before.Clone()
	var log []changelog.Record
	for _, m := range s.Mappings.Flowing() {
		v, ok := written[m.Property]
		if !ok {
			continue
		}
		r := f.Fields[m.Property]
		o := m.Decide(r)
		log = append(log, changelog.Record{
			Friend: f.Key, Contact: f.Link.Contact, Field: m.Property, To: register.HubSpot, Old: r.Held.Value, New: v, Winner: o.Winner, Reason: o.Reason,
			Rule: m.Rule, HubSpotAt: r.HubSpot.At, HubSpotBy: r.HubSpot.Inexact, LumoAt: r.Lumo.At, Cause: cause, At: now,
		})
		after := r.Written(v, updatedAt)
		f.Fields[m.Property] = after
		// Where HubSpot's side wins, what was written is what shows now: the row may have changed under the write.
		log = append(log, settle(&f, f.Link.Contact, m, r, after, now, cause).changes...)
	}
	log = append(log, shownWritten(&f, s, written, now, cause)...)
	log = append(log, answersWritten(&f, written, now, cause)...)
	if len(written) > 0 {
		f.ShownAsOf, f.WrittenAt = max(f.ShownAsOf, updatedAt), now
	}
	f.Due = 0
	if rest := PendingOf(f, s); len(rest.Properties) > 0 || len(rest.NeedHistory) > 0 {
		f.MarkDirty(now)
	}
	return f, log
}

// answersWritten forgets the answers that HubSpot holds now.
func answersWritten(f *friend.Friend, written map[string]string, now int64, cause string) []changelog.Record {
	var log []changelog.Record
	for _, p := range slices.Sorted(maps.Keys(f.Answers)) {
		v := f.Answers[p]
		if got, ok := written[p]; !ok || got != v {
			continue
		}
		log = append(log, changelog.Record{
			Friend: f.Key, Contact: f.Link.Contact, Field: p, To: register.HubSpot, New: v, Winner: register.Lumo, Reason: register.ByRule,
			Rule: register.LumoAlways, LumoAt: now, Cause: cause, At: now,
		})
		delete(f.Answers, p)
	}
	if len(f.Answers) == 0 {
		f.Answers = nil
	}
	return log
}

func shownWritten(f *friend.Friend, s Scope, written map[string]string, now int64, cause string) []changelog.Record {
	var log []changelog.Record
	for _, d := range lineproperty.ForSlot(f.Slot, "") {
		p, ok := s.Names[f.Slot][d.Key]
		if !ok {
			continue
		}
		v, ok := written[p.Name]
		if !ok {
			continue
		}
		record := changelog.Record{
			Friend: f.Key, Contact: f.Link.Contact, Field: p.Name, To: register.HubSpot, Old: f.Shown[string(d.Key)], New: v,
			Winner: register.Lumo, Reason: register.ByRule, Rule: register.LumoAlways, LumoAt: now, Cause: cause, At: now,
		}
		if d.Key == lineproperty.LastReceived || d.Key == lineproperty.LastSent {
			record.Old, record.New = "", "" // a text that the friend takes back must not live on in the log
		}
		log = append(log, record)
		if f.Shown == nil {
			f.Shown = map[string]string{}
		}
		f.Shown[string(d.Key)] = v
	}
	return log
}

// EditField is a user's edit of a friend's field in Lumo.
func EditField(before friend.Friend, s Scope, m mapping.Mapping, value string, now int64, cause string) (friend.Friend, []changelog.Record) {
	f := before.Clone()
	if f.Fields == nil {
		f.Fields = map[string]register.Register{}
	}
	was := f.Fields[m.Property]
	r := was.EditInLumo(value, now)
	o := m.Decide(r)
	if o.NeedHistory { // the flush reads it and settles; until then the newer look is the edit just made
		f.Fields[m.Property] = r
		f.MarkDirty(now)
		return f, nil
	}
	res := settle(&f, f.Link.Contact, m, was, r, now, cause)
	if res.write && f.Link.Contact != 0 {
		f.MarkDirty(now)
	}
	return f, res.changes
}
