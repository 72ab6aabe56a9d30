package hubspot

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"lumo/shared/fault"

	"pgregory.net/rapid"
)

// crm plays batch/update: some ids are refused, whole batches or item by item.
type crm struct {
	refused  map[string]bool // any of these spoils a batch
	perItem  bool            // with trace ids the answer is a 207
	dropped  map[string]bool // left out of every answer
	calls    int
	applied  map[string]map[string]string
	maxBatch int
}

func (c *crm) update(r request) answer {
	c.calls++
	var in struct {
		Inputs []struct {
			ID         string            `json:"id"`
			Trace      string            `json:"objectWriteTraceId"`
			Properties map[string]string `json:"properties"`
		} `json:"inputs"`
	}
	_ = json.Unmarshal([]byte(r.Body), &in)
	c.maxBatch = max(c.maxBatch, len(in.Inputs))
	seen := map[string]bool{}
	var results, errs []string
	for _, i := range in.Inputs {
		if seen[i.ID] {
			return answer{status: 400, body: `{"message":"duplicate ids"}`}
		}
		seen[i.ID] = true
		if c.refused[i.ID] {
			if !c.perItem || i.Trace == "" {
				return answer{status: 400, body: `{"message":"one of these is wrong","category":"VALIDATION_ERROR","correlationId":"c-9"}`}
			}
			errs = append(errs, fmt.Sprintf(`{"status":"error","category":"VALIDATION_ERROR","message":"wrong","context":{"objectWriteTraceId":[%q]},"errors":[{"message":"e","code":"INVALID_OPTION","context":{"propertyName":["sport"]}}]}`, i.Trace))
			continue
		}
		if c.dropped[i.ID] {
			continue
		}
		if c.applied == nil {
			c.applied = map[string]map[string]string{}
		}
		c.applied[i.ID] = i.Properties
		results = append(results, fmt.Sprintf(`{"id":%q,"properties":{}}`, i.ID))
	}
	slices.Reverse(results)
	status, more := 200, ""
	if len(errs) > 0 {
		status, more = 207, fmt.Sprintf(`,"numErrors":%d,"errors":[%s]`, len(errs), strings.Join(errs, ","))
	}
	return answer{status: status, body: `{"status":"COMPLETE","results":[` + strings.Join(results, ",") + `]` + more + `}`}
}

func changes(n int) (out []Change) {
	for i := range n {
		out = append(out, Change{fmt.Sprint(i), map[string]string{"sport": "golf"}})
	}
	return out
}

func outcomeIDs(o Outcome) (done, failed []string) {
	for _, r := range o.Done {
		done = append(done, r.ID)
	}
	for _, f := range o.Failed {
		failed = append(failed, f.ID)
	}
	slices.Sort(done)
	slices.Sort(failed)
	return done, failed
}

func TestBatchUpdateNamesTheCulprit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		perItem bool
		most    int
	}{{false, 15}, {true, 3}} {
		h := &crm{refused: map[string]bool{"42": true}, perItem: c.perItem}
		f := newFake(t)
		f.handler = h.update
		out, err := f.portal().BatchUpdate(t.Context(), Contacts, changes(100))
		done, failed := outcomeIDs(out)
		if err != nil || len(done) != 99 || !slices.Equal(failed, []string{"42"}) {
			t.Fatalf("done %d failed %v: %v", len(done), failed, err)
		}
		if got := out.Failed[0].Fault; got.Class != fault.Invalid || got.Certainty != fault.NothingHappened {
			t.Errorf("%+v", got)
		}
		if c.perItem && !slices.Equal(out.Failed[0].Fault.Properties, []string{"sport"}) {
			t.Errorf("properties %v", out.Failed[0].Fault.Properties)
		}
		if h.calls > c.most {
			t.Errorf("%d calls to find one culprit, want at most %d", h.calls, c.most)
		}
	}
}

func TestBatchUpdateCoalesces(t *testing.T) {
	t.Parallel()
	h := &crm{}
	f := newFake(t)
	f.handler = h.update
	in := []Change{{"1", map[string]string{"a": "1", "b": "1"}}, {"2", map[string]string{"a": "2"}}, {"1", map[string]string{"b": "3"}}, {"3", nil}, {"3", map[string]string{"c": "9"}}}
	if _, err := f.portal().BatchUpdate(t.Context(), Contacts, in); err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{"1": {"a": "1", "b": "3"}, "2": {"a": "2"}, "3": {"c": "9"}}
	if !reflect.DeepEqual(h.applied, want) || h.calls != 1 {
		t.Errorf("applied %v in %d calls", h.applied, h.calls)
	}
	if in[0].Properties["b"] != "1" {
		t.Error("the caller's map was changed")
	}
}

func TestBatchUpdateStopsAndSettlesEverything(t *testing.T) {
	t.Parallel()
	h := &crm{}
	f := newFake(t)
	f.handler = func(r request) answer {
		if h.calls == 1 {
			return answer{status: 403, body: `{"category":"MISSING_SCOPES","message":"m"}`}
		}
		return h.update(r)
	}
	out, err := f.portal().BatchUpdate(t.Context(), Contacts, changes(250))
	wantFault(t, err, fault.Permission, "HUBSPOT_PERMISSION")
	done, failed := outcomeIDs(out)
	if len(done) != 100 || len(failed) != 150 {
		t.Errorf("%d done, %d failed", len(done), len(failed))
	}
}

func TestAnUnmentionedRecordIsUnknown(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handler = (&crm{dropped: map[string]bool{"1": true}}).update
	out, err := f.portal().BatchUpdate(t.Context(), Contacts, changes(3))
	if err != nil || len(out.Failed) != 1 || out.Failed[0].ID != "1" {
		t.Fatalf("%+v, %v", out, err)
	}
	if got := out.Failed[0].Fault; got.Code != "HUBSPOT_NO_RESULT" || got.Certainty != fault.Unknown || !got.Class.Retryable() {
		t.Errorf("%+v", got)
	}
}

// Whatever HubSpot refuses, every id ends in exactly one list, the right one, and no batch is too large.
func TestBatchUpdateIsComplete(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(0, 230).Draw(r, "n")
		bad := map[string]bool{}
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, 229), 0, 12).Draw(r, "bad") {
			bad[fmt.Sprint(i)] = true
		}
		h := &crm{refused: bad, perItem: rapid.Bool().Draw(r, "per item")}
		f := newFake(t)
		f.handler = h.update
		out, err := f.portal().BatchUpdate(t.Context(), Contacts, changes(n))
		if err != nil {
			r.Fatal(err)
		}
		done, failed := outcomeIDs(out)
		if len(done)+len(failed) != n || h.maxBatch > MaxBatch {
			r.Fatalf("%d done, %d failed of %d; largest batch %d", len(done), len(failed), n, h.maxBatch)
		}
		for _, id := range failed {
			if !bad[id] {
				r.Fatalf("%s failed", id)
			}
		}
		for _, id := range done {
			if bad[id] {
				r.Fatalf("%s is done", id)
			}
		}
	})
}
