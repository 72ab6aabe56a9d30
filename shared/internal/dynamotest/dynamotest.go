// Package dynamotest gives a test its own table in a real DynamoDB stand-in: one in-memory server per test binary, one fresh table
// per call, made from the definition in template.yaml. Nothing is skipped when the stand-in is missing; the test fails and names
// the make target.
package dynamotest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// DB is a fresh table and a client that reaches it.
type DB struct {
	Client *dynamodb.Client
	Name   string
}

var (
	server = sync.OnceValues(serve)
	tables atomic.Int64
)

// Start makes an empty table with the keys and indexes of template.yaml and drops it when the test ends. Options reach the
// client, for example to inject faults. Tests may run in parallel.
func Start(t testing.TB, options ...func(*dynamodb.Options)) DB {
	t.Helper()
	url, err := server()
	if err != nil {
		t.Fatalf("dynamotest: %v", err)
	}
	in, err := Definition()
	if err != nil {
		t.Fatalf("dynamotest: %v", err)
	}
	db := DB{Client: client(url, options...), Name: fmt.Sprintf("test-%d", tables.Add(1))}
	plain := client(url) // injected faults are for the test, not for making its table
	in.TableName = &db.Name
	if _, err := plain.CreateTable(t.Context(), in); err != nil {
		t.Fatalf("dynamotest: create table: %v", err)
	}
	t.Cleanup(func() {
		_, err := plain.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &db.Name})
		if err != nil {
			t.Errorf("dynamotest: drop table: %v", err)
		}
	})
	return db
}

func client(url string, options ...func(*dynamodb.Options)) *dynamodb.Client {
	o := dynamodb.Options{
		Region:       "us-east-1",
		BaseEndpoint: &url,
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
		HTTPClient:   ownBody{&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}},
	}
	return dynamodb.New(o, options...)
}

// ownBody gives net/http its own copy of the request body. smithy-go closes the body it built as soon as the reply's headers
// are in; a stand-in that answers within microseconds can beat the transport's last look at it, and the transport then closes the
// connection under a large reply ("use of closed network connection").
type ownBody struct{ client *http.Client }

func (o ownBody) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(b))
	}
	return o.client.Do(r)
}

// Dump lists every item of the table in key order, for assertions about everything that was written.
func (d DB) Dump(t testing.TB) []map[string]types.AttributeValue {
	t.Helper()
	var all []map[string]types.AttributeValue
	p := dynamodb.NewScanPaginator(d.Client, &dynamodb.ScanInput{TableName: &d.Name, ConsistentRead: aws.Bool(true)})
	for p.HasMorePages() {
		o, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatalf("dynamotest: scan: %v", err)
		}
		all = append(all, o.Items...)
	}
	sortItems(all)
	return all
}

func sortKey(m map[string]types.AttributeValue) string {
	var parts []string
	for _, k := range []string{"pk", "sk"} {
		if s, ok := m[k].(*types.AttributeValueMemberS); ok {
			parts = append(parts, s.Value)
		}
	}
	return strings.Join(parts, "\x00")
}
