package contract

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/hubspot"
	"lumo/shared/id"
)

const (
	hub      id.PortalID = 1001
	callback             = "https://lumo.test/oauth/callback"
	appID                = 7654321
)

var began = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// hubspotWorld is a sandbox with one installed portal and the app's client.
type hubspotWorld struct {
	*hubspot.Client
	t      *testing.T
	s      *hubspotsandbox.Server
	clock  *clock.Virtual
	tokens *hubTokens
}

// hubTokens is the simplest TokenSource: it refreshes whenever a token is refused.
type hubTokens struct {
	client          *hubspot.Client
	access, refresh string
}

func (k *hubTokens) AccessToken(context.Context, id.PortalID) (string, error) { return k.access, nil }

func (k *hubTokens) Refused(ctx context.Context, _ id.PortalID, _ string) (string, error) {
	g, err := k.client.RefreshToken(ctx, k.refresh)
	if err != nil {
		return "", err
	}
	k.access, k.refresh = g.AccessToken, g.RefreshToken
	return k.access, nil
}

func newHubspotWorld(t *testing.T, change ...func(*hubspot.Config)) *hubspotWorld {
	t.Helper()
	b := &hubspotWorld{t: t, clock: clock.NewVirtual(began), tokens: &hubTokens{}}
	b.s = hubspotsandbox.New(hubspotsandbox.Config{Clock: b.clock, Seed: 1, PublicURL: "http://hubspot.test", AppID: appID, ClientID: "client", ClientSecret: "secret-1", RedirectURLs: []string{callback}, InstallURL: callback})
	t.Cleanup(b.s.Close)
	b.s.AddPortal(int64(hub), hubspotsandbox.PortalOptions{})
	cfg := hubspot.Config{
		BaseURL: "http://hubspot.test", AppID: appID, ClientID: "client", ClientSecret: "secret-1", HTTP: &http.Client{Transport: b.s.Transport()},
		Clock: b.clock, Tokens: b.tokens, Rand: func() float64 { return 0.5 },
	}
	for _, f := range change {
		f(&cfg)
	}
	b.Client = hubspot.New(cfg)
	b.tokens.client = b.Client
	b.install()
	return b
}

// install goes through the code exchange as the install page would make us.
func (b *hubspotWorld) install() hubspot.Grant {
	b.t.Helper()
	scopes := slices.Concat(hubspotsandbox.DefaultRequiredScopes, []string{"crm.objects.companies.write", "crm.schemas.companies.read"})
	code, err := b.s.Code(int64(hub), callback, scopes...)
	if err != nil {
		b.t.Fatal(err)
	}
	g, err := b.ExchangeCode(b.t.Context(), code, callback)
	if err != nil {
		b.t.Fatal(err)
	}
	b.tokens.access, b.tokens.refresh = g.AccessToken, g.RefreshToken
	return g
}

func (b *hubspotWorld) portal() *hubspot.Portal { return b.Portal(hub) }

func want[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wantFault(t testing.TB, err error, class fault.Class, code string) *fault.Fault {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Class != class || f.Code != code {
		t.Fatalf("got %v, want %s %s", err, class, code)
	}
	return f
}

func (b *hubspotWorld) contact(props ...string) string {
	b.t.Helper()
	values := map[string]string{}
	for i := 0; i+1 < len(props); i += 2 {
		values[props[i]] = props[i+1]
	}
	return want(b.portal().Create(b.t.Context(), hubspot.Contacts, values))(b.t).ID
}
