// Package infra holds what watches a stage, and what is written about it, to the rest of template.yaml.
package infra_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lumo/scripts/localcloud/template"
	"lumo/shared/logging"
)

const root = "../.."

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(root + "/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func system(t *testing.T, parameters map[string]string) *template.System {
	t.Helper()
	s, err := template.Read(root+"/template.yaml", template.Local{Stack: "lumo", SQS: "http://127.0.0.1", Parameters: parameters})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func alarms(s *template.System) []template.Other {
	return slices.DeleteFunc(slices.Clone(s.Others), func(o template.Other) bool { return o.Type != "AWS::CloudWatch::Alarm" })
}

// watched names what an alarm looks at: the metric and the values of its dimensions.
func watched(a template.Other) string {
	out := fmt.Sprint(a.Properties["Namespace"], "/", a.Properties["MetricName"])
	for _, d := range a.Properties["Dimensions"].([]any) {
		out += fmt.Sprint(" ", d.(map[string]any)["Value"])
	}
	return out
}

// Nothing fails, waits or is refused unseen: each function, each queue and each of our own metrics has its alarms, and no alarm watches what
// nobody counts.
func TestEverythingIsWatched(t *testing.T) {
	t.Parallel()
	s := system(t, nil)
	want := map[string]bool{"AWS/ApiGateway/5xx lumo-HttpApi": true}
	for _, f := range s.Functions {
		want["AWS/Lambda/Errors "+f.Name], want["AWS/Lambda/Throttles "+f.Name] = true, true
	}
	for _, q := range s.Queues {
		if q.DeadLetter != "" {
			want["AWS/SQS/ApproximateAgeOfOldestMessage "+q.Name] = true
		}
	}
	for _, m := range []string{logging.Ticks, logging.DeadLetters, logging.RefreshFailures} {
		want[logging.Namespace+"/"+m+" dev"] = true
	}
	for _, a := range alarms(s) {
		w := watched(a)
		if !want[w] {
			t.Errorf("template.yaml, line %d, %s watches %s, which nothing counts or another alarm watches", a.Line, a.ID, w)
		}
		delete(want, w)
		if fmt.Sprint(a.Properties["AlarmActions"], a.Properties["OKActions"]) != "[lumo-AlarmTopic] [lumo-AlarmTopic]" {
			t.Errorf("template.yaml, line %d, %s: nobody hears of it", a.Line, a.ID)
		}
	}
	for _, w := range slices.Sorted(maps.Keys(want)) {
		t.Errorf("template.yaml: no alarm watches %s", w)
	}
}

var (
	page    = regexp.MustCompile(`(?m)^## (.+)$`)
	pointer = regexp.MustCompile(`docs/runbook\.md#([a-z-]+)$`)
)

// anchor is the name that a heading has in an address.
func anchor(heading string) string { return strings.ReplaceAll(strings.ToLower(heading), " ", "-") }

// Whoever is woken by an alarm finds its page, and no page is about an alarm that is gone.
func TestEveryAlarmHasItsPage(t *testing.T) {
	t.Parallel()
	pages := map[string]bool{}
	for _, m := range page.FindAllStringSubmatch(read(t, "docs/runbook.md"), -1) {
		pages[anchor(m[1])] = false
	}
	for _, a := range alarms(system(t, nil)) {
		m := pointer.FindStringSubmatch(fmt.Sprint(a.Properties["AlarmDescription"]))
		if m == nil {
			t.Errorf("template.yaml, line %d, %s: the description does not end in docs/runbook.md#page", a.Line, a.ID)
			continue
		}
		if _, ok := pages[m[1]]; !ok {
			t.Errorf("template.yaml, line %d, %s: docs/runbook.md has no page %s", a.Line, a.ID, m[1])
		}
		pages[m[1]] = true
	}
	for _, p := range slices.Sorted(maps.Keys(pages)) {
		if !pages[p] {
			t.Errorf("docs/runbook.md#%s: no alarm names this page", p)
		}
	}
}

// The dashboard is text to CloudFormation; CloudWatch would show an empty widget for what is misspelt.
func TestTheDashboardShowsWhatExists(t *testing.T) {
	t.Parallel()
	s := system(t, nil)
	known := map[string]bool{"dev": true, "lumo-HttpApi": true}
	for _, f := range s.Functions {
		known[f.Name] = false
	}
	for _, q := range s.Queues {
		if q.DeadLetter != "" {
			known[q.Name] = false
		}
	}
	known[*s.Tables[0].Create.TableName] = false
	i := slices.IndexFunc(s.Others, func(o template.Other) bool { return o.Type == "AWS::CloudWatch::Dashboard" })
	var body struct {
		Widgets []struct {
			Properties struct {
				Title   string
				Metrics [][]any
			}
		}
	}
	if err := json.Unmarshal([]byte(s.Others[i].Properties["DashboardBody"].(string)), &body); err != nil {
		t.Fatalf("template.yaml, Dashboard: %v", err)
	}
	for _, w := range body.Widgets {
		for _, m := range w.Properties.Metrics {
			value := fmt.Sprint(m[3])
			if _, ok := known[value]; !ok {
				t.Errorf("template.yaml, Dashboard, %s: there is no %s", w.Properties.Title, value)
			}
			known[value] = true
		}
	}
	for name, shown := range known {
		if !shown {
			t.Errorf("template.yaml, Dashboard: %s is not shown", name)
		}
	}
}

// Logs must not be kept for ever, and every function must write to the group that says so.
func TestLogsExpire(t *testing.T) {
	t.Parallel()
	for _, days := range []string{"1", "30", "731"} {
		system(t, map[string]string{"LogRetentionDays": days})
	}
	_, err := template.Read(root+"/template.yaml", template.Local{Stack: "lumo", Parameters: map[string]string{"LogRetentionDays": "31"}})
	if err == nil || !strings.Contains(err.Error(), "Resources.Logs.Properties.RetentionInDays: 31 is none of") {
		t.Errorf("31 days, which CloudWatch does not know: %v", err)
	}
	if !strings.Contains(read(t, "template.yaml"), "    LoggingConfig: { LogGroup: !Ref Logs }\n") {
		t.Error("template.yaml, Globals.Function: the log group is not named")
	}
}
