// Command sim plays seeds of the simulation (package sim): one line of JSON per seed, a last one with the sum. It fails when an invariant is
// broken or one was never looked at, and names the seed first.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"lumo/scripts/sim"
)

func main() {
	var (
		seeds = flag.Int("seeds", 50, "how many seeds")
		base  = flag.Uint64("base", 1, "the first seed")
		only  = flag.String("only", "", "acts to choose from, by comma")
		trace = flag.String("trace", "", "write the trace of a single seed to this file")
		plant = flag.String("plant", "", "a bug to find: "+plants())
	)
	var o sim.Options
	flag.Float64Var(&o.Climate.Crashes, "crashes", 0, "at least this share of invocations is killed")
	flag.Float64Var(&o.Climate.Faults, "faults", 0, "at least this share of calls to HubSpot fails")
	flag.Float64Var(&o.Climate.Slow, "slow", 0, "at least this share of calls takes seconds")
	flag.StringVar(&o.Climate.Journal, "journal", "", "on, late or refused")
	flag.DurationVar(&o.Climate.Lag, "lag", 0, "of HubSpot's search index, at least")
	flag.IntVar(&o.Actions, "actions", 0, "things people do; 0 draws 40 to 80")
	flag.Parse()
	o.Plant = sim.Plant(*plant)
	if *only != "" {
		o.Only = strings.Split(*only, ",")
	}
	if *trace != "" {
		f, err := os.Create(*trace)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		defer f.Close()
		o.Trace = f
	}
	sum, err := play(*base, *seeds, o, *trace)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if json.NewEncoder(os.Stdout).Encode(sum) != nil || !sum.OK {
		os.Exit(1)
	}
}

// play runs the seeds and writes a line for each.
func play(base uint64, seeds int, o sim.Options, trace string) (sim.Summary, error) {
	out, sum, began := json.NewEncoder(os.Stdout), sim.Summary{}, time.Now()
	for i := range seeds {
		seed := base + uint64(i)
		r, err := sim.Run(seed, o)
		if err != nil {
			return sum, fmt.Errorf("seed %d: %w", seed, err)
		}
		if trace != "" {
			if err := os.WriteFile(trace+".log", r.Log, 0o600); err != nil {
				return sum, err
			}
		}
		sum.Add(r)
		if err := out.Encode(r); err != nil {
			return sum, err
		}
	}
	sum.Seconds = time.Since(began).Round(100 * time.Millisecond).Seconds()
	return sum, nil
}

func plants() string {
	var names []string
	for _, p := range sim.Plants {
		names = append(names, string(p))
	}
	return strings.Join(names, ", ")
}
