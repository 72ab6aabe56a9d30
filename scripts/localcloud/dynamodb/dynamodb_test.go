package dynamodb_test

import (
	"bytes"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"lumo/scripts/localcloud/dynamodb"
	"lumo/scripts/localcloud/template"
)

func start(t *testing.T, file string) *dynamodb.Server {
	t.Helper()
	bin, err := dynamodb.Find("../../..")
	if err != nil {
		t.Fatal(err)
	}
	s, err := dynamodb.Start(bin, file, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func table(t *testing.T) template.Table {
	t.Helper()
	s, err := template.Read("../../../template.yaml", template.Local{Stack: "lumo"})
	if err != nil {
		t.Fatal(err)
	}
	return s.Tables[0]
}

func item(tb template.Table, v string) *awsdynamodb.PutItemInput {
	return &awsdynamodb.PutItemInput{TableName: tb.Create.TableName, Item: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: v}, "sk": &types.AttributeValueMemberS{Value: v},
	}}
}

func TestTheTableSurvivesAndAChangedTemplateIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "db")
	tb := table(t)
	s := start(t, file)
	if err := dynamodb.Ensure(t.Context(), dynamodb.Client(s.URL), tb); err != nil {
		t.Fatal(err)
	}
	if _, err := dynamodb.Client(s.URL).PutItem(t.Context(), item(tb, "x")); err != nil {
		t.Fatal(err)
	}
	s.Close()

	s = start(t, file)
	c := dynamodb.Client(s.URL)
	if err := dynamodb.Ensure(t.Context(), c, tb); err != nil {
		t.Errorf("the same table again: %v", err)
	}
	o, err := c.Scan(t.Context(), &awsdynamodb.ScanInput{TableName: tb.Create.TableName})
	if err != nil || len(o.Items) != 1 {
		t.Errorf("after a restart: %v, %d items", err, len(o.Items))
	}
	changed := tb
	changed.Create.GlobalSecondaryIndexes = changed.Create.GlobalSecondaryIndexes[1:]
	if err := dynamodb.Ensure(t.Context(), c, changed); err == nil || !strings.Contains(err.Error(), "make reset") {
		t.Errorf("a changed template: %v", err)
	}
}

func TestTheCounterCountsByCaller(t *testing.T) {
	t.Parallel()
	tb := table(t)
	s := start(t, "")
	counter, err := dynamodb.NewCounter(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(counter)
	defer web.Close()
	if err := dynamodb.Ensure(t.Context(), dynamodb.Client(web.URL+"/setup"), tb); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := dynamodb.Client(web.URL+"/A").PutItem(t.Context(), item(tb, "x")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := dynamodb.Client(web.URL+"/B").Query(t.Context(), &awsdynamodb.QueryInput{
		TableName: tb.Create.TableName, KeyConditionExpression: aws.String("pk = :p"), ExpressionAttributeValues: map[string]types.AttributeValue{":p": &types.AttributeValueMemberS{Value: "x"}},
	}); err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]int{
		"setup": {"DescribeTable": 1, "CreateTable": 1, "UpdateTimeToLive": 1}, "A": {"PutItem": 3}, "B": {"Query": 1},
	}
	if d := cmp.Diff(want, counter.Counts()); d != "" {
		t.Error(d)
	}
}

func TestAMissingBinaryNamesTheCure(t *testing.T) {
	t.Setenv("DYNAMODB_LOCAL_BIN", "")
	t.Setenv("PATH", t.TempDir())
	if _, err := dynamodb.Find(t.TempDir()); err == nil || !strings.Contains(err.Error(), "make setup") {
		t.Errorf("got %v", err)
	}
}
