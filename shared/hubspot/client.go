// Package hubspot is the only place that talks to HubSpot's API. One transport (send.go) carries every call: version, token, pace,
// repeats and the reading of errors. On it ride two kinds of calls:
//
//   - CRM objects, properties and associations are built by github.com/clarkmcc/go-hubspot (generated.go), whose /crm/v3 and
//     /crm/v4 paths the transport maps to the date version. Replies that its models cannot hold are read by our own types: there
//     null becomes "", a 207 loses its errors, and record ids are int32.
//   - Everything that go-hubspot lacks (search with real sorts, OAuth, lists, owners, the journal, account details) is written by
//     hand: a few fields of a few replies, where generating models would bring fifteen thousand lines for lists alone.
//
// Every error is a *fault.Fault made by the one interpreter in errors.go. docs/hubspot-oddities.md lists what is odd about the API.
package hubspot

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"lumo/shared/clock"
	"lumo/shared/id"
	"lumo/shared/pace"
)

const (
	// DefaultVersion is HubSpot's date version of every path (GA September 2026).
	DefaultVersion = "2026-09"
	// DefaultBaseURL serves all hublets, EU included.
	DefaultBaseURL = "https://api.hubapi.com"
	// DefaultAppURL shows the authorize page.
	DefaultAppURL = "https://app.hubspot.com"
)

// TokenSource hands out the access tokens of portals.
type TokenSource interface {
	AccessToken(ctx context.Context, p id.PortalID) (string, error)
	// Refused tells that this token got a 401 and returns another one, or a fault.Revoked.
	Refused(ctx context.Context, p id.PortalID, token string) (string, error)
}

// Pacer keeps all running functions together below a portal's limits. *pace.Limiter is one.
type Pacer interface {
	// Wait returns when the next call may be sent.
	Wait(ctx context.Context, p id.PortalID, k pace.Kind, pr pace.Priority) error
	// Slow reports a 429.
	Slow(ctx context.Context, p id.PortalID, k pace.Kind, retryAfter time.Duration)
}

// Config of the one Client of a process. Zero values are sensible except for the identity of the app and Tokens.
type Config struct {
	BaseURL string
	AppURL  string
	Version string

	AppID        int64
	ClientID     string
	ClientSecret string

	HTTP   *http.Client
	Clock  clock.Clock
	Tokens TokenSource
	// AppTokens nil keeps the app's own tokens in this process only.
	AppTokens AppTokens
	// Pace nil means unpaced, which only tests want.
	Pace Pacer
	// Rand in [0,1) spreads repeats.
	Rand func() float64
	// Attempts bounds how often one call is sent; default 4.
	Attempts int
	Log      *slog.Logger
}

// Client talks to HubSpot. Make one per process; it is safe for concurrent use.
type Client struct {
	cfg Config
	crm generated

	mu        sync.Mutex
	appTokens map[string]appToken
}

// New fills in defaults. It opens no connection.
func New(cfg Config) *Client {
	cfg.BaseURL = strings.TrimRight(orElse(cfg.BaseURL, DefaultBaseURL), "/")
	cfg.AppURL = strings.TrimRight(orElse(cfg.AppURL, DefaultAppURL), "/")
	cfg.Version = orElse(cfg.Version, DefaultVersion)
	if cfg.HTTP == nil {
		cfg.HTTP = DefaultHTTP()
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.Real{}
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Float64
	}
	if cfg.Pace == nil {
		cfg.Pace = unpaced{}
	}
	if cfg.Attempts <= 0 {
		cfg.Attempts = 4
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c := &Client{cfg: cfg, appTokens: map[string]appToken{}}
	c.crm = newGenerated(c)
	return c
}

// DefaultHTTP keeps enough idle connections for a full pace and never hangs: HubSpot's own gateway gives up after 100 s, a
// function must answer long before.
func DefaultHTTP() *http.Client {
	return &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			ForceAttemptHTTP2:     true,
			MaxIdleConns:          256,
			MaxIdleConnsPerHost:   64,
			IdleConnTimeout:       90 * time.Second,
			TLSHandshakeTimeout:   5 * time.Second,
			ResponseHeaderTimeout: 25 * time.Second,
		},
		// A redirect would carry the bearer token to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Portal is the API as one portal may use it. Making one costs nothing.
type Portal struct {
	c        *Client
	id       id.PortalID
	priority pace.Priority
	kind     pace.Kind // of all calls but searches
}

// Portal returns the API of p at Bulk priority, in the general limit; see At and In.
func (c *Client) Portal(p id.PortalID) *Portal {
	return &Portal{c: c, id: p, kind: pace.General}
}

// At returns the same portal with calls of at least this priority.
func (p *Portal) At(pr pace.Priority) *Portal {
	q := *p
	q.priority = max(q.priority, pr)
	return &q
}

// In returns the same portal with calls, but for searches, that count for limit k.
func (p *Portal) In(k pace.Kind) *Portal {
	q := *p
	q.kind = k
	return &q
}

// ID is the portal's own id.
func (p *Portal) ID() id.PortalID { return p.id }

type unpaced struct{}

func (unpaced) Wait(ctx context.Context, _ id.PortalID, _ pace.Kind, _ pace.Priority) error {
	return ctx.Err()
}
func (unpaced) Slow(context.Context, id.PortalID, pace.Kind, time.Duration) {}

func orElse(s, d string) string {
	if s == "" {
		return d
	}
	return s
}
