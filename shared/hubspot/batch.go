package hubspot

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/clarkmcc/go-hubspot/generated/v3/objects"

	"lumo/shared/fault"
	"lumo/shared/pace"
)

// Change sets properties of one record; "" clears one.
type Change struct {
	ID         string
	Properties map[string]string
}

// ItemFault is one item of a batch that HubSpot refused, or whose outcome is unknown.
type ItemFault struct {
	ID    string
	Fault *fault.Fault
}

// Outcome of a batch of writes. Every id of the input is either in Done or in Failed, also when an error is returned: then the items
// that were not reached carry that fault.
type Outcome struct {
	Done   []Record
	Failed []ItemFault
}

// batchReply is the body of a 200, 201 or 207.
type batchReply struct {
	Results   []Record    `json:"results"`
	NumErrors int         `json:"numErrors"`
	Errors    []errorBody `json:"errors"`
}

func (r *reply) decodeBatch(out *batchReply) error {
	if err := json.Unmarshal(r.body, out); err != nil {
		return unreadable(r, err)
	}
	return nil
}

// BatchUpdate writes any number of changes in calls of 100. Several changes of one record become one, later values winning. When
// HubSpot refuses a whole batch because of one record, the batch is cut in halves until the culprit stands alone. The error is the
// fault that stopped the rest (revoked, limited, unreachable); refused items are no error.
func (p *Portal) BatchUpdate(ctx context.Context, t ObjectType, in []Change) (Outcome, error) {
	changes := coalesce(in)
	var out Outcome
	for part := range slices.Chunk(changes, MaxBatch) {
		err := p.updatePart(ctx, t, part, &out, p.updatePlain)
		if err == nil {
			continue
		}
		settle(&out, changes, err)
		return out, err
	}
	return out, nil
}

// settle gives every change that has no result yet the fault that stopped the batch.
func settle(out *Outcome, changes []Change, err error) {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return
	}
	known := map[string]bool{}
	for _, d := range out.Done {
		known[d.ID] = true
	}
	for _, d := range out.Failed {
		known[d.ID] = true
	}
	for _, c := range changes {
		if !known[c.ID] {
			out.Failed = append(out.Failed, ItemFault{c.ID, f})
		}
	}
}

func coalesce(in []Change) []Change {
	at := map[string]int{}
	var out []Change
	for _, c := range in {
		i, seen := at[c.ID]
		if !seen {
			at[c.ID] = len(out)
			out = append(out, Change{c.ID, maps.Clone(c.Properties)})
			continue
		}
		if out[i].Properties == nil {
			out[i].Properties = map[string]string{}
		}
		maps.Copy(out[i].Properties, c.Properties)
	}
	return out
}

type updateCall func(ctx context.Context, t ObjectType, part []Change) (*reply, error)

// updatePart sends one batch and, when it is refused whole, its halves. The halves carry trace ids, with which HubSpot may answer
// item by item and so spare further halving.
func (p *Portal) updatePart(ctx context.Context, t ObjectType, part []Change, out *Outcome, send updateCall) error {
	r, err := send(ctx, t, part)
	if err == nil {
		var body batchReply
		if err := r.decodeBatch(&body); err != nil {
			return err
		}
		take(out, part, body, r)
		return nil
	}
	var f *fault.Fault
	if !errors.As(err, &f) || !oneCanSpoilAll(f) {
		return err
	}
	if len(part) == 1 {
		out.Failed = append(out.Failed, ItemFault{part[0].ID, f})
		return nil
	}
	half := len(part) / 2
	if err := p.updatePart(ctx, t, part[:half], out, p.updateTraced); err != nil {
		return err
	}
	return p.updatePart(ctx, t, part[half:], out, p.updateTraced)
}

// oneCanSpoilAll: refusals of a whole batch that may be about one of its records.
func oneCanSpoilAll(f *fault.Fault) bool {
	switch f.Class {
	case fault.Invalid, fault.Exists, fault.NotFound:
		return true
	}
	return false
}

// updatePlain goes through go-hubspot.
func (p *Portal) updatePlain(ctx context.Context, t ObjectType, part []Change) (*reply, error) {
	var in objects.BatchInputSimplePublicObjectBatchInput
	for _, c := range part {
		in.Inputs = append(in.Inputs, objects.SimplePublicObjectBatchInput{Id: c.ID, Properties: c.Properties})
	}
	return p.through(ctx, p.base(ctx, pace.Bulk), false, func(ctx context.Context) error {
		_, _, err := p.c.crm.objects.BatchApi.BatchUpdate(ctx, string(t)).BatchInputSimplePublicObjectBatchInput(in).Execute()
		return err
	})
}

// updateTraced is the same call with objectWriteTraceId, which go-hubspot's models do not have.
func (p *Portal) updateTraced(ctx context.Context, t ObjectType, part []Change) (*reply, error) {
	type input struct {
		ID         string            `json:"id"`
		Properties map[string]string `json:"properties"`
		Trace      string            `json:"objectWriteTraceId"`
	}
	var body struct {
		Inputs []input `json:"inputs"`
	}
	for _, c := range part {
		body.Inputs = append(body.Inputs, input{c.ID, c.Properties, c.ID})
	}
	q := p.request(ctx, http.MethodPost, "/crm/objects/{V}/"+pathPart(string(t))+"/batch/update")
	q.body = jsonBody(body)
	return p.c.send(ctx, q)
}

// BatchUpsert makes records under the values of a unique property (the ids of the changes), or changes those that are there: a repetition makes
// no second one. Calls of 100; one that is refused ends the rest.
func (p *Portal) BatchUpsert(ctx context.Context, t ObjectType, idProperty string, in []Change) error {
	type input struct {
		ID         string            `json:"id"`
		IDProperty string            `json:"idProperty"`
		Properties map[string]string `json:"properties"`
	}
	for part := range slices.Chunk(in, MaxBatch) {
		var body struct {
			Inputs []input `json:"inputs"`
		}
		for _, c := range part {
			body.Inputs = append(body.Inputs, input{c.ID, idProperty, c.Properties})
		}
		q := p.request(ctx, http.MethodPost, "/crm/objects/{V}/"+pathPart(string(t))+"/batch/upsert")
		q.body = jsonBody(body)
		if _, err := p.c.send(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// take sorts the items of an answered batch into done and failed, by id.
func take(out *Outcome, part []Change, body batchReply, r *reply) {
	asked := map[string]bool{}
	for _, c := range part {
		asked[c.ID] = true
	}
	settled := map[string]bool{}
	for _, rec := range body.Results {
		if asked[rec.ID] && !settled[rec.ID] {
			settled[rec.ID] = true
			out.Done = append(out.Done, rec)
		}
	}
	var sent []byte
	if len(body.Errors) > 0 {
		sent = sentProperties(part)
	}
	var nameless []errorBody
	for _, e := range body.Errors {
		f, ids := itemFault(e, r, sent), e.culprits()
		if len(ids) == 0 {
			nameless = append(nameless, e)
		}
		for _, id := range ids {
			if asked[id] && !settled[id] {
				settled[id] = true
				out.Failed = append(out.Failed, ItemFault{id, f})
			}
		}
	}
	for _, c := range part {
		if !settled[c.ID] {
			out.Failed = append(out.Failed, ItemFault{c.ID, leftOut(nameless, r, sent)})
		}
	}
}

// culprits are the items that an element of a 207's errors is about.
func (b errorBody) culprits() []string {
	var ids []string
	for _, c := range b.contexts() {
		for _, key := range []string{"ids", "id", "objectWriteTraceId", "objectId", "objectIds"} {
			ids = append(ids, c[key]...)
		}
	}
	return ids
}

// sentProperties is the part as a body, for taking its values out of error texts.
func sentProperties(part []Change) []byte {
	list := make([]map[string]any, 0, len(part))
	for _, c := range part {
		list = append(list, map[string]any{"properties": c.Properties})
	}
	return jsonBody(list)
}

// itemFault reads an element of a 207's errors as if it were the body of an error reply of its own.
func itemFault(e errorBody, r *reply, sent []byte) *fault.Fault {
	f := interpretBody(&call{body: sent}, &reply{status: http.StatusBadRequest, header: r.header}, e)
	f.Status = r.status
	return f
}

// leftOut is the fault of an item that the answer does not mention: an error that names no item, else unknown.
func leftOut(nameless []errorBody, r *reply, sent []byte) *fault.Fault {
	if len(nameless) > 0 {
		return itemFault(nameless[0], r, sent)
	}
	return &fault.Fault{
		Provider: provider, Class: fault.Unavailable, Certainty: fault.Unknown, Code: "HUBSPOT_NO_RESULT", Status: r.status,
		Message: "HubSpot's answer does not mention this record", CorrelationID: r.header.Get("X-HubSpot-Correlation-Id"),
	}
}
