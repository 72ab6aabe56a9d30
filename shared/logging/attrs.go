package logging

import (
	"log/slog"
	"strings"
	"time"

	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/queue"
)

const (
	keyStage       = "stage"
	keyFunction    = "function"
	keyRequest     = "request"
	keyKind        = "kind"
	keyRoute       = "route"
	keyPortal      = "portal"
	keyRun         = "run"
	keyQueue       = "queue"
	keyJob         = "job"
	keyState       = "state"
	keyReason      = "reason"
	keyError       = "error"
	keyCode        = "code"
	keyClass       = "class"
	keyCertainty   = "certainty"
	keyCorrelation = "correlation"
	keyObject      = "object"
	keyList        = "list"
	keyStack       = "stack"
)

// Constructors of every text attribute that may appear in a log.

func Stage(s string) slog.Attr    { return slog.String(keyStage, s) }
func Function(s string) slog.Attr { return slog.String(keyFunction, s) }

// Request is the id of the Lambda invocation.
func Request(id string) slog.Attr { return slog.String(keyRequest, id) }

// Kind names the kind of an event or a step: a constant of ours.
func Kind(s string) slog.Attr { return slog.String(keyKind, s) }

// Route is the route as template.yaml has it, never the path that was asked for: paths may carry tokens.
func Route(s string) slog.Attr { return slog.String(keyRoute, s) }

// Portal shows the name that NamePortals gives the portal.
func Portal(p id.PortalID) slog.Attr   { return slog.Any(keyPortal, namedPortal(p)) }
func Slot(s id.Slot) slog.Attr         { return slog.Int("slot", int(s)) }
func Run(s string) slog.Attr           { return slog.String(keyRun, s) }
func Queue(q queue.Queue) slog.Attr    { return slog.String(keyQueue, string(q)) }
func List(l id.ListID) slog.Attr       { return slog.String(keyList, string(l)) }
func Contact(c id.ContactID) slog.Attr { return slog.Int64("contact", int64(c)) }

// Job names a piece of work of ours, State one of its states, Reason why something was done: constants of ours.
func Job(s string) slog.Attr    { return slog.String(keyJob, s) }
func State(s string) slog.Attr  { return slog.String(keyState, s) }
func Reason(s string) slog.Attr { return slog.String(keyReason, s) }

// Object is a HubSpot object type or a property's name, never a value.
func Object(s string) slog.Attr                  { return slog.String(keyObject, s) }
func Count(key string, n int) slog.Attr          { return slog.Int(key, n) }
func Took(key string, d time.Duration) slog.Attr { return slog.Duration(key, d) }
func Correlation(providerRequestID string) slog.Attr {
	return slog.String(keyCorrelation, providerRequestID)
}
func Stack(goroutine []byte) slog.Attr { return slog.String(keyStack, string(goroutine)) }

// Error shows an error without the provider's own words, which may quote a customer's data: of a Fault only code, class, certainty,
// status and correlation id. Of several Faults the first is shown in full.
func Error(err error) slog.Attr {
	if err == nil {
		return slog.Attr{}
	}
	text := slog.Any(keyError, safeText(describe(err)))
	all := faults(err)
	if len(all) == 0 {
		return text
	}
	f := all[0]
	return slog.GroupAttrs("", text, slog.String(keyCode, f.Code), slog.String(keyClass, string(f.Class)),
		slog.String(keyCertainty, certainty(f.Certainty)), slog.Int("status", f.Status), slog.String(keyCorrelation, f.CorrelationID))
}

// safeText is a text made by describe. Plain text under the same key is not shown: it may be a provider's words.
type safeText string

// describe is err's text with the code in place of each Fault's own.
func describe(err error) string {
	text := err.Error()
	for _, f := range faults(err) {
		text = strings.ReplaceAll(text, f.Error(), f.Code)
		if f.Message != "" {
			text = strings.ReplaceAll(text, f.Message, dropped)
		}
	}
	return text
}

// faults finds every Fault in the tree of err, the outermost first.
func faults(err error) []*fault.Fault {
	switch e := err.(type) {
	case nil:
		return nil
	case *fault.Fault:
		return append([]*fault.Fault{e}, faults(e.Err)...)
	case interface{ Unwrap() []error }:
		var all []*fault.Fault
		for _, one := range e.Unwrap() {
			all = append(all, faults(one)...)
		}
		return all
	case interface{ Unwrap() error }:
		return faults(e.Unwrap())
	}
	return nil
}

func certainty(c fault.Certainty) string {
	switch c {
	case fault.NothingHappened:
		return "nothing happened"
	case fault.Happened:
		return "happened"
	}
	return "unknown"
}
