package hubspotsandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// FlowSettings say how workflows call the app.
type FlowSettings struct {
	// Repeat is the probability that a call is made again although it was answered, as when the answer gets lost, up to MaxRepeats times;
	// NewID that such a repetition has a callback id of its own, which makes the former one void.
	Repeat     float64 `json:"repeat"`
	NewID      float64 `json:"newId"`
	MaxRepeats int     `json:"maxRepeats"`
	RepeatMs   int64   `json:"repeatMs"` // wait before a repetition; default 500
	// RetryMs is the first wait after a call that nobody answered properly, doubled each time; default two minutes.
	RetryMs int64 `json:"retryMs"`
	// Anonymous leaves out which enrolment and which place in it a call is of.
	Anonymous  bool `json:"anonymous"`
	Concurrent int  `json:"concurrent"` // calls at a time, default 10
}

// FlowStep is one action of a workflow with its fields filled in.
type FlowStep struct {
	Action string            `json:"action"` // uid of the metafile
	Inputs map[string]string `json:"inputs"`
}

// Flow is a workflow: steps one after the other. What a step's outputs say is kept for each contact, which is what branches look at.
type Flow struct {
	ID    int64      `json:"id"`
	Name  string     `json:"name"`
	Steps []FlowStep `json:"steps"`
	Then  []FlowThen `json:"then,omitempty"`
}

// FlowThen is a branch after the last step: contacts for whom it ended with Status get a value.
type FlowThen struct {
	Status   string `json:"status"`
	Property string `json:"property"`
	Value    string `json:"value"`
}

// States of an enrolment.
const (
	FlowCalling = "calling" // a call is under way, or will be made again
	FlowWaiting = "waiting" // the app said "wait"
	FlowDone    = "done"
)

// StepResult is what a step came to.
type StepResult struct {
	Outputs map[string]string `json:"outputs"`
	State   string            `json:"state"` // SUCCESS, FAIL_CONTINUE, expired, refused
	Words   string            `json:"words"` // of the execution rule that held
	Calls   int               `json:"calls"`
}

// Enrolment is one contact on its way through a workflow.
type Enrolment struct {
	ID      int64        `json:"id"`
	Flow    int64        `json:"workflow"`
	Contact int64        `json:"contact"`
	Step    int          `json:"step"`
	State   string       `json:"state"`
	Results []StepResult `json:"results"`

	portal   int64
	callback string
	calls    int // of this step
	repeats  int
	sequence int
	stop     func()
}

// Branch is where the contact ended: the status of its last step.
func (e Enrolment) Branch() string {
	if e.State != FlowDone || len(e.Results) == 0 {
		return ""
	}
	last := e.Results[len(e.Results)-1]
	if last.Outputs["status"] == "" {
		return last.State
	}
	return last.Outputs["status"]
}

type flows struct {
	Settings  FlowSettings
	flows     map[int64]map[int64]*Flow // by portal and id
	enrolled  []*Enrolment
	callbacks map[string]*Enrolment
	waiting   []*Enrolment // for a free connection
	active    int
	nextID    int64
	took      []time.Duration // of answered calls
	completed int             // requests that completed callbacks
}

func newFlows() flows {
	return flows{flows: map[int64]map[int64]*Flow{}, callbacks: map[string]*Enrolment{}, nextID: 500}
}

func (f *flows) stopAll() {
	for _, e := range f.enrolled {
		if e.stop != nil {
			e.stop()
		}
	}
}

// MakeFlow creates a workflow of a portal. Fields that the action does not declare are refused, as are required ones left empty.
func (s *Server) MakeFlow(portal int64, f Flow) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.portals[portal] == nil {
		return 0, ErrNotFound
	}
	for _, step := range f.Steps {
		a, ok := s.action(step.Action)
		if !ok {
			return 0, fmt.Errorf("the app has no action %q", step.Action)
		}
		for name := range step.Inputs {
			if !slices.ContainsFunc(a.Fields, func(x ActionField) bool { return x.Name == name }) {
				return 0, fmt.Errorf("the action %s has no field %q", a.UID, name)
			}
		}
		for _, x := range a.Fields {
			if x.Required && step.Inputs[x.Name] == "" {
				return 0, fmt.Errorf("the field %s is required", x.Name)
			}
		}
	}
	if len(f.Steps) == 0 {
		return 0, errors.New("a workflow needs a step")
	}
	s.flows.nextID++
	f.ID = s.flows.nextID
	if s.flows.flows[portal] == nil {
		s.flows.flows[portal] = map[int64]*Flow{}
	}
	s.flows.flows[portal][f.ID] = &f
	return f.ID, nil
}

func (s *Server) action(uid string) (ActionFile, bool) {
	i := slices.IndexFunc(s.cfg.Actions, func(a ActionFile) bool { return a.UID == uid })
	if i < 0 {
		return ActionFile{}, false
	}
	return s.cfg.Actions[i], true
}

// Enroll starts contacts on a workflow, all at once.
func (s *Server) Enroll(portal, flow int64, contacts ...int64) error {
	s.mu.Lock()
	if s.flows.flows[portal][flow] == nil {
		s.mu.Unlock()
		return ErrNotFound
	}
	for _, c := range contacts {
		s.flows.nextID++
		e := &Enrolment{ID: s.flows.nextID, Flow: flow, Contact: c, State: FlowCalling, portal: portal}
		s.flows.enrolled = append(s.flows.enrolled, e)
		s.flows.waiting = append(s.flows.waiting, e)
	}
	s.mu.Unlock()
	s.pump()
	return nil
}

// pump makes as many calls as are allowed at a time.
func (s *Server) pump() {
	s.mu.Lock()
	most := s.flows.Settings.Concurrent
	if most <= 0 {
		most = 10
	}
	var start []*Enrolment
	for s.flows.active < most && len(s.flows.waiting) > 0 {
		start = append(start, s.flows.waiting[0])
		s.flows.waiting = s.flows.waiting[1:]
		s.flows.active++
	}
	s.mu.Unlock()
	for _, e := range start {
		s.clock.AfterFunc(0, func() { s.callAction(e) })
	}
}

// again queues a call for later.
func (s *Server) again(e *Enrolment, wait time.Duration) {
	e.stop = s.clock.AfterFunc(wait, func() {
		s.mu.Lock()
		e.stop = nil
		s.flows.waiting = append(s.flows.waiting, e)
		s.mu.Unlock()
		s.pump()
	})
}

// finishStep files what a step came to and goes on with the next.
func (s *Server) finishStep(e *Enrolment, state string, outputs map[string]string) {
	if e.stop != nil {
		e.stop()
		e.stop = nil
	}
	delete(s.flows.callbacks, e.callback)
	f := s.flows.flows[e.portal][e.Flow]
	a, _ := s.action(f.Steps[e.Step].Action)
	kept := map[string]string{}
	for _, name := range a.Outputs { // what is not declared is dropped
		if v, ok := outputs[name]; ok {
			kept[name] = v
		}
	}
	e.Results = append(e.Results, StepResult{Outputs: kept, State: state, Words: a.words(kept), Calls: e.calls})
	e.callback, e.calls, e.repeats = "", 0, 0
	if e.Step++; e.Step == len(f.Steps) {
		e.State = FlowDone
		s.branch(e, f)
		return
	}
	e.State = FlowCalling
	s.again(e, nextStep)
}

// branch does what comes after the last step for where the contact ended. A contact that is gone gets nothing.
func (s *Server) branch(e *Enrolment, f *Flow) {
	portal, contact, end, by := e.portal, e.Contact, e.Branch(), By{Source: Source{"AUTOMATION_PLATFORM", "WORKFLOWS"}}
	for _, t := range f.Then {
		if t.Status == end {
			s.clock.AfterFunc(0, func() { _ = s.Edit(portal, "contacts", contact, map[string]string{t.Property: t.Value}, by) })
		}
	}
}

// nextStep is how long HubSpot takes from the end of a step to the call of the next.
const nextStep = 50 * time.Millisecond

// Enrolments lists those of a workflow in order.
func (s *Server) Enrolments(portal, flow int64) []Enrolment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Enrolment
	for _, e := range s.flows.enrolled {
		if e.portal == portal && e.Flow == flow {
			x := *e
			x.Results = slices.Clone(e.Results)
			out = append(out, x)
		}
	}
	return out
}

// FlowStats sums up a workflow.
type FlowStats struct {
	Enrolled  int            `json:"enrolled"`
	Calling   int            `json:"calling"`
	Waiting   int            `json:"waiting"`
	Branches  map[string]int `json:"branches"`
	Calls     int            `json:"calls"`
	Completed int            `json:"completions"` // requests by which the app answered, of all workflows
	P99Ms     float64        `json:"acceptP99Ms"` // of all calls
}

// FlowStats counts where contacts are.
func (s *Server) FlowStats(portal, flow int64) FlowStats {
	out := FlowStats{Branches: map[string]int{}}
	for _, e := range s.Enrolments(portal, flow) {
		out.Enrolled++
		out.Calls += e.calls
		for _, r := range e.Results {
			out.Calls += r.Calls
		}
		switch e.State {
		case FlowCalling:
			out.Calling++
		case FlowWaiting:
			out.Waiting++
		default:
			out.Branches[e.Branch()]++
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out.Completed = s.flows.completed
	if took := slices.Sorted(slices.Values(s.flows.took)); len(took) > 0 {
		out.P99Ms = float64(took[len(took)*99/100].Microseconds()) / 1000
	}
	return out
}

// SetFlows changes how workflows call.
func (s *Server) SetFlows(f FlowSettings) {
	s.mu.Lock()
	s.flows.Settings = f
	s.mu.Unlock()
}

// callbackRoutes complete executions that wait.
var callbackRoutes = []route{
	{pattern: "POST /automation/actions/callbacks/{v}/complete", scopes: []string{"automation"}, handle: (*Server).completeMany},
	{pattern: "POST /automation/actions/callbacks/{v}/{callback}/complete", scopes: []string{"automation"}, handle: (*Server).completeOne},
}

type completion struct {
	Callback string            `json:"callbackId"`
	Outputs  map[string]string `json:"outputFields"`
	Typed    *map[string]any   `json:"typedOutputs"`
	Reason   string            `json:"failureReasonType,omitempty"`
	Context  json.RawMessage   `json:"requestContext,omitempty"`
}

func (s *Server) completeOne(c *call) reply {
	var in completion
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if in.Typed == nil {
		return c.fail(400, "VALIDATION_ERROR", "Invalid input JSON: required field 'typedOutputs' is missing")
	}
	s.flows.completed++
	if !s.complete(c.portal.ID, c.path("callback"), in.Outputs) {
		return c.fail(404, "OBJECT_NOT_FOUND", "No blocked execution for callback "+c.path("callback"))
	}
	return reply{status: 204}
}

// completeMany does not say which callbacks it did not know.
func (s *Server) completeMany(c *call) reply {
	var in struct {
		Inputs []completion `json:"inputs"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	for _, one := range in.Inputs {
		if one.Typed == nil || one.Callback == "" {
			return c.fail(400, "VALIDATION_ERROR", "Invalid input JSON: required fields 'callbackId' and 'typedOutputs'")
		}
	}
	s.flows.completed++
	for _, one := range in.Inputs {
		s.complete(c.portal.ID, one.Callback, one.Outputs)
	}
	return reply{status: 204}
}

// complete lets an execution go on that waits; false when none does under that callback.
func (s *Server) complete(portal int64, callback string, outputs map[string]string) bool {
	e := s.flows.callbacks[callback]
	if e == nil || e.portal != portal || e.State != FlowWaiting {
		return false
	}
	state := outputs["hs_execution_state"]
	if state == "" {
		state = "SUCCESS"
	}
	s.finishStep(e, state, outputs)
	return true
}
