// Command sim plays seeds of the simulation (package sim): one line of JSON per seed, a last one with the sum. It fails when an invariant is
// broken, and names the seed first.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"

	"lumo/scripts/sim"
)

func main() {
	var (
		seeds = flag.Int("seeds", 50, "how many seeds")
		base  = flag.Uint64("base", 1, "the first seed")
		only  = flag.String("only", "", "acts to choose from, by comma")
		trace = flag.String("trace", "", "write the trace of a single seed to this file")
		plant = flag.String("plant", "", "a bug to find")
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
	out := json.NewEncoder(os.Stdout)
	failed := 0
	for i := range *seeds {
		r, err := sim.Run(*base+uint64(i), o)
		if err != nil {
			fmt.Fprintf(os.Stderr, "seed %d: %v\n", *base+uint64(i), err)
			os.Exit(2)
		}
		if !r.OK {
			failed++
		}
		if *trace != "" {
			os.WriteFile(*trace+".log", r.Log, 0o600)
		}
		out.Encode(r)
	}
	if failed > 0 {
		os.Exit(1)
	}
}
