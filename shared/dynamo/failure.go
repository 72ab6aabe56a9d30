package dynamo

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/contactsync"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// Failures implements failure.Store at P#<portal>#FAIL / <kind>#<subject>.
type Failures struct{ Table *Table }

var _ failure.Store = Failures{}

func (s Failures) part(p id.PortalID) partition { return s.Table.Portal(p).in("FAIL") }

// Put keeps the time of the first failure.
func (s Failures) Put(ctx context.Context, p id.PortalID, it failure.Item) error {
	old, ok, err := s.Get(ctx, p, it.ID())
	if err != nil {
		return err
	}
	if ok {
		it.FirstAt = old.FirstAt
	}
	return s.part(p).put(ctx, it.ID(), it, nil)
}

// Get implements failure.Store.
func (s Failures) Get(ctx context.Context, p id.PortalID, itemID string) (failure.Item, bool, error) {
	var it failure.Item
	ok, err := s.part(p).get(ctx, itemID, &it)
	return it, ok, err
}

// Remove implements failure.Store.
func (s Failures) Remove(ctx context.Context, p id.PortalID, itemID string) error {
	return s.part(p).remove(ctx, itemID, nil)
}

// Close implements failure.Store.
func (s Failures) Close(ctx context.Context, p id.PortalID, it failure.Item) error {
	same := expression.Name("l").Equal(expression.Value(it.LastAt))
	if err := s.part(p).remove(ctx, it.ID(), &same); err != nil && !errors.Is(err, ErrChanged) {
		return err
	}
	return nil
}

// List implements failure.Store.
func (s Failures) List(ctx context.Context, p id.PortalID, after string, limit int) ([]failure.Item, string, error) {
	return s.Of(ctx, p, "", after, limit)
}

// Of implements failure.Store.
func (s Failures) Of(ctx context.Context, p id.PortalID, prefix, after string, limit int) ([]failure.Item, string, error) {
	q := query{prefix: prefix, limit: int32(limit)}
	if after != "" {
		q.after = s.part(p).key(after)
	}
	pg, err := s.part(p).query(ctx, q)
	if err != nil {
		return nil, "", err
	}
	var out []failure.Item
	for _, m := range pg.Items {
		var it failure.Item
		if err := attributevalue.UnmarshalMap(m, &it); err != nil {
			return nil, "", err
		}
		out = append(out, it)
	}
	next := ""
	if pg.Next != nil {
		next = text(pg.Next[attrSK])
	}
	return out, next, nil
}

// Count implements failure.Store.
func (s Failures) Count(ctx context.Context, p id.PortalID) (int, error) {
	e, err := expression.NewBuilder().WithKeyCondition(expression.Key(attrPK).Equal(expression.Value(s.part(p).pk))).Build()
	if err != nil {
		return 0, err
	}
	in := &dynamodb.QueryInput{
		TableName: &s.Table.name, KeyConditionExpression: e.KeyCondition(), ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
		ConsistentRead: aws.Bool(true), Select: types.SelectCount,
	}
	n := 0
	for {
		o, err := s.Table.api.Query(ctx, in)
		if err != nil {
			return 0, err
		}
		n += int(o.Count)
		if in.ExclusiveStartKey = o.LastEvaluatedKey; in.ExclusiveStartKey == nil {
			return n, nil
		}
	}
}

// Invalids implements contactsync.Invalids at P#<portal>#BADID#<slot>#<shard> / <user>. An entry is asked again after a week.
type Invalids struct{ Table *Table }

var _ contactsync.Invalids = Invalids{}

type invalidItem struct {
	Contact int64 `dynamodbav:"c"`
	At      int64 `dynamodbav:"t"`
	TTL     int64 `dynamodbav:"ttl"`
}

const invalidFor = 7 * 24 * 3600

func (s Invalids) at(p id.PortalID, k friend.Key) partition {
	return s.Table.Portal(p).in("BADID", k.Slot.String(), shardOf(string(k.User)))
}

// Known implements contactsync.Invalids.
func (s Invalids) Known(ctx context.Context, p id.PortalID, ks []friend.Key) (map[friend.Key]bool, error) {
	seen := map[friend.Key]bool{}
	byPK := map[string]friend.Key{}
	var keys []map[string]types.AttributeValue
	for _, k := range ks {
		if seen[k] {
			continue
		}
		seen[k] = true
		part := s.at(p, k)
		keys = append(keys, part.key(string(k.User)))
		byPK[part.pk+"\x00"+string(k.User)] = k
	}
	items, err := s.Table.batchGet(ctx, keys)
	if err != nil {
		return nil, err
	}
	out := map[friend.Key]bool{}
	for _, m := range items {
		out[byPK[text(m[attrPK])+"\x00"+text(m[attrSK])]] = true
	}
	return out, nil
}

// Remember implements contactsync.Invalids.
func (s Invalids) Remember(ctx context.Context, p id.PortalID, k friend.Key, c id.ContactID, now int64) error {
	return s.at(p, k).put(ctx, string(k.User), invalidItem{int64(c), now, now/1000 + invalidFor}, nil)
}

// Forget implements contactsync.Invalids.
func (s Invalids) Forget(ctx context.Context, p id.PortalID, k friend.Key) (id.ContactID, error) {
	var it invalidItem
	ok, err := s.at(p, k).get(ctx, string(k.User), &it)
	if err != nil || !ok {
		return 0, err
	}
	return id.ContactID(it.Contact), s.at(p, k).remove(ctx, string(k.User), nil)
}
