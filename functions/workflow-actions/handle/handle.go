// Package handle answers HubSpot's workflows: it accepts executions into a queue, does them in batches, and lists options while people edit a
// step.
package handle

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"lumo/functions/internal/entry"
	"lumo/shared/clock"
	"lumo/shared/compose"
	"lumo/shared/hubspot"
	"lumo/shared/id"
	"lumo/shared/logging"
	"lumo/shared/queue"
	"lumo/shared/workflow"
)

// Deps is what the function works with.
type Deps struct {
	Secrets   []string // the app's client secret, and the previous one during a rotation
	PublicURL string
	Workflows *workflow.Service
	Clock     clock.Clock
	Log       *slog.Logger
	Release   func(context.Context)
}

// FromApp takes what is needed from the composition root.
func FromApp(a *compose.App) Deps {
	return Deps{
		Secrets: a.Config.HubspotSecrets(), PublicURL: a.Config.PublicURL, Workflows: a.Workflows(), Clock: a.Clock, Log: a.Log, Release: a.Release,
	}
}

// maxBody is far above what HubSpot sends.
const maxBody = 256 << 10

// New makes the handlers.
func New(d Deps) entry.Handlers {
	return entry.Handlers{HTTP: d.serve, MaxBody: maxBody, Queues: map[queue.Queue]entry.BatchHandler{queue.Actions: d.work}, Release: d.Release}
}

// serve takes what HubSpot signed. Of the forms of signature the third is checked where HubSpot sends it, else the second (hubspot-oddities).
func (d Deps) serve(ctx context.Context, r entry.Request) (entry.Response, error) {
	if err := hubspot.VerifySignature(d.Secrets, r.Method, r.URI(d.PublicURL), r.Body, hubspot.HeadersFrom(r.Header.Get), d.Clock.Now()); err != nil {
		return refuse(http.StatusUnauthorized, "SIGNATURE", "The signature does not match this request.")
	}
	if input, ok := r.Params["input"]; ok {
		return d.options(ctx, input, r.Body)
	}
	return d.accept(ctx, workflow.Action(r.Params["action"]), r.Body)
}

// accept queues an execution and has HubSpot wait. What can never be done is answered for good at once, so that HubSpot does not repeat it for
// three days; what the table or the queue could not take is answered with 500, so that it does.
func (d Deps) accept(ctx context.Context, a workflow.Action, body []byte) (entry.Response, error) {
	if !slices.Contains(workflow.Actions(), a) {
		return refuse(http.StatusNotFound, "NO_SUCH_ACTION", "There is no such action.")
	}
	c, err := workflow.Parse(a, body, d.Clock.Now())
	switch {
	case errors.Is(err, workflow.ErrFields):
		return failed(workflow.ReasonFields)
	case errors.Is(err, workflow.ErrObject):
		return failed(workflow.ReasonObject)
	case err != nil:
		return refuse(http.StatusBadRequest, "BODY", "The body must be an action execution of HubSpot.")
	}
	reason, err := d.Workflows.Refuses(ctx, c.Portal)
	if err != nil {
		return entry.Response{}, err
	}
	if reason != "" {
		return failed(reason)
	}
	if err := d.Workflows.Accept(ctx, c); err != nil {
		return entry.Response{}, err
	}
	return outputs(map[string]string{workflow.StateField: workflow.StateWait, workflow.ExpiryField: iso(workflow.Wait(c.Inputs))})
}

// iso writes whole hours as ISO 8601 does.
func iso(wait time.Duration) string { return "PT" + strconv.Itoa(int(wait.Hours())) + "H" }

func outputs(fields map[string]string) (entry.Response, error) {
	return entry.JSON(http.StatusOK, map[string]any{"outputFields": fields})
}

func failed(reason string) (entry.Response, error) {
	out := workflow.Answer(workflow.Failed, reason)
	out[workflow.StateField] = workflow.StateFailed
	return outputs(out)
}

func refuse(status int, code, message string) (entry.Response, error) {
	return entry.JSON(status, map[string]any{"error": map[string]string{"code": code, "message": message}})
}

func (d Deps) options(ctx context.Context, input string, body []byte) (entry.Response, error) {
	if !slices.Contains(workflow.OptionsOf(), input) {
		return refuse(http.StatusNotFound, "NO_SUCH_INPUT", "There is no such input.")
	}
	ask, err := workflow.ParseAsk(body)
	if err != nil {
		return refuse(http.StatusBadRequest, "BODY", "The body must be a request for options.")
	}
	reason, err := d.Workflows.Refuses(ctx, ask.Portal)
	if err != nil {
		return entry.Response{}, err
	}
	if reason != "" {
		return entry.JSON(http.StatusOK, workflow.Options{Options: []workflow.Option{}})
	}
	list, err := d.Workflows.List(ctx, input, ask)
	if err != nil {
		return entry.Response{}, err
	}
	return entry.JSON(http.StatusOK, list)
}

// mine are the messages of one portal, with the names by which they are reported.
type mine struct {
	calls     []workflow.Call
	callNames []string
	refs      []workflow.Ref
	refNames  []string
}

func (d Deps) work(ctx context.Context, batch []entry.Record) (failed []string, err error) {
	all, order := map[id.PortalID]*mine{}, []id.PortalID(nil)
	for _, r := range batch {
		var w workflow.Work
		if json.Unmarshal(r.Body, &w) != nil || w.Portal <= 0 || w.Call == nil && len(w.Refs) == 0 {
			failed, err = append(failed, r.ID), errors.New("message is no work of a workflow")
			continue
		}
		m := all[w.Portal]
		if m == nil {
			m = &mine{}
			all[w.Portal], order = m, append(order, w.Portal)
		}
		if w.Call != nil {
			m.calls, m.callNames = append(m.calls, *w.Call), append(m.callNames, r.ID)
		}
		for _, ref := range w.Refs {
			m.refs, m.refNames = append(m.refs, ref), append(m.refNames, r.ID)
		}
	}
	for _, p := range order {
		names, perr := d.portal(ctx, p, *all[p])
		if perr != nil {
			d.Log.Warn("steps of workflows not finished", logging.Portal(p), logging.Error(perr))
		}
		failed, err = append(failed, names...), errors.Join(err, perr)
	}
	slices.Sort(failed)
	return slices.Compact(failed), err
}

// portal does one portal's work. An error without positions concerns what was done already, but HubSpot could not be told: all come again.
func (d Deps) portal(ctx context.Context, p id.PortalID, m mine) (failed []string, err error) {
	step := func(names []string, do func() ([]int, error)) {
		again, serr := do()
		if serr != nil && len(again) == 0 {
			failed = append(failed, names...)
		}
		for _, i := range again {
			failed = append(failed, names[i])
		}
		err = errors.Join(err, serr)
	}
	if len(m.calls) > 0 {
		step(m.callNames, func() ([]int, error) { return d.Workflows.Handle(ctx, p, m.calls) })
	}
	if len(m.refs) > 0 {
		step(m.refNames, func() ([]int, error) { return d.Workflows.Resume(ctx, p, m.refs) })
	}
	return failed, err
}

// Lambda is the function without its environment.
func Lambda(a *compose.App) lambda.Handler { return entry.New(New(FromApp(a)), nil, a.Log, a.Clock) }
