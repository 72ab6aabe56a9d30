package broadcast

import (
	"context"
	"errors"
	"time"

	"lumo/shared/clock"
	"lumo/shared/fault"
)

// verdict is what an answer of LINE means for those it was about.
type verdict int

const (
	settled verdict = iota // accepted, now or by an earlier call under the same key
	refused                // certainly not sent, and a repetition would be refused too
	again                  // not settled: repeat under the same key
	halted                 // certainly not sent, and nobody else will get it either until a person acts
)

// keyLife is how long a retry key surely protects: LINE says 24 hours ("Retry failed API requests"), and clocks differ.
const keyLife = 23 * time.Hour

// judge reads the outcome of a call. doubt means that it may have been accepted all the same.
func judge(err error) (v verdict, doubt bool) {
	if err == nil {
		return settled, false
	}
	var f *fault.Fault
	if !errors.As(err, &f) {
		return again, true
	}
	switch {
	case f.Certainty == fault.Happened:
		return settled, false
	case f.Class.Retryable():
		return again, f.Certainty == fault.Unknown
	case f.Class == fault.Invalid || f.Class == fault.NotFound:
		return refused, false
	}
	return halted, f.Certainty == fault.Unknown
}

// holdOf tells why everything stands still.
func holdOf(err error) Hold {
	h := Hold{Reason: NoAccount}
	var f *fault.Fault
	if errors.As(err, &f) {
		h.Code, h.Message = f.Code, f.Message
		switch f.Class {
		case fault.Quota:
			h.Reason = NoQuota
		case fault.Invalid:
			h.Reason = NoMessage
		}
	}
	return h
}

func codeOf(err error) string {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f.Code
	}
	return "UNKNOWN"
}

// tries of one call within a step, and the pauses between them.
const tries = 5

func pause(try int, err error) time.Duration {
	d := 500 * time.Millisecond << try
	var f *fault.Fault
	if errors.As(err, &f) {
		d = max(d, f.RetryAfter)
	}
	return d
}

// outcome sums up what became of a stretch of recipients.
type outcome struct {
	verdict verdict
	doubt   bool
	err     error
	sent    int
	refused map[string]int
	missed  []Span // who they are
}

// call repeats f while that may help and time is left.
func call(ctx context.Context, c clock.Clock, f func() error) outcome {
	var o outcome
	for try := range tries {
		o.err = f()
		v, doubt := judge(o.err)
		o.verdict, o.doubt = v, v != settled && (o.doubt || doubt)
		if v != again || try == tries-1 || near(ctx, c) || c.Sleep(ctx, pause(try, o.err)) != nil || near(ctx, c) {
			break
		}
	}
	if o.verdict == refused && o.doubt {
		o.verdict = again // an earlier try may have been accepted; only its key can tell
	}
	return o
}

// near tells whether too little time is left for another call, which may take 10 seconds.
func near(ctx context.Context, c clock.Clock) bool {
	d, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && d.Sub(c.Now()) < 15*time.Second
}

func (o *outcome) add(n outcome) {
	o.verdict, o.doubt, o.err = n.verdict, o.doubt || n.doubt, n.err
	o.sent += n.sent
	o.missed = append(o.missed, n.missed...)
	for code, k := range n.refused {
		if o.refused == nil {
			o.refused = map[string]int{}
		}
		o.refused[code] += k
	}
}

// wait before the next step after n steps that settled nothing.
func wait(n int) time.Duration { return min(5*time.Second<<min(n, 6), 5*time.Minute) }
