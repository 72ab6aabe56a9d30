package bench

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/localcloud/dynamodb"
	"lumo/scripts/localcloud/runner"
	"lumo/shared/clock"
	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/id"
)

// measureCastMemory sends the same to everybody with the real binaries, and tells what the process that sends needed at most.
func measureCastMemory(ctx context.Context, r *run) ([]Figure, error) {
	mb, err := r.castMemory(ctx, r.Size)
	return []Figure{atMost("broadcast_process_memory", mb, fmt.Sprintf("MB, broadcasting to %d", r.Size), 64)}, err
}

func (r *run) castMemory(ctx context.Context, friends int) (float64, error) {
	cloud, w, err := r.cloud(ctx, "cast", friends)
	if err != nil {
		return 0, err
	}
	defer cloud.Close()
	account, err := w.Seed(ctx, demo.Size{Contacts: 10, Companies: 1, Lists: 1, Friends: friends})
	if err != nil {
		return 0, err
	}
	b := demo.NewBrowser()
	if err := w.Install(ctx, b); err != nil {
		return 0, err
	}
	began := time.Now().Add(-time.Second)
	if err := w.Connect(ctx, b, account); err != nil {
		return 0, err
	}
	if _, err := waitForRun(ctx, w, began); err != nil {
		return 0, fmt.Errorf("initial sync: %w", err)
	}
	if err := known(ctx, cloud, w, account); err != nil {
		return 0, err
	}
	if err := castToAll(ctx, w, cloud, friends); err != nil {
		return 0, err
	}
	mb := float64(cloud.Status().Functions["Broadcasts"].PeakRSS) / mega
	r.say("%d recipients: Broadcasts needed %.1f MB, %.0f s in all", friends, mb, time.Since(began).Seconds())
	return mb, nil
}

// known enters the account's friends into the directory, as an import does. Their rows are left out: of an equal message's recipients they are
// read 500 at a time, to find those with a contact.
func known(ctx context.Context, cloud *runner.Cloud, w *demo.World, a demo.Account) error {
	people, err := w.People(ctx, a)
	if err != nil {
		return err
	}
	table := dynamo.New(dynamodb.Client(cloud.Endpoint("dynamodb")), *cloud.System().Tables[0].Create.TableName)
	first, err := dynamo.Friends{Table: table}.Ordinals(ctx, demo.Portal, slot, len(people))
	if err != nil {
		return err
	}
	var all []friend.Friend
	for _, u := range slices.Sorted(maps.Keys(people)) {
		all = append(all, friend.Friend{
			Key: friend.Key{Slot: slot, User: id.LineUserID(u)}, Ordinal: first + uint32(len(all)), Name: people[u].Name, Follow: friend.Following, Version: 1,
		})
	}
	x := &friendindex.Index{Store: dynamo.FriendIndex{Table: table}, Friends: dynamo.Friends{Table: table}, Clock: clock.Real{}, Parallel: 8}
	return x.Ensure(ctx, demo.Portal, slot, all)
}

// castToAll broadcasts a text and waits until it is sent and contacts were told.
func castToAll(ctx context.Context, w *demo.World, cloud *runner.Cloud, friends int) error {
	var cast struct {
		ID, Status string
		Sent       int
	}
	err := w.API(ctx, "POST", "/api/v1/broadcasts", map[string]any{
		"slot": 1, "name": "Everybody", "tracking": "off", "audience": map[string]string{"kind": "all"}, "bubbles": []map[string]string{{"kind": "text", "text": "hello"}},
	}, &cast)
	if err != nil {
		return err
	}
	at := "/api/v1/broadcasts/1/" + cast.ID
	if err := w.API(ctx, "POST", at+"/confirm", map[string]string{"requestId": "bench-cast"}, nil); err != nil {
		return err
	}
	const patience = 240
	for range patience {
		if err := w.API(ctx, "GET", at, nil, &cast); err != nil {
			return err
		}
		if cast.Status == "sent" && cast.Sent == friends && atRest(cloud, "BroadcastSteps") {
			return nil
		}
		if err := sleep(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: the broadcast is %s, %d sent", errOver, cast.Status, cast.Sent)
}

// atRest tells that nothing waits in a queue or is being worked on.
func atRest(cloud *runner.Cloud, queue string) bool {
	for _, q := range cloud.Status().Queues {
		if strings.Contains(q.Name, queue) && !strings.Contains(q.Name, "Dead") && q.Visible+q.InFlight+q.Delayed > 0 {
			return false
		}
	}
	return true
}
