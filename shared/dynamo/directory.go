package dynamo

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"lumo/shared/directory"
	"lumo/shared/id"
)

// Directory implements directory.Directory. It builds only keys that begin with D#, and its rows hold a portal id at most, besides the
// app's own tokens:
//
//	D#bot#<bot>       / claim       which portal an Official Account belongs to
//	D#state#<hash>    / state       an OAuth state
//	D#code#<hash>     / code        an exchanged authorization code
//	D#due#<shard>     / <portal>    when the tick looks at a portal (local index "due")
//	D#lease#<name>    / lease       an app-wide lease and its cursor
//	D#token#<scopes>  / token       a token of the app itself, sealed
//	D#rate#<kind>#<hash of an origin> / <window>  how often it failed (Rates in linkage.go)
type Directory struct{ table *Table }

var _ directory.Directory = Directory{}

// Directory is the only way to items that belong to no tenant.
func (t *Table) Directory() Directory { return Directory{t} }

func (d Directory) in(kind, part string) partition {
	return partition{d.table, "D#" + kind + "#" + part}
}

// portalRef is all that a directory row tells about a tenant.
type portalRef struct {
	Portal  id.PortalID `dynamodbav:"portal"`
	Session string      `dynamodbav:"session,omitempty"`
	Until   int64       `dynamodbav:"until,omitempty"`
	TTL     int64       `dynamodbav:"ttl,omitempty"`
}

// -- bots -------------------------------------------------------------------------------------------------------------

// PortalOfBot implements directory.Bots.
func (d Directory) PortalOfBot(ctx context.Context, b id.BotUserID) (id.PortalID, error) {
	var r portalRef
	_, err := d.in("bot", string(b)).get(ctx, "claim", &r)
	return r.Portal, err
}

// ClaimBot implements directory.Bots.
func (d Directory) ClaimBot(ctx context.Context, b id.BotUserID, p id.PortalID) error {
	free := absent().Or(heldBy(p))
	err := d.in("bot", string(b)).put(ctx, "claim", portalRef{Portal: p}, &free)
	if errors.Is(err, ErrChanged) {
		return directory.ErrClaimed
	}
	return err
}

// ReleaseBot implements directory.Bots.
func (d Directory) ReleaseBot(ctx context.Context, b id.BotUserID, p id.PortalID) error {
	mine := heldBy(p)
	return unlessChanged(d.in("bot", string(b)).remove(ctx, "claim", &mine))
}

func heldBy(p id.PortalID) expression.ConditionBuilder {
	return expression.Name("portal").Equal(expression.Value(p))
}

// unlessChanged forgives a condition that did not hold.
func unlessChanged(err error) error {
	if errors.Is(err, ErrChanged) {
		return nil
	}
	return err
}

// -- OAuth states -----------------------------------------------------------------------------------------------------

// PutState implements directory.States.
func (d Directory) PutState(ctx context.Context, stateHash, sessionHash string, p id.PortalID, expires time.Time) error {
	return d.in("state", stateHash).put(ctx, "state", secretRef(sessionHash, p, expires), absent())
}

// UseState implements directory.States: whoever deletes the row has used it.
func (d Directory) UseState(ctx context.Context, stateHash, sessionHash string, now time.Time) (id.PortalID, bool, error) {
	at := d.in("state", stateHash)
	var r portalRef
	found, err := at.get(ctx, "state", &r)
	if err != nil || !found || r.Session != sessionHash || r.Until <= now.UnixMilli() {
		return 0, false, err
	}
	there := expression.AttributeExists(expression.Name(attrPK))
	if err := at.remove(ctx, "state", &there); err != nil {
		return 0, false, unlessChanged(err)
	}
	return r.Portal, true, nil
}

// PutCode implements directory.States.
func (d Directory) PutCode(ctx context.Context, codeHash, sessionHash string, p id.PortalID, expires time.Time) error {
	return d.in("code", codeHash).put(ctx, "code", secretRef(sessionHash, p, expires), nil)
}

// UsedCode implements directory.States.
func (d Directory) UsedCode(ctx context.Context, codeHash, sessionHash string, now time.Time) (id.PortalID, error) {
	var r portalRef
	found, err := d.in("code", codeHash).get(ctx, "code", &r)
	if err != nil || !found || r.Session != sessionHash || r.Until <= now.UnixMilli() {
		return 0, err
	}
	return r.Portal, nil
}

// secretRef lives a little longer in the table than it counts, since DynamoDB's own expiry is late by hours anyway.
func secretRef(session string, p id.PortalID, expires time.Time) portalRef {
	return portalRef{Portal: p, Session: session, Until: expires.UnixMilli(), TTL: expires.Add(time.Hour).Unix()}
}

// -- due times --------------------------------------------------------------------------------------------------------

func (d Directory) due(p id.PortalID) partition {
	return d.in("due", strconv.Itoa(directory.ShardOf(p)))
}

// BringForward implements directory.Due.
func (d Directory) BringForward(ctx context.Context, p id.PortalID, t time.Time) error {
	later := expression.AttributeNotExists(expression.Name(attrDue)).Or(expression.Name(attrDue).GreaterThan(expression.Value(t.UnixMilli())))
	return unlessChanged(d.setDue(ctx, p, t, later))
}

func (d Directory) setDue(ctx context.Context, p id.PortalID, t time.Time, cond expression.ConditionBuilder) error {
	return d.due(p).update(ctx, p.String(), expression.Set(expression.Name(attrDue), expression.Value(t.UnixMilli())), &cond, nil)
}

// DuePortals implements directory.Due.
func (d Directory) DuePortals(ctx context.Context, shard int, now time.Time, limit int) ([]id.PortalID, error) {
	keys, err := d.in("due", strconv.Itoa(shard)).due(ctx, now.UnixMilli(), int32(limit))
	if err != nil {
		return nil, err
	}
	out := make([]id.PortalID, 0, len(keys))
	for _, k := range keys {
		p, err := id.ParsePortal(k)
		if err != nil {
			return nil, fmt.Errorf("due times: %w", err)
		}
		out = append(out, p)
	}
	return out, nil
}

// Take implements directory.Due.
func (d Directory) Take(ctx context.Context, p id.PortalID, now, retryAt time.Time) (bool, error) {
	err := d.setDue(ctx, p, retryAt, expression.Name(attrDue).LessThanEqual(expression.Value(now.UnixMilli())))
	if errors.Is(err, ErrChanged) {
		return false, nil
	}
	return err == nil, err
}

// Settle implements directory.Due.
func (d Directory) Settle(ctx context.Context, p id.PortalID, retryAt, next time.Time) error {
	return unlessChanged(d.setDue(ctx, p, next, expression.Name(attrDue).Equal(expression.Value(retryAt.UnixMilli()))))
}

// Forget implements directory.Due.
func (d Directory) Forget(ctx context.Context, p id.PortalID) error {
	return d.due(p).remove(ctx, p.String(), nil)
}

// -- leases -----------------------------------------------------------------------------------------------------------

type leaseItem struct {
	Holder  string `dynamodbav:"holder"`
	Number  int64  `dynamodbav:"n"`
	Expires int64  `dynamodbav:"until"`
	Cursor  string `dynamodbav:"cursor,omitempty"`
}

func (d Directory) lease(name string) partition { return d.in("lease", name) }

// Acquire implements directory.Leases.
func (d Directory) Acquire(ctx context.Context, name, holder string, now, expires time.Time) (directory.Lease, bool, error) {
	free := absent().Or(expression.Name("until").LessThanEqual(expression.Value(now.UnixMilli())))
	up := expression.Set(expression.Name("holder"), expression.Value(holder)).
		Set(expression.Name("until"), expression.Value(expires.UnixMilli())).
		Add(expression.Name("n"), expression.Value(1))
	var it leaseItem
	err := d.lease(name).update(ctx, "lease", up, &free, &it)
	if errors.Is(err, ErrChanged) {
		return directory.Lease{}, false, nil
	}
	if err != nil {
		return directory.Lease{}, false, err
	}
	return directory.Lease{Name: name, Holder: it.Holder, Number: it.Number, Expires: moment(it.Expires), Cursor: it.Cursor}, true, nil
}

// Keep implements directory.Leases.
func (d Directory) Keep(ctx context.Context, l directory.Lease) error {
	up := expression.Set(expression.Name("until"), expression.Value(l.Expires.UnixMilli())).
		Set(expression.Name("cursor"), expression.Value(l.Cursor))
	return d.fenced(ctx, l, up)
}

// Release implements directory.Leases.
func (d Directory) Release(ctx context.Context, l directory.Lease) error {
	return d.fenced(ctx, l, expression.Set(expression.Name("until"), expression.Value(0)))
}

// fenced changes a lease only for its holder, by number: the same holder's name may come back after a restart.
func (d Directory) fenced(ctx context.Context, l directory.Lease, up expression.UpdateBuilder) error {
	mine := expression.Name("n").Equal(expression.Value(l.Number))
	err := d.lease(l.Name).update(ctx, "lease", up, &mine, nil)
	if errors.Is(err, ErrChanged) {
		return directory.ErrLost
	}
	return err
}

// -- the app's own tokens -----------------------------------------------------------------------------------------------

type appToken struct {
	Sealed string `dynamodbav:"sealed"`
	Until  int64  `dynamodbav:"until"`
	TTL    int64  `dynamodbav:"ttl"`
}

// AppToken returns the sealed token of the app for these scopes, "" when there is none.
func (d Directory) AppToken(ctx context.Context, scopes string) (sealed string, until time.Time, err error) {
	var t appToken
	found, err := d.in("token", scopes).get(ctx, "token", &t)
	if err != nil || !found {
		return "", time.Time{}, err
	}
	return t.Sealed, time.UnixMilli(t.Until), nil
}

// SaveAppToken stores it. Whoever comes last wins: every token works.
func (d Directory) SaveAppToken(ctx context.Context, scopes, sealed string, until time.Time) error {
	return d.in("token", scopes).put(ctx, "token", appToken{sealed, until.UnixMilli(), until.Add(time.Hour).Unix()}, nil)
}
