package register

// Rule says which side wins (P-40).
type Rule string

const (
	NewestWins      Rule = "newest_wins"
	HubSpotAlways   Rule = "hubspot_always"
	LumoAlways      Rule = "lumo_always"
	HubSpotElseLumo Rule = "hubspot_fill_if_empty"
)

// Valid tells whether r is one of the four rules.
func (r Rule) Valid() bool {
	switch r {
	case NewestWins, HubSpotAlways, LumoAlways, HubSpotElseLumo:
		return true
	}
	return false
}

// Side is one of the two systems.
type Side string

const (
	Nobody  Side = ""
	HubSpot Side = "hubspot"
	Lumo    Side = "lumo"
)

// Reason is the stable code of why a side won; screens translate it.
type Reason string

const (
	OnlyHubSpot    Reason = "only_hubspot"
	OnlyLumo       Reason = "only_lumo"
	NewerInHubSpot Reason = "newer_in_hubspot"
	NewerInLumo    Reason = "newer_in_lumo"
	TieHubSpot     Reason = "tie_hubspot"
	ByRule         Reason = "by_rule"
	FilledEmpty    Reason = "filled_empty"
	// LinkEnded: the contact that the value came from is no longer this friend's, so what was known before it holds again.
	LinkEnded Reason = "link_ended"
)

// Outcome is a decision about one field.
type Outcome struct {
	Winner Side
	Value  string
	Reason Reason
	// WriteHubSpot: the rule permits it and HubSpot holds something else.
	WriteHubSpot bool
	// NeedHistory: the times known do not suffice; read the property's history first. Nothing else in the outcome counts then.
	NeedHistory bool
}

// Canon brings a value into the form in which two values mean the same (case of e-mails, form of dates and numbers).
type Canon func(string) string

// Decide applies the rule. It changes nothing and depends on nothing but its arguments.
func (r Register) Decide(rule Rule, canon Canon) Outcome {
	o := r.winner(rule, canon)
	if o.NeedHistory || o.Winner != Lumo || rule == HubSpotAlways {
		return r.refill(o, rule, canon)
	}
	o.WriteHubSpot = !r.holds(o.Value, canon)
	return o
}

// refill covers the case that our own older write still stands over a HubSpot edit that wins: HubSpot must get its user's value back.
func (r Register) refill(o Outcome, rule Rule, canon Canon) Outcome {
	if !o.NeedHistory && o.Winner == HubSpot && (rule == NewestWins || rule == LumoAlways) && r.Held.Known {
		o.WriteHubSpot = !r.holds(o.Value, canon)
	}
	return o
}

// holds tells whether HubSpot already shows v. What was never read counts as empty.
func (r Register) holds(v string, canon Canon) bool { return canon(r.Held.Value) == canon(v) }

func (r Register) winner(rule Rule, canon Canon) Outcome {
	lumo, hub := r.Lumo, r.HubSpot
	switch rule {
	case LumoAlways:
		if !lumo.None() {
			return Outcome{Winner: Lumo, Value: lumo.Value, Reason: ByRule}
		}
		return r.hubspotOrNone(OnlyHubSpot)
	case HubSpotAlways:
		return r.hubspotOr(lumo, OnlyLumo, canon)
	case HubSpotElseLumo:
		return r.hubspotOr(lumo, FilledEmpty, canon)
	}
	switch {
	case lumo.None():
		return r.hubspotOrNone(OnlyHubSpot)
	case hub.None():
		return Outcome{Winner: Lumo, Value: lumo.Value, Reason: OnlyLumo}
	case hub.Inexact:
		if lumo.At > hub.At+TieMillis {
			return Outcome{Winner: Lumo, Value: lumo.Value, Reason: NewerInLumo}
		}
		if canon(hub.Value) == canon(lumo.Value) {
			return Outcome{Winner: HubSpot, Value: hub.Value, Reason: TieHubSpot}
		}
		return Outcome{NeedHistory: true}
	case lumo.At > hub.At+TieMillis:
		return Outcome{Winner: Lumo, Value: lumo.Value, Reason: NewerInLumo}
	case lumo.At >= hub.At:
		return Outcome{Winner: HubSpot, Value: hub.Value, Reason: TieHubSpot}
	default:
		return Outcome{Winner: HubSpot, Value: hub.Value, Reason: NewerInHubSpot}
	}
}

// hubspotOr gives what HubSpot holds when it holds something, else the Lumo value (P-40: a blank changes nothing). An explicit clear
// counts as something only under "HubSpot always".
func (r Register) hubspotOr(lumo Edit, reason Reason, canon Canon) Outcome {
	if r.Held.Known && canon(r.Held.Value) != "" {
		return Outcome{Winner: HubSpot, Value: r.Held.Value, Reason: ByRule}
	}
	if reason == OnlyLumo && !r.HubSpot.None() && r.HubSpot.Value == "" {
		return Outcome{Winner: HubSpot, Reason: ByRule}
	}
	if lumo.None() {
		return r.hubspotOrNone(OnlyHubSpot)
	}
	return Outcome{Winner: Lumo, Value: lumo.Value, Reason: reason}
}

func (r Register) hubspotOrNone(reason Reason) Outcome {
	if r.HubSpot.None() {
		return Outcome{}
	}
	return Outcome{Winner: HubSpot, Value: r.HubSpot.Value, Reason: reason}
}
