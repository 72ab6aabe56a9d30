package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/syncrun"
)

const root = "../.."

// take runs one measurement at a small size and returns its figures by name.
func take(t *testing.T, only string, size int) map[string]Figure {
	t.Helper()
	var out bytes.Buffer
	log := &testLog{t: t}
	_, err := Run(context.Background(), Options{Root: root, Size: size, Only: only, Out: &out, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	figures := map[string]Figure{}
	for line := range strings.Lines(out.String()) {
		var f Figure
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		figures[f.Name] = f
	}
	return figures
}

type testLog struct{ t *testing.T }

func (l *testLog) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// Small sizes say nothing about bars that depend on time. What is counted holds at every size.
func TestEveryMeasurementComputes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		measurement string
		size        int
		timed       []string // figures that must be there, with a value above 0
		counted     []string // figures whose bar must hold
	}{
		{"import", 1200, []string{"import_150ms_share_of_api", "import_300ms_share_of_api", "import_150ms_hubspot_calls", "import_300ms_hubspot_calls"}, nil},
		{"writeback", 500, []string{"writeback_share_of_api"}, []string{"writeback_429"}},
		{"table", 400, []string{"import_into_table_share", "table_import_units"}, []string{"table_resync_unchanged_items"}},
		{"broadcast", 3000, []string{"broadcast_personal_of_bare_loop"}, []string{"broadcast_multicasts", "broadcast_writes", "broadcast_audience", "broadcast_hubspot_calls", "broadcast_personal_writes"}},
		{"workflow", 2000, []string{"workflow_accept_p99"}, []string{"workflow_line_calls", "workflow_hubspot_calls", "workflow_writes"}},
		{"inbox", 1, []string{"inbox_in_p50", "inbox_in_p99", "inbox_back_p50", "inbox_back_p99"}, nil},
		{"limiter", 1, []string{"limiter_share_of_budget"}, []string{"limiter_highest_10s"}},
		{"stale", 2000, []string{"stale_when_import_ends"}, []string{"stale_after_edits_during_import", "stale_seeds"}},
		{"changes", 1200, nil, []string{"changes_12000_stale", "changes_60000_stale", "changes_10001_in_one_ms_stale", "changes_stuck_runs"}},
		{"segments", 200, []string{"segments_of_plain_loop", "segments_read_units_per_1000"}, []string{"segments_hubspot_calls", "segments_writes", "segments_wrong", "segments_rows_read"}},
		{"lists", 1000, []string{"lists_snapshot"}, []string{"lists_read_calls_per_1000", "lists_changed_items", "lists_told_calls", "lists_wrong"}},
		{"faults", 2000, []string{"faults_calls"}, []string{"faults_missing"}},
		{"binaries", 1, []string{"binary_exec_to_ready"}, []string{"binary_size"}},
	} {
		t.Run(c.measurement, func(t *testing.T) {
			t.Parallel()
			got := take(t, c.measurement, c.size)
			for _, name := range append(c.timed, c.counted...) {
				f, ok := got[name]
				if !ok || math.IsNaN(f.Value) || math.IsInf(f.Value, 0) {
					t.Errorf("%s: %+v", name, f)
				}
			}
			for _, name := range c.timed {
				if got[name].Value <= 0 {
					t.Errorf("%s is %v", name, got[name].Value)
				}
			}
			for _, name := range c.counted {
				if !got[name].OK {
					t.Errorf("%s is %v, the bar is %v", name, got[name].Value, *got[name].Bar)
				}
			}
		})
	}
}

func TestProcessesAreMeasured(t *testing.T) {
	t.Parallel()
	r := &run{Options: Options{Root: root, Log: &testLog{t: t}}, temp: t.TempDir()}
	got, err := r.largestProcess(context.Background(), 30)
	if err != nil || got <= 0 {
		t.Errorf("largest process %v MB (%v)", got, err)
	}
}

func TestTheProcessThatBroadcastsIsMeasured(t *testing.T) {
	t.Parallel()
	r := &run{Options: Options{Root: root, Log: &testLog{t: t}}, temp: t.TempDir()}
	if got, err := r.castMemory(context.Background(), 60); err != nil || got <= 0 {
		t.Errorf("%v MB (%v)", got, err)
	}
}

func TestABarCanFail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		figures []Figure
		want    bool
	}{
		{[]Figure{atLeast("a", 0.75, "share", 0.75), atMost("b", 0, "items", 0), info("c", 1, "s")}, true},
		{[]Figure{atLeast("a", 0.7499999, "share", 0.75), atMost("b", 0, "items", 0)}, false},
		{[]Figure{atLeast("a", 0.8, "share", 0.75), atMost("b", 1, "items", 0)}, false},
		{[]Figure{atLeast("a", math.NaN(), "share", 0.75)}, false},
	} {
		var out bytes.Buffer
		ok, err := report(&out, c.figures)
		if c.want != ok || (err != nil) != math.IsNaN(c.figures[0].Value) {
			t.Errorf("%+v: ok %v, %v", c.figures, ok, err)
		}
	}
}

// A contact that HubSpot changes after the last run is what the measurements of staleness look for.
func TestAStaleContactIsCounted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := &run{Options: Options{Root: root, Size: 100, Log: &testLog{t: t}}, temp: t.TempDir()}
	w, err := r.world(ctx, setup{contacts: 20, companies: 3, virtual: true})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.storeKnown(ctx, 0); err != nil {
		t.Fatal(err)
	}
	look := func(want int, when string) {
		t.Helper()
		got, err := w.stale(ctx)
		if err != nil || got != want {
			t.Errorf("%s: %d stale, want %d (%v)", when, got, want, err)
		}
	}
	look(20, "before the import")
	if _, err := w.whole(ctx, syncrun.Request{Trigger: syncrun.Initial, Extent: syncrun.Contacts}); err != nil {
		t.Fatal(err)
	}
	look(0, "after the import")
	for i, change := range []map[string]string{{"firstname": "someone"}, {"line_display_name": "planted"}} {
		if err := w.hub.Edit(hub, "contacts", w.contacts[i], change, hubspotsandbox.By{}); err != nil {
			t.Fatal(err)
		}
	}
	look(2, "after two edits")
}
