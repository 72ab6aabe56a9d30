package linesandbox

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// sandboxRoutes joins the pages and the control API, closed to foreign web pages in the same browser.
func (s *Server) sandboxRoutes() http.Handler {
	mux := http.NewServeMux()
	s.pages(mux)
	s.control(mux)
	return http.NewCrossOriginProtection().Handler(mux)
}

// request is a control call: its JSON body is decoded by the handler, path values come from the pattern.
type request struct {
	*http.Request
	body []byte
}

func (r request) into(v any) error {
	if len(r.body) == 0 {
		return nil
	}
	return json.Unmarshal(r.body, v)
}

type controlFunc func(request) (any, error)

func (s *Server) control(mux *http.ServeMux) {
	for pattern, f := range s.controls() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { serveControl(w, r, f) })
	}
}

const maxControlBody = 32 << 20 // films travel as base64

func serveControl(w http.ResponseWriter, r *http.Request, f controlFunc) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControlBody))
	var out any
	if err == nil {
		out, err = f(request{r, body})
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Sandbox", "line")
	switch {
	case errors.Is(err, ErrUnknown):
		w.WriteHeader(http.StatusNotFound)
	case errors.Is(err, ErrNotPossible):
		w.WriteHeader(http.StatusConflict)
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
	}
	if err != nil {
		out = map[string]string{"error": err.Error()}
	} else if out == nil {
		out = empty
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(out) // the caller may be gone
}

// controls is the whole control API; the package comment describes it.
func (s *Server) controls() map[string]controlFunc {
	all := map[string]controlFunc{
		"GET /_sandbox/providers":  func(request) (any, error) { return s.Providers(), nil },
		"POST /_sandbox/providers": s.controlCreateProvider,
		"GET /_sandbox/channels":   func(request) (any, error) { return s.Channels(), nil },
		"POST /_sandbox/channels":  s.controlCreateChannel,
		"GET /_sandbox/channels/{channel}": func(r request) (any, error) {
			return s.Channel(r.PathValue("channel"))
		},
		"PATCH /_sandbox/channels/{channel}": s.controlConfigure,
		"POST /_sandbox/channels/{channel}/secret": func(r request) (any, error) {
			return s.ReissueSecret(r.PathValue("channel"))
		},
		"POST /_sandbox/channels/{channel}/keys": func(r request) (any, error) {
			kid, err := s.RegisterKey(r.PathValue("channel"), r.body)
			return object{"kid": kid}, err
		},
		"POST /_sandbox/channels/{channel}/long-lived-token": func(r request) (any, error) {
			text, err := s.IssueLongLivedToken(r.PathValue("channel"))
			return object{"accessToken": text}, err
		},
		"GET /_sandbox/channels/{channel}/friends":  s.controlFriends,
		"POST /_sandbox/channels/{channel}/friends": s.controlAddFriends,
		"GET /_sandbox/channels/{channel}/webhooks": func(r request) (any, error) { return s.Webhooks(r.PathValue("channel")) },
		"GET /_sandbox/channels/{channel}/webhook-settings": func(r request) (any, error) {
			return s.WebhookSettings(r.PathValue("channel"))
		},
		"PUT /_sandbox/channels/{channel}/webhook-settings": s.controlWebhookSettings,
		"POST /_sandbox/channels/{channel}/redeliver":       s.controlRedeliver,
		"GET /_sandbox/users":                               func(request) (any, error) { return s.Users(), nil },
		"POST /_sandbox/users":                              s.controlCreateUsers,
		"GET /_sandbox/users/{user}":                        func(r request) (any, error) { return s.User(r.PathValue("user")) },
		"POST /_sandbox/users/{user}/{act}":                 s.controlPerson,
		"GET /_sandbox/chats/{channel}/{user}": func(r request) (any, error) {
			return s.ChatLog(r.PathValue("channel"), r.PathValue("user"))
		},
		"POST /_sandbox/chats/{channel}/{user}/{act}": s.controlAct,
	}
	for pattern, f := range s.controlGroups() {
		all[pattern] = f
	}
	for pattern, f := range s.controlsOfTheServer() {
		all[pattern] = f
	}
	return all
}

func (s *Server) controlsOfTheServer() map[string]controlFunc {
	return map[string]controlFunc{
		"GET /_sandbox/faults":  func(request) (any, error) { return s.Faults(), nil },
		"POST /_sandbox/faults": s.controlAddFault,
		"DELETE /_sandbox/faults": func(request) (any, error) {
			s.ClearFaults()
			return nil, nil
		},
		"DELETE /_sandbox/faults/{id}": func(r request) (any, error) {
			id, err := strconv.Atoi(r.PathValue("id"))
			if err == nil {
				s.RemoveFault(id)
			}
			return nil, err
		},
		"GET /_sandbox/assumptions": func(request) (any, error) { return s.Assumptions(), nil },
		"PUT /_sandbox/assumptions": s.controlAssume,
		"GET /_sandbox/clock":       func(request) (any, error) { return object{"now": s.Now()}, nil },
		"POST /_sandbox/clock":      s.controlClock,
		"GET /_sandbox/stats":       func(request) (any, error) { return s.Stats(), nil },
		"GET /_sandbox/calls":       s.controlCalls,
		"GET /_sandbox/violations":  func(request) (any, error) { return s.Violations(), nil },
		"DELETE /_sandbox/stats":    func(request) (any, error) { s.ClearStats(); return nil, nil },
		"POST /_sandbox/reset":      func(request) (any, error) { s.Reset(); return nil, nil },
		"POST /_sandbox/seed":       s.controlSeed,

		"POST /_sandbox/login/authorize": s.controlAuthorize,
		"POST /_sandbox/account-link":    s.controlAccountLink,
		"POST /_sandbox/login/id-token":  s.controlIDToken,
	}
}

func (s *Server) controlCreateProvider(r request) (any, error) {
	var in Provider
	if err := r.into(&in); err != nil {
		return nil, err
	}
	return s.CreateProvider(in.Name), nil
}

func (s *Server) controlCreateChannel(r request) (any, error) {
	var in ChannelSpec
	if err := r.into(&in); err != nil {
		return nil, err
	}
	return s.CreateChannel(in)
}

func (s *Server) controlConfigure(r request) (any, error) {
	var in ChannelChange
	if err := r.into(&in); err != nil {
		return nil, err
	}
	return s.ConfigureChannel(r.PathValue("channel"), in)
}

func (s *Server) controlFriends(r request) (any, error) {
	all, err := s.Friends(r.PathValue("channel"))
	if err != nil {
		return nil, err
	}
	if state := r.URL.Query().Get("state"); state != "" {
		kept := []Friend{}
		for _, f := range all {
			if string(f.State) == state {
				kept = append(kept, f)
			}
		}
		all = kept
	}
	return all, nil
}

func (s *Server) controlAddFriends(r request) (any, error) {
	in := struct {
		Count int  `json:"count"`
		Quiet bool `json:"quiet"`
	}{Count: 1}
	if err := r.into(&in); err != nil {
		return nil, err
	}
	return s.AddFriends(r.PathValue("channel"), in.Count, in.Quiet)
}

func (s *Server) controlWebhookSettings(r request) (any, error) {
	in, err := s.WebhookSettings(r.PathValue("channel"))
	if err != nil {
		return nil, err
	}
	if err := r.into(&in); err != nil { // what the body leaves out stays as it is
		return nil, err
	}
	return in, s.SetWebhookSettings(r.PathValue("channel"), in)
}

func (s *Server) controlRedeliver(r request) (any, error) {
	var in struct {
		Events []string `json:"events"`
	}
	if err := r.into(&in); err != nil {
		return nil, err
	}
	n, err := s.Redeliver(r.PathValue("channel"), in.Events...)
	return object{"events": n}, err
}

func (s *Server) controlCreateUsers(r request) (any, error) {
	var in struct {
		UserSpec
		Count int `json:"count"`
	}
	if err := r.into(&in); err != nil {
		return nil, err
	}
	if in.Count > 0 {
		return s.CreateUsers(in.Count), nil
	}
	return s.CreateUser(in.UserSpec), nil
}

func (s *Server) controlAddFault(r request) (any, error) {
	var in Fault
	if err := r.into(&in); err != nil {
		return nil, err
	}
	id, err := s.AddFault(in)
	return object{"id": id}, err
}

func (s *Server) controlAssume(r request) (any, error) {
	var in map[string]string
	if err := r.into(&in); err != nil {
		return nil, err
	}
	for name, value := range in {
		if err := s.Assume(name, value); err != nil {
			return nil, err
		}
	}
	return s.Assumptions(), nil
}

func (s *Server) controlClock(r request) (any, error) {
	var in struct {
		SkewMS    *int64 `json:"skewMs"`
		AdvanceMS int64  `json:"advanceMs"`
	}
	if err := r.into(&in); err != nil {
		return nil, err
	}
	if in.SkewMS != nil {
		s.SetSkew(time.Duration(*in.SkewMS) * time.Millisecond)
	}
	if in.AdvanceMS > 0 {
		s.Advance(time.Duration(in.AdvanceMS) * time.Millisecond)
	}
	return object{"now": s.Now()}, nil
}

func (s *Server) controlCalls(r request) (any, error) {
	q := r.URL.Query()
	out := []Call{}
	for _, c := range s.Calls() {
		if strings.Contains(c.Endpoint, q.Get("endpoint")) && (q.Get("channel") == "" || c.Channel == q.Get("channel")) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (s *Server) controlSeed(r request) (any, error) {
	in := struct {
		Friends int `json:"friends"`
	}{Friends: 25}
	if err := r.into(&in); err != nil {
		return nil, err
	}
	if err := s.Seed(in.Friends); err != nil {
		return nil, err
	}
	return s.Channels(), nil
}

func (s *Server) controlAuthorize(r request) (any, error) {
	var in struct {
		URL string `json:"url"`
		Consent
	}
	if err := r.into(&in); err != nil {
		return nil, err
	}
	to, err := s.Authorize(in.URL, in.Consent)
	return object{"location": to}, err
}

func (s *Server) controlAccountLink(r request) (any, error) {
	var in struct {
		URL  string `json:"url"`
		User string `json:"user"`
	}
	if err := r.into(&in); err != nil {
		return nil, err
	}
	linked, err := s.AccountLink(in.URL, in.User)
	return object{"linked": linked}, err
}

func (s *Server) controlIDToken(r request) (any, error) {
	var in IDTokenSpec
	if err := r.into(&in); err != nil {
		return nil, err
	}
	text, err := s.IDToken(in)
	return object{"idToken": text}, err
}
