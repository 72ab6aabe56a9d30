package linesandbox_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"lumo/scripts/linesandbox"
)

// Ensure that each kind of fault leaves the effect it promises.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind   linesandbox.FaultKind
		status int // 0: the line is cut
		sent   int
		passed time.Duration
	}{
		{linesandbox.FaultStatus, 503, 0, 0},
		{linesandbox.FaultStatusAfter, 503, 1, 0},
		{linesandbox.FaultCutBefore, 0, 0, 0},
		{linesandbox.FaultCutAfter, 0, 1, 0},
		{linesandbox.FaultHang, 0, 0, time.Minute},
		{linesandbox.FaultHangAfter, 0, 1, time.Minute},
		{linesandbox.FaultSlow, 200, 1, time.Second},
	} {
		w := newWorld(t)
		f := w.friends(1)[0]
		_, err := w.AddFault(linesandbox.Fault{Method: "POST", Path: "/message/push$", Kind: c.kind, Status: 503, Count: 1})
		w.must(err)
		start := w.clock.Now()
		body := textTo(f.LineUserID, "x")
		r := w.call("POST", "/v2/bot/message/push", body, "X-Line-Retry-Key", key1)
		if r.status != c.status || c.status == 0 && !errors.Is(r.err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: answer %d %v", c.kind, r.status, r.err)
		}
		if n := len(w.texts(f.User)); n != c.sent || w.clock.Now().Sub(start) != c.passed {
			t.Errorf("%s: %d messages, %s passed", c.kind, n, w.clock.Now().Sub(start))
		}
		second := w.call("POST", "/v2/bot/message/push", body, "X-Line-Retry-Key", key1)
		if want := 200 + 209*c.sent; second.status != want {
			t.Errorf("%s: the retry got %d, want %d", c.kind, second.status, want)
		}
		if len(w.texts(f.User)) != 1 {
			t.Errorf("%s: %d messages after the retry", c.kind, len(w.texts(f.User)))
		}
	}
}

func TestFaultsMatchAndCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, err := w.AddFault(linesandbox.Fault{Path: "/v2/bot/info", Kind: linesandbox.FaultStatus, Status: 429, Skip: 1, Count: 2})
	w.must(err)
	for i, status := range []int{200, 429, 429, 200} {
		if r := w.call("GET", "/v2/bot/info", ""); r.status != status {
			t.Errorf("call %d: %d, want %d", i, r.status, status)
		}
	}
	w.want(w.call("GET", "/v2/bot/message/quota", ""), 200)
	if f := w.Faults(); len(f) != 1 || f[0].Struck != 2 {
		t.Errorf("faults %+v", f)
	}
	w.RemoveFault(id)
	if len(w.Faults()) != 0 {
		t.Error("not removed")
	}
	if _, err := w.AddFault(linesandbox.Fault{Kind: "explode"}); !errors.Is(err, linesandbox.ErrUnknown) {
		t.Errorf("unknown kind: %v", err)
	}
	calls := w.Calls()
	if last := calls[len(calls)-2]; last.Status != 200 || last.Channel != w.channel.ID {
		t.Errorf("call log %+v", last)
	}
}
