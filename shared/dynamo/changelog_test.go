package dynamo_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lumo/shared/changelog"
	"lumo/shared/clock"
	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/internal/dynamotest"
	"lumo/shared/register"
)

func records(n int, at int64, value func(i int) string) []changelog.Record {
	out := make([]changelog.Record, n)
	for i := range out {
		out[i] = changelog.Record{
			Friend: friend.Key{Slot: 1, User: id.LineUserID(fmt.Sprintf("U%032x", i))}, Contact: id.ContactID(i + 1), Field: "firstname", To: register.Lumo,
			New: value(i), Winner: register.HubSpot, Reason: register.OnlyHubSpot, Rule: register.NewestWins, HubSpotAt: at - 5, Cause: "run/r1/up", At: at,
		}
	}
	return out
}

func TestTheChangeLogPacksAPageAndSplitsWhatIsLarge(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 3, 10, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		n     int
		value func(int) string
		items int
	}{
		"a page of contacts":  {400, func(i int) string { return fmt.Sprint("v", i) }, 1},
		"more than one holds": {2100, func(i int) string { return "v" }, 3},
		"long texts":          {30, func(i int) string { return strings.Repeat(fmt.Sprint("長", i), 20_000) }, 14},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := dynamotest.Start(t)
			log := dynamo.ChangeLog{Table: dynamo.New(db.Client, db.Name), Clock: clock.NewVirtual(now)}
			want := records(c.n, now.UnixMilli(), c.value)
			for range 2 { // a repeated step overwrites
				if err := log.Append(t.Context(), 7, "r1/3/up1", now.UnixMilli(), want); err != nil {
					t.Fatal(err)
				}
			}
			if n := len(db.Dump(t)); n != c.items {
				t.Errorf("%d items, want %d", n, c.items)
			}
			var got []changelog.Record
			for after := ""; ; {
				rs, next, err := log.Read(t.Context(), 7, changelog.Filter{Run: "r1"}, after, 150)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, rs...)
				if after = next; after == "" {
					break
				}
			}
			byContact := func(rs []changelog.Record) map[id.ContactID]changelog.Record {
				m := map[id.ContactID]changelog.Record{}
				for _, r := range rs {
					m[r.Contact] = r
				}
				return m
			}
			if len(got) != c.n {
				t.Errorf("read %d records, want %d", len(got), c.n)
			}
			if d := cmp.Diff(byContact(want), byContact(got)); d != "" {
				t.Error(d)
			}
		})
	}
}

// A day lies in several partitions, and reads as one, newest first, from wherever a page ended.
func TestTheChangeLogReadsAsOneNewestFirst(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 3, 10, 0, 0, 0, time.UTC)
	db := dynamotest.Start(t)
	log := dynamo.ChangeLog{Table: dynamo.New(db.Client, db.Name), Clock: clock.NewVirtual(now)}
	const events, each = 150, 3
	for i := range events {
		at := now.Add(-time.Duration(i*i) * time.Second) // some in a row, and over several days
		rs := records(each, at.UnixMilli(), func(int) string { return fmt.Sprint(i) })
		for k := range rs {
			rs[k].Cause = fmt.Sprint("event/", i)
		}
		if err := log.Append(t.Context(), 7, rs[0].Cause, at.UnixMilli(), rs); err != nil {
			t.Fatal(err)
		}
	}
	partitions := map[string]bool{}
	for _, it := range db.Dump(t) {
		partitions[fmt.Sprint(it["pk"])] = true
	}
	if len(partitions) < 4 {
		t.Errorf("everything lies in %d partitions", len(partitions))
	}
	var got []changelog.Record
	for after := ""; ; {
		rs, next, err := log.Read(t.Context(), 7, changelog.Filter{Contact: 2}, after, 7)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, rs...)
		if after = next; after == "" {
			break
		}
	}
	for i := range got {
		if want := now.Add(-time.Duration(i*i) * time.Second).UnixMilli(); got[i].At != want || got[i].New != fmt.Sprint(i) {
			t.Fatalf("record %d is of %d with %q", i, got[i].At, got[i].New)
		}
	}
	if len(got) != events {
		t.Errorf("%d records, want %d", len(got), events)
	}
}
