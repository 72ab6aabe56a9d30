package dynamodb_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lumo/scripts/localcloud/dynamodb"
)

func put(pk, more string, size int) []byte {
	return fmt.Appendf(nil, `{"TableName":"t","Item":{"pk":{"S":%q},"sk":{"S":"x"},"b":{"S":%q}%s}}`, pk, strings.Repeat("b", size), more)
}

func TestAHotPartitionKeyIsRefused(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	throttle := dynamodb.NewThrottle(func() time.Time { return now })
	taken := 0
	for taken < 2000 && throttle.Take("PutItem", put("P#1#LOG#2026-11-23", "", 9000)) {
		taken++
	}
	if taken != 112 { // of nine units each, until a thousand are reached
		t.Errorf("%d large writes to one key", taken)
	}
	if !throttle.Take("PutItem", put("P#2#LOG#2026-11-23", "", 10)) || !throttle.Take("GetItem", put("P#1#LOG#2026-11-23", "", 10)) {
		t.Error("another key, or a read, is refused")
	}
	if now = now.Add(time.Second); !throttle.Take("PutItem", put("P#1#LOG#2026-11-23", "", 10)) {
		t.Error("refused in the next second")
	}
	if hottest, refused := throttle.Hottest(); hottest.Kind != "LOG" || hottest.Units < 1000 || refused != 1 {
		t.Errorf("%+v, %d refused", hottest, refused)
	}
}

func TestIndexesAndTransactionsCount(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	throttle := dynamodb.NewThrottle(func() time.Time { return now })
	n := 0
	for ; n < 2000; n++ { // spread over the table, but all under one key of an index
		if !throttle.Take("PutItem", put(fmt.Sprintf("P#1#F#1#%d", n), `,"ck":{"S":"P#1#C#3"},"due":{"N":"1"}`, 10)) {
			break
		}
	}
	if hottest, _ := throttle.Hottest(); n != 1000 || hottest.Kind != "index C" {
		t.Errorf("%d writes, %+v", n, hottest)
	}
	now = now.Add(time.Second)
	body := []byte(`{"TransactItems":[{"Put":{"Item":{"pk":{"S":"P#1#RUN"},"sk":{"S":"a"}}}},{"Update":{"Key":{"pk":{"S":"P#1#RUN"},"sk":{"S":"b"}}}}]}`)
	for n = 0; n < 2000 && throttle.Take("TransactWriteItems", body); n++ {
	}
	if n != 250 {
		t.Errorf("%d transactions of two items", n)
	}
}
