package dynamo_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lumo/shared/chat"
	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/message"
	"lumo/shared/portal"
)

var chatFriend = friend.Key{Slot: 2, User: "U0123456789abcdef0123456789abcdef"}

func intent(messageID string, at int64) chat.Intent {
	i := chat.New(chatFriend, messageID, chat.OfText("hello 🌸"), portal.Actor{UserID: 3, Email: "ann@acme.example"}, time.UnixMilli(at), "key")
	i.Due = at + 10
	return i
}

func TestAnIntentIsItsMessage(t *testing.T) {
	t.Parallel()
	table, ctx := newTable(t), t.Context()
	s, shown := dynamo.Chats{Table: table}, dynamo.Messages{Table: table}
	made, err := s.Begin(ctx, 7, intent("message-1", 1000))
	if err != nil || made.Version != 1 {
		t.Fatalf("%+v, %v", made, err)
	}
	if _, err := s.Begin(ctx, 7, intent("message-1", 2000)); !errors.Is(err, chat.ErrExists) {
		t.Errorf("the same id again: %v", err)
	}
	if got, ok, err := s.Load(ctx, 7, chatFriend, "message-1"); err != nil || !ok || !reflect.DeepEqual(got, made) {
		t.Errorf("%+v, %v, %v, want %+v", got, ok, err, made)
	}
	if err := shown.Put(ctx, 7, message.Message{ID: "1", Friend: chatFriend, Direction: message.In, Type: "text", Text: "hi", At: 900}); err != nil {
		t.Fatal(err)
	}
	ms, next, err := shown.Last(ctx, 7, chatFriend, "", 10)
	if err != nil || next != "" || len(ms) != 2 || ms[0] != made.Message || ms[1].Text != "hi" {
		t.Errorf("%+v, %q, %v", ms, next, err)
	}
	settled := made
	settled = settled.Sent(chat.Accepted{LineID: "461", RequestID: "request"}, time.UnixMilli(2000))
	if settled, err = s.Save(ctx, 7, settled); err != nil || settled.Version != 2 {
		t.Fatalf("%+v, %v", settled, err)
	}
	if _, err := s.Save(ctx, 7, made); !errors.Is(err, chat.ErrChanged) {
		t.Errorf("an older version: %v", err)
	}
	if ms, _, err = shown.Last(ctx, 7, chatFriend, "", 10); err != nil || len(ms) != 2 || ms[0] != settled.Message {
		t.Errorf("%+v, %v", ms, err)
	}
	for _, p := range []id.PortalID{8, 9} {
		if _, ok, err := s.Load(ctx, p, chatFriend, "message-1"); ok || err != nil {
			t.Errorf("portal %d sees it: %v", p, err)
		}
	}
	if _, ok, err := s.Load(ctx, 7, friend.Key{Slot: 1, User: chatFriend.User}, "message-1"); ok || err != nil {
		t.Errorf("another account sees it: %v", err)
	}
}

func TestOpenIntentsAreFoundWhenTheyAreDue(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.Chats{Table: newTable(t)}, t.Context()
	for n := range 4 {
		i, err := s.Begin(ctx, 7, intent(fmt.Sprint("message-", n), int64(1000+100*(4-n))))
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			i.Status, i.Due = message.Failed, 0
			if _, err := s.Save(ctx, 7, i); err != nil {
				t.Fatal(err)
			}
		}
	}
	names := func(until int64, limit int) []string {
		refs, err := s.Due(ctx, 7, until, limit)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, r := range refs {
			if r.Friend != chatFriend {
				t.Errorf("%+v", r)
			}
			out = append(out, r.ID)
		}
		return out
	}
	for _, c := range []struct {
		until int64
		limit int
		want  []string
	}{{1109, 9, nil}, {1110, 9, []string{"message-3"}}, {1<<62 - 1, 9, []string{"message-3", "message-2", "message-1"}}, {1<<62 - 1, 1, []string{"message-3"}}} {
		if got := names(c.until, c.limit); !slices.Equal(got, c.want) {
			t.Errorf("until %d: %v, want %v", c.until, got, c.want)
		}
	}
	if refs, err := s.Due(ctx, 8, 1<<62-1, 9); err != nil || len(refs) != 0 {
		t.Errorf("another portal: %v, %v", refs, err)
	}
}

func TestOneOfManyBeginsAnIntent(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.Chats{Table: newTable(t)}, t.Context()
	var began, refused atomic.Int32
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			switch _, err := s.Begin(ctx, 7, intent("message-1", int64(1000+n))); {
			case err == nil:
				began.Add(1)
			case errors.Is(err, chat.ErrExists):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if began.Load() != 1 || refused.Load() != 7 {
		t.Errorf("%d began, %d were refused", began.Load(), refused.Load())
	}
}
