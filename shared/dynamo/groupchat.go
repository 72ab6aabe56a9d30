package dynamo

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"lumo/shared/friend"
	"lumo/shared/groupchat"
	"lumo/shared/id"
)

// Groups implements groupchat.Store. A group lies at P#<portal>#GROUP / group#<slot>#<id>, ordered by when LINE is to be asked again;
// "company#<id>#<slot>#<group>" beside it leads from the company to it, and "label" holds the association's type.
type Groups struct{ Table *Table }

var _ groupchat.Store = Groups{}

type groupItem struct {
	Name      string                             `dynamodbav:"n,omitempty"`
	Picture   string                             `dynamodbav:"pc,omitempty"`
	Present   bool                               `dynamodbav:"pr,omitempty"`
	PresentAt int64                              `dynamodbav:"pt,omitempty"`
	JoinedAt  int64                              `dynamodbav:"jt,omitempty"`
	Count     int                                `dynamodbav:"ct,omitempty"`
	AskedAt   int64                              `dynamodbav:"at,omitempty"`
	Members   map[id.LineUserID]groupchat.Member `dynamodbav:"ms,omitempty"`
	LastAt    int64                              `dynamodbav:"lt,omitempty"`
	Company   id.CompanyID                       `dynamodbav:"co,omitempty"`
	Dropped   bool                               `dynamodbav:"dr,omitempty"`
	Shown     map[string]string                  `dynamodbav:"sh,omitempty"`
	Due       int64                              `dynamodbav:"due,omitempty"`
	Version   int64                              `dynamodbav:"v"`
}

type groupLabelItem struct {
	Label int `dynamodbav:"l"`
}

const (
	groupPrefix   = "group#"
	companyPrefix = "company#"
)

func (s Groups) at(p id.PortalID) partition { return s.Table.Portal(p).in("GROUP") }

func groupKey(n id.Slot, g id.GroupID) string { return groupPrefix + n.String() + "#" + string(g) }

// Get implements groupchat.Store.
func (s Groups) Get(ctx context.Context, p id.PortalID, n id.Slot, g id.GroupID) (groupchat.Group, bool, error) {
	var it groupItem
	ok, err := s.at(p).get(ctx, groupKey(n, g), &it)
	return groupchat.Group{
		Portal: p, Slot: n, ID: g, Name: it.Name, Picture: it.Picture, Present: it.Present, PresentAt: it.PresentAt, JoinedAt: it.JoinedAt, Count: it.Count,
		AskedAt: it.AskedAt, Members: it.Members, LastAt: it.LastAt, Company: it.Company, Dropped: it.Dropped, Shown: it.Shown, Version: it.Version,
	}, ok, err
}

// Save implements groupchat.Store. The way from the company is written first: it is only followed to a group that names the company, too.
func (s Groups) Save(ctx context.Context, g groupchat.Group, due int64) (groupchat.Group, error) {
	if g.Company != 0 {
		if err := s.at(g.Portal).put(ctx, companyPrefix+g.Company.String()+"#"+g.Slot.String()+"#"+string(g.ID), struct{}{}, nil); err != nil {
			return g, err
		}
	}
	was := g.Version
	g.Version++
	err := s.at(g.Portal).put(ctx, groupKey(g.Slot, g.ID), groupItem{
		Name: g.Name, Picture: g.Picture, Present: g.Present, PresentAt: g.PresentAt, JoinedAt: g.JoinedAt, Count: g.Count, AskedAt: g.AskedAt, Members: g.Members,
		LastAt: g.LastAt, Company: g.Company, Dropped: g.Dropped, Shown: g.Shown, Due: due, Version: g.Version,
	}, versioned(was))
	if errors.Is(err, ErrChanged) {
		return g, groupchat.ErrChanged
	}
	return g, err
}

// OfCompany implements groupchat.Store.
func (s Groups) OfCompany(ctx context.Context, p id.PortalID, c id.CompanyID) ([]groupchat.Group, error) {
	pg, err := s.at(p).query(ctx, query{prefix: companyPrefix + c.String() + "#", limit: 50})
	if err != nil {
		return nil, err
	}
	var out []groupchat.Group
	for _, m := range pg.Items {
		var row struct {
			SK string `dynamodbav:"sk"`
		}
		if err := attributevalue.UnmarshalMap(m, &row); err != nil {
			return nil, err
		}
		k, ok := groupOf(strings.TrimPrefix(row.SK, companyPrefix+c.String()+"#"))
		if !ok {
			continue
		}
		name, _ := k.Group()
		g, ok, err := s.Get(ctx, p, k.Slot, name)
		if err != nil {
			return nil, err
		}
		if ok && g.Company == c {
			out = append(out, g)
		}
	}
	return out, nil
}

// groupOf reads "<slot>#<group>".
func groupOf(s string) (friend.Key, bool) {
	slot, group, _ := strings.Cut(s, "#")
	n, err := id.ParseSlot(slot)
	g, gerr := id.ParseGroup(group)
	return friend.GroupKey(n, g), err == nil && gerr == nil
}

// Due implements groupchat.Store.
func (s Groups) Due(ctx context.Context, p id.PortalID, until int64, limit int) ([]friend.Key, error) {
	keys, err := s.at(p).due(ctx, until, int32(limit))
	if err != nil {
		return nil, err
	}
	var out []friend.Key
	for _, sk := range keys {
		if k, ok := groupOf(strings.TrimPrefix(sk, groupPrefix)); ok {
			out = append(out, k)
		}
	}
	return out, nil
}

// Label implements groupchat.Store.
func (s Groups) Label(ctx context.Context, p id.PortalID) (int, error) {
	var it groupLabelItem
	_, err := s.at(p).get(ctx, "label", &it)
	return it.Label, err
}

// SaveLabel implements groupchat.Store.
func (s Groups) SaveLabel(ctx context.Context, p id.PortalID, label int) error {
	return s.at(p).update(ctx, "label", expression.Set(expression.Name("l"), expression.Value(label)), nil, nil)
}
