package dynamo

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"lumo/shared/id"
	"lumo/shared/once"
)

// Onces implements once.Store at P#<portal>#ONCE#<shard of the key> / <key>.
type Onces struct{ Table *Table }

var _ once.Store = Onces{}

type onceItem struct {
	Fingerprint string `dynamodbav:"f"`
	At          int64  `dynamodbav:"t"`
	Seed        string `dynamodbav:"s"`
	Holder      string `dynamodbav:"h"`
	Until       int64  `dynamodbav:"u"`
	Done        bool   `dynamodbav:"d,omitempty"`
	Result      []byte `dynamodbav:"r,omitempty"`
}

func (it onceItem) row() once.Row {
	return once.Row{Fingerprint: it.Fingerprint, At: it.At, Seed: it.Seed, Holder: it.Holder, Until: it.Until, Done: it.Done, Result: it.Result}
}

func (s Onces) part(p id.PortalID, key string) partition {
	return s.Table.Portal(p).in("ONCE", shardOf(key))
}

// Claim implements once.Store.
func (s Onces) Claim(ctx context.Context, p id.PortalID, key string, r once.Row, now int64) (once.Row, bool, error) {
	value := func(v any) expression.ValueBuilder { return expression.Value(v) }
	name := expression.Name
	up := expression.Set(name("h"), value(r.Holder)).Set(name("u"), value(r.Until)).Set(name(attrTTL), value(now/1000+int64(once.Keep.Seconds()))).
		Set(name("f"), name("f").IfNotExists(value(r.Fingerprint))).
		Set(name("t"), name("t").IfNotExists(value(r.At))).
		Set(name("s"), name("s").IfNotExists(value(r.Seed)))
	free := expression.AttributeNotExists(name(attrPK)).Or(expression.AttributeNotExists(name("d")).And(name("u").LessThanEqual(value(now))))
	var it onceItem
	err := s.part(p, key).update(ctx, key, up, &free, &it)
	if err == nil {
		return it.row(), true, nil
	}
	if !errors.Is(err, ErrChanged) {
		return once.Row{}, false, err
	}
	_, err = s.part(p, key).get(ctx, key, &it)
	return it.row(), false, err
}

func onceHeld(holder string) *expression.ConditionBuilder {
	c := expression.Name("h").Equal(expression.Value(holder)).And(expression.AttributeNotExists(expression.Name("d")))
	return &c
}

// Finish implements once.Store.
func (s Onces) Finish(ctx context.Context, p id.PortalID, key, holder string, result []byte) error {
	up := expression.Set(expression.Name("d"), expression.Value(true)).Set(expression.Name("r"), expression.Value(result))
	return unlessChanged(s.part(p, key).update(ctx, key, up, onceHeld(holder), nil))
}

// Release implements once.Store.
func (s Onces) Release(ctx context.Context, p id.PortalID, key, holder string) error {
	up := expression.Set(expression.Name("u"), expression.Value(0))
	return unlessChanged(s.part(p, key).update(ctx, key, up, onceHeld(holder), nil))
}
