package dynamo

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/register"
)

// Friends implements friend.Store. Rows lie at P#<portal>#F#<slot>#<shard of the user> / <user>; the local index "due" on the same
// partitions holds the outbox markers, so that a marker is set and cleared in the row's own write.
type Friends struct{ Table *Table }

var _ friend.Store = Friends{}

// friendItem is the row. Names are short because they are stored and paid for with every row.
type friendItem struct {
	Ordinal     uint32                       `dynamodbav:"n"`
	Name        string                       `dynamodbav:"nm,omitempty"`
	Picture     string                       `dynamodbav:"pi,omitempty"`
	Language    string                       `dynamodbav:"la,omitempty"`
	ProfileAt   int64                        `dynamodbav:"pa,omitempty"`
	Follow      friend.FollowStatus          `dynamodbav:"fo,omitempty"`
	FollowAt    int64                        `dynamodbav:"fa,omitempty"`
	FriendSince int64                        `dynamodbav:"fs,omitempty"`
	LastMessage int64                        `dynamodbav:"lm,omitempty"`
	NeedsReply  bool                         `dynamodbav:"nr,omitempty"`
	AnsweredAt  int64                        `dynamodbav:"aw,omitempty"`
	Tags        []string                     `dynamodbav:"tg,omitempty"`
	TagsSeen    int64                        `dynamodbav:"tn,omitempty"`
	Shelved     []string                     `dynamodbav:"ts,omitempty"`
	Link        friend.Link                  `dynamodbav:"lk,omitempty"`
	Parted      *friend.Parted               `dynamodbav:"pt,omitempty"`
	Past        []friend.Ended               `dynamodbav:"lh,omitempty"`
	Fields      map[string]register.Register `dynamodbav:"f,omitempty"`
	Company     int64                        `dynamodbav:"co,omitempty"`
	Shown       map[string]string            `dynamodbav:"sh,omitempty"`
	ShownAsOf   int64                        `dynamodbav:"sa,omitempty"`
	Answers     map[string]string            `dynamodbav:"an,omitempty"`
	WrittenAt   int64                        `dynamodbav:"wr,omitempty"`
	Failed      bool                         `dynamodbav:"fl,omitempty"`
	CompanyAt   int64                        `dynamodbav:"ca,omitempty"`
	LastCast    string                       `dynamodbav:"lc,omitempty"`
	LastCastAt  int64                        `dynamodbav:"lt,omitempty"`
	LastOpen    int64                        `dynamodbav:"lo,omitempty"`
	LastClick   int64                        `dynamodbav:"li,omitempty"`
	Received    *friend.Said                 `dynamodbav:"rx,omitempty"`
	Sent        *friend.Said                 `dynamodbav:"sx,omitempty"`
	Due         int64                        `dynamodbav:"due,omitempty"`
	Version     int64                        `dynamodbav:"v"`
	ContactPK   string                       `dynamodbav:"ck,omitempty"`
	ContactSK   string                       `dynamodbav:"cs,omitempty"`
	CompanyPK   string                       `dynamodbav:"ok,omitempty"`
	CompanySK   string                       `dynamodbav:"os,omitempty"`
}

func (s Friends) at(p id.PortalID, k friend.Key) (partition, string) {
	return s.Table.Portal(p).in("F", k.Slot.String(), shardOf(string(k.User))), string(k.User)
}

func (s Friends) contactRef(p id.PortalID, c id.ContactID) string {
	return s.Table.Portal(p).in("C", shardOf(c.String())).pk
}

func (s Friends) companyRef(p id.PortalID, c id.CompanyID) string {
	return s.Table.Portal(p).in("O", shardOf(c.String())).pk
}

func (s Friends) item(p id.PortalID, f friend.Friend) friendItem {
	it := friendItem{
		Ordinal: f.Ordinal, Name: f.Name, Picture: f.Picture, Language: f.Language, ProfileAt: f.ProfileAt, Follow: f.Follow, FollowAt: f.FollowAt,
		FriendSince: f.FriendSince, LastMessage: f.LastMessage, NeedsReply: f.NeedsReply, AnsweredAt: f.AnsweredAt, Tags: f.Tags, Shelved: f.Shelved, TagsSeen: f.TagsSeen, Link: f.Link, Past: f.Past, Fields: f.Fields,
		Company: int64(f.Company), Shown: f.Shown, ShownAsOf: f.ShownAsOf, Answers: f.Answers, WrittenAt: f.WrittenAt, Due: f.Due, Version: f.Version, Failed: f.Failed, CompanyAt: f.CompanyAt,
		LastCast: f.LastCast, LastCastAt: f.LastCastAt, LastOpen: f.LastOpen, LastClick: f.LastClick,
	}
	if f.Received != (friend.Said{}) {
		it.Received = &f.Received
	}
	if f.Sent != (friend.Said{}) {
		it.Sent = &f.Sent
	}
	if f.Parted != (friend.Parted{}) {
		it.Parted = &f.Parted
	}
	if f.Link.Contact != 0 {
		it.ContactPK, it.ContactSK = s.contactRef(p, f.Link.Contact), f.Link.Contact.String()+"#"+f.Slot.String()+"#"+string(f.User)
	}
	if f.Company != 0 {
		it.CompanyPK, it.CompanySK = s.companyRef(p, f.Company), f.Company.String()+"#"+f.Slot.String()+"#"+string(f.User)
	}
	return it
}

func (it friendItem) friend(k friend.Key) friend.Friend {
	f := friend.Friend{
		Key: k, Ordinal: it.Ordinal, Name: it.Name, Picture: it.Picture, Language: it.Language, ProfileAt: it.ProfileAt, Follow: it.Follow,
		FollowAt: it.FollowAt, FriendSince: it.FriendSince, LastMessage: it.LastMessage, NeedsReply: it.NeedsReply, AnsweredAt: it.AnsweredAt, Tags: it.Tags, Shelved: it.Shelved, TagsSeen: it.TagsSeen, Link: it.Link, Past: it.Past,
		Fields: it.Fields, Company: id.CompanyID(it.Company), Shown: it.Shown, ShownAsOf: it.ShownAsOf, Answers: it.Answers, WrittenAt: it.WrittenAt, Due: it.Due, Version: it.Version, Failed: it.Failed, CompanyAt: it.CompanyAt,
		LastCast: it.LastCast, LastCastAt: it.LastCastAt, LastOpen: it.LastOpen, LastClick: it.LastClick,
	}
	if it.Received != nil {
		f.Received = *it.Received
	}
	if it.Sent != nil {
		f.Sent = *it.Sent
	}
	if it.Parted != nil {
		f.Parted = *it.Parted
	}
	return f
}

// Get implements friend.Store.
func (s Friends) Get(ctx context.Context, p id.PortalID, k friend.Key) (friend.Friend, bool, error) {
	part, sk := s.at(p, k)
	var it friendItem
	found, err := part.get(ctx, sk, &it)
	return it.friend(k), found, err
}

// GetMany implements friend.Store, 100 rows a call.
func (s Friends) GetMany(ctx context.Context, p id.PortalID, ks []friend.Key) (map[friend.Key]friend.Friend, error) {
	out := make(map[friend.Key]friend.Friend, len(ks))
	seen := make(map[friend.Key]bool, len(ks))
	var keys []map[string]types.AttributeValue
	byPK := map[string]friend.Key{}
	for _, k := range ks {
		if seen[k] {
			continue
		}
		seen[k] = true
		part, sk := s.at(p, k)
		keys = append(keys, part.key(sk))
		byPK[part.pk+"\x00"+sk] = k
	}
	items, err := s.Table.batchGet(ctx, keys)
	if err != nil {
		return nil, err
	}
	for _, m := range items {
		var it friendItem
		if err := attributevalue.UnmarshalMap(m, &it); err != nil {
			return nil, err
		}
		k := byPK[text(m[attrPK])+"\x00"+text(m[attrSK])]
		out[k] = it.friend(k)
	}
	return out, nil
}

// Save implements friend.Store.
func (s Friends) Save(ctx context.Context, p id.PortalID, f friend.Friend) (friend.Friend, error) {
	cond := absent()
	if f.Version > 0 {
		cond = versionIs(f.Version)
	}
	f.Version++
	part, sk := s.at(p, f.Key)
	err := part.put(ctx, sk, s.item(p, f), cond)
	if errors.Is(err, ErrChanged) {
		return f, friend.ErrStale
	}
	return f, err
}

// Markers implements friend.Store.
func (s Friends) Markers(ctx context.Context, p id.PortalID, slot id.Slot, limit int) ([]friend.Marker, error) {
	var out []friend.Marker
	for shard := range Shards {
		part := s.Table.Portal(p).in("F", slot.String(), strconv.Itoa(shard))
		k := expression.Key(attrPK).Equal(expression.Value(part.pk))
		// Users are spread evenly, so twice a shard's fair part is enough of a look; who is left out comes in the next one.
		pg, err := s.Table.run(ctx, k, indexDue, query{limit: int32(2*limit/Shards + 1)})
		if err != nil {
			return nil, err
		}
		for _, m := range pg.Items {
			due, err := strconv.ParseInt(numText(m[attrDue]), 10, 64)
			if err != nil {
				return nil, err
			}
			out = append(out, friend.Marker{Key: friend.Key{Slot: slot, User: id.LineUserID(text(m[attrSK]))}, Due: due})
		}
	}
	sort.Slice(out, func(i, j int) bool {
		return out[i].Due < out[j].Due || out[i].Due == out[j].Due && out[i].Key.User < out[j].Key.User
	})
	if len(out) > limit {
		out = out[:limit]
	}
	return out, nil
}

// Page implements friend.Store: shard by shard. Large rows make a page shorter than its limit.
func (s Friends) Page(ctx context.Context, p id.PortalID, slot id.Slot, after string, limit int) ([]friend.Friend, string, error) {
	shard, start := 0, map[string]types.AttributeValue(nil)
	if after != "" {
		n, rest, _ := strings.Cut(after, ".")
		var err error
		if shard, err = strconv.Atoi(n); err != nil || shard < 0 || shard >= Shards {
			return nil, "", fmt.Errorf("bad page cursor")
		}
		if rest != "" {
			if start, err = decodeCursor(rest); err != nil {
				return nil, "", err
			}
		}
	}
	var out []friend.Friend
	for ; shard < Shards; shard, start = shard+1, nil {
		part := s.Table.Portal(p).in("F", slot.String(), strconv.Itoa(shard))
		pg, err := part.query(ctx, query{after: start, limit: int32(limit - len(out))})
		if err != nil {
			return nil, "", err
		}
		for _, m := range pg.Items {
			var it friendItem
			if err := attributevalue.UnmarshalMap(m, &it); err != nil {
				return nil, "", err
			}
			out = append(out, it.friend(friend.Key{Slot: slot, User: id.LineUserID(text(m[attrSK]))}))
		}
		switch {
		case pg.Next != nil: // the page is full, or holds the megabyte that one query reads at most
			return out, strconv.Itoa(shard) + "." + encodeCursor(pg.Next), nil
		case len(out) >= limit && shard+1 < Shards:
			return out, strconv.Itoa(shard + 1), nil
		}
	}
	return out, "", nil
}

// Ordinals implements friend.Store with one counter per account.
func (s Friends) Ordinals(ctx context.Context, p id.PortalID, slot id.Slot, n int) (uint32, error) {
	var out struct {
		Next uint32 `dynamodbav:"n"`
	}
	up := expression.Add(expression.Name("n"), expression.Value(n))
	if err := s.Table.Portal(p).in("CONF").update(ctx, "ordinals#"+slot.String(), up, nil, &out); err != nil {
		return 0, err
	}
	return out.Next - uint32(n), nil
}
