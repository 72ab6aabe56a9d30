package runner

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"lumo/scripts/localcloud/dynamodb"
	"lumo/scripts/localcloud/lambdahost"
	"lumo/scripts/localcloud/mapping"
	"lumo/scripts/localcloud/sqs"
)

// Status is a picture of the whole cloud.
type Status struct {
	UpSeconds int                       `json:"upSeconds"`
	Front     string                    `json:"front"`
	Functions map[string]FunctionStatus `json:"functions"`
	Queues    []sqs.Depth               `json:"queues"`
	Mappings  map[string]mapping.Stats  `json:"mappings"`
	Schedules map[string]time.Time      `json:"schedules"` // next times
	KMSCalls  int64                     `json:"kmsCalls"`
	Mails     int                       `json:"mails"`
	// Hottest is the most that a partition key of the table took within a second; Throttled counts what was refused for more than DynamoDB allows.
	Hottest   dynamodb.Hottest `json:"hottest"`
	Throttled int              `json:"throttled"`
}

// FunctionStatus adds the DynamoDB requests of a function, by operation, to its counters.
type FunctionStatus struct {
	lambdahost.Stats
	DynamoDB map[string]int `json:"dynamodb"`
}

// Status reads all counters.
func (c *Cloud) Status() Status {
	s := Status{
		UpSeconds: int(time.Since(c.started).Seconds()), Front: c.frontURL, Functions: map[string]FunctionStatus{},
		Mappings: map[string]mapping.Stats{}, Schedules: map[string]time.Time{}, Queues: []sqs.Depth{},
	}
	requests := map[string]map[string]int{}
	if c.counter != nil {
		requests = c.counter.Counts()
		s.Hottest, s.Throttled = c.counter.Hottest()
	}
	for id, f := range c.functions {
		s.Functions[id] = FunctionStatus{f.Stats(), requests[id]}
	}
	for name, m := range c.mappings {
		s.Mappings[name] = m.Stats()
	}
	for _, x := range c.schedules {
		x.mu.Lock()
		s.Schedules[x.function+"."+x.event.Event] = x.next
		x.mu.Unlock()
	}
	if c.sqs != nil {
		s.Queues = c.sqs.Depths()
	}
	if c.kms != nil {
		s.KMSCalls = c.kms.Calls()
	}
	if c.mail != nil {
		s.Mails = len(c.mail.Mails())
	}
	return s
}

// Holding lists the queues that hold a message whose body or group matches.
func (c *Cloud) Holding(match *regexp.Regexp) []string {
	if c.sqs == nil {
		return nil
	}
	return c.sqs.Holding(match)
}

// SetChaos changes the behaviour of the standard queues.
func (c *Cloud) SetChaos(x sqs.Chaos) error {
	if c.sqs == nil {
		return fmt.Errorf("the queues are not this cloud's: %s is set", variable(serviceSQS))
	}
	c.sqs.SetChaos(x)
	return nil
}

// controlHandler refuses requests of web pages from elsewhere: it listens on the loopback interface, which a browser reaches, too.
func (c *Cloud) controlHandler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /_local/status", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, c.Status()) })
	m.HandleFunc("POST /_local/tick", c.tick)
	m.HandleFunc("POST /_local/chaos", c.chaos)
	if c.mail != nil {
		m.Handle("GET /mail/", http.StripPrefix("/mail", c.mail))
	}
	return http.NewCrossOriginProtection().Handler(m)
}

func reply(w http.ResponseWriter, status int, v any) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(b, '\n'))
}

func refuse(w http.ResponseWriter, err error) {
	reply(w, http.StatusBadRequest, map[string]string{"message": err.Error()})
}

func (c *Cloud) tick(w http.ResponseWriter, r *http.Request) {
	res, err := c.Tick(r.Context(), r.URL.Query().Get("name"))
	if err != nil {
		refuse(w, err)
		return
	}
	out := map[string]any{"errorType": res.ErrorType}
	if json.Valid(res.Payload) {
		out["payload"] = json.RawMessage(res.Payload)
	}
	reply(w, http.StatusOK, out)
}

func (c *Cloud) chaos(w http.ResponseWriter, r *http.Request) {
	var x sqs.Chaos
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<16))
	if err == nil && len(b) > 0 {
		err = json.Unmarshal(b, &x)
	}
	if err == nil {
		err = c.SetChaos(x)
	}
	if err != nil {
		refuse(w, err)
		return
	}
	reply(w, http.StatusOK, x)
}
