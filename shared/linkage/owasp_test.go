package linkage_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"lumo/shared/fault"
	"lumo/shared/linkage"
)

// These tests are named after the rule that each looks at: OWASP ASVS 5.0 (V9 self-contained tokens, V10 OAuth and OIDC), the OAuth 2.0 Security Best
// Current Practice (RFC 9700). Those of the pages are in functions/links/handle.

// answered logs in with what change makes of the answer, and tells the outcome of Return.
func answered(t *testing.T, change func(w *world, session string, a *linkage.Answer)) (linkage.Outcome, *world) {
	t.Helper()
	w := newWorld(t)
	session := w.begin(w.invite())
	a := linkage.Answer{State: w.asked.State, Code: "code"}
	change(w, session, &a)
	o, err := w.desk.Return(t.Context(), session, a)
	w.must(err)
	return o, w
}

func TestASVS_10_2_1_StateIsUnguessableAndBoundToTheBrowser(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *world, session string, a *linkage.Answer)
		want   linkage.Outcome
	}{
		"no state":  {func(_ *world, _ string, a *linkage.Answer) { a.State = "" }, linkage.Elsewhere},
		"a made up": {func(_ *world, _ string, a *linkage.Answer) { a.State = strings.Repeat("A", len(a.State)) }, linkage.Elsewhere},
		"an attacker's": {func(w *world, _ string, a *linkage.Answer) {
			w.begin(w.invite()) // the attacker's own attempt
			a.State = w.asked.State
		}, linkage.Elsewhere},
		"the session as state": {func(_ *world, session string, a *linkage.Answer) { a.State = session }, linkage.Elsewhere},
		"another time":         {func(w *world, _ string, _ *linkage.Answer) { w.clock.Advance(31 * time.Minute) }, linkage.Over},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if o, _ := answered(t, c.change); o != c.want {
				t.Errorf("came to %q, want %q", o, c.want)
			}
		})
	}
}

func TestASVS_10_2_1_StateServesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.begin(w.invite())
	a := linkage.Answer{State: w.asked.State, Code: "code"}
	for i, want := range []linkage.Outcome{"", linkage.Over} {
		if o, err := w.desk.Return(t.Context(), session, a); err != nil || o != want {
			t.Errorf("time %d: %q %v", i+1, o, err)
		}
	}
}

func TestASVS_10_2_1_NobodyElsesBrowserFinishes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.invite()
	w.begin(token)
	for _, session := range []string{"", "x", token, w.asked.State} {
		if o, err := w.desk.Return(t.Context(), session, linkage.Answer{State: w.asked.State, Code: "code"}); err != nil || o != linkage.Elsewhere {
			t.Errorf("Return with %.6q: %q %v", session, o, err)
		}
		if v, err := w.desk.Finish(t.Context(), session, true); err != nil || v.Outcome != linkage.Elsewhere {
			t.Errorf("Finish with %.6q: %q %v", session, v.Outcome, err)
		}
	}
	mine := w.begin(token)
	if v, err := w.desk.Finish(t.Context(), mine, true); err != nil || v.Outcome != linkage.Over || len(w.notes()) != 0 {
		t.Errorf("without a login: %q %v", v.Outcome, err)
	}
}

func TestASVS_10_5_1_IDTokenNonceIsThisAttempts(t *testing.T) {
	t.Parallel()
	refusedIDToken(t, func(claims map[string]any) { claims["nonce"] = "replayed" })
	refusedIDToken(t, func(claims map[string]any) { delete(claims, "nonce") })
}

func TestASVS_10_5_3_IDTokenIssuerIsLine(t *testing.T) {
	t.Parallel()
	refusedIDToken(t, func(claims map[string]any) { claims["iss"] = "https://access.line.me.evil.example" })
}

func TestASVS_10_5_4_IDTokenAudienceIsOurChannel(t *testing.T) {
	t.Parallel()
	refusedIDToken(t, func(claims map[string]any) { claims["aud"] = "7654321" })
}

func TestASVS_9_2_1_IDTokenIsWithinItsTime(t *testing.T) {
	t.Parallel()
	refusedIDToken(t, func(claims map[string]any) { claims["exp"] = claims["iat"] })
	refusedIDToken(t, func(claims map[string]any) { claims["iat"] = claims["exp"] })
}

func TestASVS_10_5_2_IDTokenSubjectIsALineUser(t *testing.T) {
	t.Parallel()
	refusedIDToken(t, func(claims map[string]any) { claims["sub"] = "ann" })
}

// refusedIDToken goes through a login whose id token LINE signed, but with claims that do not hold.
func refusedIDToken(t *testing.T, forge func(map[string]any)) {
	t.Helper()
	o, w := answered(t, func(w *world, _ string, _ *linkage.Answer) { w.forge = forge })
	if o != linkage.NotProven || len(w.notes()) != 0 {
		t.Errorf("came to %q", o)
	}
}

func TestASVS_9_1_1_IDTokenSignatureIsChecked(t *testing.T) {
	t.Parallel()
	if o, _ := answered(t, func(w *world, _ string, _ *linkage.Answer) { w.secret = "an attacker's" }); o != linkage.NotProven {
		t.Errorf("another secret: %q", o)
	}
}

func TestASVS_9_1_2_IDTokenAlgorithmIsPinned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := linkage.Want{Channel: "1234567", Now: w.clock.Now()}
	claims := map[string]any{"iss": linkage.Issuer, "sub": user(1), "aud": "1234567", "exp": want.Now.Add(time.Hour).Unix(), "iat": want.Now.Unix()}
	if _, err := linkage.WebLogin(sign(map[string]any{"alg": "HS256"}, claims, "s"), "s", want); err != nil {
		t.Fatal(err)
	}
	for _, alg := range []string{"none", "None", "ES256", "HS512", "RS256", ""} {
		if _, err := linkage.WebLogin(sign(map[string]any{"alg": alg}, claims, "s"), "s", want); !errors.Is(err, linkage.ErrIDToken) {
			t.Errorf("a web login took %q: %v", alg, err)
		}
	}
	// LIFF tokens are ES256 under LINE's keys: a key used as an HMAC secret proves nothing.
	key := linkage.Key{ID: "k", Crv: "P-256", X: strings.Repeat("A", 43), Y: strings.Repeat("A", 43)}
	if _, err := linkage.InApp(sign(map[string]any{"alg": "HS256", "kid": "k"}, claims, key.X), []linkage.Key{key}, want); !errors.Is(err, linkage.ErrIDToken) {
		t.Errorf("a LIFF login took HS256: %v", err)
	}
	if _, err := linkage.WebLogin(sign(map[string]any{"alg": "HS256"}, claims, ""), "", want); !errors.Is(err, linkage.ErrIDToken) {
		t.Errorf("a channel without secret: %v", err)
	}
}

func TestRFC9700_2_1_1_TheCodeIsBoundByPKCE(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.begin(w.invite())
	challenge, state := w.asked.CodeChallenge, w.asked.State
	w.begin(w.invite())
	if w.asked.CodeChallenge == challenge {
		t.Fatal("two attempts share a challenge")
	}
	// The code of another attempt: LINE compares the verifier with that attempt's challenge.
	if o, err := w.desk.Return(t.Context(), first, linkage.Answer{State: state, Code: "code"}); err != nil || o != linkage.NotProven {
		t.Errorf("an injected code came to %q %v", o, err)
	}
}

func TestRFC9700_2_1_RedirectGoesToOneRegisteredAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin(w.invite())
	if w.asked.Redirect != "https://lumo.example/k/callback" {
		t.Errorf("LINE is told to come back to %s", w.asked.Redirect)
	}
}

func TestCWE_312_TokensAreKeptAsHashes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.invite()
	session := w.begin(token)
	for _, secret := range []string{token, session, w.asked.State} {
		for _, i := range w.invitations {
			if strings.Contains(i.Hash+i.Hint+i.By, secret) {
				t.Error("an invitation holds a token")
			}
		}
		for _, a := range w.attempts {
			if strings.Contains(a.Hash+a.Invitation+a.StateHash+a.Nonce+a.Verifier, secret) {
				t.Error("an attempt holds a token")
			}
		}
	}
}

func TestRFC9110_9_2_1_LookingAtALinkHasNoEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.invite()
	before := maps.Clone(w.invitations)
	for range 50 { // mail programs, scanners, previews
		if _, err := w.desk.Look(t.Context(), token, "10.0.0.1"); err != nil {
			t.Fatal(err)
		}
	}
	if !maps.Equal(before, w.invitations) || len(w.attempts) != 0 || len(w.notes()) != 0 {
		t.Error("looking changed something")
	}
}

func TestTroubleAtLineCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.begin(w.invite())
	w.exchangeErr = &fault.Fault{Class: fault.Unavailable}
	if _, err := w.desk.Return(t.Context(), session, linkage.Answer{State: w.asked.State, Code: "code"}); err == nil {
		t.Error("an outage passed as an answer")
	}
	if len(w.notes()) != 0 {
		t.Error("linked")
	}
}
