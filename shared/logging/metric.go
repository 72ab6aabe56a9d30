package logging

import "log/slog"

// Names of metrics. template.yaml's alarms watch them in the namespace Lumo.
const (
	// Ticks counts minute ticks that ended well.
	Ticks = "Ticks"
	// DeadLetters counts messages that were given up, when their record is made.
	DeadLetters = "DeadLetters"
	// RefreshFailures counts failed refreshes of HubSpot tokens; a grant that HubSpot withdrew is none.
	RefreshFailures = "RefreshFailures"
)

// Namespace is the metrics' in CloudWatch.
const Namespace = "Lumo"

// metric is a number that CloudWatch shall count.
type metric int

// Metric makes the line that carries it count: CloudWatch reads metrics out of log lines (embedded metric format). Several may stand on a line.
func Metric(name string, n int) slog.Attr { return slog.Any(name, metric(n)) }

// embedded says which members of the line are metrics, as CloudWatch's specification of the format has it.
type embedded struct {
	Timestamp         int64
	CloudWatchMetrics [1]directive
}

type directive struct {
	Namespace  string
	Dimensions [2][]string
	Metrics    []definition
}

type definition struct{ Name, Unit string }

func embed(r slog.Record) (embedded, bool) {
	var all []definition
	r.Attrs(func(a slog.Attr) bool {
		if _, ok := a.Value.Any().(metric); ok {
			all = append(all, definition{a.Key, "Count"})
		}
		return true
	})
	return embedded{r.Time.UnixMilli(), [1]directive{{Namespace, [2][]string{{keyStage}, {keyStage, keyFunction}}, all}}}, len(all) > 0
}
