// Package architecture writes docs/architecture.md out of template.yaml, so that the picture is that of what is deployed.
package architecture

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lumo/scripts/iam"
	"lumo/scripts/localcloud/template"
)

const head = `# Architecture

Made from template.yaml by %smake diagram%s. Every function is one Go program in functions/, started by requests, queues or the minute tick, and may touch only what its row says.
CloudFront stands before the HTTP API. Work that must not be lost goes through a queue; what fails too often becomes a dead letter, and DeadLetters files it for its
portal. One DynamoDB table holds everything, and what must reach HubSpot is marked on the row in the same write as the change, so that a process may die anywhere
([README](../README.md), "What it promises"). [CONTRIBUTING](../CONTRIBUTING.md) follows one value through the code.

%smermaid
flowchart LR
  outside(["HubSpot, LINE, browsers"]) --> api["CloudFront, HTTP API"]
`

// Page is docs/architecture.md.
func Page(root string) (string, error) {
	b, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		return "", err
	}
	grants, err := iam.ReadGrants(b)
	if err != nil {
		return "", err
	}
	system, err := template.Parse(b, template.Local{Stack: "lumo", SQS: "https://sqs"})
	if err != nil {
		return "", err
	}
	var s strings.Builder
	fmt.Fprintf(&s, head, "`", "`", "```")
	diagram(&s, system, grants)
	s.WriteString("```\n\n| function | begins at | sends to | touches | memory | at most |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, f := range system.Functions {
		g := grants[filepath.Base(f.Code)]
		fmt.Fprintf(&s, "| [%s](../%s) | %s | %s | %s | %d MB | %d s |\n", f.ID, f.Code, strings.Join(starts(system, f), ", "), strings.Join(sends(system, g), ", "),
			strings.Join(touches(g), ", "), f.Memory, int(f.Timeout.Seconds()))
	}
	return s.String(), nil
}

func diagram(s *strings.Builder, system *template.System, grants map[string]iam.Grants) {
	for _, q := range system.Queues {
		if !dead(system, q) {
			fmt.Fprintf(s, "  %s[/%s/]\n", q.ID, q.ID)
		}
	}
	for _, f := range system.Functions {
		name := "f" + f.ID
		fmt.Fprintf(s, "  %s[\"%s\"]\n", name, f.ID)
		if len(f.Routes) > 0 {
			fmt.Fprintf(s, "  api --> %s\n", name)
		}
		for range f.Schedules {
			fmt.Fprintf(s, "  tick((\"every minute\")) --> %s\n", name)
		}
		letters := false
		for _, src := range f.Sources {
			q, _ := system.Queue(src.Queue)
			if dead(system, q) {
				letters = true
				continue
			}
			fmt.Fprintf(s, "  %s --> %s\n", q.ID, name)
		}
		if letters {
			fmt.Fprintf(s, "  letters[/\"dead letters of each queue\"/] --> %s\n", name)
		}
		for _, q := range sends(system, grants[filepath.Base(f.Code)]) {
			fmt.Fprintf(s, "  %s -.-> %s\n", name, q)
		}
	}
}

func dead(system *template.System, q template.Queue) bool {
	return slices.ContainsFunc(system.Queues, func(x template.Queue) bool { return x.DeadLetter == q.Name })
}

// starts are the routes, queues and schedules of a function.
func starts(system *template.System, f template.Function) []string {
	var out []string
	for _, r := range f.Routes {
		out = append(out, "`"+r.Key()+"`")
	}
	letters := false
	for _, src := range f.Sources {
		if q, _ := system.Queue(src.Queue); !dead(system, q) {
			out = append(out, q.ID)
		} else if !letters {
			letters = true
			out = append(out, "dead letters of each queue")
		}
	}
	for _, x := range f.Schedules {
		out = append(out, "`"+x.Expression+"`")
	}
	return out
}

func sends(system *template.System, g iam.Grants) []string {
	var out []string
	for _, q := range system.Queues {
		if slices.Contains(g.Allowed["sqs:SendMessage"], q.ID+".Arn") {
			out = append(out, q.ID)
		}
	}
	return out
}

// touches are the other services, with what is done there.
func touches(g iam.Grants) []string {
	var out []string
	for _, x := range []struct{ prefix, name string }{{"dynamodb:", "table"}, {"s3:", "bucket"}, {"kms:", "key"}, {"ses:", "mail"}} {
		var actions []string
		for action := range g.Allowed {
			if what, ok := strings.CutPrefix(action, x.prefix); ok {
				actions = append(actions, what)
			}
		}
		slices.Sort(actions)
		if len(actions) > 0 {
			out = append(out, x.name+" ("+strings.Join(actions, " ")+")")
		}
	}
	return out
}
