package dynamo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/chat"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/message"
)

// Chats implements chat.Store. An intent is the row of its message, so that what is shown and what is true cannot differ; "sent#<id>" beside
// it leads from the client's id to the row's time. What is not settled has a marker at P#<portal>#SENDING / <slot>#<user>#<id>, ordered by
// when the tick looks at it. The three are written together.
type Chats struct{ Table *Table }

var _ chat.Store = Chats{}

type chatItem struct {
	message.Message
	Fingerprint string `dynamodbav:"fp"`
	Made        string `dynamodbav:"md,omitempty"`
	Automatic   bool   `dynamodbav:"am,omitempty"`
	Attended    bool   `dynamodbav:"ad,omitempty"`
	RetryKey    string `dynamodbav:"rk"`
	Holder      string `dynamodbav:"h,omitempty"`
	Until       int64  `dynamodbav:"un,omitempty"`
	Doubt       bool   `dynamodbav:"db,omitempty"`
	Tries       int    `dynamodbav:"n,omitempty"`
	Since       int64  `dynamodbav:"si"`
	Next        int64  `dynamodbav:"nx,omitempty"` // not "due": the marker alone is looked for
	Version     int64  `dynamodbav:"v"`
	TTL         int64  `dynamodbav:"ttl"`

	Reply      string         `dynamodbav:"rt,omitempty"`
	ReplyUntil int64          `dynamodbav:"rz,omitempty"`
	Taken      bool           `dynamodbav:"rd,omitempty"`
	Rest       []chat.Content `dynamodbav:"rs,omitempty"`
	People     int            `dynamodbav:"pe,omitempty"`
}

func chatItemOf(i chat.Intent) chatItem {
	it := chatItem{
		Automatic: i.Automatic, Attended: i.Attended,
		Message: i.Message, Fingerprint: i.Fingerprint, RetryKey: i.RetryKey, Holder: i.Holder, Until: i.Until, Doubt: i.Doubt, Tries: i.Tries, Since: i.Since,
		Next: i.Due, Version: i.Version, TTL: i.At/1000 + runRetention, Reply: i.Reply, ReplyUntil: i.ReplyUntil, Taken: i.Taken, Rest: i.Rest, People: i.People,
	}
	if i.Status != message.Sent { // a person may try again
		it.Made = i.Made
	}
	return it
}

func (it chatItem) intent(k friend.Key) chat.Intent {
	i := chat.Intent{
		Made: it.Made, Automatic: it.Automatic, Attended: it.Attended,
		Message: it.Message, Fingerprint: it.Fingerprint, RetryKey: it.RetryKey, Holder: it.Holder, Until: it.Until, Doubt: it.Doubt, Tries: it.Tries, Since: it.Since,
		Due: it.Next, Version: it.Version, Reply: it.Reply, ReplyUntil: it.ReplyUntil, Taken: it.Taken, Rest: it.Rest,
	}
	i.Friend = k
	return i
}

type chatPointer struct {
	At  int64 `dynamodbav:"t"`
	TTL int64 `dynamodbav:"ttl"`
}

type chatMarker struct {
	Due int64 `dynamodbav:"due"`
}

func chatPointerKey(messageID string) string { return "sent#" + messageID }

func (s Chats) messages() Messages { return Messages(s) }

func (s Chats) markers(p id.PortalID) partition { return s.Table.Portal(p).in("SENDING") }

func chatMarkerKey(i chat.Intent) string {
	return i.Friend.Slot.String() + "#" + string(i.Friend.User) + "#" + i.ID
}

// Begin implements chat.Store.
func (s Chats) Begin(ctx context.Context, p id.PortalID, i chat.Intent) (chat.Intent, error) {
	part := s.messages().part(p, i.Friend)
	pointer, err := part.putting(chatPointerKey(i.ID), chatPointer{i.At, i.At/1000 + runRetention}, absent())
	if err != nil {
		return i, err
	}
	err = s.write(ctx, p, &i, pointer)
	if errors.Is(err, ErrChanged) {
		return i, chat.ErrExists
	}
	return i, err
}

// Save implements chat.Store.
func (s Chats) Save(ctx context.Context, p id.PortalID, i chat.Intent) (chat.Intent, error) {
	err := s.write(ctx, p, &i)
	if errors.Is(err, ErrChanged) {
		return i, chat.ErrChanged
	}
	return i, err
}

func (s Chats) write(ctx context.Context, p id.PortalID, i *chat.Intent, more ...types.TransactWriteItem) error {
	was := i.Version
	i.Version++
	row, err := s.messages().part(p, i.Friend).putting(messageKey(i.At, i.ID), chatItemOf(*i), versioned(was))
	if err != nil {
		return err
	}
	if i.Attended {
		return s.Table.transact(ctx, append(more, row)...)
	}
	var marker types.TransactWriteItem
	if i.Due != 0 {
		marker, err = s.markers(p).putting(chatMarkerKey(*i), chatMarker{i.Due}, nil)
	} else {
		marker, err = s.markers(p).deleting(chatMarkerKey(*i), nil)
	}
	if err != nil {
		return err
	}
	return s.Table.transact(ctx, append(more, row, marker)...)
}

// Load implements chat.Store.
func (s Chats) Load(ctx context.Context, p id.PortalID, k friend.Key, messageID string) (chat.Intent, bool, error) {
	part := s.messages().part(p, k)
	var to chatPointer
	ok, err := part.get(ctx, chatPointerKey(messageID), &to)
	if err != nil || !ok {
		return chat.Intent{}, false, err
	}
	var it chatItem
	if ok, err = part.get(ctx, messageKey(to.At, messageID), &it); err != nil || !ok {
		return chat.Intent{}, false, err
	}
	return it.intent(k), true, nil
}

// Due implements chat.Store.
func (s Chats) Due(ctx context.Context, p id.PortalID, until int64, limit int) ([]chat.Ref, error) {
	keys, err := s.markers(p).due(ctx, until, int32(limit))
	if err != nil {
		return nil, err
	}
	out := make([]chat.Ref, 0, len(keys))
	for _, key := range keys {
		parts := strings.SplitN(key, "#", 3)
		if len(parts) != 3 {
			return nil, fmt.Errorf("chat marker %q is malformed", key)
		}
		slot, err := id.ParseSlot(parts[0])
		if err != nil {
			return nil, fmt.Errorf("chat markers: %w", err)
		}
		out = append(out, chat.Ref{Friend: friend.Key{Slot: slot, User: id.LineUserID(parts[1])}, ID: parts[2]})
	}
	return out, nil
}
