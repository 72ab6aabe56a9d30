package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/message"
)

// Messages implements message.Store. A message lies at P#<portal>#MSG#<slot>#<user> / <time>#<id>; a row "unsent#<id>" remembers that the
// user took it back, so that the order of the two events does not matter.
type Messages struct{ Table *Table }

var _ message.Store = Messages{}

type messageItem struct {
	message.Message
	TTL int64 `dynamodbav:"ttl"`
}

func (s Messages) part(p id.PortalID, k friend.Key) partition {
	return s.Table.Portal(p).in("MSG", k.Slot.String(), string(k.User))
}

func messageKey(at int64, messageID string) string { return fmt.Sprintf("%013d#%s", at, messageID) }

// Put implements message.Store.
func (s Messages) Put(ctx context.Context, p id.PortalID, m message.Message) error {
	var gone struct{}
	unsent, err := s.part(p, m.Friend).get(ctx, "unsent#"+m.ID, &gone)
	if err != nil {
		return err
	}
	if unsent {
		m.Text, m.Unsent = "", true
	}
	err = s.part(p, m.Friend).put(ctx, messageKey(m.At, m.ID), messageItem{m, m.At/1000 + runRetention}, absent())
	if errors.Is(err, ErrChanged) {
		return nil
	}
	return err
}

// Unsend implements message.Store. The event names the message but not its time, so the newest messages are searched for it.
func (s Messages) Unsend(ctx context.Context, p id.PortalID, k friend.Key, messageID string, at int64) error {
	part := s.part(p, k)
	if err := part.put(ctx, "unsent#"+messageID, map[string]int64{"t": at, attrTTL: at/1000 + runRetention}, nil); err != nil {
		return err
	}
	for q := (query{descending: true, from: "0", to: messageKey(at, "~"), limit: 100}); ; {
		pg, err := part.query(ctx, q)
		if err != nil {
			return err
		}
		for _, m := range pg.Items {
			if text(m["i"]) == messageID {
				up := expression.Remove(expression.Name("tx")).Set(expression.Name("u"), expression.Value(true))
				return part.update(ctx, text(m[attrSK]), up, nil, nil)
			}
		}
		if q.after = pg.Next; q.after == nil {
			return nil
		}
	}
}

// Last implements message.Store.
func (s Messages) Last(ctx context.Context, p id.PortalID, k friend.Key, after string, limit int) ([]message.Message, string, error) {
	part := s.part(p, k)
	q := query{descending: true, from: "0", to: "9999999999999", limit: int32(limit)}
	if after != "" {
		q.after = part.key(after)
	}
	pg, err := part.query(ctx, q)
	if err != nil {
		return nil, "", err
	}
	var out []message.Message
	for _, m := range pg.Items {
		var it messageItem
		if err := attributevalue.UnmarshalMap(m, &it); err != nil {
			return nil, "", err
		}
		it.Friend = k
		out = append(out, it.Message)
	}
	next := ""
	if pg.Next != nil {
		next = text(pg.Next[attrSK])
	}
	return out, next, nil
}
