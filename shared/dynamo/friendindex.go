package dynamo

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/friendindex"
	"lumo/shared/id"
)

// FriendIndex implements friendindex.Store: block n lies at P#<portal>#FX#<slot>#<n modulo Shards> / <n>, so that a wave of changes
// through a whole account spreads over partitions.
type FriendIndex struct{ Table *Table }

var _ friendindex.Store = FriendIndex{}

type indexItem struct {
	Data    []byte `dynamodbav:"b"`
	Version int64  `dynamodbav:"v"`
}

func (s FriendIndex) at(p id.PortalID, slot id.Slot, n uint32) (partition, string) {
	return s.Table.Portal(p).in("FX", slot.String(), strconv.Itoa(int(n%Shards))), fmt.Sprintf("%07d", n)
}

// End implements friendindex.Store: the counter of Friends.Ordinals.
func (s FriendIndex) End(ctx context.Context, p id.PortalID, slot id.Slot) (uint32, error) {
	var it struct {
		Next uint32 `dynamodbav:"n"`
	}
	_, err := s.Table.Portal(p).in("CONF").get(ctx, "ordinals#"+slot.String(), &it)
	return it.Next, err
}

// Load implements friendindex.Store.
func (s FriendIndex) Load(ctx context.Context, p id.PortalID, slot id.Slot, n uint32) (friendindex.Block, error) {
	part, sk := s.at(p, slot, n)
	var it indexItem
	_, err := part.get(ctx, sk, &it)
	return friendindex.Block{Data: it.Data, Version: it.Version}, err
}

// LoadMany implements friendindex.Store.
func (s FriendIndex) LoadMany(ctx context.Context, p id.PortalID, slot id.Slot, ns []uint32) (map[uint32]friendindex.Block, error) {
	keys := make([]map[string]types.AttributeValue, len(ns))
	for i, n := range ns {
		part, sk := s.at(p, slot, n)
		keys[i] = part.key(sk)
	}
	items, err := s.Table.batchGet(ctx, keys)
	if err != nil {
		return nil, err
	}
	out := make(map[uint32]friendindex.Block, len(items))
	for _, m := range items {
		var it indexItem
		if err := attributevalue.UnmarshalMap(m, &it); err != nil {
			return nil, err
		}
		n, err := strconv.ParseUint(text(m[attrSK]), 10, 32)
		if err != nil {
			return nil, err
		}
		out[uint32(n)] = friendindex.Block{Data: it.Data, Version: it.Version}
	}
	return out, nil
}

// Save implements friendindex.Store.
func (s FriendIndex) Save(ctx context.Context, p id.PortalID, slot id.Slot, n uint32, b friendindex.Block) error {
	part, sk := s.at(p, slot, n)
	err := part.put(ctx, sk, indexItem{b.Data, b.Version + 1}, versioned(b.Version))
	if errors.Is(err, ErrChanged) {
		return friendindex.ErrChanged
	}
	return err
}
