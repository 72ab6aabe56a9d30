package sim_test

import (
	"fmt"
	"regexp"
	"testing"

	"lumo/scripts/sim"
)

// The invariants hold for fifty seeds, whatever order, duplicates, delays, crashes and faults they draw, and each was looked at.
func TestInvariantsHold(t *testing.T) {
	var sum sim.Summary
	results := make([]sim.Result, 50)
	t.Run("seeds", func(t *testing.T) {
		for i := range results {
			seed := uint64(i + 1)
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				r, err := sim.Run(seed, sim.Options{})
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range r.Violations {
					t.Error(v)
				}
				results[i] = r
			})
		}
	})
	for _, r := range results {
		sum.Add(r)
	}
	for i, inv := range sim.Invariants {
		if want := fmt.Sprintf("I%d", i+1); inv.ID != want || inv.Check == nil || inv.Says == "" {
			t.Errorf("invariant %d is %q, not %s with a check", i, inv.ID, want)
		}
		if sum.Evaluated[inv.ID] == 0 {
			t.Errorf("%s was never evaluated", inv.ID)
		}
	}
	if len(sim.Invariants) != 9 || !sum.OK {
		t.Errorf("%d invariants; %+v", len(sim.Invariants), sum)
	}
}

func TestTheSameSeedGivesTheSameTrace(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{3, 17, 2026} {
		a, err := sim.Run(seed, sim.Options{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := sim.Run(seed, sim.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if a.Trace != b.Trace || a.Steps != b.Steps {
			t.Errorf("seed %d: %s after %d steps, then %s after %d", seed, a.Trace, a.Steps, b.Trace, b.Steps)
		}
	}
}

// What the checks are worth: each of these bugs, put around the code under test, is found by the invariant that it breaks. The seeds named
// here found it last; with every change of the product others do, so all of the first hundred are tried before it counts as not found.
// `go run ./scripts/cmd/sim -plant NAME` tells which.
func TestPlantedBugsAreFound(t *testing.T) {
	t.Parallel()
	for plant, want := range map[sim.Plant]struct {
		breaks string
		seeds  []uint64
		// climate in which the bug does harm more often.
		climate sim.Climate
	}{
		sim.NoEcho:        {breaks: "I[34]", seeds: []uint64{2, 3}},
		sim.ClaimFirst:    {breaks: "I[13]", seeds: []uint64{1, 14, 27, 30}, climate: sim.Climate{Crashes: 0.15, Faults: 0.15}},
		sim.ConstantFlush: {breaks: "I1", seeds: []uint64{1, 2}},
		sim.NewestSeen:    {breaks: "I[13]", seeds: []uint64{14, 44, 28, 42}},
		sim.FreshKeys:     {breaks: "I2", seeds: []uint64{20}},
		sim.Unfenced:      {breaks: "I2", seeds: []uint64{5, 2, 18, 20}},
	} {
		t.Run(string(plant), func(t *testing.T) {
			t.Parallel()
			breaks := regexp.MustCompile(want.breaks)
			seeds := want.seeds
			for s := range uint64(100) {
				seeds = append(seeds, s+1)
			}
			for _, seed := range seeds {
				r, err := sim.Run(seed, sim.Options{Plant: plant, Climate: want.climate})
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range r.Violations {
					if breaks.MatchString(v.Invariant) {
						return
					}
				}
			}
			t.Errorf("none of %d seeds found it", len(seeds))
		})
	}
}

// Links, merges and tags alone, again and again: contacts name the friends of others, are merged, and places are taken. The seeds are those
// in which a contact once waited for the next full compare.
func TestLinksAndMergesAgree(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{54, 55, 111} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r, err := sim.Run(seed, sim.Options{Only: []string{"link", "unlink", "merge", "tag", "create", "message"}})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range r.Violations {
				t.Error(v)
			}
		})
	}
}

// Broadcasts to segments of HubSpot lists, while people change the lists, the links and everything else, and processes die: nobody gets one twice
// and each comes to an end.
func TestBroadcastsToSegmentsEnd(t *testing.T) {
	t.Parallel()
	acts := []string{"segment", "list", "link", "unlink", "create", "delete", "merge", "hubspot-edit", "follow", "message", "import", "run", "expire-token"}
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r, err := sim.Run(seed, sim.Options{Only: acts})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range r.Violations {
				t.Error(v)
			}
		})
	}
}

// Workflows that link by a property or make linking addresses, while contacts are merged, part and are linked otherwise, and processes die: each
// contact leaves its step by a branch, and both sides agree.
func TestWorkflowsThatLinkEnd(t *testing.T) {
	t.Parallel()
	acts := []string{"link-by-property", "make-link", "link", "unlink", "part", "create", "delete", "restore", "purge", "merge", "hubspot-edit", "lumo-edit", "follow", "message", "import", "run", "uninstall", "expire-token"}
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r, err := sim.Run(seed, sim.Options{Only: acts})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range r.Violations {
				t.Error(v)
			}
		})
	}
}
