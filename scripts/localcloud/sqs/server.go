// Package sqs is a stand-in for Amazon SQS, for development, tests and the simulation only. It speaks the JSON protocol of the AWS
// SDKs, keeps standard and FIFO queues with visibility, delay, deduplication and redrive to a dead-letter queue, and takes its time
// from a replaceable clock. With a log file every change is on disk before it is answered, so that killing the process loses
// nothing that SQS would have kept.
//
// What it does follows the SQS API reference and developer guide (2025). Known differences: counts are exact, a purge is
// immediate, there are no throughput or in-flight limits, no policies, no KMS, no tags, no message move tasks. Without the chaos
// switch a standard queue delivers once and oldest first, which nothing may rely on.
package sqs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"lumo/scripts/localcloud/awslocal"
	"lumo/shared/clock"
)

// Config of a Server. The zero value keeps everything in memory and uses the real clock.
type Config struct {
	// BaseURL is the origin that queue URLs carry.
	BaseURL string
	// LogFile holds every change; it is read at start. Empty means memory only.
	LogFile string
	// Clock: with a virtual one, receive with WaitTimeSeconds 0 or move the clock from another goroutine.
	Clock clock.Clock
	// Rand makes message ids, receipt handles and the choices of chaos.
	Rand *rand.Rand
}

// Server is an http.Handler.
type Server struct {
	baseURL string
	clock   clock.Clock
	closed  chan struct{}

	mu     sync.Mutex
	rand   *rand.Rand
	chaos  Chaos
	queues map[string]*queue
	serial uint64 // last key given to a message; also the FIFO sequence
	log    *log
}

// New reads the log file, if there is one, and is ready to serve.
func New(c Config) (*Server, error) {
	s := &Server{baseURL: c.BaseURL, clock: c.Clock, rand: c.Rand, closed: make(chan struct{}), queues: map[string]*queue{}}
	if s.baseURL == "" {
		s.baseURL = "http://127.0.0.1"
	}
	if s.clock == nil {
		s.clock = clock.Real{}
	}
	if s.rand == nil {
		s.rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	if c.LogFile == "" {
		return s, nil
	}
	l, err := openLog(c.LogFile, s.apply, s.compacted)
	if err != nil {
		return nil, err
	}
	s.log = l
	return s, nil
}

// Close ends waiting receives and closes the log.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return nil
	default:
		close(s.closed)
	}
	if s.log == nil {
		return nil
	}
	return s.log.close()
}

// now is UTC without monotonic reading, so that a time read back from the log equals the one that was written.
func (s *Server) now() time.Time { return s.clock.Now().UTC().Round(0) }

func (s *Server) newID() string {
	hi, lo := s.rand.Uint64(), s.rand.Uint64()
	b := strconv.FormatUint(hi|1<<63, 16) + strconv.FormatUint(lo|1<<63, 16)
	return b[:8] + "-" + b[8:12] + "-4" + b[13:16] + "-" + b[16:20] + "-" + b[20:]
}

func (s *Server) url(name string) string { return s.baseURL + "/" + awslocal.Account + "/" + name }

// ARN of the queue called name.
func ARN(name string) string {
	return "arn:aws:sqs:" + awslocal.Region + ":" + awslocal.Account + ":" + name
}

func afterLast(s string, sep byte) string { return s[strings.LastIndexByte(s, sep)+1:] }

func (s *Server) find(url string) (*queue, error) {
	if q := s.queues[afterLast(url, '/')]; q != nil {
		return q, nil
	}
	return nil, &apiError{"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."}
}

const bodyLimit = 8 << 20 // above the 1 MiB of SQS and its JSON escapes

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	if !ok {
		http.Error(w, "only the JSON protocol of SQS is served", http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	out, err := s.do(r.Context(), name, body)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	status := http.StatusOK
	if err != nil {
		var ae *apiError
		if errors.As(err, &ae) {
			status = http.StatusBadRequest
			w.Header().Set("x-amzn-query-error", ae.query+";Sender")
		} else {
			status, ae = http.StatusInternalServerError, &apiError{"InternalError", "InternalError", err.Error()}
			w.Header().Set("x-amzn-query-error", ae.query+";Receiver")
		}
		out = map[string]string{"__type": "com.amazonaws.sqs#" + ae.kind, "message": ae.message}
	}
	b, err := json.Marshal(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	w.Write(b)
}

func (s *Server) do(ctx context.Context, name string, body []byte) (any, error) {
	run := actions[name]
	if run == nil {
		return nil, &apiError{"UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", name + " is not served by this stand-in."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return run(s, ctx, body)
}

// Depth counts the messages of a queue.
type Depth struct {
	Name             string `json:"name"`
	Visible          int    `json:"visible"`
	InFlight         int    `json:"inFlight"`
	Delayed          int    `json:"delayed"`
	OldestAgeSeconds int    `json:"oldestAgeSeconds"`
}

// Depths lists all queues by name.
func (s *Server) Depths() []Depth {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Depth, 0, len(s.queues))
	now := s.now()
	for _, q := range s.queues {
		q.expire(now)
		d := Depth{Name: q.name}
		oldest := now
		for _, m := range q.messages {
			switch m.state(now) {
			case visible:
				d.Visible++
			case inFlight:
				d.InFlight++
			case delayed:
				d.Delayed++
			}
			if m.Sent.Before(oldest) {
				oldest = m.Sent
			}
		}
		d.OldestAgeSeconds = int(now.Sub(oldest) / time.Second)
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b Depth) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Holding lists the queues, by name, that hold a message whose body or group matches; late ones count, too.
func (s *Server) Holding(match *regexp.Regexp) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	now := s.now()
	for _, q := range s.queues {
		q.expire(now)
		for _, m := range q.messages {
			if match.MatchString(m.Body) || match.MatchString(m.Group) {
				out = append(out, q.name)
				break
			}
		}
	}
	slices.Sort(out)
	return out
}

// Next is the earliest time at which a message of the named queue can be received, or false when the queue is empty. A time that
// is not in the future means now.
func (s *Server) Next(name string) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[name]
	if q == nil {
		return time.Time{}, false
	}
	return q.shelf.next()
}
