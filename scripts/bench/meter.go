package bench

import (
	"context"
	"maps"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/scripts/sim/table"
	"lumo/shared/dynamo"
)

// meter counts what the app asks of its table.
type meter struct {
	dynamo.API
	name string

	mu     sync.Mutex
	writes map[string]int // items written, by the kind in their partition key
	units  float64        // write units with indexes, as the table tells them
	reads  int            // requests that read
	// readUnits is what BatchGetItem takes, strongly consistent: each item is paid by the 4 KB.
	readUnits int
}

func newMeter(api dynamo.API, name string) *meter {
	return &meter{API: api, name: name, writes: map[string]int{}}
}

func (m *meter) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes, m.units, m.reads, m.readUnits = map[string]int{}, 0, 0, 0
}

// total is the number of items written since the reset.
func (m *meter) total() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, x := range m.writes {
		n += x
	}
	return n
}

func (m *meter) kinds() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.writes)
}

func (m *meter) of(kind string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes[kind]
}

func (m *meter) consumed() float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.units
}

// sizeOf is about what DynamoDB counts for a value.
func sizeOf(v types.AttributeValue) int {
	switch v := v.(type) {
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return len(v.Value)/2 + 1
	case *types.AttributeValueMemberM:
		n := 3
		for k, x := range v.Value {
			n += len(k) + sizeOf(x) + 1
		}
		return n
	case *types.AttributeValueMemberL:
		n := 3
		for _, x := range v.Value {
			n += sizeOf(x) + 1
		}
		return n
	}
	return 1
}

// kindOfKey is the third part of "P#<portal>#<kind>#...".
func kindOfKey(item map[string]types.AttributeValue) string {
	parts := strings.Split(table.Text(item["pk"]), "#")
	if len(parts) < 3 || parts[0] != "P" {
		return "directory"
	}
	return parts[2]
}

func (m *meter) wrote(key map[string]types.AttributeValue, c *types.ConsumedCapacity) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes[kindOfKey(key)]++
	if c != nil && c.CapacityUnits != nil {
		m.units += *c.CapacityUnits
	}
}

func (m *meter) read() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
}

func (m *meter) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.PutItem(ctx, in, o...)
	if err == nil {
		m.wrote(in.Item, out.ConsumedCapacity)
	}
	return out, err
}

func (m *meter) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.UpdateItem(ctx, in, o...)
	if err == nil {
		m.wrote(in.Key, out.ConsumedCapacity)
	}
	return out, err
}

func (m *meter) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.DeleteItem(ctx, in, o...)
	if err == nil {
		m.wrote(in.Key, out.ConsumedCapacity)
	}
	return out, err
}

func (m *meter) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.TransactWriteItems(ctx, in, o...)
	if err != nil {
		return out, err
	}
	for _, x := range in.TransactItems {
		switch {
		case x.Put != nil:
			m.wrote(x.Put.Item, nil)
		case x.Update != nil:
			m.wrote(x.Update.Key, nil)
		case x.Delete != nil:
			m.wrote(x.Delete.Key, nil)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range out.ConsumedCapacity {
		if c.CapacityUnits != nil {
			m.units += *c.CapacityUnits
		}
	}
	return out, nil
}

func (m *meter) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	m.read()
	return m.API.GetItem(ctx, in, o...)
}

func (m *meter) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	m.read()
	out, err := m.API.BatchGetItem(ctx, in, o...)
	if err != nil {
		return out, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, items := range out.Responses {
		for _, it := range items {
			m.readUnits += (sizeOf(&types.AttributeValueMemberM{Value: it}) + 4095) / 4096
		}
	}
	return out, nil
}

func (m *meter) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	m.read()
	return m.API.Query(ctx, in, o...)
}

// locked lets several goroutines use the table in memory.
type locked struct {
	mu  sync.Mutex
	api dynamo.API
}

func under[T any](l *locked, f func() (T, error)) (T, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return f()
}

func (l *locked) GetItem(ctx context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return under(l, func() (*dynamodb.GetItemOutput, error) { return l.api.GetItem(ctx, in) })
}

func (l *locked) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return under(l, func() (*dynamodb.BatchGetItemOutput, error) { return l.api.BatchGetItem(ctx, in) })
}

func (l *locked) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return under(l, func() (*dynamodb.PutItemOutput, error) { return l.api.PutItem(ctx, in) })
}

func (l *locked) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return under(l, func() (*dynamodb.UpdateItemOutput, error) { return l.api.UpdateItem(ctx, in) })
}

func (l *locked) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	return under(l, func() (*dynamodb.DeleteItemOutput, error) { return l.api.DeleteItem(ctx, in) })
}

func (l *locked) Query(ctx context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return under(l, func() (*dynamodb.QueryOutput, error) { return l.api.Query(ctx, in) })
}

func (l *locked) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return under(l, func() (*dynamodb.TransactWriteItemsOutput, error) { return l.api.TransactWriteItems(ctx, in) })
}
