package line

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"lumo/shared/fault"
)

func TestTokenIsCachedAndRenewed(t *testing.T) {
	t.Parallel()
	s := newServer(t, reply200(`{"totalUsage":7}`))
	for _, step := range []struct {
		later time.Duration
		token string
	}{
		{0, "1"}, {0, "1"}, {12*time.Minute - 1, "1"}, {1, "2"}, {time.Hour, "3"},
	} {
		s.clock.Advance(step.later)
		if _, err := s.channel().Consumption(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.last().auth; got != tokenOf+step.token {
			t.Errorf("after another %v: %s, want %s", step.later, got, step.token)
		}
	}
}

func TestChannelsDoNotShareTokens(t *testing.T) {
	t.Parallel()
	s := newServer(t, reply200(`{"totalUsage":7}`))
	s.tokenAnswer = func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, `{"access_token":"token-%d","expires_in":900}`, len(body))
	}
	seen := map[string]bool{}
	for _, c := range []Channel{{"1", "a"}, {"1", "ab"}, {"22", "ab"}} {
		if _, err := s.client.Channel(c).Consumption(t.Context()); err != nil {
			t.Fatal(err)
		}
		seen[s.last().auth] = true
	}
	if s.issued() != 3 {
		t.Errorf("%d tokens for three channels, %v", s.issued(), seen)
	}
}

// Ensure that a refused token is replaced once, and that a second refusal is reported instead of repeated for ever.
func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		refused string
		calls   int
		ok      bool
	}{
		{tokenOf + "1", 2, true},
		{tokenOf, 2, false},
	} {
		s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.Header.Get("Authorization"), c.refused) {
				replyWith(401, `{"message":"Authentication failed due to the following reason: token expired."}`)(w, r)
				return
			}
			reply200(`{"sentMessages":[{"id":"1"}]}`)(w, r)
		})
		_, err := s.channel().Push(t.Context(), key, user, Outgoing{Messages: messages("hi")})
		if (err == nil) != c.ok || s.count() != c.calls || s.issued() != 2 {
			t.Errorf("refusing %q: %v after %d calls and %d tokens", c.refused, err, s.count(), s.issued())
		}
		if !c.ok && !fault.Is(err, fault.Unauthorized) {
			t.Errorf("%v", err)
		}
		if q := s.last(); q.retryKey != key || q.body == "" {
			t.Errorf("the repeat lost something: %+v", q)
		}
	}
}

func TestCredentialsRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	s.tokenAnswer = replyWith(400, `{"error":"invalid_request","error_description":"Invalid 'client_credentials'."}`)
	err := s.channel().CheckCredentials(t.Context())
	var f *fault.Fault
	if !errors.As(err, &f) || f.Class != fault.Revoked || f.Code != CodeCredentials || f.Message != "invalid_request Invalid 'client_credentials'." {
		t.Errorf("%+v", err)
	}
	if err := s.client.Channel(Channel{ID: "1"}).CheckCredentials(t.Context()); !fault.Is(err, fault.Invalid) || s.issued() != 1 {
		t.Errorf("without a secret: %v after %d calls", err, s.issued())
	}
}

// Ensure that a token with life left serves while LINE's token endpoint is down, but not after its end or once the secret is refused.
func TestOldTokenServesThroughAnOutage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		later  time.Duration
		status int
		ok     bool
	}{
		{13 * time.Minute, 503, true}, {15 * time.Minute, 503, false}, {13 * time.Minute, 400, false}, {13 * time.Minute, 200, true},
	} {
		s := newServer(t, reply200(`{"totalUsage":7}`))
		if _, err := s.channel().Consumption(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.tokenAnswer = replyWith(c.status, `{}`)
		s.clock.Advance(c.later)
		if _, err := s.channel().Consumption(t.Context()); (err == nil) != c.ok {
			t.Errorf("after %v with status %d: %v", c.later, c.status, err)
		}
	}
}

func TestConcurrentCallsShareOneToken(t *testing.T) {
	t.Parallel()
	s := newServer(t, reply200(`{"totalUsage":7}`))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := s.channel().Consumption(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s.issued() != 1 {
		t.Errorf("%d tokens", s.issued())
	}
}

// Ensure that neither secret nor token is in what is printed of a channel or an error.
func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		conn.Close()
	})
	_, call := s.channel().Consumption(t.Context())
	_, push := s.channel().Push(t.Context(), key, user, Outgoing{Messages: messages("canary-text")})
	s.tokenAnswer = replyWith(400, `{"error":"invalid_request"}`)
	s.clock.Advance(time.Hour)
	token := s.channel().CheckCredentials(t.Context())
	for _, v := range []any{call, push, token, Channel{ID: "1", Secret: secret}, &fault.Fault{Err: push}} {
		if got := fmt.Sprintf("%v %+v %#v", v, v, v); v == nil || strings.Contains(got, "canary") {
			t.Errorf("printed: %s", got)
		}
	}
	for _, err := range []error{errors.Unwrap(call), errors.Unwrap(push)} {
		if got := fmt.Sprintf("%v", err); strings.Contains(got, "canary") {
			t.Errorf("cause: %s", got)
		}
	}
}
