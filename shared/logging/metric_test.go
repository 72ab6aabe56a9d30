package logging_test

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lumo/shared/logging"
)

// The line must be what CloudWatch's specification of the embedded metric format asks for: the named members lie at the top.
func TestAMetricIsEmbedded(t *testing.T) {
	t.Parallel()
	log, out := newLog()
	log.LogAttrs(t.Context(), slog.LevelInfo, "invocation", logging.Metric(logging.Ticks, 1), logging.Count("records", 3))
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, out.Bytes())
	}
	meta, _ := line["_aws"].(map[string]any)
	at, _ := meta["Timestamp"].(float64)
	if age := time.Since(time.UnixMilli(int64(at))); age < 0 || age > time.Minute {
		t.Errorf("timestamp %v", meta["Timestamp"])
	}
	want := []any{map[string]any{
		"Namespace": "Lumo", "Dimensions": []any{[]any{"stage"}, []any{"stage", "function"}},
		"Metrics": []any{map[string]any{"Name": "Ticks", "Unit": "Count"}},
	}}
	if d := cmp.Diff(want, meta["CloudWatchMetrics"]); d != "" {
		t.Error(d)
	}
	if line["Ticks"] != 1. || line["stage"] != "dev" || line["function"] != "contact-sync" {
		t.Errorf("%v", line)
	}
}

func TestALineWithoutMetricsHasNone(t *testing.T) {
	t.Parallel()
	log, out := newLog()
	log.Info("plain", logging.Count("records", 3))
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line["_aws"] != nil {
		t.Errorf("%v: %s", err, out.Bytes())
	}
}
