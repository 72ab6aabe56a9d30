package contactsync

import (
	"slices"

	"lumo/shared/changelog"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineproperty"
	"lumo/shared/mapping"
	"lumo/shared/register"
)

// Contact is a HubSpot contact as it was read: only the properties that were asked for are present, nil where never set.
type Contact struct {
	ID         id.ContactID
	Properties map[string]*string
	History    map[string][]register.Entry // present for the properties whose history was asked for
	UpdatedAt  int64                       // Unix ms, HubSpot's clock
	// Indexed is set when it came from the search index, which lags behind the record.
	Indexed bool
	// CompanyName is the name of the primary company, when that was resolved; Company is 0 when the contact has none.
	Company     id.CompanyID
	CompanyName string
	HasCompany  bool // Company and CompanyName were resolved
	// Shared is what the contact's friends of other accounts know of the mapped fields: an edit of one of them is an edit of all.
	Shared map[string]register.Register
	// SharedSince is when the first of them was linked to it; 0 if there are none.
	SharedSince int64
	// Holders are the friends linked to the contact, where they were looked up already (HasHolders).
	Holders    []friend.Key
	HasHolders bool
	// Proofs are of friends who were shown to be this contact in another way than by the LINE User ID in it.
	Proofs map[friend.Key]friend.Proof
	// Answers are what those friends said of themselves, by property.
	Answers map[friend.Key]map[string]string
}

// Observed is what one look at a contact makes of a friend.
type Observed struct {
	Friend  friend.Friend
	Changes []changelog.Record
	// NeedHistory lists properties whose history must be read before anything is decided; Friend is then unchanged.
	NeedHistory []string
	Claim       friend.ClaimResult
	Changed     bool
	// Retagged: HubSpot changed the tags, which the directory of friends must know.
	Retagged bool
	// TooLong lists properties that were left out, because the friend's row cannot hold their values.
	TooLong []string
}

// Observe merges a contact into the friend that its LINE User ID names (or that is linked to it). It is pure: the same inputs give the
// same result, and observing twice changes nothing.
func Observe(before friend.Friend, c Contact, s Scope, now int64, cause string) Observed {
	proof, proven := c.Proofs[before.Key]
	if !proven {
		proof = friend.Proof{Method: friend.ImportedID, At: now, Actor: "hubspot"}
	}
	if proven && before.Outlived(c.ID, proof) || !proven && !before.Claimable(c.ID, c.UpdatedAt) {
		return Observed{Friend: before}
	}
	f := before.Clone()
	out := Observed{Claim: f.ClaimBy(c.ID, proof)}
	if out.Claim == friend.Contested {
		out.Friend, out.Changed = f, !f.Equal(before)
		return out
	}
	if c.SharedSince != 0 && c.SharedSince < f.Link.Began() {
		f.Link.Since = c.SharedSince
	}
	if f.Fields == nil {
		f.Fields = map[string]register.Register{}
	}
	dirty := out.Claim == friend.NewLink && answered(&f, c.Answers[f.Key], s, proof.At)
	for _, m := range s.Mappings.Flowing() {
		o := observeField(&f, c, m, now, cause)
		out.NeedHistory = append(out.NeedHistory, o.need...)
		out.Changes = append(out.Changes, o.changes...)
		dirty = dirty || o.write
	}
	need, retagged := observeTags(&f, c, s, now, cause)
	if need != "" {
		out.NeedHistory = append(out.NeedHistory, need)
	}
	out.Changes = append(out.Changes, retagged...)
	if len(out.NeedHistory) > 0 {
		return Observed{Friend: before, NeedHistory: out.NeedHistory, Claim: out.Claim}
	}
	observeShown(&f, c, s)
	if f.Link.State == friend.Linked && (dirty || len(unshown(f, s)) > 0) {
		f.MarkDirty(now)
	}
	out.Friend, out.Changed, out.Retagged = f, !f.Equal(before), !slices.Equal(f.Tags, before.Tags)
	return out
}

// answered notes what a person said of themselves when they were linked. It counts as an edit in Lumo where the property is mapped, so that its
// rule decides; anything else is owed to HubSpot once.
func answered(f *friend.Friend, answers map[string]string, s Scope, at int64) bool {
	mapped := map[string]bool{}
	for _, m := range s.Mappings.Flowing() {
		if v, ok := answers[m.Property]; ok {
			mapped[m.Property] = true
			f.Fields[m.Property] = f.Fields[m.Property].EditInLumo(v, at)
		}
	}
	f.Answers = nil
	for p, v := range answers {
		if mapped[p] {
			continue
		}
		if f.Answers == nil {
			f.Answers = map[string]string{}
		}
		f.Answers[p] = v
	}
	return len(f.Answers) > 0
}

// unproven: the value is ours, but under it may lie an edit that nobody has seen, and that wins. Other rules do not ask when it was made.
func unproven(r register.Register, m mapping.Mapping, c Contact) bool {
	return m.Rule == register.NewestWins && r.Held.Unproven && c.UpdatedAt >= r.Held.AsOf
}

// linkSlack is how far HubSpot's clock may be from ours.
const linkSlack = 10_000

// beforeLink: what we wrote before this friend, or another of the contact's, was linked was no echo of their edits. It counts like anybody's.
func beforeLink(history []register.Entry, linkedAt int64) []register.Entry {
	out := slices.Clone(history)
	for i := range out {
		out[i].Ours = out[i].Ours && out[i].At >= linkedAt-linkSlack
	}
	return out
}

type fieldResult struct {
	need    []string
	changes []changelog.Record
	write   bool
}

func observeField(f *friend.Friend, c Contact, m mapping.Mapping, now int64, cause string) fieldResult {
	if m.Property == mapping.Company {
		return observeCompany(f, c, m, now, cause)
	}
	value, asked := c.Properties[m.Property]
	if !asked {
		return fieldResult{}
	}
	was := f.Fields[m.Property]
	r, need := was.Merge(c.Shared[m.Property]), false
	if h, ok := c.History[m.Property]; ok {
		r = r.ObserveHistory(beforeLink(h, f.Link.Began()), c.UpdatedAt)
	} else if r, need = r.ObserveValue(value, c.UpdatedAt, mapping.Canonical(m)); need || unproven(r, m, c) {
		return fieldResult{need: []string{m.Property}}
	}
	return settle(f, c.ID, m, was, r, now, cause)
}

// settle decides a field after its register changed, and explains what the decision changed on the friend.
func settle(f *friend.Friend, contact id.ContactID, m mapping.Mapping, was, r register.Register, now int64, cause string) fieldResult {
	o := m.Decide(r)
	if o.NeedHistory {
		return fieldResult{need: []string{m.Property}}
	}
	old := m.Decide(was)
	canon := mapping.Canonical(m)
	var out fieldResult
	if o.Winner != register.Nobody && (old.NeedHistory || canon(old.Value) != canon(o.Value)) {
		// Explanations follow each other in time, also when an edit is stored late (its button was pressed again) or clocks differ.
		at := max(now, was.Why.At+1)
		r.Why = register.Why{Old: old.Value, New: o.Value, Winner: o.Winner, Reason: o.Reason, Cause: cause, At: at}
	}
	if r.Why.Cause == cause && r.Why.At != 0 { // also when the step is repeated: the record may not have reached the log
		out.changes = append(out.changes, record(*f, contact, m, r))
	}
	out.write = o.WriteHubSpot
	if r != (register.Register{}) || was != (register.Register{}) {
		f.Fields[m.Property] = r
	}
	return out
}

func record(f friend.Friend, contact id.ContactID, m mapping.Mapping, r register.Register) changelog.Record {
	return changelog.Record{
		Friend: f.Key, Contact: contact, Field: m.Property, To: register.Lumo, Old: r.Why.Old, New: r.Why.New, Winner: r.Why.Winner, Reason: r.Why.Reason,
		Rule: m.Rule, HubSpotAt: r.HubSpot.At, HubSpotBy: r.HubSpot.Inexact, LumoAt: r.Lumo.At, Cause: r.Why.Cause, At: r.Why.At,
	}
}

// CompanyPatience: a company read from HubSpot itself is not undone by the search index for this long; association changes leave no
// trace in the record's update time, so age is all there is to go by.
const CompanyPatience = 10 * 60_000

// observeCompany projects the primary company's name (P-40b). No company clears the name only if the sync had set it.
func observeCompany(f *friend.Friend, c Contact, m mapping.Mapping, now int64, cause string) fieldResult {
	if !c.HasCompany || c.Indexed && now-f.CompanyAt < CompanyPatience {
		return fieldResult{}
	}
	was := f.Fields[m.Property]
	if f.Company == c.Company && was.Held.Value == c.CompanyName {
		if r := was; r.Why.Cause == cause && r.Why.At != 0 {
			return fieldResult{changes: []changelog.Record{record(*f, c.ID, m, r)}}
		}
		return fieldResult{}
	}
	r := register.Register{
		HubSpot: register.Edit{Value: c.CompanyName, At: now, Inexact: true, AsOf: now},
		Held:    register.Held{Known: true, Value: c.CompanyName, AsOf: now},
		Why:     was.Why,
	}
	f.Company = c.Company
	if !c.Indexed {
		f.CompanyAt = now
	}
	return settle(f, c.ID, m, was, r, now, cause)
}

// observeShown notes what HubSpot holds in the LINE properties. A snapshot older than our last write, or than the one that showed what is
// noted (the search index is late), tells nothing.
func observeShown(f *friend.Friend, c Contact, s Scope) {
	if c.UpdatedAt < f.ShownAsOf {
		return
	}
	for key, p := range s.Names[f.Slot] {
		v, asked := c.Properties[p.Name]
		if !asked {
			continue
		}
		now := ""
		if v != nil {
			now = *v
		}
		canon := p.canon()
		if canon(now) == canon(f.Shown[string(key)]) {
			continue
		}
		if f.Shown == nil {
			f.Shown = map[string]string{}
		}
		if now == "" {
			delete(f.Shown, string(key))
		} else {
			f.Shown[string(key)] = now
		}
		f.ShownAsOf = c.UpdatedAt
	}
}

// unshown lists the LINE properties in which HubSpot does not hold what it should.
func unshown(f friend.Friend, s Scope) map[lineproperty.Key]string {
	out := map[lineproperty.Key]string{}
	for key, want := range Project(f) {
		p, ok := s.Names[f.Slot][key]
		if !ok {
			continue
		}
		canon := p.canon()
		if canon(want) != canon(f.Shown[string(key)]) {
			out[key] = want
		}
	}
	return out
}
