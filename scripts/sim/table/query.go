package table

import (
	"context"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

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
