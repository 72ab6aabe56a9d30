package template

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// functionProperties are those of AWS::Serverless::Function and of Globals.Function. The last group means nothing locally: nobody
// checks permissions there, and logs go to the terminal.
type functionProperties struct {
	CodeUri, Runtime, Handler string
	Architectures             []string
	MemorySize, Timeout       int
	Environment               struct{ Variables map[string]any }
	Events                    map[string]struct {
		Type       string
		Properties any
	}
	ReservedConcurrentExecutions count

	FunctionName, Description, Policies, Role, PermissionsBoundary, LoggingConfig, Tracing, Tags, AutoPublishAlias, AutoPublishAliasAllProperties any
}

func (r *resolver) globals(n *yaml.Node) (functionProperties, error) {
	var p functionProperties
	sections, err := fields(n, "Globals")
	if err != nil {
		return p, err
	}
	for name, node := range sections {
		if name != "Function" {
			return p, at(node, "Globals."+name, "section is not understood")
		}
		v, err := r.value(node, "Globals.Function")
		if err != nil {
			return p, err
		}
		if err := decode(node, "Globals.Function", v, &p); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (r *resolver) function(s *System, x *resource, globals functionProperties, v any, n *yaml.Node, path string) error {
	p := globals
	p.Environment.Variables = maps.Clone(globals.Environment.Variables)
	if err := decode(n, path, v, &p); err != nil { // what the function has replaces what Globals has; variables are merged
		return err
	}
	switch {
	case p.CodeUri == "":
		return at(n, path, "has no CodeUri")
	case p.Runtime != "provided.al2023":
		return at(n, path, "the runtime %q is not understood", p.Runtime)
	case p.Handler != "bootstrap":
		return at(n, path, "the handler %q is not understood", p.Handler)
	}
	f := Function{
		ID: x.id, Name: x.name, Code: p.CodeUri, Memory: p.MemorySize, Timeout: time.Duration(p.Timeout) * time.Second,
		Reserved: int(p.ReservedConcurrentExecutions), Environment: map[string]string{},
	}
	if f.Memory == 0 {
		f.Memory = 128
	}
	if f.Timeout == 0 {
		f.Timeout = 3 * time.Second
	}
	for name, value := range p.Environment.Variables {
		f.Environment[name] = fmt.Sprint(value)
	}
	events := map[string]*yaml.Node{}
	if own, err := fields(n, path); err == nil && own["Events"] != nil {
		events, _ = fields(own["Events"], path)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Events)) {
		e := p.Events[name]
		where := n
		if events[name] != nil {
			where = events[name]
		}
		if err := f.event(name, e.Type, e.Properties, where, path+".Events."+name); err != nil {
			return err
		}
	}
	s.Functions = append(s.Functions, f)
	return nil
}

func (f *Function) event(name, kind string, v any, n *yaml.Node, path string) error {
	switch kind {
	case "HttpApi":
		return f.route(name, v, n, path)
	case "SQS":
		return f.source(name, v, n, path)
	case "Schedule":
		var p struct {
			Schedule, Input, Name, Description string
			Enabled                            *bool
		}
		if err := decode(n, path, v, &p); err != nil {
			return err
		}
		if p.Enabled == nil || *p.Enabled {
			f.Schedules = append(f.Schedules, Schedule{Event: name, Expression: p.Schedule, Input: p.Input})
		}
		return nil
	case "ScheduleV2":
		var p struct{ ScheduleExpression, ScheduleExpressionTimezone, Input, Name, Description, State string }
		if err := decode(n, path, v, &p); err != nil {
			return err
		}
		if p.State != "DISABLED" {
			f.Schedules = append(f.Schedules, Schedule{name, p.ScheduleExpression, p.ScheduleExpressionTimezone, p.Input})
		}
		return nil
	}
	return at(n, path, "the event type %s is not understood", kind)
}

func (f *Function) route(name string, v any, n *yaml.Node, path string) error {
	var p struct {
		ApiId                              any
		Method, Path, PayloadFormatVersion string
	}
	if err := decode(n, path, v, &p); err != nil {
		return err
	}
	if p.PayloadFormatVersion != "" && p.PayloadFormatVersion != "2.0" {
		return at(n, path, "payload format %s is not understood", p.PayloadFormatVersion)
	}
	if p.Path == "" {
		p.Path = "$default"
	}
	method := strings.ToUpper(p.Method)
	if method == "" || method == "X-AMAZON-APIGATEWAY-ANY-METHOD" {
		method = "ANY"
	}
	f.Routes = append(f.Routes, Route{name, method, p.Path})
	return nil
}

func (f *Function) source(name string, v any, n *yaml.Node, path string) error {
	p := struct {
		Queue                                     string
		BatchSize, MaximumBatchingWindowInSeconds int
		FunctionResponseTypes                     []string
		ScalingConfig                             struct{ MaximumConcurrency int }
		Enabled                                   *bool
	}{BatchSize: 10}
	if err := decode(n, path, v, &p); err != nil {
		return err
	}
	s := Source{
		Event: name, Queue: p.Queue[strings.LastIndexByte(p.Queue, ':')+1:], BatchSize: p.BatchSize,
		Window: time.Duration(p.MaximumBatchingWindowInSeconds) * time.Second, MaxConcurrency: p.ScalingConfig.MaximumConcurrency,
	}
	for _, t := range p.FunctionResponseTypes {
		if t != "ReportBatchItemFailures" {
			return at(n, path, "the response type %s is not understood", t)
		}
		s.ReportItems = true
	}
	if p.Enabled == nil || *p.Enabled {
		f.Sources = append(f.Sources, s)
	}
	return nil
}

// count is a number; parameters are texts, which CloudFormation takes for numbers as well.
type count int

func (c *count) UnmarshalJSON(b []byte) error {
	n, err := strconv.Atoi(strings.Trim(string(b), `"`))
	if err != nil || n < 0 {
		return fmt.Errorf("%s is no count", b)
	}
	*c = count(n)
	return nil
}
