// Package bench measures what the project promises in numbers: how much of what HubSpot's and DynamoDB's limits allow is used, how many
// calls and writes a contact costs, and that nothing is stale after a storm. Whatever depends on the machine is a ratio of two things
// measured in the same run; counts are exact. Nothing here is needed by the product.
package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// FullSize is the number of contacts that the bars are meant for.
const FullSize = 100_000

// Options of a run.
type Options struct {
	Root string // of the repository
	// Size is the number of contacts; other sizes follow from it. 0 is FullSize.
	Size int
	// Only runs the measurements whose name contains it.
	Only string
	// Out receives the figures, one JSON object per line; Log receives what is going on.
	Out, Log io.Writer
}

// Figure is one measured number. Bar is nil where the number is only for information.
type Figure struct {
	Name  string   `json:"name"`
	Value float64  `json:"value"`
	Unit  string   `json:"unit"`
	Bar   *float64 `json:"bar"`
	OK    bool     `json:"ok"`
}

// atLeast and atMost judge a value by its bar; info has none.
func atLeast(name string, v float64, unit string, bar float64) Figure {
	return Figure{name, round(v), unit, &bar, v >= bar}
}

func atMost(name string, v float64, unit string, bar float64) Figure {
	return Figure{name, round(v), unit, &bar, v <= bar}
}

func info(name string, v float64, unit string) Figure { return Figure{name, round(v), unit, nil, true} }

// run is one run of the bench.
type run struct {
	Options
	temp  string
	alone bool // nothing else is measured
}

func (r *run) say(format string, a ...any) { fmt.Fprintf(r.Log, format+"\n", a...) }

// measurement is a part of the bench that can run alone.
type measurement struct {
	name string
	take func(context.Context, *run) ([]Figure, error)
}

var measurements = []measurement{
	{"import", measureImport},
	{"writeback", measureWriteBack},
	{"table", measureTable},
	{"broadcast", measureBroadcast},
	{"workflow", measureWorkflow},
	{"inbox", measureInbox},
	{"conversations", measureConversations},
	{"limiter", measureLimiter},
	{"stale", measureStale},
	{"changes", measureChanges},
	{"lists", measureLists},
	{"segments", measureSegments},
	{"faults", measureFaults},
	{"binaries", measureBinaries},
	{"processes", measureProcesses},
	{"castmemory", measureCastMemory},
}

// Names lists the measurements.
func Names() []string {
	var out []string
	for _, m := range measurements {
		out = append(out, m.name)
	}
	return out
}

// Run takes the measurements and writes their figures at the end. It tells whether all bars hold.
func Run(ctx context.Context, o Options) (bool, error) {
	if o.Size <= 0 {
		o.Size = FullSize
	}
	chosen := slices.DeleteFunc(slices.Clone(measurements), func(m measurement) bool { return !strings.Contains(m.name, o.Only) })
	if len(chosen) == 0 {
		return false, fmt.Errorf("no measurement is called %q: there are %s", o.Only, strings.Join(Names(), ", "))
	}
	temp, err := os.MkdirTemp("", "lumo-bench")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(temp)
	r := &run{Options: o, temp: temp, alone: len(chosen) == 1}
	var all []Figure
	for _, m := range chosen {
		r.say("%s ...", m.name)
		fs, err := m.take(ctx, r)
		if err != nil {
			return false, fmt.Errorf("%s: %w", m.name, err)
		}
		all = append(all, fs...)
	}
	return report(o.Out, all)
}

// report writes the figures and tells whether all bars hold.
func report(out io.Writer, all []Figure) (bool, error) {
	ok := true
	enc := json.NewEncoder(out)
	for _, f := range all {
		if err := enc.Encode(f); err != nil {
			return false, fmt.Errorf("%s: %w", f.Name, err)
		}
		ok = ok && f.OK
	}
	return ok, nil
}
