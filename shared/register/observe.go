package register

// Entry is one version in a property's history, as HubSpot tells it.
type Entry struct {
	Value string
	At    int64 // Unix ms
	Ours  bool  // written by our own app
}

// ObserveValue merges what a record shows without history: the value (nil = never set) as of the record's own update time.
// needHistory is true when only the history can tell what the value means; the register is then unchanged.
//
// A value equal to what is already known brings nothing new. A value that equals the Lumo edit is our own write coming back, or
// agreement: no new HubSpot edit, as far as the value tells.
func (r Register) ObserveValue(value *string, asOf int64, canon Canon) (out Register, needHistory bool) {
	v := ""
	if value != nil {
		v = *value
	}
	switch {
	case r.Held.Known && asOf < r.Held.AsOf:
		return r, false
	case r.Held.Known && canon(r.Held.Value) == canon(v):
		return r, false
	case canon(v) == "":
		// Blank where something is known: cleared by hand, or never arrived? Only an explicit clear may win (P-39).
		if !r.Lumo.None() || !r.HubSpot.None() || r.Held.Known {
			return r, true
		}
		return r, false
	case !r.Lumo.None() && canon(r.Lumo.Value) == canon(v):
		return r.Merge(Register{Held: Held{Known: true, Value: v, AsOf: asOf, Unproven: true}}), false
	}
	return r.Merge(Register{
		HubSpot: Edit{Value: v, At: asOf, Inexact: true, AsOf: asOf},
		Held:    Held{Known: true, Value: v, AsOf: asOf},
	}), false
}

// ObserveHistory merges a property's history (any order) as of the record's update time. Our own entries are not edits: the Lumo edit
// that caused them is already here. Without such an edit (data of an earlier installation) the entry counts like anybody's.
func (r Register) ObserveHistory(entries []Entry, asOf int64) Register {
	held := Held{Known: true, AsOf: asOf}
	var newest, foreign *Entry
	for i := range entries {
		e := &entries[i]
		if newest == nil || e.At > newest.At {
			newest = e
		}
		if !e.Ours && (foreign == nil || e.At > foreign.At) {
			foreign = e
		}
	}
	if newest == nil {
		return r.Merge(Register{Held: held})
	}
	held.Value = newest.Value
	if foreign == nil && r.Lumo.None() {
		foreign = newest
	}
	o := Register{Held: held}
	if foreign != nil {
		o.HubSpot = Edit{Value: foreign.Value, At: foreign.At, AsOf: asOf}
	}
	return r.Merge(o)
}

// EditInLumo records an edit made in Lumo. Entering the same value again advances its time.
func (r Register) EditInLumo(value string, at int64) Register {
	return r.Merge(Register{Lumo: Edit{Value: value, At: at, AsOf: at}})
}

// Written records that HubSpot accepted our write at the record's new update time.
func (r Register) Written(value string, asOf int64) Register {
	return r.Merge(Register{Held: Held{Known: true, Value: value, AsOf: asOf, Unproven: true}})
}

// OtherContact forgets HubSpot's side: it belonged to another contact id and nothing is merged across ids.
func (r Register) OtherContact() Register {
	return Register{Lumo: r.Lumo, Why: r.Why}
}
