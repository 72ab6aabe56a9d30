package hubspotsandbox

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"lumo/shared/clock"
)

// Config describes the HubSpot that is played and the one app that HubSpot knows.
type Config struct {
	Clock clock.Clock  // default: the real one
	HTTP  *http.Client // delivers webhooks; default: http.DefaultClient
	Seed  uint64       // of ids, tokens, delays and shuffles
	Log   *slog.Logger // default: silent

	PublicURL string // own origin, e.g. http://127.0.0.1:3001

	AppID          int64 // default 7654321
	AppName        string
	ClientID       string
	ClientSecret   string
	DeveloperKey   string   // of the account that owns the app; "" lets nobody manage channels
	InstallURL     string   // where the marketplace's Install button leads; must be one of RedirectURLs
	RedirectURLs   []string // allowed redirect_uri values
	RequiredScopes []string // default DefaultRequiredScopes
	OptionalScopes []string // default DefaultOptionalScopes
	ScreensURL     string   // where the app's screens are shown; pages lead there; "" shows none
	WebhookTarget  string   // targetUrl with its variables replaced; "" delivers nothing
	Subscriptions  []Subscription
	MaxConcurrent  int          // webhook requests at a time, default 10
	Actions        []ActionFile // workflow actions of the app

	WriteLogLimit int // writes kept for Writes; default 200,000, the oldest go first
}

// DefaultRequiredScopes and DefaultOptionalScopes are what the app declares when the configuration names none.
var (
	DefaultRequiredScopes = []string{"oauth", "crm.objects.contacts.read", "crm.objects.contacts.write",
		"crm.schemas.contacts.read", "crm.schemas.contacts.write", "crm.lists.read", "crm.objects.companies.read", "crm.objects.owners.read"}
	DefaultOptionalScopes = []string{"crm.objects.companies.write", "crm.schemas.companies.read", "crm.schemas.companies.write",
		"crm.lists.write", "automation", "conversations.read", "conversations.write", "conversations.custom_channels.read",
		"conversations.custom_channels.write", "files.delete", "files.read", "files.write", "tickets", "timeline"}
)

// Server is one HubSpot with its portals. All methods may be called from several goroutines.
type Server struct {
	cfg   Config
	clock clock.Clock
	log   *slog.Logger
	mux   *http.ServeMux
	pages *http.ServeMux

	mu       sync.Mutex
	rng      *rand.Rand
	portals  map[int64]*portal
	sources  sources
	oauth    oauthState
	journal  journal
	channels []*channel
	hooks    hooks
	flows    flows
	// appEvents by portal; they do not outlive the process.
	appEvents map[int64][]AppEvent
	faults    []*Fault
	faultSeq  int
	latency   Latency
	skew      time.Duration
	writes    writeLog
	unseen    bool  // what is done right now is told to nobody (By.Unseen)
	changes   int64 // counts every change of state, so that a snapshot is written only when needed
	appStats  *statsBook
}

// New makes a HubSpot without portals. It panics never; a configuration without secrets simply refuses every token call.
func New(cfg Config) *Server {
	if cfg.Clock == nil {
		cfg.Clock = clock.Real{}
	}
	if cfg.HTTP == nil {
		cfg.HTTP = http.DefaultClient
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.AppID == 0 {
		cfg.AppID = 7654321
	}
	if cfg.AppName == "" {
		cfg.AppName = "Lumo"
	}
	if cfg.RequiredScopes == nil {
		cfg.RequiredScopes = DefaultRequiredScopes
	}
	if cfg.OptionalScopes == nil {
		cfg.OptionalScopes = DefaultOptionalScopes
	}
	if cfg.MaxConcurrent <= 0 {
		cfg.MaxConcurrent = 10
	}
	if cfg.WriteLogLimit <= 0 {
		cfg.WriteLogLimit = 200_000
	}
	cfg.PublicURL = strings.TrimSuffix(cfg.PublicURL, "/")
	s := &Server{cfg: cfg, clock: cfg.Clock, log: cfg.Log}
	s.reset()
	s.mux = s.apiRoutes()
	s.pages = s.pageRoutes()
	return s
}

// Config returns the configuration in use, defaults filled in.
func (s *Server) Config() Config { return s.cfg }

// Reset forgets everything: portals, tokens, faults, logs.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reset()
	s.changes++
}

func (s *Server) reset() {
	s.hooks.stopAll()
	s.rng = rand.New(rand.NewPCG(s.cfg.Seed, 0x9e3779b97f4a7c15))
	s.portals = map[int64]*portal{}
	s.sources = sources{}
	s.oauth = newOAuthState(s.cfg)
	s.journal, s.channels = journal{}, nil
	s.hooks = newHooks(s.cfg)
	s.flows.stopAll()
	s.flows = newFlows()
	s.appEvents = map[int64][]AppEvent{}
	s.faults, s.faultSeq = nil, 0
	s.latency, s.skew = Latency{}, 0
	s.writes = writeLog{limit: s.cfg.WriteLogLimit}
	s.appStats = newStatsBook()
}

// Close stops the timers of webhooks that wait.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks.stopAll()
	s.flows.stopAll()
}

// PortalOptions says what a portal is like. Zero values give a European-free, plain Japanese account.
type PortalOptions struct {
	Name        string `json:"name"`
	TimeZone    string `json:"timeZone"` // default Asia/Tokyo
	AccountType string `json:"accountType"`
	Currency    string `json:"currency"`
	// MergeKeepsPrimary plays the beta in which a merge keeps the primary's id instead of making a new record id.
	MergeKeepsPrimary bool `json:"mergeKeepsPrimary"`
	// Scopes that the portal's plan does not have; they are never granted.
	Lacks []string `json:"lacks"`
}

// portal is one customer account.
type portal struct {
	ID        int64
	Options   PortalOptions
	Created   int64
	Installed *install
	Objects   map[string]*objects // by kind name
	Links     links
	Lists     lists
	Inbox     inboxState
	Users     []User
	Rules     []Rule
	Search    SearchSettings
	Limits    Limits

	general, search window
	stats           *statsBook
}

// AddPortal creates an empty portal with HubSpot's own properties, three users and no app; an existing one is left as it is.
func (s *Server) AddPortal(id int64, o PortalOptions) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addPortal(id, o)
}

func (s *Server) addPortal(id int64, o PortalOptions) *portal {
	if p := s.portals[id]; p != nil {
		return p
	}
	if o.Name == "" {
		o.Name = fmt.Sprintf("Portal %d", id)
	}
	if o.TimeZone == "" {
		o.TimeZone = "Asia/Tokyo"
	}
	if o.AccountType == "" {
		o.AccountType = "STANDARD"
	}
	if o.Currency == "" {
		o.Currency = "JPY"
	}
	now := s.now().UnixMilli()
	p := &portal{ID: id, Options: o, Created: now, Objects: map[string]*objects{}, Users: defaultUsers(id), Limits: DefaultLimits, stats: newStatsBook()}
	for _, k := range kinds {
		p.Objects[k.Name] = newObjects(k, now)
	}
	p.Links.init()
	p.Lists.init()
	p.Inbox.init()
	s.portals[id] = p
	s.changes++
	return p
}

// Portals lists the portal ids in ascending order.
func (s *Server) Portals() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.portalIDs()
}

func (s *Server) portalIDs() []int64 {
	ids := make([]int64, 0, len(s.portals))
	for id := range s.portals {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// now is HubSpot's own clock, which the skew may put ahead of or behind ours.
func (s *Server) now() time.Time { return s.clock.Now().Add(s.skew).UTC() }

// uuid draws a version 4 UUID from the seed.
func (s *Server) uuid() string {
	a, b := s.rng.Uint64(), s.rng.Uint64()
	a = a&^0xf000 | 0x4000
	b = b&^(0xc<<60) | 0x8<<60
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}

// secret draws an opaque token of n characters.
func (s *Server) secret(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[s.rng.IntN(len(alphabet))]
	}
	return string(b)
}
