package dynamo

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// batchGet reads any number of rows, strongly consistent, 100 a call, repeating what the service left out.
func (t *Table) batchGet(ctx context.Context, keys []map[string]types.AttributeValue) ([]map[string]types.AttributeValue, error) {
	var out []map[string]types.AttributeValue
	consistent := true
	for len(keys) > 0 {
		n := min(len(keys), 100)
		req := map[string]types.KeysAndAttributes{t.name: {Keys: keys[:n], ConsistentRead: &consistent}}
		keys = keys[n:]
		for len(req) > 0 {
			o, err := t.api.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: req})
			if err != nil {
				return nil, fmt.Errorf("batch get: %w", err)
			}
			out = append(out, o.Responses[t.name]...)
			req = o.UnprocessedKeys
		}
	}
	return out, nil
}

func text(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func numText(v types.AttributeValue) string {
	if n, ok := v.(*types.AttributeValueMemberN); ok {
		return n.Value
	}
	return ""
}

// encodeCursor makes an opaque page cursor of string keys; decodeCursor reads it.
func encodeCursor(key map[string]types.AttributeValue) string {
	if key == nil {
		return ""
	}
	var parts []string
	for k, v := range key {
		if s := text(v); s != "" {
			parts = append(parts, k+"="+s)
		}
	}
	sort.Strings(parts)
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "\n")))
}

var errCursor = errors.New("malformed page cursor")

func decodeCursor(s string) (map[string]types.AttributeValue, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, errCursor
	}
	m := map[string]types.AttributeValue{}
	for _, part := range strings.Split(string(b), "\n") {
		k, v, ok := strings.Cut(part, "=")
		if !ok {
			return nil, errCursor
		}
		m[k] = str(v)
	}
	return m, nil
}
