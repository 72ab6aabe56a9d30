package dynamo

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/workflow"
)

// Workflows implements workflow.Store at P#<portal>#WF#<shard of the contact>: executions ("<contact>#e#<id>"), with "due" while something is
// left to do, and what leads to them: "<contact>#c#<callback>", "<contact>#s#<step>".
type Workflows struct{ Table *Table }

var _ workflow.Store = Workflows{}

// workflowShards are fewer than those of friends: the tick looks at each.
const workflowShards = 8

const workflowRetention = 30 * 24 * 3600

type workflowItem struct {
	Call      []byte          `dynamodbav:"c"` // JSON; holds what people wrote into the step
	Target    *friend.Key     `dynamodbav:"f,omitempty"`
	Status    workflow.Status `dynamodbav:"st,omitempty"`
	Reason    string          `dynamodbav:"re,omitempty"`
	RequestID string          `dynamodbav:"ri,omitempty"`
	TellingAt int64           `dynamodbav:"ta,omitempty"`
	Rings     []workflow.Ring `dynamodbav:"r"`
	Unknown   int             `dynamodbav:"un,omitempty"`
	Tries     int             `dynamodbav:"n,omitempty"`
	HeldUntil int64           `dynamodbav:"h,omitempty"`
	Due       int64           `dynamodbav:"due,omitempty"`
	Version   int64           `dynamodbav:"v"`
	TTL       int64           `dynamodbav:"ttl"`
}

type workflowPointer struct {
	ID  string `dynamodbav:"i"`
	TTL int64  `dynamodbav:"ttl"`
}

func (s Workflows) part(p id.PortalID, c id.ContactID) partition {
	return s.Table.Portal(p).in("WF", strconv.FormatInt(int64(c)%workflowShards, 10))
}

func workflowKey(c id.ContactID, kind, name string) string {
	return strconv.FormatInt(int64(c), 10) + "#" + kind + "#" + name
}

func workflowTTL(c workflow.Call) int64 { return c.At/1000 + workflowRetention }

func workflowItemOf(e workflow.Execution) (workflowItem, error) {
	raw, err := json.Marshal(e.Call)
	return workflowItem{
		Call: raw, Target: e.Target, Status: e.Status, Reason: e.Reason, RequestID: e.RequestID, TellingAt: e.TellingAt, Rings: e.Rings, Unknown: e.Unknown,
		Tries: e.Tries, HeldUntil: e.HeldUntil, Due: e.Due, Version: e.Version, TTL: workflowTTL(e.Call),
	}, err
}

func (s Workflows) putting(e workflow.Execution, was int64) (types.TransactWriteItem, error) {
	it, err := workflowItemOf(e)
	if err != nil {
		return types.TransactWriteItem{}, err
	}
	return s.part(e.Call.Portal, e.Call.Contact).putting(workflowKey(e.Call.Contact, "e", e.ID), it, versioned(was))
}

// Load implements workflow.Store.
func (s Workflows) Load(ctx context.Context, r workflow.Ref) (workflow.Execution, bool, error) {
	var it workflowItem
	ok, err := s.part(r.Portal, r.Contact).get(ctx, workflowKey(r.Contact, "e", r.ID), &it)
	if err != nil || !ok {
		return workflow.Execution{}, false, err
	}
	e := workflow.Execution{
		ID: r.ID, Target: it.Target, Status: it.Status, Reason: it.Reason, RequestID: it.RequestID, TellingAt: it.TellingAt, Rings: it.Rings, Unknown: it.Unknown,
		Tries: it.Tries, HeldUntil: it.HeldUntil, Due: it.Due, Version: it.Version,
	}
	return e, true, json.Unmarshal(it.Call, &e.Call)
}

func (s Workflows) by(ctx context.Context, c workflow.Call, kind, name string) (workflow.Execution, bool, error) {
	var to workflowPointer
	ok, err := s.part(c.Portal, c.Contact).get(ctx, workflowKey(c.Contact, kind, name), &to)
	if err != nil || !ok {
		return workflow.Execution{}, false, err
	}
	return s.Load(ctx, workflow.Ref{Portal: c.Portal, Contact: c.Contact, ID: to.ID})
}

// ByCallback implements workflow.Store.
func (s Workflows) ByCallback(ctx context.Context, c workflow.Call) (workflow.Execution, bool, error) {
	return s.by(ctx, c, "c", c.Callback)
}

// ByStep implements workflow.Store.
func (s Workflows) ByStep(ctx context.Context, c workflow.Call) (workflow.Execution, bool, error) {
	return s.by(ctx, c, "s", c.Step)
}

func (s Workflows) ring(c workflow.Call, execution string) (types.TransactWriteItem, error) {
	return s.part(c.Portal, c.Contact).putting(workflowKey(c.Contact, "c", c.Callback), workflowPointer{execution, workflowTTL(c)}, absent())
}

// Begin implements workflow.Store.
func (s Workflows) Begin(ctx context.Context, e workflow.Execution, former string) (workflow.Execution, error) {
	c := e.Call
	e.Version = 1
	row, err := s.putting(e, 0)
	if err != nil {
		return e, err
	}
	ring, err := s.ring(c, e.ID)
	if err != nil {
		return e, err
	}
	last := absent()
	if former != "" {
		cond := expression.Name("i").Equal(expression.Value(former))
		last = &cond
	}
	step, err := s.part(c.Portal, c.Contact).putting(workflowKey(c.Contact, "s", c.Step), workflowPointer{e.ID, workflowTTL(c)}, last)
	if err != nil {
		return e, err
	}
	return e, workflowChanged(s.Table.transact(ctx, row, ring, step))
}

// Join implements workflow.Store.
func (s Workflows) Join(ctx context.Context, e workflow.Execution, c workflow.Call) (workflow.Execution, error) {
	was := e.Version
	e.Version++
	row, err := s.putting(e, was)
	if err != nil {
		return e, err
	}
	ring, err := s.ring(c, e.ID)
	if err != nil {
		return e, err
	}
	return e, workflowChanged(s.Table.transact(ctx, row, ring))
}

// Save implements workflow.Store.
func (s Workflows) Save(ctx context.Context, e workflow.Execution) (workflow.Execution, error) {
	was := e.Version
	e.Version++
	it, err := workflowItemOf(e)
	if err != nil {
		return e, err
	}
	return e, workflowChanged(s.part(e.Call.Portal, e.Call.Contact).put(ctx, workflowKey(e.Call.Contact, "e", e.ID), it, versioned(was)))
}

func workflowChanged(err error) error {
	if errors.Is(err, ErrChanged) {
		return workflow.ErrChanged
	}
	return err
}

// Due implements workflow.Store.
func (s Workflows) Due(ctx context.Context, p id.PortalID, until int64, limit int) ([]workflow.Ref, error) {
	var out []workflow.Ref
	for shard := range workflowShards {
		if limit <= len(out) {
			break
		}
		keys, err := s.part(p, id.ContactID(shard)).due(ctx, until, int32(limit-len(out)))
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			parts := strings.SplitN(key, "#", 3)
			contact, err := strconv.ParseInt(parts[0], 10, 64)
			if err != nil || len(parts) != 3 {
				return nil, errors.New("an execution's row is malformed")
			}
			out = append(out, workflow.Ref{Portal: p, Contact: id.ContactID(contact), ID: parts[2]})
		}
	}
	return out, nil
}

// tagUseItem lies at P#<portal>#TAGUSE#<slot> / "<tag>#<workflow>".
type tagUseItem struct {
	workflow.Use
	TTL int64 `dynamodbav:"ttl"`
}

func (s Workflows) tagUses(p id.PortalID, slot id.Slot) partition {
	return s.Table.Portal(p).in("TAGUSE", slot.String())
}

// TagUsed implements workflow.Store. The row is written once an hour at most.
func (s Workflows) TagUsed(ctx context.Context, p id.PortalID, slot id.Slot, tag string, u workflow.Use) error {
	at := expression.Name("t")
	cond := expression.AttributeNotExists(at).Or(at.LessThan(expression.Value(u.LastAt)))
	it := tagUseItem{u, time.UnixMilli(u.LastAt).Add(workflow.UsesFor).Unix()}
	return unlessChanged(s.tagUses(p, slot).put(ctx, tag+"#"+u.Workflow, it, &cond))
}

// TagUses implements workflow.Store.
func (s Workflows) TagUses(ctx context.Context, p id.PortalID, slot id.Slot, tag string) ([]workflow.Use, error) {
	pg, err := s.tagUses(p, slot).query(ctx, query{prefix: tag + "#", limit: 100})
	if err != nil {
		return nil, err
	}
	out := make([]workflow.Use, len(pg.Items))
	for i, m := range pg.Items {
		if err := attributevalue.UnmarshalMap(m, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Quiet implements workflow.Store.
func (s Workflows) Quiet(ctx context.Context, p id.PortalID) (workflow.Quiet, error) {
	var q workflow.Quiet
	ok, err := s.Table.Portal(p).conf().get(ctx, "quiet", &q)
	if !ok {
		return workflow.DefaultQuiet, err
	}
	return q, err
}

// SaveQuiet implements workflow.Store.
func (s Workflows) SaveQuiet(ctx context.Context, p id.PortalID, q workflow.Quiet) error {
	return s.Table.Portal(p).conf().put(ctx, "quiet", q, nil)
}
