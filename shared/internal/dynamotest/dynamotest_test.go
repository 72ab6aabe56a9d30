package dynamotest

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
)

func s(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }

func TestTableHasTheIndexesOfTheTemplate(t *testing.T) {
	t.Parallel()
	db := Start(t)
	o, err := db.Client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &db.Name})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{"": keys(o.Table.KeySchema)}
	for _, x := range o.Table.LocalSecondaryIndexes {
		got["local "+aws.ToString(x.IndexName)] = keys(x.KeySchema)
	}
	for _, x := range o.Table.GlobalSecondaryIndexes {
		got["global "+aws.ToString(x.IndexName)] = keys(x.KeySchema)
	}
	want := map[string][]string{
		"":               {"pk HASH", "sk RANGE"},
		"local due":      {"pk HASH", "due RANGE"},
		"global contact": {"ck HASH", "cs RANGE"},
		"global company": {"ok HASH", "os RANGE"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func keys(ks []types.KeySchemaElement) (out []string) {
	for _, k := range ks {
		out = append(out, fmt.Sprintf("%s %s", aws.ToString(k.AttributeName), k.KeyType))
	}
	return out
}

func TestEveryCallGivesAnEmptyTable(t *testing.T) {
	t.Parallel()
	for i := range 3 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			db := Start(t)
			if got := db.Dump(t); len(got) != 0 {
				t.Fatalf("%d items in a new table", len(got))
			}
			for _, sk := range []string{"b", "a"} {
				_, err := db.Client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &db.Name, Item: map[string]types.AttributeValue{"pk": s("p"), "sk": s(sk)}})
				if err != nil {
					t.Fatal(err)
				}
			}
			got := db.Dump(t)
			if len(got) != 2 || sortKey(got[0]) != "p\x00a" {
				t.Errorf("dump: %v", got)
			}
		})
	}
}
