package erasure_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"lumo/shared/blob"
	"lumo/shared/chain"
	"lumo/shared/changelog"
	"lumo/shared/clock"
	"lumo/shared/dynamo"
	"lumo/shared/erasure"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/inbox"
	"lumo/shared/internal/dynamotest"
	"lumo/shared/linkage"
	"lumo/shared/queue"
	"lumo/shared/register"
	"lumo/shared/syncrun"
)

// none takes messages and drops them: the test drives the steps itself.
type none struct{}

func (none) Send(context.Context, queue.Queue, ...queue.Message) error { return nil }

func record(c id.ContactID, at time.Time, value string) changelog.Record {
	return changelog.Record{
		Friend: friend.Key{Slot: 1, User: id.LineUserID(fmt.Sprintf("U%032x", int64(c)))}, Contact: c, Field: "phone", To: register.Lumo, Old: value + " before", New: value,
		Winner: register.HubSpot, Reason: register.OnlyHubSpot, Rule: register.NewestWins, Cause: fmt.Sprintf("run/r/%d", at.UnixMilli()), At: at.UnixMilli(),
	}
}

func TestNothingOfAnErasedContactStays(t *testing.T) {
	t.Parallel()
	const portal, gone, stays = id.PortalID(7), id.ContactID(11), id.ContactID(12)
	db := dynamotest.Start(t)
	table := dynamo.New(db.Client, db.Name)
	now := time.Date(2026, 11, 3, 10, 0, 0, 0, time.UTC)
	v := clock.NewVirtual(now)
	log, failures := dynamo.ChangeLog{Table: table, Clock: v}, dynamo.Failures{Table: table}
	engine := &chain.Engine{Store: dynamo.Chains{Table: table}, Queue: none{}, Clock: v}
	invitations := dynamo.Linkage{Table: table}
	kept, bucket := dynamo.KeptFiles{Table: table}, &blob.Memory{}
	files := &inbox.Depot{Store: kept, Bucket: bucket}
	names := 0
	e := &erasure.Eraser{Chain: engine, Log: log, Samples: &syncrun.Starter{Chain: engine, Clock: v}, Failures: failures, Links: invitations, Files: files, Clock: v, NewID: func() string { names++; return fmt.Sprint("e", names) }}

	for _, age := range []time.Duration{0, 40 * 24 * time.Hour, 89 * 24 * time.Hour} {
		for i := range 130 { // more than is looked through in one go
			at := now.Add(-age).Add(-time.Duration(i) * time.Second)
			rs := []changelog.Record{record(gone, at, "SECRET"), record(stays, at, "kept")}
			if err := log.Append(t.Context(), portal, fmt.Sprint("n", i), at.UnixMilli(), rs); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []id.ContactID{gone, stays} {
		if err := failures.Put(t.Context(), portal, failure.Item{Kind: failure.WriteBack, Subject: c.String(), Contact: c, Code: "X", Message: fmt.Sprint("of ", c)}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 { // in every shard
		for _, c := range []id.ContactID{gone, stays} {
			hint := map[id.ContactID]string{gone: "S•••@SECRET.example", stays: "k•••@kept.example"}[c]
			link := linkage.Invitation{Hash: linkage.Hash(fmt.Sprint(c, i)), Portal: portal, Contact: c, Slot: 1, Hint: hint, MadeAt: now.UnixMilli(), Ends: now.Add(linkage.Life).UnixMilli()}
			if err := invitations.AddInvitation(t.Context(), link); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, c := range []id.ContactID{gone, stays} {
		f := inbox.Kept{Friend: friend.Key{Slot: 1, User: "U1"}, Message: fmt.Sprint(i), Contact: c, Name: fmt.Sprint(c), Until: now.Add(blob.Keep).UnixMilli()}
		if err := kept.PutKept(t.Context(), portal, fmt.Sprint("h", c), f); err != nil {
			t.Fatal(err)
		}
		if err := blob.PutBytes(t.Context(), bucket, portal, fmt.Sprint("inbox/1/U1/", i), "video/mp4", []byte("film")); err != nil {
			t.Fatal(err)
		}
	}
	preview := syncrun.Run{ID: "p1", DryRun: true, Status: syncrun.Complete, Samples: []changelog.Record{record(gone, now, "SECRET"), record(stays, now, "kept")}}
	row, err := engine.Start(t.Context(), portal, syncrun.Kind, preview.ID, preview)
	if err != nil {
		t.Fatal(err)
	}
	row.Done, row.Version = true, 1
	if _, err := engine.Store.Save(t.Context(), row); err != nil {
		t.Fatal(err)
	}

	if err := e.Erase(t.Context(), portal, []id.ContactID{gone}); err != nil {
		t.Fatal(err)
	}
	for step := 1; ; step++ {
		r, running, err := engine.Store.Running(t.Context(), portal, erasure.Kind)
		if err != nil {
			t.Fatal(err)
		}
		if !running {
			break
		}
		if err := e.Step(t.Context(), chain.Message{Portal: portal, Kind: erasure.Kind, ID: r.ID, Step: r.Step}); err != nil {
			t.Fatal(err)
		}
		if step > 1000 {
			t.Fatal("it does not end")
		}
	}

	for i, c := range []id.ContactID{gone, stays} {
		_, row, err := kept.Kept(t.Context(), portal, fmt.Sprint("h", c))
		_, object := bucket.Get(t.Context(), portal, fmt.Sprint("inbox/1/U1/", i))
		if err != nil || row != (c == stays) || (object == nil) != (c == stays) {
			t.Errorf("the file of contact %d: row %v, object %v, %v", c, row, object, err)
		}
	}
	rs, _, err := log.Read(t.Context(), portal, changelog.Filter{}, "", 1000)
	if err != nil || len(rs) != 780 {
		t.Fatalf("%d records, %v", len(rs), err)
	}
	for _, r := range rs {
		if blank := r.Old+r.New == ""; blank != (r.Contact == gone) {
			t.Fatalf("contact %d: %q to %q", r.Contact, r.Old, r.New)
		}
	}
	its, _, err := failures.List(t.Context(), portal, "", 10)
	if err != nil || len(its) != 1 || its[0].Contact != stays {
		t.Errorf("failed items: %+v, %v", its, err)
	}
	runs, _, err := (&syncrun.Starter{Chain: engine}).History(t.Context(), portal, "", 10)
	if err != nil || len(runs) != 1 || len(runs[0].Samples) != 1 || runs[0].Samples[0].Contact != stays {
		t.Errorf("preview: %+v, %v", runs, err)
	}
	for i := range 100 {
		for _, c := range []id.ContactID{gone, stays} {
			if _, found, err := invitations.Invitation(t.Context(), portal, linkage.Hash(fmt.Sprint(c, i))); err != nil || found != (c == stays) {
				t.Fatalf("link %d of contact %d is there: %v, %v", i, c, found, err)
			}
		}
	}
	if strings.Contains(fmt.Sprint(db.Dump(t)), "SECRET") {
		t.Error("the value is still in the table")
	}
}
