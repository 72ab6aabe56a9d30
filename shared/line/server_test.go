package line

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"lumo/shared/clock"
	"lumo/shared/id"
)

const (
	user    = id.LineUserID("U0123456789abcdef0123456789abcdef")
	other   = id.LineUserID("Ufedcba9876543210fedcba9876543210")
	key     = "123e4567-e89b-12d3-a456-426614174000"
	secret  = "canary-channel-secret"
	tokenOf = "canary-token-"
)

// seen is one call that the server got.
type seen struct {
	method, path, query, auth, retryKey, contentType, body string
	hasRetryKey                                            bool
}

// server is a LINE that answers what the test says; a call nobody expected fails the test.
type server struct {
	t      *testing.T
	mu     sync.Mutex
	calls  []seen
	tokens int
	// tokenAnswer, when set, replaces the issuing of tokens.
	tokenAnswer http.HandlerFunc
	answer      http.HandlerFunc
	clock       *clock.Virtual
	client      *Client
}

func newServer(t *testing.T, answer http.HandlerFunc) *server {
	t.Helper()
	s := &server{t: t, answer: answer, clock: clock.NewVirtual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	s.client = New(Config{APIURL: h.URL + "/api/", DataURL: h.URL + "/data", HTTP: h.Client(), Clock: s.clock})
	return s
}

func (s *server) channel() *ChannelClient {
	return s.client.Channel(Channel{ID: "1234567890", Secret: secret})
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, has := r.Header[http.CanonicalHeaderKey("X-Line-Retry-Key")]
	s.mu.Lock()
	w.Header().Set("X-Line-Request-Id", "request-1")
	if r.URL.Path == "/api/oauth2/v3/token" {
		s.tokens++
		n, answer := s.tokens, s.tokenAnswer
		s.mu.Unlock()
		if answer != nil {
			answer(w, r)
			return
		}
		if want := "client_id=1234567890&client_secret=" + secret + "&grant_type=client_credentials"; string(body) != want ||
			r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.Method != http.MethodPost {
			s.t.Errorf("token request %s %q", r.Method, body)
		}
		fmt.Fprintf(w, `{"token_type":"Bearer","access_token":"%s%d","expires_in":900}`, tokenOf, n)
		return
	}
	s.calls = append(s.calls, seen{
		r.Method, r.URL.Path, r.URL.RawQuery, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "),
		r.Header.Get("X-Line-Retry-Key"), r.Header.Get("Content-Type"), string(body), has,
	})
	answer := s.answer
	s.mu.Unlock()
	if answer == nil {
		s.t.Errorf("unexpected call %s %s", r.Method, r.URL.Path)
		w.WriteHeader(http.StatusTeapot)
		return
	}
	answer(w, r)
}

func (s *server) issued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens
}

func (s *server) last() seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) == 0 {
		return seen{}
	}
	return s.calls[len(s.calls)-1]
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)
}

func reply200(body string) http.HandlerFunc { return replyWith(http.StatusOK, body) }

func replyWith(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}
