package dynamo

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// transact writes all or nothing. A failed condition, or another transaction on the same items, is ErrChanged.
func (t *Table) transact(ctx context.Context, items ...types.TransactWriteItem) error {
	_, err := t.api.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
	var tc *types.TransactionCanceledException
	if errors.As(err, &tc) {
		for _, r := range tc.CancellationReasons {
			if aws.ToString(r.Code) == "TransactionConflict" {
				return ErrChanged
			}
		}
	}
	return changed(err)
}

// putting is a put as part of a transaction.
func (p partition) putting(sk string, v any, cond *expression.ConditionBuilder) (types.TransactWriteItem, error) {
	m, err := p.item(sk, v)
	if err != nil {
		return types.TransactWriteItem{}, err
	}
	put := &types.Put{TableName: &p.table.name, Item: m}
	if cond != nil {
		e, err := expression.NewBuilder().WithCondition(*cond).Build()
		if err != nil {
			return types.TransactWriteItem{}, err
		}
		put.ConditionExpression, put.ExpressionAttributeNames, put.ExpressionAttributeValues = e.Condition(), e.Names(), e.Values()
	}
	return types.TransactWriteItem{Put: put}, nil
}

// deleting is a delete as part of a transaction.
func (p partition) deleting(sk string, cond *expression.ConditionBuilder) (types.TransactWriteItem, error) {
	del := &types.Delete{TableName: &p.table.name, Key: p.key(sk)}
	if cond != nil {
		e, err := expression.NewBuilder().WithCondition(*cond).Build()
		if err != nil {
			return types.TransactWriteItem{}, err
		}
		del.ConditionExpression, del.ExpressionAttributeNames, del.ExpressionAttributeValues = e.Condition(), e.Names(), e.Values()
	}
	return types.TransactWriteItem{Delete: del}, nil
}

// checking is a condition on an item that the transaction does not write.
func (p partition) checking(sk string, cond *expression.ConditionBuilder) (types.TransactWriteItem, error) {
	e, err := expression.NewBuilder().WithCondition(*cond).Build()
	if err != nil {
		return types.TransactWriteItem{}, err
	}
	return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: &p.table.name, Key: p.key(sk), ConditionExpression: e.Condition(), ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
	}}, nil
}

// versioned is the condition of a write whose reader saw version n; 0 means that there was nothing.
func versioned(n int64) *expression.ConditionBuilder {
	if n == 0 {
		return absent()
	}
	return versionIs(n)
}

// millis stores a time; the zero time is 0 and left out of rows.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
