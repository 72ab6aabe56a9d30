package cost

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What the functions ask is counted on its way, and reaches the service and comes back as it was.
func TestCallsAreCountedOnTheirWay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		service, method, target, body, answer string
		want                                  Count
		asked                                 string // "" is the body as it was
	}{
		"a read": {"dynamodb", "POST", "DynamoDB_20120810.Query", `{"TableName":"t","Limit":12345678901234567890}`, `{"Items":[],"ConsumedCapacity":{"CapacityUnits":2.5}}`,
			Count{ReadUnits: 2.5}, `"ReturnConsumedCapacity":"TOTAL"`},
		"several reads":  {"dynamodb", "POST", "DynamoDB_20120810.BatchGetItem", `{}`, `{"ConsumedCapacity":[{"CapacityUnits":1},{"CapacityUnits":3}]}`, Count{ReadUnits: 4}, `TOTAL`},
		"a transaction":  {"dynamodb", "POST", "DynamoDB_20120810.TransactWriteItems", `{}`, `{"ConsumedCapacity":[{"CapacityUnits":4},{"CapacityUnits":2}]}`, Count{WriteUnits: 6}, `TOTAL`},
		"a write":        {"dynamodb", "POST", "DynamoDB_20120810.UpdateItem", `{}`, `{"ConsumedCapacity":{"CapacityUnits":1}}`, Count{WriteUnits: 1}, `TOTAL`},
		"a failed write": {"dynamodb", "POST", "DynamoDB_20120810.PutItem", `{}`, `{"__type":"ConditionalCheckFailedException"}`, Count{}, `TOTAL`},
		"a message":      {"sqs", "POST", "AmazonSQS.SendMessage", `{"QueueUrl":"http://q/0/plain"}`, `{}`, Count{QueueCalls: 1}, ""},
		"one in order":   {"sqs", "POST", "AmazonSQS.SendMessageBatch", `{"QueueUrl":"http://q/0/x.fifo"}`, `{}`, Count{FIFOCalls: 1}, ""},
		"an empty poll":  {"sqs", "POST", "AmazonSQS.ReceiveMessage", `{"QueueUrl":"http://q/0/plain"}`, `{}`, Count{}, ""},
		"a full one":     {"sqs", "POST", "AmazonSQS.ReceiveMessage", `{"QueueUrl":"http://q/0/x.fifo"}`, `{"Messages":[{"ReceiptHandle":"r"}]}`, Count{FIFOCalls: 1}, ""},
		"a key":          {"kms", "POST", "TrentService.Decrypt", `{}`, `{}`, Count{KeyCalls: 1}, ""},
		"a mail":         {"sesv2", "POST", "", `{}`, `{}`, Count{Mails: 1}, ""},
		"an object":      {"s3", "PUT", "", "bytes", ``, Count{ObjectWrites: 1}, ""},
		"one is read":    {"s3", "GET", "", "", "bytes", Count{ObjectReads: 1}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := ""
			service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				asked = string(b)
				io.WriteString(w, c.answer)
			}))
			defer service.Close()
			m := &meter{}
			defer m.close()
			req, err := http.NewRequestWithContext(t.Context(), c.method, m.tap(c.service, service.URL), strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Amz-Target", c.target)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if b, err := io.ReadAll(res.Body); err != nil || string(b) != c.answer {
				t.Errorf("answered %s, %v", b, err)
			}
			if got := m.now(); got != c.want {
				t.Errorf("counted %+v, want %+v", got, c.want)
			}
			if c.asked == "" && asked != c.body || !strings.Contains(asked, c.asked) {
				t.Errorf("the service was asked %s", asked)
			}
			if strings.Contains(c.body, "12345678901234567890") && !strings.Contains(asked, "12345678901234567890") {
				t.Errorf("a number was changed: %s", asked)
			}
		})
	}
}

func TestLinesAreCounted(t *testing.T) {
	t.Parallel()
	m := &meter{}
	for _, line := range []string{"oauth  {\"kind\":\"http\"}\n", "oauth  {\"kind\":\"queue\"}\n", "oauth  START RequestId\n"} {
		if _, err := io.WriteString(m, line); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := m.now(), (Count{APIRequests: 1, LogBytes: float64(len(`{"kind":"http"}`) + len(`{"kind":"queue"}`) + 2)}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}
