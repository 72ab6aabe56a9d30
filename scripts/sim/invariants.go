package sim

import (
	"context"
	"time"

	"lumo/shared/dynamo"
	"lumo/shared/linesync"
	"lumo/shared/syncrun"
	"lumo/shared/tag"
)

// Invariant is a promise of the system and the function that checks it from the outside. Some are watched on the way, too.
type Invariant struct {
	ID, Says string
	Check    func(*World)
}

// Invariants are checked in this order when the weather has cleared and everything has had its time.
var Invariants = []Invariant{
	{"I1", "nothing lost: what people did has reached the other side, or a failed item says why not; in fair weather within seconds", (*World).checkLost},
	{"I2", "nothing twice: no property, contact, message or link is made twice, and no run goes back", (*World).checkTwice},
	{"I3", "both sides agree field by field by the field's rule, and a second reconcile writes nothing", (*World).checkConvergence},
	{"I4", "no echo: edits cause at most as many write-backs", (*World).checkEcho},
	{"I5", "tenancy: nothing of one portal appears in a write or row of another", (*World).checkTenancy},
	{"I6", "pace: no ten seconds above the limit, and under one refusal for haste in a hundred calls", (*World).checkPace},
	{"I7", "explainable: a field's history gives its value and its winner", (*World).checkExplained},
	{"I8", "bounded: every step ends before its deadline or hands over", (*World).checkBounded},
	{"I9", "no secret, message text or personal data in any log", (*World).checkLogs},
}

// evaluate counts a look at an invariant.
func (w *World) evaluate(id string) { w.evaluated[id]++ }

func (w *World) checkAll() {
	for _, i := range Invariants {
		if w.healthy() {
			i.Check(w)
		}
	}
}

// checkLost is I1: by the streams alone, and promptly.
func (w *World) checkLost() {
	w.checkStreams()
	w.checkPrompt()
}

// checkConvergence is I3.
func (w *World) checkConvergence() {
	w.unseen()
	w.reconcile()
	w.checkAgreement("after a full compare")
	for _, t := range w.portals {
		if !t.removed {
			w.checkLists(t)
			w.checkTags(t)
		}
	}
	last := w.lastWrite()
	w.reconcile()
	w.checkStill(last)
}

// silent is how long a chain may say nothing when everything has come to rest: the tick revives it sooner.
const silent = 10 * time.Minute

// checkBounded is I8: no chain hangs. That invocations end before their deadline was watched on the way (timeout).
func (w *World) checkBounded() {
	for _, t := range w.portals {
		if t.removed {
			continue
		}
		for _, kind := range []string{syncrun.Kind, linesync.ImportKind, tag.WorkKind} {
			rows, _, err := dynamo.Chains{Table: w.rows()}.List(context.Background(), t.id, kind, "", 1000)
			w.check(err)
			for _, r := range rows {
				w.evaluate("I8")
				if since := w.now.Sub(time.UnixMilli(r.Heartbeat)); !r.Done && since > silent {
					w.violate("I8", "chain %s %s of portal %d is neither over nor at work: it has been silent at step %d for %s", kind, r.ID, t.id, r.Step, since)
				}
			}
		}
	}
}
