package hubspot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"lumo/shared/fault"
	"lumo/shared/pace"
)

var down = answer{status: 503, body: "<html>canary down</html>"}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 401, body: `{"category":"EXPIRED_AUTHENTICATION"}`}, answer{status: 200, body: `{"portalId":7,"timeZone":"Asia/Tokyo"}`})
	info, err := f.portal().AccountInfo(t.Context())
	if err != nil || info.Portal != 7 || info.TimeZone != "Asia/Tokyo" {
		t.Fatalf("%+v, %v", info, err)
	}
	if got := f.seen(); len(got) != 2 || got[0].Auth != "Bearer token-canary-1" || got[1].Auth != "Bearer token-canary-2" {
		t.Errorf("%+v", got)
	}
	if !slices.Equal(f.tokens.refused, []string{"token-canary-1"}) {
		t.Errorf("told the source of %v", f.tokens.refused)
	}

	f = newFake(t, answer{status: 401})
	_, err = f.portal().AccountInfo(t.Context())
	wantFault(t, err, fault.Unauthorized, "HUBSPOT_UNAUTHORIZED")
	if n := len(f.seen()); n != 2 {
		t.Errorf("%d requests for a token that stays refused", n)
	}

	f = newFake(t, answer{status: 401})
	f.tokens.err = &fault.Fault{Provider: "hubspot", Class: fault.Revoked, Code: "HUBSPOT_REVOKED"}
	_, err = f.portal().AccountInfo(t.Context())
	wantFault(t, err, fault.Revoked, "HUBSPOT_REVOKED")
	if n := len(f.seen()); n != 1 {
		t.Errorf("%d requests after the grant was revoked", n)
	}
}

func TestLimitedCallsTellThePacerAndRepeat(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 429, body: `{"policyName":"TEN_SECONDLY_ROLLING"}`}, answer{status: 200, body: `{"id":"1"}`})
	if _, err := f.portal().Create(t.Context(), Contacts, map[string]string{"email": "a@b.example"}); err != nil {
		t.Fatalf("a 429 is certain to have had no effect, so even a create is repeated: %v", err)
	}
	if !slices.Equal(f.pacer.slow, []time.Duration{10 * time.Second}) {
		t.Errorf("pacer heard %v", f.pacer.slow)
	}
	if waited := f.clock.Now().Sub(noon); waited != 10*time.Second {
		t.Errorf("paused %v", waited)
	}

	f = newFake(t, answer{status: 429, body: `{"policyName":"DAILY"}`})
	_, err := f.portal().AccountInfo(t.Context())
	if got := wantFault(t, err, fault.Limited, "HUBSPOT_LIMITED"); got.RetryAfter != time.Hour || len(f.seen()) != 1 {
		t.Errorf("%+v after %d requests", got, len(f.seen()))
	}
}

func TestSafeCallsRepeatAfterAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	ok := answer{status: 200, body: `{"results":[],"lists":[],"total":0}`}
	for name, first := range map[string]answer{"503": down, "cut line": {cut: true}} {
		for verb, call := range map[string]func(*Portal, context.Context) error{
			"read":   func(p *Portal, ctx context.Context) error { _, err := p.AccountInfo(ctx); return err },
			"search": func(p *Portal, ctx context.Context) error { _, err := p.Search(ctx, Contacts, Search{}); return err },
			"lookup": func(p *Portal, ctx context.Context) error {
				_, _, err := p.BatchRead(ctx, Contacts, []string{"1"}, "", Read{})
				return err
			},
			"update": func(p *Portal, ctx context.Context) error {
				_, err := p.BatchUpdate(ctx, Contacts, []Change{{ID: "1"}})
				return err
			},
		} {
			f := newFake(t, first, first, ok)
			if err := call(f.portal(), t.Context()); err != nil {
				t.Errorf("%s after %s: %v", verb, name, err)
			}
			if n := len(f.seen()); n != 3 {
				t.Errorf("%s after %s: %d requests", verb, name, n)
			}
		}
		f := newFake(t, first, ok)
		_, err := f.portal().Create(t.Context(), Contacts, nil)
		var got *fault.Fault
		if !errors.As(err, &got) || got.Class != fault.Unavailable || got.Certainty != fault.Unknown || len(f.seen()) != 1 {
			t.Errorf("create after %s: %v, %d requests", name, err, len(f.seen()))
		}
	}
}

func TestRepeatsEnd(t *testing.T) {
	t.Parallel()
	f := newFake(t, down)
	_, err := f.portal().AccountInfo(t.Context())
	wantFault(t, err, fault.Unavailable, "HUBSPOT_UNAVAILABLE")
	if n := len(f.seen()); n != 4 {
		t.Errorf("%d attempts", n)
	}
	noCanary(t, "error", err.Error())

	for status, class := range map[int]fault.Class{400: fault.Invalid, 403: fault.Permission, 404: fault.NotFound, 477: fault.Migrating} {
		f := newFake(t, answer{status: status})
		if _, err := f.portal().AccountInfo(t.Context()); !fault.Is(err, class) || len(f.seen()) != 1 {
			t.Errorf("%d: %v after %d requests", status, err, len(f.seen()))
		}
	}
}

func TestNoRepeatPastTheDeadline(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 429, body: `{"policyName":"TEN_SECONDLY_ROLLING"}`})
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(time.Hour))
	defer cancel()
	end, _ := ctx.Deadline()
	f.clock.Advance(end.Sub(f.clock.Now()) - 5*time.Second)
	_, err := f.portal().AccountInfo(ctx)
	if wantFault(t, err, fault.Limited, "HUBSPOT_LIMITED"); len(f.seen()) != 1 {
		t.Errorf("%d requests although a pause of 10 s passes the deadline", len(f.seen()))
	}
}

func TestACallThatIsNotAdmittedIsNotSent(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.pacer.err = context.DeadlineExceeded
	_, err := f.portal().AccountInfo(t.Context())
	got := wantFault(t, err, fault.Unavailable, "HUBSPOT_NOT_SENT")
	if got.Certainty != fault.NothingHappened || len(f.seen()) != 0 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%+v", got)
	}
}

func TestAConnectionThatWasNeverMadeHadNoEffect(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	f := newFake(t)
	f.cfg.BaseURL = "http://" + address
	_, err = f.portal().Create(t.Context(), Contacts, nil)
	got := wantFault(t, err, fault.Unavailable, "HUBSPOT_UNREACHABLE")
	if got.Certainty != fault.NothingHappened {
		t.Errorf("certainty %v", got.Certainty)
	}
	if n := len(f.pacer.waits); n != 4 {
		t.Errorf("%d attempts", n)
	}
}

func TestEveryPortalCallIsPaced(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 200, body: `{"results":[]}`})
	ctx := t.Context()
	_, _ = f.portal().Search(ctx, Contacts, Search{Priority: pace.Interactive})
	_, _ = f.portal().At(pace.Event).List(ctx, Contacts, "", 10, Read{})
	_, _ = f.portal().List(pace.WithPriority(ctx, pace.Interactive), Contacts, "", 10, Read{})
	_, _ = f.portal().Owners(ctx, "")
	_, _ = f.portal().In(pace.Message).PublishMessage(ctx, "1", ChannelMessage{})
	_, _ = f.portal().In(pace.Message).Search(ctx, Contacts, Search{})
	_, _ = f.RefreshToken(ctx, "r")
	_, _ = f.Introspect(ctx, "r", "refresh_token")
	at := func(k pace.Kind, p pace.Priority) string { return fmt.Sprintf("7 %s %d", k, p) }
	want := []string{at(pace.Search, pace.Interactive), at(pace.General, pace.Event), at(pace.General, pace.Interactive), at(pace.General, pace.Bulk),
		at(pace.Message, pace.Event), at(pace.Search, pace.Bulk)}
	if !slices.Equal(f.pacer.waits, want) {
		t.Errorf("waited for %v, want %v", f.pacer.waits, want)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 302, header: map[string]string{"Location": "/elsewhere"}})
	f.cfg.HTTP = DefaultHTTP()
	_, err := f.portal().AccountInfo(t.Context())
	wantFault(t, err, fault.Misconfigured, "HUBSPOT_UNEXPECTED_STATUS")
	if n := len(f.seen()); n != 1 {
		t.Errorf("the token went to %d places", n)
	}
	if tr := f.cfg.HTTP.Transport.(*http.Transport); tr.MaxIdleConnsPerHost < 64 {
		t.Errorf("%d idle connections", tr.MaxIdleConnsPerHost)
	}
}

func TestNothingSecretIsLogged(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 400, body: `{"message":"canary-value is wrong for ann-canary@acme.example"}`})
	_, err := f.portal().Create(t.Context(), Contacts, map[string]string{"firstname": "canary-value"})
	noCanary(t, "error", err.Error())
	f.script = []answer{{status: 400, body: `{"error":"invalid_grant","error_description":"code-canary and secret-canary"}`}}
	_, err = f.ExchangeCode(t.Context(), "code-canary", "https://x.example/cb")
	noCanary(t, "error", err.Error())
	f.script = []answer{{status: 400, body: `{"error":"invalid_grant","error_description":"refresh-canary is bad"}`}}
	_, err = f.RefreshToken(t.Context(), "refresh-canary")
	noCanary(t, "error", err.Error())
	f.cfg.BaseURL = "http://127.0.0.1:1/canary"
	_, err = f.portal().AccountInfo(t.Context())
	for e := err; e != nil; e = errors.Unwrap(e) {
		noCanary(t, "cause", e.Error())
	}
	if !strings.Contains(f.log.String(), "HUBSPOT_INVALID") {
		t.Error("the log says nothing")
	}
	noCanary(t, "log", f.log.String())
}

func TestAnUnreadableReplyHappened(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 200, body: "<html>canary</html>"})
	_, err := f.portal().AccountInfo(t.Context())
	got := wantFault(t, err, fault.Unavailable, "HUBSPOT_UNREADABLE_REPLY")
	if got.Certainty != fault.Happened {
		t.Errorf("certainty %v", got.Certainty)
	}
	noCanary(t, "error", err.Error())
}
