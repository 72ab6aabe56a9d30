package linesandbox

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"lumo/shared/clock"
)

// Config is what a Server needs from outside. The zero value works: wall clock, default HTTP client, seed 0.
type Config struct {
	Clock clock.Clock
	// HTTP delivers webhooks. Its own time-out is not needed: a delivery is cut after 2 seconds of Clock (LINE docs: Receive messages).
	HTTP *http.Client
	// Seed fixes every id, secret, name, property order and disorder. The same seed and calls give the same bytes.
	Seed uint64
	// PublicURL is this server's own origin as others see it; login pages start with it.
	PublicURL string
	Log       *slog.Logger
}

// Server is one LINE platform: providers, channels, people and what they said. It is safe for concurrent use, and
// deterministic when driven by one goroutine with a clock.Virtual.
type Server struct {
	cfg  Config
	mu   sync.Mutex
	st   *state
	rnd  *rand.Rand
	src  *rand.PCG
	idle *sync.Cond // signalled when a webhook delivery ends

	routes   []route
	sandbox  http.Handler // pages and control API
	faults   []*armedFault
	faultSeq int
	limits   map[string]*bucket
	stats    *tally
	inFlight map[string]int // webhook POSTs under way, by channel
	armed    map[string]int // timers set for waiting events, by channel
	armSeq   int
	skew     time.Duration
	changes  uint64 // counts state changes, so that unchanged state is not saved again
}

// New returns an empty server.
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
	cfg.PublicURL = strings.TrimRight(cfg.PublicURL, "/")
	s := &Server{cfg: cfg}
	s.idle = sync.NewCond(&s.mu)
	s.routes = officialRoutes()
	s.sandbox = s.sandboxRoutes()
	s.clear()
	return s
}

// Reset forgets everything: people, channels, faults, statistics. The seed starts again.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
}

func (s *Server) clear() {
	s.src = rand.NewPCG(s.cfg.Seed, 0x6c696e65)
	s.rnd = rand.New(s.src)
	s.st = newState()
	s.faults, s.limits, s.stats = nil, map[string]*bucket{}, newTally()
	s.inFlight, s.armed = map[string]int{}, map[string]int{}
	s.armSeq++
	s.skew = 0
	s.changes++
	s.idle.Broadcast()
}

// Now is the server's own time: the clock plus the skew that was set.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

func (s *Server) now() time.Time {
	return s.cfg.Clock.Now().Add(s.skew).UTC().Truncate(time.Millisecond)
}

// SetSkew makes the server's time differ from the clock's by d: LINE's clock and ours are never quite the same.
func (s *Server) SetSkew(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = d
}

// Advance moves the server's time. A virtual clock is advanced (running what falls due); on the wall clock the skew grows, so
// tokens and keys expire, but deliveries already scheduled keep their moment.
func (s *Server) Advance(d time.Duration) {
	if v, ok := s.cfg.Clock.(*clock.Virtual); ok {
		v.Advance(d)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew += d
}

// PublicURL is the origin given in the configuration.
func (s *Server) PublicURL() string { return s.cfg.PublicURL }
