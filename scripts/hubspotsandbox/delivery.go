package hubspotsandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WebhookSettings say how webhooks misbehave.
type WebhookSettings struct {
	DelayMs   int64   `json:"delayMs"`   // from the change to its delivery; default 50
	JitterMs  int64   `json:"jitterMs"`  // up to so much more, drawn per event: puts events out of order
	Duplicate float64 `json:"duplicate"` // probability that an event is delivered once more
	Drop      float64 `json:"drop"`      // probability that an event is lost for good
	Shuffle   bool    `json:"shuffle"`   // mixes the events that leave together
	Paused    bool    `json:"paused"`    // keeps everything until it is resumed
	BatchSize int     `json:"batchSize"` // events per POST, 1 to 100; default 100
	// RetryMs are the waits before the second, third, ... attempt; default: ten over about 24 hours, each drawn around its mean.
	RetryMs []int64 `json:"retryMs"`
}

// retryMeans add up to less than 24 hours even when every draw is high.
var retryMeans = []time.Duration{time.Minute, 3 * time.Minute, 8 * time.Minute, 20 * time.Minute, 45 * time.Minute,
	90 * time.Minute, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 5 * time.Hour}

const (
	hookTimeout    = 5 * time.Second
	deliveriesKept = 300
)

// Delivery is one webhook request that was tried.
type Delivery struct {
	At       int64  `json:"at"`
	Portal   int64  `json:"portal"`
	Batch    int64  `json:"batch"`
	Attempt  int    `json:"attempt"`
	Status   int    `json:"status"` // 0 = no answer
	Error    string `json:"error,omitempty"`
	Events   int    `json:"events"`
	Body     string `json:"body"`
	GaveUp   bool   `json:"gaveUp,omitempty"`
	Duration int64  `json:"durationMs"`
}

// waitingEvent leaves when it is ready.
type waitingEvent struct {
	Ready int64 // unskewed ms
	Event hookEvent
}

// batch is one POST on its way, attempt after attempt.
type batch struct {
	ID      int64
	Events  []hookEvent
	Attempt int
	Due     int64 // unskewed ms of the next attempt
	// An event of a channel goes alone, to the channel's address.
	Portal  int64
	Target  string
	Raw     []byte
	running bool
}

type hooks struct {
	Settings WebhookSettings
	Waiting  []waitingEvent
	Batches  []*batch
	NextID   int64

	target  string
	subs    []Subscription
	max     int
	active  int
	timer   func() // stops the timer of the next departure
	timerAt int64
	log     []Delivery
	counts  HookCounts
}

// HookCounts adds up deliveries since the start or the last reset.
type HookCounts struct {
	Events    int `json:"events"`    // made by changes, duplicates included
	Dropped   int `json:"dropped"`   // lost on purpose
	Requests  int `json:"requests"`  // POSTs tried
	Delivered int `json:"delivered"` // POSTs answered with 2xx
	Failed    int `json:"failed"`    // POSTs that will be or were repeated
	GaveUp    int `json:"gaveUp"`    // POSTs given up after the last attempt
	Pending   int `json:"pending"`   // events still on their way
}

func newHooks(c Config) hooks {
	return hooks{Settings: WebhookSettings{DelayMs: 50, BatchSize: 100}, target: c.WebhookTarget, subs: c.Subscriptions, max: c.MaxConcurrent}
}

func (h *hooks) stopAll() {
	if h.timer != nil {
		h.timer()
		h.timer = nil
	}
}

func (s *Server) realNow() int64 { return s.clock.Now().UnixMilli() }

// enqueue takes one event in; chance decides whether it is lost, doubled or late.
func (s *Server) enqueue(e hookEvent) {
	h := &s.hooks
	h.counts.Events++
	if h.Settings.Drop > 0 && s.rng.Float64() < h.Settings.Drop {
		h.counts.Dropped++
		return
	}
	times := 1
	if h.Settings.Duplicate > 0 && s.rng.Float64() < h.Settings.Duplicate {
		times++
		h.counts.Events++
	}
	for range times {
		ready := s.realNow() + h.Settings.DelayMs
		if h.Settings.JitterMs > 0 {
			ready += s.rng.Int64N(h.Settings.JitterMs + 1)
		}
		h.Waiting = append(h.Waiting, waitingEvent{ready, e})
		s.arm(ready)
	}
}

// schedule sets one timer for the earliest departure or retry.
func (s *Server) schedule() {
	h := &s.hooks
	if h.Settings.Paused {
		return
	}
	next := int64(-1)
	consider := func(at int64) {
		if next < 0 || at < next {
			next = at
		}
	}
	for _, w := range h.Waiting {
		consider(w.Ready)
	}
	if h.active < h.max {
		for _, b := range h.Batches {
			if !b.running {
				consider(b.Due)
			}
		}
	}
	if next >= 0 {
		s.arm(next)
	}
}

// arm makes sure that depart runs at the given time or before.
func (s *Server) arm(at int64) {
	h := &s.hooks
	if h.Settings.Paused || h.timer != nil && h.timerAt <= at {
		return
	}
	h.stopAll()
	h.timerAt = at
	h.timer = s.clock.AfterFunc(time.Duration(max(0, at-s.realNow()))*time.Millisecond, s.depart)
}

// depart packs what is ready and starts every batch that is due.
func (s *Server) depart() {
	s.mu.Lock()
	h := &s.hooks
	h.timer = nil
	if h.Settings.Paused {
		s.mu.Unlock()
		return
	}
	s.pack(s.realNow())
	started := s.startDue(s.realNow())
	s.schedule()
	s.mu.Unlock()
	for _, b := range started[min(1, len(started)):] {
		s.clock.AfterFunc(0, func() { s.deliver(b) })
	}
	if len(started) > 0 {
		s.deliver(started[0])
	}
}

// pack puts ready events into batches, one portal each.
func (s *Server) pack(now int64) {
	h := &s.hooks
	var ready []waitingEvent
	h.Waiting = slices.DeleteFunc(h.Waiting, func(w waitingEvent) bool {
		if w.Ready <= now {
			ready = append(ready, w)
			return true
		}
		return false
	})
	slices.SortStableFunc(ready, func(a, b waitingEvent) int { return cmp(a.Ready, b.Ready) })
	if h.Settings.Shuffle {
		s.rng.Shuffle(len(ready), func(i, j int) { ready[i], ready[j] = ready[j], ready[i] })
	}
	size := h.Settings.BatchSize
	if size < 1 || size > 100 {
		size = 100
	}
	open := map[int64]*batch{}
	for _, w := range ready {
		b := open[w.Event.PortalID]
		if b == nil || len(b.Events) >= size {
			h.NextID++
			b = &batch{ID: h.NextID, Due: now}
			open[w.Event.PortalID] = b
			h.Batches = append(h.Batches, b)
		}
		b.Events = append(b.Events, w.Event)
	}
}

func (s *Server) startDue(now int64) []*batch {
	var out []*batch
	for _, b := range s.hooks.Batches {
		if s.hooks.active < s.hooks.max && !b.running && b.Due <= now {
			b.running = true
			s.hooks.active++
			out = append(out, b)
		}
	}
	return out
}

// deliver posts one batch and decides what becomes of it.
func (s *Server) deliver(b *batch) {
	s.mu.Lock()
	for i := range b.Events {
		b.Events[i].AttemptNumber = b.Attempt
	}
	body, err := json.Marshal(b.Events)
	stamp, secret, target, portal := strconv.FormatInt(s.now().UnixMilli(), 10), s.oauth.Secrets[0], s.hooks.target, b.Portal
	if b.Raw != nil {
		body, target = b.Raw, b.Target
	} else {
		portal = b.Events[0].PortalID
	}
	s.mu.Unlock()

	d := Delivery{At: s.realNow(), Portal: portal, Batch: b.ID, Attempt: b.Attempt, Events: max(len(b.Events), 1), Body: string(body)}
	if err == nil {
		d.Status, err = s.post(target, secret, stamp, body)
	}
	if err != nil {
		d.Error = err.Error()
	}
	d.Duration = s.realNow() - d.At

	s.mu.Lock()
	s.settle(b, d)
	s.schedule()
	s.mu.Unlock()
}

func (s *Server) post(target, secret, stamp string, body []byte) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), hookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "HubSpot Connect 2.0 (http://dev.hubspot.com/) - WebHooks")
	for k, v := range Sign(secret, http.MethodPost, target, body, stamp) {
		req.Header.Set(k, v)
	}
	res, err := s.cfg.HTTP.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, nil
}

// settle files the outcome: done, again later, or given up.
func (s *Server) settle(b *batch, d Delivery) {
	h := &s.hooks
	if !slices.Contains(h.Batches, b) {
		return // the sandbox was reset meanwhile
	}
	h.active--
	b.running = false
	h.counts.Requests++
	if d.Status/100 == 2 {
		h.counts.Delivered++
		h.Batches = slices.DeleteFunc(h.Batches, func(x *batch) bool { return x == b })
	} else {
		h.counts.Failed++
		b.Attempt++
		if wait, more := s.retryWait(b.Attempt); more {
			b.Due = s.realNow() + wait
		} else {
			d.GaveUp = true
			h.counts.GaveUp++
			h.Batches = slices.DeleteFunc(h.Batches, func(x *batch) bool { return x == b })
		}
	}
	if len(h.log) >= deliveriesKept {
		h.log = append(h.log[:0], h.log[deliveriesKept/2:]...)
	}
	h.log = append(h.log, d)
	s.changes++
}

func (s *Server) retryWait(attempt int) (int64, bool) {
	if own := s.hooks.Settings.RetryMs; len(own) > 0 {
		if attempt > len(own) {
			return 0, false
		}
		return own[attempt-1], true
	}
	if attempt > len(retryMeans) {
		return 0, false
	}
	mean := retryMeans[attempt-1].Milliseconds()
	return mean/2 + s.rng.Int64N(mean), true
}

// uriEscapes are the escapes that HubSpot decodes before it signs a URI; all others stay.
var uriEscapes = strings.NewReplacer("%3A", ":", "%2F", "/", "%3F", "?", "%40", "@", "%21", "!", "%24", "$", "%27", "'", "%28", "(",
	"%29", ")", "%2A", "*", "%2C", ",", "%3B", ";")

// Sign returns the headers of a request from HubSpot: version 3, and version 1 for old receivers. stamp is in ms.
func Sign(secret, method, uri string, body []byte, stamp string) map[string]string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(method + uriEscapes.Replace(uri)))
	mac.Write(body)
	mac.Write([]byte(stamp))
	v1 := sha256.Sum256(append([]byte(secret), body...))
	return map[string]string{
		"X-HubSpot-Signature-v3":      base64.StdEncoding.EncodeToString(mac.Sum(nil)),
		"X-HubSpot-Request-Timestamp": stamp,
		"X-HubSpot-Signature":         hex.EncodeToString(v1[:]),
		"X-HubSpot-Signature-Version": "v1",
	}
}

// SetWebhooks changes how webhooks are delivered.
func (s *Server) SetWebhooks(w WebhookSettings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.BatchSize == 0 {
		w.BatchSize = 100
	}
	s.hooks.Settings = w
	s.hooks.stopAll()
	s.schedule()
	s.changes++
}

// DeliverWebhooks sends everything that waits, retries included, now and in this goroutine, and returns the number of requests. It is
// for tests and the simulation, which decide themselves when things happen.
func (s *Server) DeliverWebhooks() int {
	s.mu.Lock()
	for i := range s.hooks.Waiting {
		s.hooks.Waiting[i].Ready = 0
	}
	s.pack(s.realNow())
	var todo []*batch
	for _, b := range s.hooks.Batches {
		if !b.running {
			b.running = true
			s.hooks.active++
			todo = append(todo, b)
		}
	}
	s.mu.Unlock()
	for _, b := range todo {
		s.deliver(b)
	}
	return len(todo)
}

// Deliveries returns the last webhook requests, oldest first.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.hooks.log)
}

// HookCounts adds up what became of webhooks.
func (s *Server) HookCounts() HookCounts {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.hooks.counts
	out.Pending = len(s.hooks.Waiting)
	for _, b := range s.hooks.Batches {
		out.Pending += max(len(b.Events), 1)
	}
	return out
}
