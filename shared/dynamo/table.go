// Package dynamo is the only place that knows keys and expressions. One table holds everything; every item carries its portal in
// the partition key, except the closed Directory. Adapters for the domain's stores live in files named after the domain package.
package dynamo

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/id"
)

// Names of keys and indexes; template.yaml declares the same.
const (
	attrPK  = "pk"
	attrSK  = "sk"
	attrTTL = "ttl"
	// attrDue orders items of one partition by the time something must happen to them (local index: strongly consistent reads).
	attrDue  = "due"
	indexDue = "due"
	// attrContactPK/SK find a friend by HubSpot contact (global index, eventually consistent).
	attrContactPK = "ck"
	attrContactSK = "cs"
	indexContact  = "contact"
	// attrCompanyPK/SK find the friends of a company (global index, set only where company name is mapped).
	attrCompanyPK = "ok"
	attrCompanySK = "os"
	indexCompany  = "company"
)

// Shards is the number of partitions that each portal's friends, indexes and log are spread over, so that no partition key
// takes more than its 1,000 write units a second.
const Shards = 16

// ErrChanged means that a condition failed: somebody else was first. Read again and decide again.
var ErrChanged = errors.New("item changed meanwhile")

// API is the part of the DynamoDB client in use. No Scan on purpose.
type API interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// Table is the one table. It can build no key by itself: go through Portal or Directory.
type Table struct {
	api  API
	name string
}

func New(api API, name string) *Table { return &Table{api: api, name: name} }

// Tenant is the table as one portal may see it.
type Tenant struct {
	table  *Table
	portal id.PortalID
}

// Portal is the only way to items of a tenant.
func (t *Table) Portal(p id.PortalID) Tenant {
	if p <= 0 {
		panic("dynamo: a tenant without portal id")
	}
	return Tenant{t, p}
}

// partition is one partition key; only tenants and the directory make them.
type partition struct {
	table *Table
	pk    string
}

// in names a partition of this portal: P#<portal>#<kind>[#<part>...].
func (t Tenant) in(kind string, parts ...string) partition {
	pk := "P#" + t.portal.String() + "#" + kind
	for _, p := range parts {
		pk += "#" + p
	}
	return partition{t.table, pk}
}

// shardOf spreads s over the portal's shards.
func shardOf(s string) string {
	h := fnv.New32a()
	h.Write([]byte(s))
	return strconv.Itoa(int(h.Sum32() % Shards))
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func (p partition) key(sk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{attrPK: str(p.pk), attrSK: str(sk)}
}

// get reads one item, strongly consistent. found is false when there is none.
func (p partition) get(ctx context.Context, sk string, out any) (found bool, err error) {
	o, err := p.table.api.GetItem(ctx, &dynamodb.GetItemInput{TableName: &p.table.name, Key: p.key(sk), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return false, fmt.Errorf("get %s: %w", p.pk, err)
	}
	if o.Item == nil {
		return false, nil
	}
	return true, attributevalue.UnmarshalMap(o.Item, out)
}

// item marshals v and adds the keys.
func (p partition) item(sk string, v any) (map[string]types.AttributeValue, error) {
	m, err := attributevalue.MarshalMap(v)
	if err != nil {
		return nil, err
	}
	m[attrPK], m[attrSK] = str(p.pk), str(sk)
	return m, nil
}

// put writes v whole. A nil condition overwrites; a failed one returns ErrChanged.
func (p partition) put(ctx context.Context, sk string, v any, cond *expression.ConditionBuilder) error {
	m, err := p.item(sk, v)
	if err != nil {
		return err
	}
	return p.putItem(ctx, m, cond)
}

func (p partition) putItem(ctx context.Context, m map[string]types.AttributeValue, cond *expression.ConditionBuilder) error {
	in := &dynamodb.PutItemInput{TableName: &p.table.name, Item: m}
	if cond != nil {
		e, err := expression.NewBuilder().WithCondition(*cond).Build()
		if err != nil {
			return err
		}
		in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = e.Condition(), e.Names(), e.Values()
	}
	_, err := p.table.api.PutItem(ctx, in)
	return changed(err)
}

// update changes an item (or makes it). out, when not nil, receives the item as it is after.
func (p partition) update(ctx context.Context, sk string, up expression.UpdateBuilder, cond *expression.ConditionBuilder, out any) error {
	b := expression.NewBuilder().WithUpdate(up)
	if cond != nil {
		b = b.WithCondition(*cond)
	}
	e, err := b.Build()
	if err != nil {
		return err
	}
	o, err := p.table.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &p.table.name, Key: p.key(sk), UpdateExpression: e.Update(), ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(), ReturnValues: types.ReturnValueAllNew,
	})
	if err != nil {
		return changed(err)
	}
	if out == nil {
		return nil
	}
	return attributevalue.UnmarshalMap(o.Attributes, out)
}

// remove deletes an item; deleting nothing is no error unless the condition says so.
func (p partition) remove(ctx context.Context, sk string, cond *expression.ConditionBuilder) error {
	in := &dynamodb.DeleteItemInput{TableName: &p.table.name, Key: p.key(sk)}
	if cond != nil {
		e, err := expression.NewBuilder().WithCondition(*cond).Build()
		if err != nil {
			return err
		}
		in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = e.Condition(), e.Names(), e.Values()
	}
	_, err := p.table.api.DeleteItem(ctx, in)
	return changed(err)
}

// page is one stretch of a query.
type page struct {
	Items []map[string]types.AttributeValue
	Next  map[string]types.AttributeValue // nil at the end
}

// query options; the zero value reads the whole partition upwards, strongly consistent.
type query struct {
	prefix     string // sort keys that begin so
	from, to   string // or sort keys between, both inclusive
	descending bool
	limit      int32
	after      map[string]types.AttributeValue
}

func (p partition) query(ctx context.Context, q query) (page, error) {
	k := expression.Key(attrPK).Equal(expression.Value(p.pk))
	switch {
	case q.prefix != "":
		k = k.And(expression.Key(attrSK).BeginsWith(q.prefix))
	case q.from != "" || q.to != "":
		to := q.to
		if to == "" {
			to = "\U0010FFFF"
		}
		k = k.And(expression.Key(attrSK).Between(expression.Value(q.from), expression.Value(to)))
	}
	return p.table.run(ctx, k, "", q)
}

// run executes a query on the table or on an index ("" is the table). Local indexes and the table are read strongly consistent.
func (t *Table) run(ctx context.Context, k expression.KeyConditionBuilder, index string, q query) (page, error) {
	e, err := expression.NewBuilder().WithKeyCondition(k).Build()
	if err != nil {
		return page{}, err
	}
	in := &dynamodb.QueryInput{
		TableName: &t.name, KeyConditionExpression: e.KeyCondition(), ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
		ScanIndexForward: aws.Bool(!q.descending), ExclusiveStartKey: q.after,
		ConsistentRead: aws.Bool(index != indexContact && index != indexCompany),
	}
	if index != "" {
		in.IndexName = &index
	}
	if q.limit > 0 {
		in.Limit = &q.limit
	}
	o, err := t.api.Query(ctx, in)
	if err != nil {
		return page{}, fmt.Errorf("query: %w", err)
	}
	return page{o.Items, o.LastEvaluatedKey}, nil
}

// due lists the keys of items of this partition whose due time (ms) is at most until, earliest first.
func (p partition) due(ctx context.Context, until int64, limit int32) ([]string, error) {
	k := expression.Key(attrPK).Equal(expression.Value(p.pk)).And(expression.Key(attrDue).LessThanEqual(expression.Value(until)))
	pg, err := p.table.run(ctx, k, indexDue, query{limit: limit})
	if err != nil {
		return nil, err
	}
	keys := make([]string, 0, len(pg.Items))
	for _, it := range pg.Items {
		if s, ok := it[attrSK].(*types.AttributeValueMemberS); ok {
			keys = append(keys, s.Value)
		}
	}
	return keys, nil
}

// changed maps a failed condition to ErrChanged.
func changed(err error) error {
	var cc *types.ConditionalCheckFailedException
	if errors.As(err, &cc) {
		return ErrChanged
	}
	var tc *types.TransactionCanceledException
	if errors.As(err, &tc) {
		for _, r := range tc.CancellationReasons {
			if aws.ToString(r.Code) == "ConditionalCheckFailed" {
				return ErrChanged
			}
		}
	}
	return err
}

func absent() *expression.ConditionBuilder {
	c := expression.AttributeNotExists(expression.Name(attrPK))
	return &c
}

func versionIs(n int64) *expression.ConditionBuilder {
	c := expression.Name("v").Equal(expression.Value(n))
	return &c
}
