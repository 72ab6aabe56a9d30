package dynamo

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/inbox"
)

// KeptFiles implements inbox.KeptStore at P#<portal>#KEPT / "f#<hash>".
type KeptFiles struct{ Table *Table }

var _ inbox.KeptStore = KeptFiles{}

type keptItem struct {
	Slot    id.Slot       `dynamodbav:"sl"`
	User    id.LineUserID `dynamodbav:"u"`
	Message string        `dynamodbav:"m"`
	Contact id.ContactID  `dynamodbav:"c,omitempty"`
	Name    string        `dynamodbav:"n"`
	Type    string        `dynamodbav:"t"`
	Size    int64         `dynamodbav:"z"`
	Until   int64         `dynamodbav:"e"`
	TTL     int64         `dynamodbav:"ttl"`
}

func (it keptItem) kept() inbox.Kept {
	return inbox.Kept{
		Friend: friend.Key{Slot: it.Slot, User: it.User}, Message: it.Message, Contact: it.Contact, Name: it.Name, Type: it.Type, Size: it.Size, Until: it.Until,
	}
}

const keptPrefix = "f#"

func (s KeptFiles) at(p id.PortalID) partition { return s.Table.Portal(p).in("KEPT") }

// PutKept implements inbox.KeptStore.
func (s KeptFiles) PutKept(ctx context.Context, p id.PortalID, hash string, f inbox.Kept) error {
	return s.at(p).put(ctx, keptPrefix+hash, keptItem{f.Friend.Slot, f.Friend.User, f.Message, f.Contact, f.Name, f.Type, f.Size, f.Until, f.Until/1000 + 24*3600}, nil)
}

// Kept implements inbox.KeptStore.
func (s KeptFiles) Kept(ctx context.Context, p id.PortalID, hash string) (inbox.Kept, bool, error) {
	var it keptItem
	ok, err := s.at(p).get(ctx, keptPrefix+hash, &it)
	return it.kept(), ok, err
}

// DropKept implements inbox.KeptStore.
func (s KeptFiles) DropKept(ctx context.Context, p id.PortalID, hash string) error {
	return s.at(p).remove(ctx, keptPrefix+hash, nil)
}

// AllKept implements inbox.KeptStore.
func (s KeptFiles) AllKept(ctx context.Context, p id.PortalID, after string) (map[string]inbox.Kept, string, error) {
	var start map[string]types.AttributeValue
	if after != "" {
		var err error
		if start, err = decodeCursor(after); err != nil {
			return nil, "", err
		}
	}
	pg, err := s.at(p).query(ctx, query{prefix: keptPrefix, after: start, limit: 500})
	if err != nil {
		return nil, "", err
	}
	out := make(map[string]inbox.Kept, len(pg.Items))
	for _, m := range pg.Items {
		var it keptItem
		if err := attributevalue.UnmarshalMap(m, &it); err != nil {
			return nil, "", err
		}
		out[strings.TrimPrefix(text(m[attrSK]), keptPrefix)] = it.kept()
	}
	if pg.Next == nil {
		return out, "", nil
	}
	return out, encodeCursor(pg.Next), nil
}
