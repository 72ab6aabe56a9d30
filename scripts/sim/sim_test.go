package sim_test

import (
	"testing"

	"lumo/scripts/sim"
)

// The invariants hold for fifty seeds, whatever order, duplicates, delays, crashes and faults they draw.
func TestInvariantsHold(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= 50; seed++ {
		r, err := sim.Run(seed, sim.Options{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !r.OK {
			t.Errorf("seed %d: %+v", seed, r.Violations)
		}
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

// What the checks are worth: each of these bugs, put around the code under test, is found within fifty seeds.
func TestPlantedBugsAreFound(t *testing.T) {
	t.Parallel()
	for _, plant := range []sim.Plant{sim.NoEcho, sim.ConstantFlush} {
		t.Run(string(plant), func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= 50; seed++ {
				r, err := sim.Run(seed, sim.Options{Plant: plant})
				if err != nil {
					t.Fatal(err)
				}
				if !r.OK {
					return
				}
			}
			t.Error("fifty seeds did not find it")
		})
	}
}
