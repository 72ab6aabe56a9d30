package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/id"
	"lumo/shared/portal"
)

// Portals implements portal.Store. At P#<portal>#portal lie the rows "portal", "token" and "log#<time>#<id>".
type Portals struct{ Table *Table }

var _ portal.Store = Portals{}

const (
	skPortal  = "portal"
	skToken   = "token"
	logPrefix = "log#"
)

type portalItem struct {
	State            portal.State    `dynamodbav:"state"`
	Reason           string          `dynamodbav:"reason,omitempty"`
	Name             string          `dynamodbav:"name,omitempty"`
	TimeZone         string          `dynamodbav:"zone,omitempty"`
	UIDomain         string          `dynamodbav:"ui,omitempty"`
	Scopes           []string        `dynamodbav:"scopes,omitempty"`
	Settings         portal.Settings `dynamodbav:"settings"`
	InstalledBy      portal.Actor    `dynamodbav:"by"`
	FirstInstalledAt int64           `dynamodbav:"first,omitempty"`
	InstalledAt      int64           `dynamodbav:"at,omitempty"`
	RemovedAt        int64           `dynamodbav:"removed,omitempty"`

	WriteBack portal.WriteBack `dynamodbav:"wb,omitempty"`
	HeldAt    int64            `dynamodbav:"held,omitempty"`
	LogKey    string           `dynamodbav:"lk,omitempty"`
	Version   int64            `dynamodbav:"v"`
}

type tokenItem struct {
	Access    string `dynamodbav:"access,omitempty"`
	Refresh   string `dynamodbav:"refresh"`
	Obtained  int64  `dynamodbav:"obtained"`
	Expires   int64  `dynamodbav:"expires"`
	LeasedBy  string `dynamodbav:"holder,omitempty"`
	LeasedTil int64  `dynamodbav:"til,omitempty"`
	Refusals  int    `dynamodbav:"refusals,omitempty"`
	RefusedAt int64  `dynamodbav:"refusedAt,omitempty"`
	Version   int64  `dynamodbav:"v"`
}

func (s Portals) at(p id.PortalID) partition { return s.Table.Portal(p).in("portal") }

// Load implements portal.Store.
func (s Portals) Load(ctx context.Context, p id.PortalID) (portal.Portal, error) {
	var it portalItem
	found, err := s.at(p).get(ctx, skPortal, &it)
	if err != nil {
		return portal.Portal{}, err
	}
	if !found {
		return portal.Portal{}, portal.ErrUnknown
	}
	return portal.Portal{
		ID: p, State: it.State, Reason: it.Reason, Name: it.Name, TimeZone: it.TimeZone, UIDomain: it.UIDomain, Scopes: it.Scopes,
		Settings: it.Settings, InstalledBy: it.InstalledBy, FirstInstalledAt: moment(it.FirstInstalledAt),
		InstalledAt: moment(it.InstalledAt), RemovedAt: moment(it.RemovedAt), WriteBack: it.WriteBack, HeldAt: moment(it.HeldAt), LogKey: it.LogKey, Version: it.Version,
	}, nil
}

// Commit implements portal.Store in one transaction.
func (s Portals) Commit(ctx context.Context, c portal.Commit) error {
	at, p := s.at(c.Portal.ID), c.Portal
	row, err := at.putting(skPortal, portalItem{
		State: p.State, Reason: p.Reason, Name: p.Name, TimeZone: p.TimeZone, UIDomain: p.UIDomain, Scopes: p.Scopes, Settings: p.Settings,
		InstalledBy: p.InstalledBy, FirstInstalledAt: millis(p.FirstInstalledAt), InstalledAt: millis(p.InstalledAt),
		RemovedAt: millis(p.RemovedAt), WriteBack: p.WriteBack, HeldAt: millis(p.HeldAt), LogKey: p.LogKey, Version: p.Version + 1,
	}, versioned(p.Version))
	if err != nil {
		return err
	}
	items := []types.TransactWriteItem{row}
	token, err := s.grant(c)
	if err != nil {
		return err
	}
	items = append(items, token...)
	for _, e := range c.Log {
		line, err := logging(at, e)
		if err != nil {
			return err
		}
		items = append(items, line)
	}
	return portalChanged(s.Table.transact(ctx, items...))
}

func (s Portals) grant(c portal.Commit) ([]types.TransactWriteItem, error) {
	at := s.at(c.Portal.ID)
	switch {
	case c.Token != nil:
		it, err := at.putting(skToken, itemOfToken(*c.Token), nil)
		return []types.TransactWriteItem{it}, err
	case c.Drop && c.TokenVersion != 0:
		it, err := at.deleting(skToken, versionIs(c.TokenVersion))
		return []types.TransactWriteItem{it}, err
	case c.Drop:
		it, err := at.deleting(skToken, nil)
		return []types.TransactWriteItem{it}, err
	}
	return nil, nil
}

func itemOfToken(t portal.Token) tokenItem {
	return tokenItem{
		Access: t.Access, Refresh: t.Refresh, Obtained: millis(t.Obtained), Expires: millis(t.Expires), LeasedBy: t.LeasedBy,
		LeasedTil: millis(t.LeasedTil), Refusals: t.Refusals, RefusedAt: millis(t.RefusedAt), Version: t.Version,
	}
}

// Token implements portal.Store.
func (s Portals) Token(ctx context.Context, p id.PortalID) (*portal.Token, error) {
	var it tokenItem
	found, err := s.at(p).get(ctx, skToken, &it)
	if err != nil || !found {
		return nil, err
	}
	return &portal.Token{
		Access: it.Access, Refresh: it.Refresh, Obtained: moment(it.Obtained), Expires: moment(it.Expires), LeasedBy: it.LeasedBy,
		LeasedTil: moment(it.LeasedTil), Refusals: it.Refusals, RefusedAt: moment(it.RefusedAt), Version: it.Version,
	}, nil
}

// SaveToken implements portal.Store. It never brings back a grant that was destroyed.
func (s Portals) SaveToken(ctx context.Context, p id.PortalID, t portal.Token) error {
	it := itemOfToken(t)
	it.Version++
	return portalChanged(s.at(p).put(ctx, skToken, it, versionIs(t.Version)))
}

// logging writes one line of the audit log; others' transactions use it too. The key sorts by time.
func logging(at partition, e portal.Entry) (types.TransactWriteItem, error) {
	return at.putting(logKey(e), e, nil)
}

func logKey(e portal.Entry) string {
	return fmt.Sprintf("%s%013d#%s", logPrefix, e.At.UnixMilli(), e.ID)
}

// Append implements portal.Store.
func (s Portals) Append(ctx context.Context, p id.PortalID, e portal.Entry) error {
	return s.at(p).put(ctx, logKey(e), e, nil)
}

// Log implements portal.Store.
func (s Portals) Log(ctx context.Context, p id.PortalID, after string, limit int) ([]portal.Entry, string, error) {
	to := "log$" // the first key behind every "log#"
	if after != "" {
		to = logPrefix + after
	}
	// One more than asked for tells whether there is a next page; the cursor itself is included in a range.
	pg, err := s.at(p).query(ctx, query{from: logPrefix, to: to, descending: true, limit: int32(limit) + 2})
	if err != nil {
		return nil, "", err
	}
	var out []portal.Entry
	var last string
	for _, m := range pg.Items {
		var key struct {
			SK string `dynamodbav:"sk"`
		}
		if err := attributevalue.UnmarshalMap(m, &key); err != nil {
			return nil, "", err
		}
		if key.SK == to {
			continue
		}
		if len(out) == limit {
			return out, last, nil
		}
		var e portal.Entry
		if err := attributevalue.UnmarshalMap(m, &e); err != nil {
			return nil, "", err
		}
		out, last = append(out, e), key.SK[len(logPrefix):]
	}
	return out, "", nil
}

func portalChanged(err error) error {
	if errors.Is(err, ErrChanged) {
		return portal.ErrChanged
	}
	return err
}
