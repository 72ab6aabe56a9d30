package linesandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// WebhookSettings say how disorderly a channel's webhooks arrive. Chances are 0 to 1.
type WebhookSettings struct {
	DelayMS  int `json:"delayMs"`  // before the first delivery
	JitterMS int `json:"jitterMs"` // extra, at random per event: later events overtake
	// Shuffle takes waiting events in random order, also within one POST.
	Shuffle   bool    `json:"shuffle"`
	Duplicate float64 `json:"duplicate"` // the same event a second time, not marked as redelivery
	Drop      float64 `json:"drop"`      // lost on the way: with redelivery on it comes later, else never
	// LoseAnswer: the POST arrives, but LINE does not see the 200; with redelivery on it comes again.
	LoseAnswer float64 `json:"loseAnswer"`
	BatchMax   int     `json:"batchMax"` // events per POST
	Parallel   int     `json:"parallel"` // POSTs at the same time
	// Tolerance: what LINE may add or leave out without notice (LINE docs: Receive messages).
	UnknownProperties float64 `json:"unknownProperties"`
	UnknownEvents     float64 `json:"unknownEvents"`
	BareFollow        float64 `json:"bareFollow"` // follow events without their follow object
	SortedProperties  bool    `json:"sortedProperties"`
}

// DefaultWebhookSettings deliver at once, each event once, in order, with properties in random order.
func DefaultWebhookSettings() WebhookSettings {
	return WebhookSettings{BatchMax: 10, Parallel: 4, UnknownProperties: 0.1}
}

func (w WebhookSettings) delay(r *rand.Rand) time.Duration {
	ms := w.DelayMS
	if w.JitterMS > 0 {
		ms += r.IntN(w.JitterMS)
	}
	return time.Duration(ms) * time.Millisecond
}

// WebhookDelivery is one POST to the app, as LINE's error statistics would know it.
type WebhookDelivery struct {
	At         time.Time `json:"at"`
	URL        string    `json:"url"`
	Events     []string  `json:"events"`
	Types      []string  `json:"types"`
	Redelivery bool      `json:"redelivery"`
	Status     int       `json:"status"`
	Reason     string    `json:"reason"` // OK, COULD_NOT_CONNECT, REQUEST_TIMEOUT, ERROR_STATUS_CODE, UNCLASSIFIED, DROPPED
	Detail     string    `json:"detail,omitempty"`
	TookMS     int64     `json:"tookMs"`
	Body       string    `json:"body"`
	Signature  string    `json:"signature"`
}

// SetWebhookSettings replaces the channel's settings.
func (s *Server) SetWebhookSettings(channelID string, w WebhookSettings) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.messaging(channelID)
	if err != nil {
		return err
	}
	w.BatchMax, w.Parallel = max(w.BatchMax, 1), max(w.Parallel, 1)
	c.Settings = w
	s.changes++
	return nil
}

// WebhookSettings returns the channel's settings.
func (s *Server) WebhookSettings(channelID string) (WebhookSettings, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.messaging(channelID)
	if err != nil {
		return WebhookSettings{}, err
	}
	return c.Settings, nil
}

// Webhooks lists the latest deliveries of a channel, oldest first.
func (s *Server) Webhooks(channelID string) ([]WebhookDelivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.messaging(channelID)
	if err != nil {
		return nil, err
	}
	return slices.Clone(c.Deliveries), nil
}

// Redeliver sends events again, marked as redelivered, whatever the console's switch says. Without ids: all that are remembered.
func (s *Server) Redeliver(channelID string, eventIDs ...string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.messaging(channelID)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, e := range c.Events {
		if len(eventIDs) > 0 && !slices.Contains(eventIDs, e.ID) {
			continue
		}
		again := *e
		again.Redelivery, again.Copy, again.Due = true, true, s.now()
		c.Waiting = append(c.Waiting, &again)
		n++
	}
	s.arm(c)
	return n, nil
}

// WaitingWebhooks counts events not yet delivered, redeliveries included.
func (s *Server) WaitingWebhooks() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting()
}

func (s *Server) waiting() int {
	n := 0
	for _, c := range s.st.Channels {
		n += len(c.Waiting) + s.inFlight[c.ID]
	}
	return n
}

// WaitWebhooks blocks until every event is delivered or given up. It needs a clock that moves by itself.
func (s *Server) WaitWebhooks(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { s.mu.Lock(); s.idle.Broadcast(); s.mu.Unlock() })
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.waiting() > 0 && ctx.Err() == nil {
		s.idle.Wait()
	}
	return ctx.Err()
}

// webhookURL is the address in force: a new one takes effect after a while (Messaging API reference: Webhook settings).
func (s *Server) webhookURL(c *channel) string {
	if s.now().Before(c.WebhookFrom) {
		return c.OldWebhook
	}
	return c.Webhook
}

// arm sets a timer for the channel's earliest waiting event. Timers are cheap and only wake deliver, so one too many does no harm.
func (s *Server) arm(c *channel) {
	if len(c.Waiting) == 0 || s.armed[c.ID] > 0 || s.inFlight[c.ID] >= max(c.Settings.Parallel, 1) {
		return
	}
	first := c.Waiting[0].Due
	if c.Settings.DelayMS+c.Settings.JitterMS > 0 || c.Waiting[len(c.Waiting)-1].Due.After(first) {
		for _, e := range c.Waiting {
			if e.Due.Before(first) {
				first = e.Due
			}
		}
	}
	s.armed[c.ID]++
	epoch := s.armSeq
	s.cfg.Clock.AfterFunc(max(first.Sub(s.now()), 0), func() { s.deliver(c, epoch) })
}

// takeDue removes up to one POST's worth of due events.
func (s *Server) takeDue(c *channel) []*outEvent {
	now, limit := s.now(), max(c.Settings.BatchMax, 1)
	if c.Settings.Shuffle {
		s.rnd.Shuffle(len(c.Waiting), func(i, j int) { c.Waiting[i], c.Waiting[j] = c.Waiting[j], c.Waiting[i] })
	}
	var batch, later []*outEvent
	i := 0
	for ; i < len(c.Waiting) && len(batch) < limit; i++ {
		if e := c.Waiting[i]; e.Due.After(now) {
			later = append(later, e)
		} else {
			batch = append(batch, e)
		}
	}
	c.Waiting = c.Waiting[i:]
	if len(later) > 0 {
		c.Waiting = append(later, c.Waiting...)
	}
	return batch
}

// deliver sends one POST of due events and sets the next timer.
func (s *Server) deliver(c *channel, epoch int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if epoch != s.armSeq {
		return // reset meanwhile
	}
	s.armed[c.ID]--
	batch := s.takeDue(c)
	if len(batch) == 0 {
		s.arm(c)
		return
	}
	s.changes++
	url := s.webhookURL(c)
	if !c.UseWebhook || url == "" {
		s.arm(c)
		s.idle.Broadcast()
		return
	}
	s.inFlight[c.ID]++
	c.Flying = append(c.Flying, batch...)
	s.arm(c) // the rest goes out beside this one, as far as Parallel permits
	record := s.postBatch(c, url, batch)
	if epoch != s.armSeq {
		return
	}
	s.inFlight[c.ID]--
	c.Flying = slices.DeleteFunc(c.Flying, func(e *outEvent) bool { return slices.Contains(batch, e) })
	c.Deliveries = keepLast(append(c.Deliveries, record), 500)
	if record.Reason != "OK" {
		s.redeliverLater(c, batch)
	}
	s.arm(c)
	s.idle.Broadcast()
}

// postBatch renders, signs and posts with the lock released meanwhile.
func (s *Server) postBatch(c *channel, url string, batch []*outEvent) WebhookDelivery {
	record := WebhookDelivery{At: s.now(), URL: url}
	for _, e := range batch {
		record.Events, record.Types = append(record.Events, e.ID), append(record.Types, e.Type)
		record.Redelivery = record.Redelivery || e.Redelivery
		s.openReply(c, e)
	}
	body, err := s.envelope(c, batch)
	if err != nil {
		record.Reason, record.Detail = "UNCLASSIFIED", err.Error()
		return record
	}
	record.Body, record.Signature = string(body), Sign(c.Secret, body)
	if s.chance(c.Settings.Drop) {
		record.Reason, record.Detail = "DROPPED", "lost on the way by the sandbox's settings"
		return record
	}
	lose := s.chance(c.Settings.LoseAnswer)
	s.mu.Unlock()
	answer := s.post(url, body, record.Signature)
	s.mu.Lock()
	record.Status, record.Reason, record.Detail, record.TookMS = answer.status, answer.reason, answer.detail, answer.took.Milliseconds()
	if lose && record.Reason == "OK" {
		record.Reason, record.Detail = "REQUEST_TIMEOUT", "the answer was lost by the sandbox's settings"
	}
	return record
}

// redeliverLater puts failed events back, each by its own count of failures, if the console's switch is on (LINE docs: Redelivery of webhooks).
func (s *Server) redeliverLater(c *channel, batch []*outEvent) {
	delays := s.redeliveryDelays()
	for _, e := range batch {
		if !c.Redelivery || e.Copy || e.Failures >= len(delays) {
			continue
		}
		again := *e
		again.Redelivery, again.Due = true, s.now().Add(delays[e.Failures])
		again.Failures++
		c.Waiting = append(c.Waiting, &again)
	}
}

// Sign makes the x-line-signature of a body.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

type postAnswer struct {
	status         int
	reason, detail string
	took           time.Duration
}

// webhookTimeout: slower answers count as failures (LINE docs: Receive messages).
const webhookTimeout = 2 * time.Second

// post must be called without the lock: the receiver may call us back before it answers.
func (s *Server) post(url string, body []byte, signature string) postAnswer {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	late := errors.New("no answer within 2 seconds")
	start := s.cfg.Clock.Now()
	stop := s.cfg.Clock.AfterFunc(webhookTimeout, func() { cancel(late) })
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return postAnswer{reason: "COULD_NOT_CONNECT", detail: err.Error()}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "LineBotWebhook/2.0")
	req.Header["x-line-signature"] = []string{signature} // lower case on the wire, as LINE writes it
	client := *s.cfg.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	took := s.cfg.Clock.Now().Sub(start)
	if err == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
		res.Body.Close()
	}
	switch {
	case context.Cause(ctx) == late || took >= webhookTimeout:
		return postAnswer{reason: "REQUEST_TIMEOUT", detail: late.Error(), took: took}
	case err != nil:
		return postAnswer{reason: "COULD_NOT_CONNECT", detail: err.Error(), took: took}
	case res.StatusCode < 200 || res.StatusCode > 299:
		return postAnswer{status: res.StatusCode, reason: "ERROR_STATUS_CODE", detail: fmt.Sprint(res.StatusCode), took: took}
	}
	return postAnswer{status: res.StatusCode, reason: "OK", detail: fmt.Sprint(res.StatusCode), took: took}
}
