// Package fault is the closed set of ways in which a call to a provider can fail. One interpreter per provider (hubspot, line)
// turns every reply into a *Fault; everything else acts on Class and Certainty and never on texts.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Class says what kind of failure it is and so what to do about it.
type Class string

const (
	// Revoked: the customer took our access away. Stop calling, show "Reconnect".
	Revoked Class = "revoked"
	// Unauthorized: this token was refused. Get another one and repeat once.
	Unauthorized Class = "unauthorized"
	// Permission: a scope or plan is missing. Stop that feature, show "Permission needed".
	Permission Class = "permission"
	// Limited: too fast, or a quota is used up for now. Wait RetryAfter and repeat.
	Limited Class = "limited"
	// Quota: the month's messages are used up. Waiting does not help.
	Quota Class = "quota"
	// Unavailable: the provider or the network failed for now. Repeat with back-off.
	Unavailable Class = "unavailable"
	// Migrating: HubSpot moves the portal between data centres. Pause the portal for RetryAfter.
	Migrating Class = "migrating"
	// NotFound: the thing is gone or was never there.
	NotFound Class = "not_found"
	// Exists: it is already there (a property, a used retry key); read it and go on.
	Exists Class = "exists"
	// Invalid: the provider refuses this content for good. Failed item with the provider's own reason.
	Invalid Class = "invalid"
	// Misconfigured: our own credentials or set-up are wrong. Alarm; never blame the customer.
	Misconfigured Class = "misconfigured"
)

// Retryable tells whether the same call may succeed later without anyone acting.
func (c Class) Retryable() bool {
	return c == Limited || c == Unavailable || c == Migrating || c == Unauthorized
}

// Certainty says what is known about the effect of the failed call.
type Certainty int

const (
	// Unknown: it may or may not have happened (time-out, cut line, 5xx).
	Unknown Certainty = iota
	// NothingHappened: certainly refused.
	NothingHappened
	// Happened: certainly accepted, although the reply was an error (a used retry key, an unreadable 2xx).
	Happened
)

// Fault is the error of every provider call.
type Fault struct {
	Provider      string // "hubspot" or "line"
	Class         Class
	Certainty     Certainty
	Code          string // stable, ours: e.g. "HUBSPOT_INVALID_PROPERTY"
	Status        int    // HTTP status, 0 when there was no reply
	Message       string // the provider's own reason, fit for the user; no personal data of other records
	CorrelationID string // HubSpot correlationId or LINE request id
	RetryAfter    time.Duration
	Properties    []string // names of the properties the provider refused, if it named them
	Err           error    // cause, for logs
}

func (f *Fault) Error() string {
	s := fmt.Sprintf("%s %s: %s", f.Provider, f.Code, f.Message)
	if f.CorrelationID != "" {
		s += " (" + f.CorrelationID + ")"
	}
	return s
}

func (f *Fault) Unwrap() error { return f.Err }

// ClassOf returns the class of err, or "" when err is no Fault.
func ClassOf(err error) Class {
	var f *Fault
	if errors.As(err, &f) {
		return f.Class
	}
	return ""
}

// Is tells whether err is a Fault of class c.
func Is(err error, c Class) bool { return ClassOf(err) == c }
