package table

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

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
