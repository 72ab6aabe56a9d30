package dynamo_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lumo/shared/directory"
	"lumo/shared/dynamo"
	"lumo/shared/id"
	"lumo/shared/internal/dynamotest"
)

const bot = id.BotUserID("U0123456789abcdef0123456789abcdef")

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func newDirectory(t *testing.T) dynamo.Directory {
	db := dynamotest.Start(t)
	return dynamo.New(db.Client, db.Name).Directory()
}

func TestABotBelongsToOnePortal(t *testing.T) {
	t.Parallel()
	d, ctx := newDirectory(t), t.Context()
	if p, err := d.PortalOfBot(ctx, bot); err != nil || p != 0 {
		t.Fatalf("unclaimed: %d, %v", p, err)
	}
	for range 2 {
		if err := d.ClaimBot(ctx, bot, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.ClaimBot(ctx, bot, 2); !errors.Is(err, directory.ErrClaimed) {
		t.Fatalf("second portal: %v", err)
	}
	if err := d.ReleaseBot(ctx, bot, 2); err != nil {
		t.Fatal(err)
	}
	if p, err := d.PortalOfBot(ctx, bot); err != nil || p != 1 {
		t.Fatalf("released by a stranger: %d, %v", p, err)
	}
	for range 2 {
		if err := d.ReleaseBot(ctx, bot, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.ClaimBot(ctx, bot, 2); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyOneOfManyPortalsGetsABot(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	var won atomic.Int64
	race(20, func(i int) {
		err := d.ClaimBot(t.Context(), bot, id.PortalID(i+1))
		if err == nil {
			won.Add(1)
		} else if !errors.Is(err, directory.ErrClaimed) {
			t.Error(err)
		}
	})
	if won.Load() != 1 {
		t.Fatalf("%d portals got it", won.Load())
	}
}

// race runs f n times at once.
func race(n int, f func(i int)) {
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-gate
			f(i)
		})
	}
	close(gate)
	wg.Wait()
}

func TestAStateWorksOnceForItsSessionInItsTime(t *testing.T) {
	t.Parallel()
	d, ctx := newDirectory(t), t.Context()
	if err := d.PutState(ctx, "s1", "session", 7, noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() (id.PortalID, bool, error){
		"another session": func() (id.PortalID, bool, error) { return d.UseState(ctx, "s1", "other", noon) },
		"too late":        func() (id.PortalID, bool, error) { return d.UseState(ctx, "s1", "session", noon.Add(time.Minute)) },
		"unknown":         func() (id.PortalID, bool, error) { return d.UseState(ctx, "s2", "session", noon) },
	} {
		if p, ok, err := try(); ok || p != 0 || err != nil {
			t.Errorf("%s: %d, %t, %v", name, p, ok, err)
		}
	}
	var used atomic.Int64
	race(10, func(int) {
		if p, ok, err := d.UseState(t.Context(), "s1", "session", noon); err != nil || ok && p != 7 {
			t.Errorf("%d, %v", p, err)
		} else if ok {
			used.Add(1)
		}
	})
	if used.Load() != 1 {
		t.Fatalf("used %d times", used.Load())
	}
}

func TestACodeIsRememberedForItsSession(t *testing.T) {
	t.Parallel()
	d, ctx := newDirectory(t), t.Context()
	if err := d.PutCode(ctx, "c1", "session", 7, noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code, session string
		at            time.Time
		want          id.PortalID
	}{{"c1", "session", noon, 7}, {"c1", "other", noon, 0}, {"c2", "session", noon, 0}, {"c1", "session", noon.Add(time.Hour), 0}} {
		if p, err := d.UsedCode(ctx, c.code, c.session, c.at); err != nil || p != c.want {
			t.Errorf("%+v: %d, %v", c, p, err)
		}
	}
}

func TestDuePortals(t *testing.T) {
	t.Parallel()
	d, ctx := newDirectory(t), t.Context()
	due := func(at time.Time) []id.PortalID {
		var out []id.PortalID
		for s := range directory.Shards {
			ps, err := d.DuePortals(ctx, s, at, 100)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, ps...)
		}
		slices.Sort(out)
		return out
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(d.BringForward(ctx, 1, noon.Add(time.Hour)))
	must(d.BringForward(ctx, 2, noon))
	must(d.BringForward(ctx, 2, noon.Add(time.Minute))) // later: gives way
	if got := due(noon); !slices.Equal(got, []id.PortalID{2}) {
		t.Fatalf("due %v", got)
	}
	if got := due(noon.Add(time.Hour)); !slices.Equal(got, []id.PortalID{1, 2}) {
		t.Fatalf("due %v", got)
	}
	retry := noon.Add(5 * time.Minute)
	if ok, err := d.Take(ctx, 2, noon, retry); err != nil || !ok {
		t.Fatalf("take: %t, %v", ok, err)
	}
	if ok, err := d.Take(ctx, 2, noon, retry); err != nil || ok {
		t.Fatalf("taken twice: %t, %v", ok, err)
	}
	if ok, err := d.Take(ctx, 3, noon, retry); err != nil || ok {
		t.Fatalf("took what is not there: %t, %v", ok, err)
	}
	must(d.Settle(ctx, 2, retry, noon.Add(2*time.Hour)))
	if got := due(noon.Add(time.Hour)); !slices.Equal(got, []id.PortalID{1}) {
		t.Fatalf("due %v", got)
	}
	// Something became due while the tick worked: settling must not push it away.
	if ok, err := d.Take(ctx, 1, noon.Add(time.Hour), noon.Add(65*time.Minute)); err != nil || !ok {
		t.Fatalf("take: %t, %v", ok, err)
	}
	must(d.BringForward(ctx, 1, noon.Add(61*time.Minute)))
	must(d.Settle(ctx, 1, noon.Add(65*time.Minute), noon.Add(24*time.Hour)))
	if got := due(noon.Add(62 * time.Minute)); !slices.Equal(got, []id.PortalID{1}) {
		t.Fatalf("due %v", got)
	}
	must(d.Forget(ctx, 1))
	must(d.Settle(ctx, 1, noon.Add(61*time.Minute), noon)) // settling what is forgotten does not bring it back
	if got := due(noon.Add(48 * time.Hour)); !slices.Equal(got, []id.PortalID{2}) {
		t.Fatalf("due %v", got)
	}
}

func TestDuePortalsComeLongestWaitingFirst(t *testing.T) {
	t.Parallel()
	d, ctx := newDirectory(t), t.Context()
	shard := directory.ShardOf(1)
	want := []id.PortalID{}
	for p := id.PortalID(1); len(want) < 5; p++ {
		if directory.ShardOf(p) == shard {
			want = append([]id.PortalID{p}, want...)
			if err := d.BringForward(ctx, p, noon.Add(-time.Duration(p)*time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := d.DuePortals(ctx, shard, noon, 3)
	if err != nil || !slices.Equal(got, want[:3]) {
		t.Fatalf("got %v, want %v, %v", got, want[:3], err)
	}
}

func TestLeasesAreFenced(t *testing.T) {
	t.Parallel()
	d, ctx := newDirectory(t), t.Context()
	first, ok, err := d.Acquire(ctx, "journal", "a", noon, noon.Add(time.Minute))
	if err != nil || !ok || first.Number != 1 {
		t.Fatalf("%+v, %t, %v", first, ok, err)
	}
	if _, ok, err := d.Acquire(ctx, "journal", "b", noon, noon.Add(time.Minute)); err != nil || ok {
		t.Fatalf("held by two: %t, %v", ok, err)
	}
	first.Cursor, first.Expires = "offset-1", noon.Add(2*time.Minute)
	if err := d.Keep(ctx, first); err != nil {
		t.Fatal(err)
	}
	second, ok, err := d.Acquire(ctx, "journal", "b", noon.Add(2*time.Minute), noon.Add(3*time.Minute))
	if err != nil || !ok || second.Number != 2 || second.Cursor != "offset-1" || second.Holder != "b" {
		t.Fatalf("%+v, %t, %v", second, ok, err)
	}
	first.Cursor = "offset-late"
	if err := d.Keep(ctx, first); !errors.Is(err, directory.ErrLost) {
		t.Fatalf("a late holder wrote: %v", err)
	}
	if err := d.Release(ctx, first); !errors.Is(err, directory.ErrLost) {
		t.Fatalf("a late holder released: %v", err)
	}
	if err := d.Release(ctx, second); err != nil {
		t.Fatal(err)
	}
	third, ok, err := d.Acquire(ctx, "journal", "c", noon, noon.Add(time.Minute))
	if err != nil || !ok || third.Number != 3 || third.Cursor != "offset-1" {
		t.Fatalf("%+v, %t, %v", third, ok, err)
	}
}

func TestDirectoryRowsTellNothingButAPortal(t *testing.T) {
	t.Parallel()
	db := dynamotest.Start(t)
	d, ctx := dynamo.New(db.Client, db.Name).Directory(), t.Context()
	for _, err := range []error{
		d.ClaimBot(ctx, bot, 7), d.PutState(ctx, "s", "x", 7, noon), d.PutCode(ctx, "c", "x", 7, noon), d.BringForward(ctx, 7, noon),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	allowed := []string{"pk", "sk", "portal", "session", "until", "ttl", "due"}
	for _, row := range db.Dump(t) {
		for name := range row {
			if !slices.Contains(allowed, name) {
				t.Errorf("attribute %q in %v", name, row["pk"])
			}
		}
	}
}

func TestTheAppsOwnTokensAreKeptByTheirScopes(t *testing.T) {
	t.Parallel()
	d, ctx := newDirectory(t), t.Context()
	if sealed, _, err := d.AppToken(ctx, "a b"); err != nil || sealed != "" {
		t.Fatalf("nothing stored: %q, %v", sealed, err)
	}
	for _, token := range []string{"s1.old", "s1.new"} {
		if err := d.SaveAppToken(ctx, "a b", token, noon); err != nil {
			t.Fatal(err)
		}
	}
	if sealed, until, err := d.AppToken(ctx, "a b"); err != nil || sealed != "s1.new" || !until.Equal(noon) {
		t.Errorf("%q until %s, %v", sealed, until, err)
	}
	if sealed, _, err := d.AppToken(ctx, "a"); err != nil || sealed != "" {
		t.Errorf("other scopes: %q, %v", sealed, err)
	}
}
