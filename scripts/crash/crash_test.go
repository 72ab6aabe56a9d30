package crash

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
)

func TestMain(m *testing.M) {
	Main() // this binary is also the local cloud's process
	os.Exit(m.Run())
}

// few points are what every test run can afford: a function that talks to HubSpot, one that writes the log, and everything at once.
var few = regexp.MustCompile(`^(before the journal is subscribed|before the batch is logged|runner: a friend is stored)$`)

// The harness itself: undisturbed and killed worlds hold, and worlds with a planted fault do not.
func TestKilledAtSomePoints(t *testing.T) {
	if testing.Short() {
		t.Skip("starts local clouds as processes")
	}
	ctx := t.Context()
	g, err := newRig(ctx, Options{Root: "../..", Kept: t.TempDir(), Out: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	chosen := slices.DeleteFunc(slices.Clone(points), func(p point) bool { return !few.MatchString(p.name) })
	if len(chosen) != 3 {
		t.Fatalf("%d points", len(chosen))
	}
	var all errgroup.Group
	all.Go(func() error { return g.measure(ctx, chosen) })
	all.Go(func() error {
		t.Run("a lost explanation is found", func(t *testing.T) { loses(ctx, t, g) })
		return nil
	})
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	wasteful := chosen[0]
	wasteful.name, wasteful.fault = "wasteful", &planted{thrice: func(c call) bool { return c.service == "hubspot" && c.operation == "GET" }}
	g.each(append(chosen, wasteful), func(p point) { g.shoot(ctx, p) })
	if g.sum.Points != 4 || g.sum.Kills != 8 {
		t.Errorf("%+v", g.sum)
	}
	for _, l := range g.lines {
		wrong := l.Point == "wasteful"
		if l.OK == wrong || wrong && !strings.Contains(l.Error, "calls to HubSpot") {
			t.Errorf("%+v", l)
		}
	}
}

// loses runs a world in which the change log takes nothing.
func loses(ctx context.Context, t *testing.T, g *rig) {
	s, err := g.scenario(point{fault: &planted{drop: table(tenant + "LOG#")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, s.fail = context.WithCancelCause(ctx)
	defer s.fail(nil)
	defer s.close()
	if err = s.open(ctx); err == nil {
		err = s.walk(ctx)
	}
	if err == nil {
		err = insist(ctx, "both sides", func() error { return s.settled(ctx) })
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := s.verify(ctx); err == nil || !strings.Contains(err.Error(), "the change log does not tell") {
		t.Errorf("a change log without entries: %v", err)
	}
}
