package dynamo

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"lumo/shared/id"
	"lumo/shared/lineproperty"
	"lumo/shared/portal"
)

// LineProperties implements lineproperty.Store: the row "properties#<slot>" at P#<portal>#line, and leases on single things of a portal
// at P#<portal>#lock.
type LineProperties struct{ Table *Table }

var _ lineproperty.Store = LineProperties{}

type propertySetItem struct {
	Entries   map[lineproperty.Key]lineproperty.Entry `dynamodbav:"entries"`
	EnsuredAt int64                                   `dynamodbav:"at,omitempty"`
	Version   int64                                   `dynamodbav:"v"`
}

func (s LineProperties) at(p id.PortalID) partition { return s.Table.Portal(p).in("line") }

// Set implements lineproperty.Store.
func (s LineProperties) Set(ctx context.Context, p id.PortalID, n id.Slot) (lineproperty.Set, error) {
	var it propertySetItem
	if _, err := s.at(p).get(ctx, slotKey("properties#", n), &it); err != nil {
		return lineproperty.Set{}, err
	}
	return lineproperty.Set{Portal: p, Slot: n, Entries: it.Entries, EnsuredAt: moment(it.EnsuredAt), Version: it.Version}, nil
}

// SaveSet implements lineproperty.Store.
func (s LineProperties) SaveSet(ctx context.Context, set lineproperty.Set, log ...portal.Entry) (lineproperty.Set, error) {
	it := propertySetItem{Entries: set.Entries, EnsuredAt: millis(set.EnsuredAt), Version: set.Version + 1}
	err := s.Table.saveWithLog(ctx, set.Portal, s.at(set.Portal), slotKey("properties#", set.Slot), it, set.Version, log)
	if errors.Is(err, ErrChanged) {
		return lineproperty.Set{}, lineproperty.ErrChanged
	}
	set.Version++
	return set, err
}

type lockItem struct {
	Holder string `dynamodbav:"holder"`
	Until  int64  `dynamodbav:"until"`
	TTL    int64  `dynamodbav:"ttl"`
}

// Lock implements lineproperty.Store.
func (s LineProperties) Lock(ctx context.Context, p id.PortalID, name, holder string, now, until time.Time) (bool, error) {
	free := expression.AttributeNotExists(expression.Name(attrPK)).
		Or(expression.Name("until").LessThanEqual(expression.Value(now.UnixMilli()))).
		Or(expression.Name("holder").Equal(expression.Value(holder)))
	it := lockItem{Holder: holder, Until: until.UnixMilli(), TTL: until.Add(24 * time.Hour).Unix()}
	err := s.Table.Portal(p).in("lock").put(ctx, name, it, &free)
	if errors.Is(err, ErrChanged) {
		return false, nil
	}
	return err == nil, err
}

// Unlock implements lineproperty.Store.
func (s LineProperties) Unlock(ctx context.Context, p id.PortalID, name, holder string) error {
	mine := expression.Name("holder").Equal(expression.Value(holder))
	err := s.Table.Portal(p).in("lock").remove(ctx, name, &mine)
	if errors.Is(err, ErrChanged) {
		return nil
	}
	return err
}
