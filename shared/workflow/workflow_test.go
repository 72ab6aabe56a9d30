package workflow_test

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"lumo/shared/workflow"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func body(more string) []byte {
	return []byte(`{"callbackId":"ap-7-1","origin":{"portalId":7,"actionDefinitionId":9},"object":{"objectId":501,"objectType":"CONTACT","properties":{"line_consent":"granted","x":null}},` +
		`"inputFields":{"oa":1,"text_1":"hi","flag":true,"empty":null}` + more + `}`)
}

// What workflows branch on is documented.
func TestOutputsAreDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/workflows.md")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile("execution.go")
	if err != nil {
		t.Fatal(err)
	}
	words := regexp.MustCompile("(?m)(?:Status|Reason[A-Za-z]+) += \"([A-Za-z_]+)\"").FindAllStringSubmatch(string(code), -1)
	for _, w := range words {
		if !strings.Contains(string(doc), "`"+w[1]+"`") {
			t.Errorf("docs/workflows.md does not name %s", w[1])
		}
	}
	if len(words) < 30 {
		t.Errorf("only %d words found", len(words))
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	named := `,"context":{"source":"WORKFLOWS","workflowId":5,"actionId":3,"actionExecutionIndexIdentifier":{"enrollmentId":8,"actionExecutionIndex":0}}`
	c, err := workflow.Parse(workflow.SendMessage, body(named), noon)
	if err != nil || c.Portal != 7 || c.Contact != 501 || c.Workflow != "5" || !c.Exact || c.Inputs["oa"] != "1" || c.Inputs["flag"] != "true" || len(c.Inputs) != 3 || c.Properties["line_consent"] != "granted" || len(c.Properties) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	steps := map[string]bool{c.Step: true}
	for _, other := range []string{
		strings.Replace(named, `"enrollmentId":8`, `"enrollmentId":9`, 1), strings.Replace(named, `"actionExecutionIndex":0`, `"actionExecutionIndex":1`, 1),
		strings.Replace(named, `"actionId":3`, `"actionId":4`, 1), `,"context":{"workflowId":5}`, `,"context":{"workflowId":6}`, "",
	} {
		c, err := workflow.Parse(workflow.SendMessage, body(other), noon)
		if err != nil || steps[c.Step] {
			t.Errorf("%s: %+v, %v", other, c, err)
		}
		steps[c.Step] = true
	}
	for bad, want := range map[string]error{
		`{`: workflow.ErrBody, `[]`: workflow.ErrBody, `{}`: workflow.ErrBody,
		strings.Replace(string(body("")), "ap-7-1", "ap 7", 1):                            workflow.ErrBody,
		strings.Replace(string(body("")), "ap-7-1", "ap#7", 1):                            workflow.ErrBody,
		strings.Replace(string(body("")), "501", `"x"`, 1):                                workflow.ErrBody,
		strings.Replace(string(body("")), `"portalId":7`, `"portalId":0`, 1):              workflow.ErrBody,
		strings.Replace(string(body("")), "CONTACT", "DEAL", 1):                           workflow.ErrObject,
		strings.Replace(string(body("")), `"hi"`, `["hi"]`, 1):                            workflow.ErrFields,
		strings.Replace(string(body("")), `"hi"`, `"`+strings.Repeat("x", 20_001)+`"`, 1): workflow.ErrFields,
	} {
		if _, err := workflow.Parse(workflow.SendMessage, []byte(bad), noon); !errors.Is(err, want) {
			t.Errorf("%.60s: %v, not %v", bad, err, want)
		}
	}
}

func TestQuietHoursEndInTheMorningOfTheZone(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		out, err := time.ParseInLocation("2006-01-02 15:04", s, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	night, lunch := workflow.DefaultQuiet, workflow.Quiet{From: 12 * 60, To: 13*60 + 30}
	for _, c := range []struct {
		q        workflow.Quiet
		now, end string
	}{
		{night, "2026-11-23 20:59", ""}, {night, "2026-11-23 21:00", "2026-11-24 08:00"}, {night, "2026-11-24 07:59", "2026-11-24 08:00"}, {night, "2026-11-24 08:00", ""},
		{night, "2026-10-24 22:00", "2026-10-25 08:00"}, // summer time ends in that night
		{lunch, "2026-11-23 12:00", "2026-11-23 13:30"}, {lunch, "2026-11-23 13:30", ""}, {workflow.Quiet{From: 60, To: 60}, "2026-11-23 01:00", ""},
	} {
		end, ok := c.q.Until(at(c.now).UTC(), berlin)
		if ok != (c.end != "") || ok && !end.Equal(at(c.end)) {
			t.Errorf("%+v at %s: %s, %v", c.q, c.now, end, ok)
		}
	}
	for _, bad := range []workflow.Quiet{{From: -1}, {To: 1440}} {
		if bad.Check() == nil {
			t.Errorf("%+v passes", bad)
		}
	}
}

func TestWhichCallsAreOneExecution(t *testing.T) {
	t.Parallel()
	call := func(callback string, at time.Duration, exact bool) workflow.Call {
		return workflow.Call{Portal: 7, Step: "s", Callback: callback, Exact: exact, At: noon.Add(at).UnixMilli()}
	}
	e := workflow.NewExecution(call("a", 0, false))
	if !e.Same(call("b", time.Minute, false)) {
		t.Error("a call without an answer to the former is another execution")
	}
	e.TellingAt = noon.Add(time.Minute).UnixMilli()
	if e.Same(call("b", 2*time.Minute, false)) || !e.Same(call("b", time.Minute, false)) || !e.Same(call("b", 2*time.Minute, true)) {
		t.Error("the time of the answer does not decide, or decides where HubSpot names the enrolment")
	}
	if next, changed := e.Heard(call("a", 0, false)); changed || len(next.Waiting()) != 1 {
		t.Error("a second delivery of one call changes something")
	}
	e.Call.Inputs, e.Call.Properties = map[string]string{"oa": "1", "text_1": "secret"}, map[string]string{"email": "a@b.c"}
	e = e.Decided(workflow.Sent, "", noon).Told([]string{"a"}, noon)
	if len(e.Waiting()) != 0 || e.Due != 0 || len(e.Call.Inputs) != 1 || e.Call.Properties != nil {
		t.Errorf("%+v", e)
	}
	if next, changed := e.Heard(call("a", time.Second, false)); !changed || len(next.Waiting()) != 1 || next.Status != workflow.Sent {
		t.Errorf("a call made again is not answered again: %+v", next)
	}
	next, _ := e.Heard(call("b", time.Second, false))
	if w := next.Waiting(); len(w) != 1 || w[0] != "b" || len(e.Waiting()) != 0 {
		t.Errorf("waiting %v", w)
	}
}
