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
	"sort"
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

// TransactWriteItems writes all or nothing.
func (t *Table) TransactWriteItems(_ context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	reasons := make([]types.CancellationReason, len(in.TransactItems))
	seen := map[ref]bool{}
	var apply []func()
	failed := false
	for i, x := range in.TransactItems {
		do, at, err := t.part(x)
		if err != nil && !isConditional(err) {
			return nil, err
		}
		if err == nil && seen[at] {
			return nil, invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[at] = true
		reasons[i] = types.CancellationReason{Code: aws.String("None")}
		if err != nil {
			failed = true
			reasons[i] = types.CancellationReason{Code: aws.String("ConditionalCheckFailed"), Message: aws.String("The conditional request failed")}
		}
		apply = append(apply, do)
	}
	if failed {
		return nil, &types.TransactionCanceledException{Message: aws.String("Transaction cancelled"), CancellationReasons: reasons}
	}
	for _, do := range apply {
		do()
	}
	return &dynamodb.TransactWriteItemsOutput{}, nil
}

// part checks one item of a transaction and says how to apply it.
func (t *Table) part(x types.TransactWriteItem) (do func(), at ref, err error) {
	switch {
	case x.Put != nil:
		if err := t.check(x.Put.TableName); err != nil {
			return nil, at, err
		}
		hash, sort, err := t.key(x.Put.Item)
		if err != nil {
			return nil, at, err
		}
		err = holds(x.Put.ConditionExpression, x.Put.ExpressionAttributeNames, x.Put.ExpressionAttributeValues, t.find(hash, sort))
		item := maps.Clone(x.Put.Item)
		return func() { t.store(hash, sort, item) }, ref{hash, sort}, err
	case x.Delete != nil:
		if err := t.check(x.Delete.TableName); err != nil {
			return nil, at, err
		}
		hash, sort, err := t.key(x.Delete.Key)
		if err != nil {
			return nil, at, err
		}
		err = holds(x.Delete.ConditionExpression, x.Delete.ExpressionAttributeNames, x.Delete.ExpressionAttributeValues, t.find(hash, sort))
		return func() { t.store(hash, sort, nil) }, ref{hash, sort}, err
	case x.ConditionCheck != nil:
		hash, sort, err := t.key(x.ConditionCheck.Key)
		if err != nil {
			return nil, at, err
		}
		c := x.ConditionCheck
		return func() {}, ref{hash, sort}, holds(c.ConditionExpression, c.ExpressionAttributeNames, c.ExpressionAttributeValues, t.find(hash, sort))
	case x.Update != nil:
		return t.partUpdate(x.Update)
	}
	return nil, at, invalid("a transaction item without an operation")
}

func (t *Table) partUpdate(u *types.Update) (do func(), at ref, err error) {
	hash, sort, err := t.key(u.Key)
	if err != nil {
		return nil, at, err
	}
	before := t.find(hash, sort)
	if err := holds(u.ConditionExpression, u.ExpressionAttributeNames, u.ExpressionAttributeValues, before); err != nil {
		return nil, ref{hash, sort}, err
	}
	item := maps.Clone(before)
	if item == nil {
		item = maps.Clone(u.Key)
	}
	if err := update(aws.ToString(u.UpdateExpression), u.ExpressionAttributeNames, u.ExpressionAttributeValues, before, item); err != nil {
		return nil, at, err
	}
	return func() { t.store(hash, sort, item) }, ref{hash, sort}, nil
}

// Query reads a stretch of one hash key, of the table or of an index.
func (t *Table) Query(_ context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if err := t.check(in.TableName); err != nil {
		return nil, err
	}
	if in.FilterExpression != nil {
		return nil, invalid("filters are not imitated")
	}
	match, err := condition(aws.ToString(in.KeyConditionExpression), in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	found, order, err := t.candidates(in, match)
	if err != nil {
		return nil, err
	}
	if in.ScanIndexForward != nil && !*in.ScanIndexForward {
		slices.Reverse(found)
		up := order
		order = func(a, b Item) int { return up(b, a) }
	}
	if len(in.ExclusiveStartKey) > 0 {
		i := sort.Search(len(found), func(i int) bool { return order(found[i], in.ExclusiveStartKey) > 0 })
		found = found[i:]
	}
	out := &dynamodb.QueryOutput{}
	if n := int(aws.ToInt32(in.Limit)); n > 0 && len(found) >= n {
		found = found[:n]
		out.LastEvaluatedKey = t.cursor(in, found[n-1])
	}
	out.Count = int32(len(found))
	if in.Select == types.SelectCount {
		return out, nil
	}
	for _, it := range found {
		out.Items = append(out.Items, t.projected(in, it))
	}
	return out, nil
}

// candidates lists what a query can return, upwards, and the order it has.
func (t *Table) candidates(in *dynamodb.QueryInput, match func(Item) bool) ([]Item, func(a, b Item) int, error) {
	name := aws.ToString(in.IndexName)
	keys, sorted := t.keys, true
	var all []Item
	switch x := t.global[name]; {
	case x != nil:
		if aws.ToBool(in.ConsistentRead) {
			return nil, nil, invalid("Consistent reads are not supported on global secondary indexes")
		}
		keys = x.keys
		hash, ok := hashOf(in, keys.hash)
		if !ok {
			return nil, nil, invalid("Query condition missed key schema element: %s", keys.hash)
		}
		all = x.items(hash, t.now())
	default:
		if name != "" {
			s, ok := t.local[name]
			if !ok {
				return nil, nil, invalid("The table does not have the specified index: %s", name)
			}
			keys, sorted = s, false
		}
		hash, ok := hashOf(in, t.keys.hash)
		if !ok {
			return nil, nil, invalid("Query condition missed key schema element: %s", t.keys.hash)
		}
		if p := t.parts[hash]; p != nil {
			for _, r := range p.rows {
				all = append(all, r.item)
			}
		}
	}
	var found []Item
	for _, it := range all {
		if _, has := it[keys.sort]; has && match(it) {
			found = append(found, it)
		}
	}
	order := ordering(keys.sort, t.keys)
	if !sorted {
		slices.SortStableFunc(found, order)
	}
	return found, order, nil
}

// hashOf finds the value that the condition compares the hash key with: placeholders have one name each in built expressions.
func hashOf(in *dynamodb.QueryInput, hash string) (string, bool) {
	for placeholder, name := range in.ExpressionAttributeNames {
		if name != hash {
			continue
		}
		_, rest, ok := strings.Cut(aws.ToString(in.KeyConditionExpression), placeholder+" = ")
		if !ok {
			return "", false
		}
		return Text(in.ExpressionAttributeValues[strings.TrimRight(strings.Fields(rest)[0], ")")]), true
	}
	return "", false
}

func (t *Table) cursor(in *dynamodb.QueryInput, it Item) Item {
	k := Item{t.keys.hash: it[t.keys.hash], t.keys.sort: it[t.keys.sort]}
	name := aws.ToString(in.IndexName)
	if s, ok := t.local[name]; ok {
		k[s.sort] = it[s.sort]
	}
	if x := t.global[name]; x != nil {
		k[x.keys.hash], k[x.keys.sort] = it[x.keys.hash], it[x.keys.sort]
	}
	return k
}

// projected: indexes hold keys only.
func (t *Table) projected(in *dynamodb.QueryInput, it Item) Item {
	if aws.ToString(in.IndexName) == "" {
		return maps.Clone(it)
	}
	return t.cursor(in, it)
}
