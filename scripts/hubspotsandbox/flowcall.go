package hubspotsandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// flowTimeout is how long an answer is awaited; HubSpot names none for custom actions.
const flowTimeout = 20 * time.Second

// flowPatience is for how long a call is made again that nobody answers properly.
const flowPatience = 3 * 24 * time.Hour

// callAction makes one call of the step that an enrolment stands at.
func (s *Server) callAction(e *Enrolment) {
	s.mu.Lock()
	f := s.flows.flows[e.portal][e.Flow]
	p := s.portals[e.portal]
	if f == nil || p == nil || e.State != FlowCalling {
		s.flows.active--
		s.mu.Unlock()
		s.pump()
		return
	}
	step := f.Steps[e.Step]
	a, _ := s.action(step.Action)
	if e.callback == "" {
		e.sequence++
		e.callback = fmt.Sprintf("ap-%d-%d-%d-%d", e.portal, e.ID, e.Step, e.sequence)
		s.flows.callbacks[e.callback] = e
	}
	e.calls++
	body, err := json.Marshal(s.actionCall(p, e, a, step))
	stamp, secret := strconv.FormatInt(s.now().UnixMilli(), 10), s.oauth.Secrets[0]
	s.mu.Unlock()

	began := s.clock.Now()
	var answer []byte
	status := 0
	if err == nil {
		status, answer, err = s.signedPost(a.URL, secret, stamp, body)
	}
	s.mu.Lock()
	s.flows.active--
	if err == nil {
		s.flows.took = append(s.flows.took, s.clock.Now().Sub(began))
	}
	s.settleCall(e, status, answer)
	s.mu.Unlock()
	s.pump()
}

// actionCall is the body of a call.
func (s *Server) actionCall(p *portal, e *Enrolment, a ActionFile, step FlowStep) map[string]any {
	definition := int64(10_860_000 + slices.IndexFunc(s.cfg.Actions, func(x ActionFile) bool { return x.UID == a.UID }))
	contacts := p.Objects["contacts"]
	record := contacts.find(e.Contact)
	value := func(name string) any {
		i, known := contacts.byName[name]
		if record == nil || !known {
			return nil
		}
		if v, set := current(record.Vers, i); set && v != "" {
			return v
		}
		return nil
	}
	values := map[string]any{}
	for _, name := range a.Properties {
		values[name] = value(name)
	}
	inputs := map[string]any{}
	for name, v := range step.Inputs {
		inputs[name] = tokenPattern.ReplaceAllStringFunc(v, func(t string) string {
			s, _ := value(tokenPattern.FindStringSubmatch(t)[1]).(string)
			return s
		})
	}
	flow := map[string]any{"source": "WORKFLOWS", "workflowId": e.Flow}
	if !s.flows.Settings.Anonymous {
		flow["actionId"] = e.Step + 1
		flow["actionExecutionIndexIdentifier"] = map[string]any{"enrollmentId": e.ID, "actionExecutionIndex": e.Step}
	}
	return map[string]any{
		"callbackId": e.callback, "origin": map[string]any{"portalId": p.ID, "actionDefinitionId": definition, "actionDefinitionVersion": 1},
		"context": flow, "object": map[string]any{"objectId": e.Contact, "objectType": "CONTACT", "properties": values}, "inputFields": inputs, "fields": inputs,
	}
}

// tokenPattern is how the sandbox writes HubSpot's personalization tokens in a field.
var tokenPattern = regexp.MustCompile(`\{\{ ?enrolled_object\.([a-z0-9_]+) ?\}\}`)

// settleCall reads an answer: wait, done, failed for good, or again with growing pauses for three days.
func (s *Server) settleCall(e *Enrolment, status int, answer []byte) {
	set := s.flows.Settings
	if status/100 == 2 && e.repeats < set.MaxRepeats && s.rng.Float64() < set.Repeat { // the answer got lost
		e.repeats++
		if s.rng.Float64() < set.NewID {
			delete(s.flows.callbacks, e.callback)
			e.callback = ""
		}
		wait := set.RepeatMs
		if wait <= 0 {
			wait = 500
		}
		s.again(e, time.Duration(wait)*time.Millisecond)
		return
	}
	var out struct {
		Outputs map[string]string `json:"outputFields"`
	}
	if status/100 == 2 && json.Unmarshal(answer, &out) != nil {
		status = http.StatusBadRequest
	}
	switch state := out.Outputs["hs_execution_state"]; {
	case status == http.StatusTooManyRequests || status == 0 || status >= 500:
		first := time.Duration(set.RetryMs) * time.Millisecond
		if first <= 0 {
			first = 2 * time.Minute
		}
		pause := min(first<<min(e.calls-1, 10), 6*time.Hour)
		if time.Duration(e.calls)*pause > flowPatience {
			s.finishStep(e, "refused", nil)
			return
		}
		s.again(e, pause)
	case status/100 != 2:
		s.finishStep(e, "refused", nil)
	case state == "BLOCK":
		wait, err := isoHours(out.Outputs["hs_expiration_duration"])
		if err != nil {
			s.finishStep(e, "refused", nil)
			return
		}
		e.State = FlowWaiting
		callback := e.callback
		e.stop = s.clock.AfterFunc(wait, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if e.State == FlowWaiting && e.callback == callback {
				s.finishStep(e, "expired", nil)
			}
		})
	default:
		if state == "" {
			state = "SUCCESS"
		}
		s.finishStep(e, state, out.Outputs)
	}
}

var isoPattern = regexp.MustCompile(`^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$`)

// isoHours reads the part of ISO 8601 durations that makes sense here; nothing is a week.
func isoHours(v string) (time.Duration, error) {
	if v == "" {
		return 7 * 24 * time.Hour, nil
	}
	m := isoPattern.FindStringSubmatch(v)
	if m == nil {
		return 0, errors.New("no duration")
	}
	var d time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		if m[i+1] != "" {
			n, err := strconv.Atoi(m[i+1])
			if err != nil {
				return 0, err
			}
			d += time.Duration(n) * unit
		}
	}
	return d, nil
}

func (s *Server) signedPost(url, secret, stamp string, body []byte) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), flowTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "HubSpot Connect 2.0 (http://dev.hubspot.com/) - Workflows")
	for k, v := range Sign(secret, http.MethodPost, url, body, stamp) {
		req.Header.Set(k, v)
	}
	res, err := s.cfg.HTTP.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, b, err
}

// ActionOptions is a page of options as the app answers it.
type ActionOptions struct {
	Options    []Option `json:"options"`
	After      string   `json:"after,omitempty"`
	Searchable bool     `json:"searchable"`
}

// FetchOptions asks the app for the options of a field, as the workflow editor does.
func (s *Server) FetchOptions(portal int64, uid, field string, chosen map[string]string, typed, after string) (ActionOptions, error) {
	s.mu.Lock()
	a, ok := s.action(uid)
	stamp, secret := strconv.FormatInt(s.now().UnixMilli(), 10), s.oauth.Secrets[0]
	s.mu.Unlock()
	i := slices.IndexFunc(a.Fields, func(f ActionField) bool { return f.Name == field })
	if !ok || i < 0 || a.Fields[i].OptionsURL == "" {
		return ActionOptions{}, ErrNotFound
	}
	f := a.Fields[i]
	inputs := map[string]any{}
	if f.Needs != "" && chosen[f.Needs] != "" {
		inputs[f.Needs] = map[string]any{"type": "STATIC_VALUE", "value": chosen[f.Needs]}
	}
	fetch := map[string]any{"q": typed}
	if after != "" {
		fetch["after"] = after
	}
	body, err := json.Marshal(map[string]any{
		"origin":       map[string]any{"portalId": portal, "actionDefinitionId": 10_860_000, "actionDefinitionVersion": 1},
		"objectTypeId": "0-1", "inputFieldName": field, "inputFields": inputs, "fetchOptions": fetch,
	})
	if err != nil {
		return ActionOptions{}, err
	}
	status, answer, err := s.signedPost(f.OptionsURL, secret, stamp, body)
	if err != nil {
		return ActionOptions{}, err
	}
	if status != http.StatusOK {
		return ActionOptions{}, fmt.Errorf("the app answered %d", status)
	}
	var out ActionOptions
	return out, json.Unmarshal(answer, &out)
}
