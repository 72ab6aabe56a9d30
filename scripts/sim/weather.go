package sim

import (
	"math/rand/v2"
	"time"

	hs "lumo/scripts/hubspotsandbox"
	ls "lumo/scripts/linesandbox"
	"lumo/scripts/localcloud/sqs"
)

// weather is everything that chance decides besides what people do. Each seed draws its own climate, so that some worlds suffer from
// one thing only and others from everything.
type weather struct {
	rng   *rand.Rand
	calm  bool // for ever
	storm bool

	crash                         float64 // of an invocation
	hubspot, line, table, sending float64 // faults of one call
	slow                          float64 // calls that take seconds
	lostTicks                     float64
	twice                         float64       // of batches: Lambda promises at least one invocation, and sometimes makes two at once
	stalls                        bool          // faults may hang until the time-out
	broken                        float64       // of spells, in which HubSpot answers nothing for a while
	outage                        outage        // of this spell
	lag                           time.Duration // search index, at most
	indexLag                      time.Duration // global indexes of the table, at most
	journal                       string        // "on", "late", "refused"
	hooks                         hs.WebhookSettings
	line2                         ls.WebhookSettings
	chaos                         sqs.Chaos
	skew                          time.Duration
}

// outage is a time in which HubSpot answers nothing.
type outage struct{ from, until time.Time }

// Climate fixes parts of the weather that a test needs; zero fields stay drawn.
type Climate struct {
	Calm    bool    // no trouble at all
	Crashes float64 // at least this share of invocations is killed
	Journal string
	Lag     time.Duration
	Faults  float64 // at least this share of calls to HubSpot fails
	Slow    float64 // at least this share of calls takes seconds
}

func newWeather(seed uint64, c Climate) *weather {
	w := &weather{rng: rand.New(rand.NewPCG(seed, 0x77656174686572)), storm: true}
	level := func(p, most float64) float64 { // often none at all
		if !w.chance(p) {
			return 0
		}
		return most * w.rng.Float64()
	}
	w.crash = max(level(0.7, 0.2), c.Crashes)
	w.hubspot, w.line = max(level(0.6, 0.06), c.Faults), level(0.5, 0.05)
	w.table, w.sending = level(0.4, 0.01), level(0.4, 0.03)
	w.slow = max(level(0.4, 0.02), c.Slow)
	w.lostTicks, w.stalls, w.twice = level(0.4, 0.5), w.chance(0.3), level(0.5, 0.2)
	w.broken = level(0.6, 1)
	w.lag = max(time.Duration(level(0.7, 120))*time.Second, c.Lag)
	w.indexLag = time.Duration(level(0.6, 3000)) * time.Millisecond
	w.journal = []string{"on", "late", "refused"}[w.rng.IntN(3)]
	if c.Journal != "" {
		w.journal = c.Journal
	}
	w.hooks = hs.WebhookSettings{
		DelayMs: 50 + w.rng.Int64N(2000), JitterMs: int64(level(0.7, 20_000)), Duplicate: level(0.6, 0.3), Shuffle: w.chance(0.5), BatchSize: 1 + w.rng.IntN(100),
	}
	w.line2 = ls.DefaultWebhookSettings()
	w.line2.JitterMS, w.line2.Shuffle, w.line2.Duplicate = int(level(0.6, 8000)), w.chance(0.5), level(0.5, 0.3)
	w.line2.LoseAnswer, w.line2.UnknownEvents, w.line2.BareFollow = level(0.3, 0.3), level(0.3, 0.2), level(0.3, 0.5)
	w.chaos = sqs.Chaos{Duplicate: level(0.7, 0.3), DuplicateWithin: 30 * time.Second, Reorder: w.chance(0.6), Short: level(0.5, 0.5)}
	if w.chance(0.4) {
		w.skew = time.Duration(w.rng.IntN(3000)-1500) * time.Millisecond
	}
	if c.Calm {
		*w = weather{rng: w.rng, calm: true, journal: "on", hooks: hs.WebhookSettings{DelayMs: 50, BatchSize: 100}, line2: ls.DefaultWebhookSettings()}
	}
	return w
}

func (w *weather) chance(p float64) bool { return p > 0 && w.rng.Float64() < p }

func (w *weather) stormy() bool { return w.storm }

// between draws a duration, in whole milliseconds: most of HubSpot's and our times have no more.
func (w *weather) between(low, high time.Duration) time.Duration {
	return (low + time.Duration(w.rng.Int64N(int64(max(high-low, 1))))).Truncate(time.Millisecond)
}

// latency of one way of a call.
func (w *weather) latency(service string) time.Duration {
	switch service {
	case "hubspot":
		return w.between(10*time.Millisecond, 120*time.Millisecond)
	case "line":
		return w.between(10*time.Millisecond, 60*time.Millisecond)
	case "table":
		return w.between(1*time.Millisecond, 6*time.Millisecond)
	}
	return w.between(2*time.Millisecond, 12*time.Millisecond)
}

// trouble decides whether an invocation is killed, and where.
func (w *weather) trouble(t *task) {
	if !w.storm || !w.chance(w.crash) {
		return
	}
	t.after = w.chance(0.5)
	switch n := w.rng.IntN(10); {
	case n < 3:
		t.aim, t.countdown = anyCall, 1+w.rng.IntN(1+w.rng.IntN(40)) // early calls more often: many invocations make few
	case n < 7:
		t.aim, t.countdown = effects, 1+w.rng.IntN(8)
	default:
		t.aim, t.countdown = providers, 1+w.rng.IntN(2)
	}
}

// spell begins a stretch of bad weather. HubSpot's outage, if any, begins within a time.
func (w *weather) spell(now time.Time, within time.Duration) {
	w.storm, w.outage = !w.calm, outage{}
	if w.chance(w.broken) {
		from := now.Add(w.between(0, within))
		w.outage = outage{from, from.Add(w.between(20*time.Second, 6*time.Minute))}
	}
}

// down tells whether HubSpot is.
func (w *weather) down(now time.Time) bool {
	return w.storm && !now.Before(w.outage.from) && now.Before(w.outage.until)
}

// stall is what a process loses now and then: the network, or a processor that serves others.
func (w *weather) stall(t *task) time.Duration {
	if !w.storm || !w.chance(w.slow) {
		return 0
	}
	d := w.between(100*time.Millisecond, 8*time.Second)
	t.stalled += d
	return d
}

// hubspotFault draws what goes wrong with a call; nil is nothing.
func (w *weather) hubspotFault() *hs.Fault {
	if !w.storm || !w.chance(w.hubspot) {
		return nil
	}
	all := []hs.Fault{
		{Kind: hs.FaultStatus, Status: 429, RetryAfter: "2"}, {Kind: hs.FaultStatus, Status: 429}, {Kind: hs.FaultStatus, Status: 500},
		{Kind: hs.FaultStatus, Status: 502, Body: "<html>Bad gateway</html>"}, {Kind: hs.FaultStatus, Status: 503}, {Kind: hs.FaultStatus, Status: 423},
		{Kind: hs.FaultCutBefore}, {Kind: hs.FaultCutAfter}, {Kind: hs.FaultCutAfter}, {Kind: hs.FaultGarbage},
		{Kind: hs.FaultHang, Millis: 25_000}, {Kind: hs.FaultHangAfter, Millis: 25_000},
	}
	if !w.stalls {
		all = all[:len(all)-2]
	}
	f := all[w.rng.IntN(len(all))]
	f.Count = 1
	return &f
}

func (w *weather) lineFault() *ls.Fault {
	if !w.storm || !w.chance(w.line) {
		return nil
	}
	all := []ls.Fault{
		{Kind: ls.FaultStatus, Status: 429}, {Kind: ls.FaultStatus, Status: 500}, {Kind: ls.FaultStatusAfter, Status: 500}, {Kind: ls.FaultCutBefore},
		{Kind: ls.FaultCutAfter}, {Kind: ls.FaultHang, DelayMS: 10_000},
	}
	if !w.stalls {
		all = all[:len(all)-1]
	}
	f := all[w.rng.IntN(len(all))]
	f.Count = 1
	return &f
}
