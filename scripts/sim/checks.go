package sim

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/changelog"
	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/mapping"
	"lumo/shared/register"
)

// lastWrite is the number of the last write that HubSpot took from us.
func (w *World) lastWrite() int {
	all := w.hubspot.Writes(0, 0)
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1].Seq
}

// checkStill is I3: a second reconcile writes nothing.
func (w *World) checkStill(after int) {
	w.evaluate("I3")
	for _, x := range w.hubspot.Writes(0, after) {
		w.violate("I3", "a second reconcile wrote %s of %s %s in portal %d: %v", x.Action, x.Object, x.ID, x.Portal, x.Properties)
	}
}

// checkTwice is I2: nothing was created or sent twice.
func (w *World) checkTwice() {
	made := map[string]int{}
	for _, x := range w.hubspot.Writes(0, 0) {
		if x.Object == "contacts" && x.Action == "create" {
			w.violate("I2", "contact %s was created in portal %d, although no setting asks for it", x.ID, x.Portal)
		}
		if x.Action == "property.create" {
			made[fmt.Sprintf("%d %s %s", x.Portal, x.Object, x.ID)]++
		}
	}
	for _, name := range sortedKeys(made) {
		w.evaluate("I2")
		if made[name] > 1 {
			w.violate("I2", "property %s was made %d times", name, made[name])
		}
	}
	w.checkLetters()
	w.checkCasts()
	w.checkFlows()
	for _, v := range w.line.Violations() {
		w.violate("I2", "LINE: %s: %s", v.Rule, v.Detail)
	}
}

// checkEcho is I4: edits cause at most as many write-backs, and one more for each crash, lost answer, doubled flush or change of the link.
func (w *World) checkEcho() {
	for _, t := range w.portals {
		written := map[string]int{} // contact and property
		links := map[int64]int{}
		for _, x := range w.hubspot.Writes(t.hub(), 0) {
			n, err := strconv.ParseInt(x.ID, 10, 64)
			if x.Object != "contacts" || x.Action != "update" || err != nil {
				continue
			}
			r, err := w.hubspot.Record(t.hub(), "contacts", n)
			if err != nil {
				continue // purged
			}
			for name := range x.Properties {
				written[fmt.Sprintf("%d/%s", r.ID, name)]++
			}
		}
		for _, ch := range t.channels {
			for _, n := range w.everyContact(t) {
				r, err := w.hubspot.Record(t.hub(), "contacts", n)
				if err == nil {
					links[r.ID] += len(r.History[ch.idField])
				}
			}
		}
		for _, at := range sortedKeys(written) {
			n, name := cut(at)
			w.evaluate("I4")
			r, err := w.hubspot.Record(t.hub(), "contacts", n)
			w.check(err)
			edits := len(r.History[name])
			for _, e := range r.History[name] {
				if ours(e.Source) {
					edits--
				}
			}
			for key, all := range w.journal.all {
				if key.portal == t.id && key.property == name {
					edits += len(all)
				}
			}
			if strings.HasPrefix(name, "line_") {
				edits += w.lineActs
			}
			if strings.HasPrefix(name, "last_line_") {
				edits += len(w.casts)
			}
			if most := edits + w.crashes + w.faults + w.doubled + links[n]; written[at] > most {
				w.violate("I4", "%s of contact %d/%d was written %d times for %d edits, %d crashes, %d faults and %d changes of the link", name, t.id, n, written[at], edits, w.crashes, w.faults, links[n])
			}
		}
	}
}

func cut(at string) (int64, string) {
	id, name, _ := strings.Cut(at, "/")
	n, _ := strconv.ParseInt(id, 10, 64)
	return n, name
}

func (w *World) everyContact(t *tenant) []int64 {
	all, err := w.hubspot.Records(t.hub(), "contacts")
	w.check(err)
	var out []int64
	for _, r := range all {
		out = append(out, r.ID)
	}
	return out
}

// checkExplained is I7: the change log tells how each field came by its present value, and who won.
func (w *World) checkExplained() {
	for _, t := range w.portals {
		if t.removed {
			continue
		}
		v := w.look(t)
		log := dynamo.ChangeLog{Table: w.rows(), Clock: simClock{w.scheduler}}
		for _, c := range t.channels {
			for _, u := range sortedUsers(v.friends[c]) {
				f := v.friends[c][u]
				if f.Link.State != friend.Linked {
					continue
				}
				rs, _, err := log.Read(context.Background(), t.id, changelog.Filter{Friend: &f.Key}, "", 10_000)
				w.check(err)
				for _, m := range v.set.Mappings {
					if m.Status.Flows() {
						w.checkExplanation(t, f, m, rs)
					}
				}
			}
		}
	}
}

func (w *World) checkExplanation(t *tenant, f friend.Friend, m mapping.Mapping, rs []changelog.Record) {
	w.evaluate("I7")
	canon, now := mapping.Canonical(m), m.Decide(f.Fields[m.Property])
	told, ok := changelog.Record{}, false
	for _, r := range rs { // newest first
		if r.Field == m.Property && r.To == register.Lumo && (!ok || r.At > told.At) {
			told, ok = r, true
		}
	}
	// The newest change is told by the row itself, in case the step that made it never came to writing the log.
	if why := f.Fields[m.Property].Why; why.At > told.At {
		told, ok = changelog.Record{New: why.New, Winner: why.Winner, Reason: why.Reason, Cause: why.Cause, At: why.At}, true
	}
	switch {
	case !ok && canon(now.Value) == "":
	case !ok:
		w.violate("I7", "portal %d, %s: the log says nothing of %s, which is %q; register %+v", t.id, f.User, m.Property, now.Value, f.Fields[m.Property])
	case told.Old+told.New == "" && slices.Contains(t.erased, int64(told.Contact)): // the values were forgotten
	case canon(told.New) != canon(now.Value):
		w.violate("I7", "portal %d, %s: by the log %s is %q (%s), Lumo shows %q; register %+v", t.id, f.User, m.Property, told.New, told.Cause, now.Value, f.Fields[m.Property])
	case told.Winner == register.Nobody || told.Reason == "" || told.Cause == "" || told.At == 0:
		w.violate("I7", "portal %d, %s: the log does not say who won %s, why, or when: %+v", t.id, f.User, m.Property, told)
	}
}

// checkTenancy is I5: nothing of one portal is written for another.
func (w *World) checkTenancy() {
	for _, t := range w.portals {
		for _, o := range w.portals {
			if o == t {
				continue
			}
			for _, x := range w.hubspot.Writes(t.hub(), 0) {
				w.evaluate("I5")
				for name, v := range x.Properties {
					if strings.Contains(v, o.canary) {
						w.violate("I5", "a value of portal %d was written into portal %d: %s of %s", o.id, t.id, name, x.ID)
					}
				}
			}
			for _, it := range w.table.Items(fmt.Sprintf("P#%d#", t.id)) {
				w.evaluate("I5")
				if text := fmt.Sprint(flatten(it)); strings.Contains(text, o.canary) {
					w.violate("I5", "a value of portal %d lies in a row of portal %d: %s", o.id, t.id, keyOf(it))
				}
			}
		}
	}
}

// checkPace is I6. Refusals that the weather ordered do not count.
func (w *World) checkPace() {
	all := w.hubspot.Stats(0) // of the app itself: the journal
	for _, t := range w.portals {
		s := w.hubspot.Stats(t.hub())
		all.Total, all.Limited = all.Total+s.Total, all.Limited+s.Limited
		w.evaluate("I6")
		if s.Peak10s > 110 {
			w.violate("I6", "%d calls within 10 s in portal %d", s.Peak10s, t.id)
		}
	}
	if n := all.Limited - w.forced429; n*100 > all.Total {
		w.violate("I6", "%d of %d calls were refused because they came too fast", n, all.Total)
	}
}

// checkLogs is I9: no secret, message text or personal data in any log.
func (w *World) checkLogs() {
	for _, s := range w.hubspot.Secrets() {
		w.canaries.Add("HubSpot token", s)
	}
	w.evaluate("I9")
	for _, f := range w.canaries.Found(w.log.Bytes()) {
		w.violate("I9", "the log shows the %s", f)
	}
}

func (w *World) close() {
	for _, f := range w.functions {
		for _, e := range f.envs {
			e.dead = true
		}
	}
}

// flatten shows a row's texts.
func flatten(m map[string]types.AttributeValue) []string {
	var out []string
	for _, name := range sortedKeys(m) {
		out = append(out, name, flat(m[name]))
	}
	return out
}

func flat(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	case *types.AttributeValueMemberM:
		return strings.Join(flatten(v.Value), " ")
	case *types.AttributeValueMemberL:
		var all []string
		for _, x := range v.Value {
			all = append(all, flat(x))
		}
		return strings.Join(all, " ")
	}
	return ""
}
