package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/linkage"
)

// Linkage implements linkage.Store. Rows lie at P#<portal>#LINKAGE#<shard of the hash> / "i#<hash>" (invitations), "a#<hash>" (attempts)
// and "n#<hash>" (crossings).
type Linkage struct{ Table *Table }

var _ linkage.Store = Linkage{}

// keepInvitation is how long a link that is too old is remembered as such; the signature tells it afterwards.
const keepInvitation = 30 * 24 * time.Hour

type invitationItem struct {
	Contact    int64         `dynamodbav:"c"`
	Slot       id.Slot       `dynamodbav:"s"`
	Method     friend.Method `dynamodbav:"m"`
	Hint       string        `dynamodbav:"h,omitempty"`
	By         string        `dynamodbav:"b,omitempty"`
	MadeAt     int64         `dynamodbav:"t"`
	Ends       int64         `dynamodbav:"e"`
	UsedBy     string        `dynamodbav:"u,omitempty"`
	UsedAt     int64         `dynamodbav:"ut,omitempty"`
	DeclinedAt int64         `dynamodbav:"x,omitempty"`
	For        string        `dynamodbav:"f,omitempty"`
	TTL        int64         `dynamodbav:"ttl"`
}

func (it invitationItem) invitation(p id.PortalID, hash string) linkage.Invitation {
	return linkage.Invitation{
		Hash: hash, Portal: p, Contact: id.ContactID(it.Contact), Slot: it.Slot, Method: it.Method, Hint: it.Hint, By: it.By,
		MadeAt: it.MadeAt, Ends: it.Ends, UsedBy: id.LineUserID(it.UsedBy), UsedAt: it.UsedAt, DeclinedAt: it.DeclinedAt, For: id.LineUserID(it.For),
	}
}

type attemptItem struct {
	Invitation string             `dynamodbav:"i"`
	StateHash  string             `dynamodbav:"s,omitempty"`
	Nonce      string             `dynamodbav:"n,omitempty"`
	Verifier   string             `dynamodbav:"f,omitempty"`
	Ends       int64              `dynamodbav:"e"`
	User       string             `dynamodbav:"u,omitempty"`
	Friendly   linkage.Friendship `dynamodbav:"r,omitempty"`
	Waited     bool               `dynamodbav:"w,omitempty"`
	Outcome    linkage.Outcome    `dynamodbav:"o,omitempty"`
	Slot       id.Slot            `dynamodbav:"l,omitempty"`
	Hint       string             `dynamodbav:"h,omitempty"`
	Contact    int64              `dynamodbav:"c,omitempty"`
	CodeHash   string             `dynamodbav:"k,omitempty"`
	CodeEnds   int64              `dynamodbav:"ke,omitempty"`
	Codes      int                `dynamodbav:"kn,omitempty"`
	Tries      int                `dynamodbav:"kt,omitempty"`
	Email      string             `dynamodbav:"m,omitempty"`
	Answers    map[string]string  `dynamodbav:"an,omitempty"`
	Chat       bool               `dynamodbav:"ch,omitempty"`
	Crossing   string             `dynamodbav:"cr,omitempty"`
	Suggested  int64              `dynamodbav:"sg,omitempty"`
	Version    int64              `dynamodbav:"v"`
	TTL        int64              `dynamodbav:"ttl"`
}

func (s Linkage) part(p id.PortalID, hash string) partition {
	return s.Table.Portal(p).in("LINKAGE", shardOf(hash))
}

// AddInvitation implements linkage.Store.
func (s Linkage) AddInvitation(ctx context.Context, i linkage.Invitation) error {
	keep := keepInvitation
	if i.For != "" {
		keep = time.Hour // names a friend, and no contact by which it could be erased
	}
	err := s.part(i.Portal, i.Hash).put(ctx, "i#"+i.Hash, invitationItem{
		Contact: int64(i.Contact), Slot: i.Slot, Method: i.Method, Hint: i.Hint, By: i.By, MadeAt: i.MadeAt, Ends: i.Ends, For: string(i.For),
		TTL: time.UnixMilli(i.Ends).Add(keep).Unix(),
	}, absent())
	if errors.Is(err, ErrChanged) {
		return linkage.ErrChanged
	}
	return err
}

// Invitation implements linkage.Store.
func (s Linkage) Invitation(ctx context.Context, p id.PortalID, hash string) (linkage.Invitation, bool, error) {
	var it invitationItem
	found, err := s.part(p, hash).get(ctx, "i#"+hash, &it)
	return it.invitation(p, hash), found, err
}

// Redeem implements linkage.Store: one conditional write, so that of any number at once one user wins.
func (s Linkage) Redeem(ctx context.Context, p id.PortalID, hash string, u id.LineUserID, now int64) (linkage.Invitation, error) {
	name, value := expression.Name, func(v any) expression.ValueBuilder { return expression.Value(v) }
	up := expression.Set(name("u"), value(string(u))).Set(name("ut"), name("ut").IfNotExists(value(now)))
	open := expression.AttributeExists(name(attrPK)).And(
		expression.AttributeNotExists(name("u")).And(name("e").GreaterThan(value(now))).Or(name("u").Equal(value(string(u)))))
	var it invitationItem
	err := s.part(p, hash).update(ctx, "i#"+hash, up, &open, &it)
	if err == nil {
		return it.invitation(p, hash), nil
	}
	if !errors.Is(err, ErrChanged) {
		return linkage.Invitation{}, err
	}
	i, found, err := s.Invitation(ctx, p, hash)
	switch {
	case err != nil:
		return i, err
	case !found:
		return i, linkage.ErrUnknown
	case i.UsedBy != "":
		return i, linkage.ErrUsed
	}
	return i, linkage.ErrExpired
}

// Declined implements linkage.Store.
func (s Linkage) Declined(ctx context.Context, p id.PortalID, hash string, now int64) error {
	there := expression.AttributeExists(expression.Name(attrPK))
	return unlessChanged(s.part(p, hash).update(ctx, "i#"+hash, expression.Set(expression.Name("x"), expression.Value(now)), &there, nil))
}

// ForgetLinks implements erasure.Links. A shard a stretch or less: links are looked for by their hashes only, so that erasing reads them all.
func (s Linkage) ForgetLinks(ctx context.Context, p id.PortalID, cs []id.ContactID, after string) (string, error) {
	shard, start := 0, map[string]types.AttributeValue(nil)
	if after != "" {
		n, rest, _ := strings.Cut(after, ".")
		var err error
		if shard, err = strconv.Atoi(n); err != nil || shard < 0 || shard >= Shards {
			return "", fmt.Errorf("bad page cursor")
		}
		if rest != "" {
			if start, err = decodeCursor(rest); err != nil {
				return "", err
			}
		}
	}
	part := s.Table.Portal(p).in("LINKAGE", strconv.Itoa(shard))
	pg, err := part.query(ctx, query{after: start})
	if err != nil {
		return "", err
	}
	for _, m := range pg.Items {
		var it struct {
			Contact int64 `dynamodbav:"c"` // in rows of every kind
		}
		if err := attributevalue.UnmarshalMap(m, &it); err != nil {
			return "", err
		}
		if !slices.Contains(cs, id.ContactID(it.Contact)) {
			continue
		}
		if err := part.remove(ctx, text(m[attrSK]), nil); err != nil {
			return "", err
		}
	}
	switch {
	case pg.Next != nil:
		return strconv.Itoa(shard) + "." + encodeCursor(pg.Next), nil
	case shard+1 < Shards:
		return strconv.Itoa(shard + 1), nil
	}
	return "", nil
}

// Attempt implements linkage.Store.
func (s Linkage) Attempt(ctx context.Context, p id.PortalID, hash string) (linkage.Attempt, bool, error) {
	var it attemptItem
	found, err := s.part(p, hash).get(ctx, "a#"+hash, &it)
	return linkage.Attempt{
		Hash: hash, Portal: p, Invitation: it.Invitation, StateHash: it.StateHash, Nonce: it.Nonce, Verifier: it.Verifier, Ends: it.Ends,
		User: id.LineUserID(it.User), Friendly: it.Friendly, Waited: it.Waited, Outcome: it.Outcome, Version: it.Version,
		Slot: it.Slot, Hint: it.Hint, Contact: id.ContactID(it.Contact), CodeHash: it.CodeHash, CodeEnds: it.CodeEnds, Codes: it.Codes, Tries: it.Tries, Email: it.Email, Answers: it.Answers,
		Chat: it.Chat, Crossing: it.Crossing, Suggested: id.ContactID(it.Suggested),
	}, found, err
}

// SaveAttempt implements linkage.Store.
func (s Linkage) SaveAttempt(ctx context.Context, a linkage.Attempt) (linkage.Attempt, error) {
	was := a.Version
	a.Version++
	err := s.part(a.Portal, a.Hash).put(ctx, "a#"+a.Hash, attemptItem{
		Invitation: a.Invitation, StateHash: a.StateHash, Nonce: a.Nonce, Verifier: a.Verifier, Ends: a.Ends, User: string(a.User), Friendly: a.Friendly,
		Waited: a.Waited, Outcome: a.Outcome, Version: a.Version,
		Slot: a.Slot, Hint: a.Hint, Contact: int64(a.Contact), CodeHash: a.CodeHash, CodeEnds: a.CodeEnds, Codes: a.Codes, Tries: a.Tries, Email: a.Email, Answers: a.Answers,
		Chat: a.Chat, Crossing: a.Crossing, Suggested: int64(a.Suggested), TTL: a.Ends/1000 + 3600,
	}, versioned(was))
	if errors.Is(err, ErrChanged) {
		return a, linkage.ErrChanged
	}
	return a, err
}

type crossingItem struct {
	Slot    id.Slot           `dynamodbav:"l"`
	User    string            `dynamodbav:"u"`
	Contact int64             `dynamodbav:"c"`
	Method  friend.Method     `dynamodbav:"m"`
	Proof   string            `dynamodbav:"p"`
	Answers map[string]string `dynamodbav:"an,omitempty"`
	Ends    int64             `dynamodbav:"e"`
	Event   string            `dynamodbav:"w,omitempty"`
	Outcome linkage.Outcome   `dynamodbav:"o,omitempty"`
	TTL     int64             `dynamodbav:"ttl"`
}

// keepCrossing is how late LINE's webhook may come; it is redelivered for hours where that is switched on.
const keepCrossing = 3 * 24 * time.Hour

func (it crossingItem) crossing(p id.PortalID, hash string) linkage.Crossing {
	return linkage.Crossing{
		Hash: hash, Portal: p, Friend: friend.Key{Slot: it.Slot, User: id.LineUserID(it.User)}, Contact: id.ContactID(it.Contact), Method: it.Method, Proof: it.Proof,
		Answers: it.Answers, Ends: it.Ends, Event: it.Event, Outcome: it.Outcome,
	}
}

// AddCrossing implements linkage.Store.
func (s Linkage) AddCrossing(ctx context.Context, c linkage.Crossing) error {
	err := s.part(c.Portal, c.Hash).put(ctx, "n#"+c.Hash, crossingItem{
		Slot: c.Friend.Slot, User: string(c.Friend.User), Contact: int64(c.Contact), Method: c.Method, Proof: c.Proof, Answers: c.Answers, Ends: c.Ends,
		TTL: time.UnixMilli(c.Ends).Add(keepCrossing).Unix(),
	}, absent())
	if errors.Is(err, ErrChanged) {
		return linkage.ErrChanged
	}
	return err
}

// Crossing implements linkage.Store.
func (s Linkage) Crossing(ctx context.Context, p id.PortalID, hash string) (linkage.Crossing, bool, error) {
	var it crossingItem
	found, err := s.part(p, hash).get(ctx, "n#"+hash, &it)
	return it.crossing(p, hash), found, err
}

// Burn implements linkage.Store: one conditional write, so that of any number at once one event wins.
func (s Linkage) Burn(ctx context.Context, p id.PortalID, hash, event string) (linkage.Crossing, error) {
	name, value := expression.Name, expression.Value(event)
	open := expression.AttributeExists(name(attrPK)).And(expression.AttributeNotExists(name("w")).Or(name("w").Equal(value)))
	var it crossingItem
	err := s.part(p, hash).update(ctx, "n#"+hash, expression.Set(name("w"), value), &open, &it)
	if err == nil {
		return it.crossing(p, hash), nil
	}
	if !errors.Is(err, ErrChanged) {
		return linkage.Crossing{}, err
	}
	c, found, err := s.Crossing(ctx, p, hash)
	if err == nil && !found {
		err = linkage.ErrUnknown
	} else if err == nil {
		err = linkage.ErrUsed
	}
	return c, err
}

// Crossed implements linkage.Store.
func (s Linkage) Crossed(ctx context.Context, p id.PortalID, hash string, o linkage.Outcome) error {
	there := expression.AttributeExists(expression.Name(attrPK))
	up := expression.Set(expression.Name("o"), expression.Value(string(o))).Remove(expression.Name("an"))
	return unlessChanged(s.part(p, hash).update(ctx, "n#"+hash, up, &there, nil))
}

// LinkForms implements linkage.Forms with one row per portal.
type LinkForms struct{ Table *Table }

var _ linkage.Forms = LinkForms{}

type linkFormItem struct {
	Fields []linkage.Field `dynamodbav:"f"`
}

// Fields implements linkage.Forms.
func (s LinkForms) Fields(ctx context.Context, p id.PortalID) ([]linkage.Field, error) {
	var it linkFormItem
	_, err := s.Table.Portal(p).conf().get(ctx, "linkform", &it)
	return it.Fields, err
}

// SaveFields implements linkage.Forms. Whoever comes last wins.
func (s LinkForms) SaveFields(ctx context.Context, p id.PortalID, fs []linkage.Field) error {
	return s.Table.Portal(p).conf().put(ctx, "linkform", linkFormItem{fs}, nil)
}

// Rates implements linkage.Rates in the directory, since nobody knows a portal yet: D#rate#<kind>#<hash of the origin> / <window>. A row is a
// number and nothing else, and vanishes after its window.
type Rates struct{ Directory Directory }

var _ linkage.Rates = Rates{}

// Count implements linkage.Rates.
func (r Rates) Count(ctx context.Context, kind, who string, n int, window time.Duration, now time.Time) (int, error) {
	if strings.Contains(kind, "#") {
		return 0, fmt.Errorf("rate of a kind %q", kind)
	}
	at, sk := r.Directory.in("rate", kind+"#"+who), fmt.Sprint(now.Truncate(window).Unix())
	var it struct {
		N int `dynamodbav:"n"`
	}
	if n == 0 {
		_, err := at.get(ctx, sk, &it)
		return it.N, err
	}
	up := expression.Add(expression.Name("n"), expression.Value(n)).
		Set(expression.Name(attrTTL), expression.Value(now.Truncate(window).Add(window+time.Hour).Unix()))
	err := at.update(ctx, sk, up, nil, &it)
	return it.N, err
}
