package portal_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/portal"
)

func installed(t *testing.T) *world {
	t.Helper()
	w := newWorld()
	if _, err := w.Install(t.Context(), "c0", "https://app.example/oauth/callback"); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) token(t *testing.T) string {
	t.Helper()
	got, err := w.Tokens.AccessToken(t.Context(), 7)
	if err != nil {
		t.Fatalf("access token: %v", err)
	}
	return got
}

func TestTokenIsKeptUntilAFifthOfItsLifeIsLeft(t *testing.T) {
	t.Parallel()
	w := installed(t)
	if got := w.token(t); got != "access-c0" {
		t.Fatalf("first token %q", got)
	}
	w.clock.Advance(24*time.Minute - time.Second)
	if got := w.token(t); got != "access-c0" || w.hub.refreshes != 0 {
		t.Fatalf("token %q after %d refreshes", got, w.hub.refreshes)
	}
	w.clock.Advance(2 * time.Second)
	if got := w.token(t); got != "access-1" || w.hub.refreshes != 1 {
		t.Fatalf("token %q after %d refreshes", got, w.hub.refreshes)
	}
	if s := w.store.tokens[7].Refresh; s != "sealed:7:refresh-c0" {
		t.Fatalf("a refresh that names no refresh token must keep the old one, have %q", s)
	}
}

func TestManyProcessesRefreshOnce(t *testing.T) {
	t.Parallel()
	w := installed(t)
	w.clock.Advance(29*time.Minute + 50*time.Second) // too old to be handed out
	var wg sync.WaitGroup
	for range 20 {
		process := newService(w.store, w.hub, clock.Real{})
		process.Tokens.Clock = frozen{w.clock}
		wg.Go(func() {
			got, err := process.Tokens.AccessToken(context.Background(), 7)
			if err != nil || got != "access-1" {
				t.Errorf("token %q, %v", got, err)
			}
		})
	}
	wg.Wait()
	if w.hub.refreshes != 1 {
		t.Fatalf("%d refreshes", w.hub.refreshes)
	}
}

// frozen tells virtual time but waits by yielding, so that goroutines can wait for each other.
type frozen struct{ *clock.Virtual }

func (frozen) Sleep(ctx context.Context, _ time.Duration) error {
	return clock.Real{}.Sleep(ctx, time.Millisecond)
}

func TestATokenThatStillWorksIsUsedWhileSomebodyElseRefreshes(t *testing.T) {
	t.Parallel()
	w := installed(t)
	w.clock.Advance(25 * time.Minute)
	other := newService(w.store, w.hub, w.clock)
	w.hub.during = func() {
		got, err := other.Tokens.AccessToken(context.Background(), 7)
		if err != nil || got != "access-c0" {
			t.Errorf("token %q, %v", got, err)
		}
	}
	if got := w.token(t); got != "access-1" || w.hub.refreshes != 1 {
		t.Fatalf("token %q after %d refreshes", got, w.hub.refreshes)
	}
}

func TestTheLeaseOfADeadProcessLapses(t *testing.T) {
	t.Parallel()
	w := installed(t)
	w.clock.Advance(40 * time.Minute)
	held := w.store.tokens[7]
	held.LeasedBy, held.LeasedTil = "dead", w.clock.Now().Add(45*time.Second)
	w.store.tokens[7] = held
	if _, err := w.Tokens.AccessToken(t.Context(), 7); !fault.ClassOf(err).Retryable() {
		t.Fatalf("while leased: %v", err)
	}
	w.clock.Advance(time.Minute)
	if got := w.token(t); got != "access-1" {
		t.Fatalf("token %q", got)
	}
}

func TestARefusedTokenIsReplaced(t *testing.T) {
	t.Parallel()
	w := installed(t)
	w.clock.Advance(time.Minute)
	old := w.token(t)
	got, err := w.Tokens.Refused(t.Context(), 7, old)
	if err != nil || got != "access-1" {
		t.Fatalf("%q, %v", got, err)
	}
	// Another process still held the old one: it gets the new one without another refresh.
	other := newService(w.store, w.hub, w.clock)
	if got, err = other.Tokens.Refused(t.Context(), 7, old); err != nil || got != "access-1" || w.hub.refreshes != 1 {
		t.Fatalf("%q, %v after %d refreshes", got, err, w.hub.refreshes)
	}
	// A brand-new token is not the reason for a 401: no storm of refreshes.
	if _, err = w.Tokens.Refused(t.Context(), 7, "access-1"); !fault.Is(err, fault.Unavailable) || w.hub.refreshes != 1 {
		t.Fatalf("%v after %d refreshes", err, w.hub.refreshes)
	}
}

func TestAGrantIsGivenUpAfterExactlyTwoRefusals(t *testing.T) {
	t.Parallel()
	w := installed(t)
	w.hub.refresh = func(int) (portal.Grant, error) { return portal.Grant{}, problem(fault.Revoked) }
	w.clock.Advance(40 * time.Minute)
	for range 5 {
		if _, err := w.Tokens.AccessToken(t.Context(), 7); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("within the minute: %v", err)
		}
	}
	if w.hub.refreshes != 1 || w.store.portals[7].State != portal.Connected {
		t.Fatalf("%d refreshes, state %s", w.hub.refreshes, w.store.portals[7].State)
	}
	w.clock.Advance(time.Minute)
	for range 5 {
		if _, err := w.Tokens.AccessToken(t.Context(), 7); !fault.Is(err, fault.Revoked) {
			t.Fatalf("after the minute: %v", err)
		}
	}
	if p := w.store.portals[7]; w.hub.refreshes != 2 || p.State != portal.Reconnect || p.Reason != portal.ReasonGrantRefused {
		t.Fatalf("%d refreshes, portal %+v", w.hub.refreshes, p)
	}
	if len(w.store.tokens) != 0 {
		t.Fatal("a refused grant must be destroyed")
	}
}

func TestARefusalThatWasAMistakeIsForgotten(t *testing.T) {
	t.Parallel()
	w := installed(t)
	w.hub.refresh = func(n int) (portal.Grant, error) {
		if n == 1 {
			return portal.Grant{}, problem(fault.Revoked)
		}
		return portal.Grant{Access: "again", ExpiresIn: 30 * time.Minute}, nil
	}
	w.clock.Advance(25 * time.Minute)
	if got := w.token(t); got != "access-c0" {
		t.Fatalf("the old token works on: %q", got)
	}
	w.clock.Advance(2 * time.Minute)
	if got := w.token(t); got != "again" || w.store.tokens[7].Refusals != 0 {
		t.Fatalf("%q, %d refusals", got, w.store.tokens[7].Refusals)
	}
}

func TestOurOwnTroubleNeverEndsAPortal(t *testing.T) {
	t.Parallel()
	for _, class := range []fault.Class{fault.Misconfigured, fault.Unavailable, fault.Limited, fault.Migrating, fault.Invalid} {
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			w := installed(t)
			w.hub.refresh = func(int) (portal.Grant, error) { return portal.Grant{}, problem(class) }
			w.clock.Advance(25 * time.Minute)
			if got := w.token(t); got != "access-c0" {
				t.Fatalf("the old token works on: %q", got)
			}
			for range 6 {
				w.clock.Advance(10 * time.Minute)
				if _, err := w.Tokens.AccessToken(t.Context(), 7); !fault.Is(err, class) {
					t.Fatalf("got %v", err)
				}
			}
			if s := w.store.portals[7].State; s != portal.Connected || len(w.store.tokens) != 1 {
				t.Fatalf("state %s", s)
			}
		})
	}
}

func TestARefusalOfAnOldGrantDoesNotEndANewOne(t *testing.T) {
	t.Parallel()
	w := installed(t)
	w.clock.Advance(40 * time.Minute)
	refused := w.store.tokens[7]
	refused.Refusals, refused.RefusedAt = 1, w.clock.Now().Add(-2*time.Minute)
	w.store.tokens[7] = refused
	w.hub.refresh = func(int) (portal.Grant, error) {
		if _, err := newService(w.store, w.hub, w.clock).Install(context.Background(), "c1", ""); err != nil {
			t.Error(err)
		}
		return portal.Grant{}, problem(fault.Revoked)
	}
	got, err := w.Tokens.AccessToken(t.Context(), 7)
	if err != nil || got != "access-c1" || w.store.portals[7].State != portal.Connected {
		t.Fatalf("%q, %v, state %s", got, err, w.store.portals[7].State)
	}
}

func TestAGrantForAnotherPortalIsNeverStored(t *testing.T) {
	t.Parallel()
	w := installed(t)
	w.hub.refresh = func(int) (portal.Grant, error) {
		return portal.Grant{Access: "foreign", ExpiresIn: time.Hour, Portal: 8}, nil
	}
	w.clock.Advance(40 * time.Minute)
	if _, err := w.Tokens.AccessToken(t.Context(), 7); !fault.Is(err, fault.Misconfigured) {
		t.Fatalf("got %v", err)
	}
	if w.store.tokens[7].Access != "sealed:7:access-c0" {
		t.Fatal("foreign token stored")
	}
}

func TestAPortalWithoutGrantIsRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld()
	_, err := w.Tokens.AccessToken(t.Context(), 9)
	var f *fault.Fault
	if !errors.As(err, &f) || f.Class != fault.Revoked || f.Code != "HUBSPOT_NOT_CONNECTED" {
		t.Fatalf("got %v", err)
	}
}
