package dynamo

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/chain"
	"lumo/shared/id"
)

// Chains implements chain.Store: rows at P#<portal>#RUN#<kind> / <id>, the portal's lock of a kind at P#<portal>#LOCK / <kind>.
type Chains struct{ Table *Table }

var _ chain.Store = Chains{}

type chainItem struct {
	Step      int    `dynamodbav:"n"`
	State     []byte `dynamodbav:"s"`
	Done      bool   `dynamodbav:"d,omitempty"`
	Heartbeat int64  `dynamodbav:"hb"`
	Version   int64  `dynamodbav:"v"`
	TTL       int64  `dynamodbav:"ttl,omitempty"`
}

// runRetention is how long history is kept (P-74): 400 days, in seconds.
const runRetention = 400 * 24 * 3600

func (s Chains) rows(p id.PortalID, kind string) partition {
	return s.Table.Portal(p).in("RUN", kind)
}

func (s Chains) locks(p id.PortalID) partition { return s.Table.Portal(p).in("LOCK") }

func chainItemOf(r chain.Row) chainItem {
	return chainItem{Step: r.Step, State: r.State, Done: r.Done, Heartbeat: r.Heartbeat, Version: r.Version, TTL: r.Heartbeat/1000 + runRetention}
}

func (it chainItem) row(p id.PortalID, kind, chainID string) chain.Row {
	return chain.Row{Portal: p, Kind: kind, ID: chainID, Step: it.Step, State: json.RawMessage(it.State), Done: it.Done, Heartbeat: it.Heartbeat, Version: it.Version}
}

type chainLock struct {
	Chain string `dynamodbav:"c"`
}

// Start implements chain.Store: row and lock in one transaction.
func (s Chains) Start(ctx context.Context, r chain.Row) error {
	r.Version = 1
	row, err := s.rows(r.Portal, r.Kind).item(r.ID, chainItemOf(r))
	if err != nil {
		return err
	}
	lock, err := s.locks(r.Portal).item(r.Kind, chainLock{r.ID})
	if err != nil {
		return err
	}
	e, err := expression.NewBuilder().WithCondition(*absent()).Build()
	if err != nil {
		return err
	}
	put := func(m map[string]types.AttributeValue) types.TransactWriteItem {
		return types.TransactWriteItem{Put: &types.Put{TableName: &s.Table.name, Item: m, ConditionExpression: e.Condition(), ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values()}}
	}
	_, err = s.Table.api.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put(row), put(lock)}})
	if errors.Is(changed(err), ErrChanged) {
		return chain.ErrBusy
	}
	return err
}

// Running implements chain.Store. A lock whose chain is done (the process died between the two) is given back here.
func (s Chains) Running(ctx context.Context, p id.PortalID, kind string) (chain.Row, bool, error) {
	var l chainLock
	ok, err := s.locks(p).get(ctx, kind, &l)
	if err != nil || !ok {
		return chain.Row{}, false, err
	}
	r, ok, err := s.Load(ctx, p, kind, l.Chain)
	if err != nil {
		return r, false, err
	}
	if !ok || r.Done {
		return r, false, s.unlock(ctx, p, kind, l.Chain)
	}
	return r, true, nil
}

func (s Chains) unlock(ctx context.Context, p id.PortalID, kind, chainID string) error {
	cond := expression.Name("c").Equal(expression.Value(chainID))
	if err := s.locks(p).remove(ctx, kind, &cond); err != nil && !errors.Is(err, ErrChanged) {
		return err
	}
	return nil
}

// Load implements chain.Store.
func (s Chains) Load(ctx context.Context, p id.PortalID, kind, chainID string) (chain.Row, bool, error) {
	var it chainItem
	ok, err := s.rows(p, kind).get(ctx, chainID, &it)
	return it.row(p, kind, chainID), ok, err
}

// Save implements chain.Store.
func (s Chains) Save(ctx context.Context, r chain.Row) (chain.Row, error) {
	was := r.Version
	r.Version++
	err := s.rows(r.Portal, r.Kind).put(ctx, r.ID, chainItemOf(r), versionIs(was))
	if errors.Is(err, ErrChanged) {
		return r, chain.ErrFenced
	}
	if err == nil && r.Done {
		err = s.unlock(ctx, r.Portal, r.Kind, r.ID)
	}
	return r, err
}

// List implements chain.Store.
func (s Chains) List(ctx context.Context, p id.PortalID, kind, after string, limit int) ([]chain.Row, string, error) {
	q := query{descending: true, limit: int32(limit)}
	part := s.rows(p, kind)
	if after != "" {
		q.after = part.key(after)
	}
	pg, err := part.query(ctx, q)
	if err != nil {
		return nil, "", err
	}
	var out []chain.Row
	for _, m := range pg.Items {
		var it chainItem
		if err := attributevalue.UnmarshalMap(m, &it); err != nil {
			return nil, "", err
		}
		out = append(out, it.row(p, kind, text(m[attrSK])))
	}
	next := ""
	if pg.Next != nil {
		next = text(pg.Next[attrSK])
	}
	return out, next, nil
}
