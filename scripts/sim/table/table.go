// Package table is DynamoDB as the simulation needs it: one table in memory, without goroutines, with a clock of its own. It evaluates
// the expressions that the SDK's builder makes, returns the SDK's own errors, and lets global indexes lag behind the table as the real
// ones do. What it does is checked against the development stand-in in conformance_test.go.
//
// Not imitated: throttling, page limits by size (1 MB), expiry of items.
package table

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Item is one row.
type Item = map[string]types.AttributeValue

// Table holds rows. Items are never changed in place, so those that were handed out stay as they were.
type Table struct {
	name    string
	keys    schema
	local   map[string]schema
	global  map[string]*index
	now     func() time.Time
	lag     func() time.Duration
	parts   map[string]*partition
	changes int
}

// schema names the key attributes of the table or of an index.
type schema struct{ hash, sort string }

// partition holds the rows of one hash key, by sort key.
type partition struct{ rows []row }

type row struct {
	sort string
	item Item
}

// Config of a table.
type Config struct {
	Definition dynamodb.CreateTableInput
	Now        func() time.Time
	// Lag is asked after each write how late the global indexes show it; nil is not at all.
	Lag func() time.Duration
}

// New makes an empty table. Keys must be strings, except for the sort keys of local indexes.
func New(c Config) *Table {
	t := &Table{
		name: aws.ToString(c.Definition.TableName), keys: schemaOf(c.Definition.KeySchema), local: map[string]schema{}, global: map[string]*index{},
		now: c.Now, lag: c.Lag, parts: map[string]*partition{},
	}
	for _, x := range c.Definition.LocalSecondaryIndexes {
		t.local[aws.ToString(x.IndexName)] = schemaOf(x.KeySchema)
	}
	for _, x := range c.Definition.GlobalSecondaryIndexes {
		t.global[aws.ToString(x.IndexName)] = newIndex(schemaOf(x.KeySchema), t.keys)
	}
	return t
}

func schemaOf(ks []types.KeySchemaElement) schema {
	var s schema
	for _, k := range ks {
		if k.KeyType == types.KeyTypeHash {
			s.hash = aws.ToString(k.AttributeName)
		} else {
			s.sort = aws.ToString(k.AttributeName)
		}
	}
	return s
}

// Text is a string attribute, "" when there is none.
func Text(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// Number is a numeric attribute, 0 when there is none.
func Number(v types.AttributeValue) int64 {
	if n, ok := v.(*types.AttributeValueMemberN); ok {
		i, _ := strconv.ParseInt(n.Value, 10, 64) // whole numbers only
		return i
	}
	return 0
}

func invalid(format string, a ...any) error {
	return &fault{"ValidationException", fmt.Sprintf(format, a...)}
}

// fault is an error reply without a type of its own in the SDK.
type fault struct{ code, message string }

func (f *fault) Error() string { return f.code + ": " + f.message }

func (t *Table) key(m Item) (hash, sort string, err error) {
	hash, sort = Text(m[t.keys.hash]), Text(m[t.keys.sort])
	if hash == "" || sort == "" {
		return "", "", invalid("the item lacks a key")
	}
	return hash, sort, nil
}

func (p *partition) at(sort string) (int, bool) {
	if p == nil {
		return 0, false
	}
	return slices.BinarySearchFunc(p.rows, sort, func(r row, s string) int { return cmp.Compare(r.sort, s) })
}

func (t *Table) find(hash, sort string) Item {
	p := t.parts[hash]
	if i, ok := p.at(sort); ok {
		return p.rows[i].item
	}
	return nil
}

// store replaces a row; a nil item removes it.
func (t *Table) store(hash, sort string, item Item) {
	before := t.find(hash, sort)
	p := t.parts[hash]
	if p == nil {
		p = &partition{}
		t.parts[hash] = p
	}
	i, ok := p.at(sort)
	switch {
	case item == nil && ok:
		p.rows = slices.Delete(p.rows, i, i+1)
	case item == nil:
	case ok:
		p.rows[i].item = item
	default:
		p.rows = slices.Insert(p.rows, i, row{sort, item})
	}
	t.changes++
	lag := time.Duration(0)
	if t.lag != nil {
		lag = t.lag()
	}
	for _, name := range slices.Sorted(maps.Keys(t.global)) {
		t.global[name].change(ref{hash, sort}, before, item, t.now().Add(lag))
	}
}

// Find returns the row with the key in m, or nil.
func (t *Table) Find(m Item) Item { return t.find(Text(m[t.keys.hash]), Text(m[t.keys.sort])) }

// Changes counts the writes so far.
func (t *Table) Changes() int { return t.changes }

// Items lists the rows whose hash key has the prefix, in the order of their keys: for checks, never for the code under test.
func (t *Table) Items(prefix string) []Item {
	var out []Item
	for _, hash := range slices.Sorted(maps.Keys(t.parts)) {
		if strings.HasPrefix(hash, prefix) {
			for _, r := range t.parts[hash].rows {
				out = append(out, r.item)
			}
		}
	}
	return out
}

func (t *Table) check(name *string) error {
	if aws.ToString(name) != t.name {
		return &types.ResourceNotFoundException{Message: aws.String("Requested resource not found")}
	}
	return nil
}

// GetItem reads one row.
func (t *Table) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	if err := t.check(in.TableName); err != nil {
		return nil, err
	}
	hash, sort, err := t.key(in.Key)
	if err != nil {
		return nil, err
	}
	return &dynamodb.GetItemOutput{Item: maps.Clone(t.find(hash, sort))}, nil
}

// BatchGetItem reads up to a hundred rows.
func (t *Table) BatchGetItem(_ context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	out := &dynamodb.BatchGetItemOutput{Responses: map[string][]Item{}}
	for name, ask := range in.RequestItems {
		if err := t.check(&name); err != nil {
			return nil, err
		}
		if len(ask.Keys) > 100 {
			return nil, invalid("Too many items requested for the BatchGetItem call")
		}
		seen := map[ref]bool{}
		for _, k := range ask.Keys {
			hash, sort, err := t.key(k)
			if err != nil {
				return nil, err
			}
			if seen[ref{hash, sort}] {
				return nil, invalid("Provided list of item keys contains duplicates")
			}
			seen[ref{hash, sort}] = true
			if it := t.find(hash, sort); it != nil {
				out.Responses[name] = append(out.Responses[name], maps.Clone(it))
			}
		}
	}
	return out, nil
}

// PutItem writes a row whole.
func (t *Table) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if err := t.check(in.TableName); err != nil {
		return nil, err
	}
	hash, sort, err := t.key(in.Item)
	if err != nil {
		return nil, err
	}
	if err := holds(in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues, t.find(hash, sort)); err != nil {
		return nil, err
	}
	t.store(hash, sort, maps.Clone(in.Item))
	return &dynamodb.PutItemOutput{}, nil
}

// UpdateItem changes a row, or makes it.
func (t *Table) UpdateItem(_ context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if err := t.check(in.TableName); err != nil {
		return nil, err
	}
	hash, sort, err := t.key(in.Key)
	if err != nil {
		return nil, err
	}
	before := t.find(hash, sort)
	if err := holds(in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues, before); err != nil {
		return nil, err
	}
	item := maps.Clone(before)
	if item == nil {
		item = maps.Clone(in.Key)
	}
	if err := update(aws.ToString(in.UpdateExpression), in.ExpressionAttributeNames, in.ExpressionAttributeValues, before, item); err != nil {
		return nil, err
	}
	t.store(hash, sort, item)
	out := &dynamodb.UpdateItemOutput{}
	if in.ReturnValues == types.ReturnValueAllNew {
		out.Attributes = maps.Clone(item)
	}
	return out, nil
}

// DeleteItem removes a row.
func (t *Table) DeleteItem(_ context.Context, in *dynamodb.DeleteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	if err := t.check(in.TableName); err != nil {
		return nil, err
	}
	hash, sort, err := t.key(in.Key)
	if err != nil {
		return nil, err
	}
	if err := holds(in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues, t.find(hash, sort)); err != nil {
		return nil, err
	}
	t.store(hash, sort, nil)
	return &dynamodb.DeleteItemOutput{}, nil
}
