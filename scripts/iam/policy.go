package iam

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Grants are what the template allows a function: resources, as they are written there, by action.
type Grants struct {
	ID      string // logical id of the function
	Allowed map[string][]string
}

// ReadGrants reads the policies of every function of a SAM template, by the last element of its CodeUri. Statements must be simple: Allow,
// without wildcards in actions and without conditions.
func ReadGrants(template []byte) (map[string]Grants, error) {
	var t struct {
		Resources map[string]struct {
			Type       string    `yaml:"Type"`
			Properties yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(template, &t); err != nil {
		return nil, err
	}
	out := map[string]Grants{}
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		r := t.Resources[id]
		if r.Type != "AWS::Serverless::Function" {
			continue
		}
		var p struct {
			CodeUri  string `yaml:"CodeUri"`
			Policies []struct {
				Statement []statement `yaml:"Statement"`
			} `yaml:"Policies"`
		}
		if err := r.Properties.Decode(&p); err != nil {
			return nil, fmt.Errorf("template.yaml, %s: %w", id, err)
		}
		g := Grants{id, map[string][]string{}}
		for _, policy := range p.Policies {
			for _, s := range policy.Statement {
				if err := s.into(g.Allowed); err != nil {
					return nil, fmt.Errorf("template.yaml, %s: %w", id, err)
				}
			}
		}
		out[path.Base(p.CodeUri)] = g
	}
	return out, nil
}

type statement struct {
	Effect    string    `yaml:"Effect"`
	Action    yaml.Node `yaml:"Action"`
	Resource  yaml.Node `yaml:"Resource"`
	Condition yaml.Node `yaml:"Condition"`
}

func (s statement) into(allowed map[string][]string) error {
	if s.Effect != "Allow" || !s.Condition.IsZero() {
		return fmt.Errorf("line %d: only plain Allow statements are understood", s.Action.Line)
	}
	for _, action := range texts(s.Action) {
		if strings.Contains(action, "*") {
			return fmt.Errorf("line %d: %s names no single action", s.Action.Line, action)
		}
		allowed[action] = append(allowed[action], texts(s.Resource)...)
	}
	return nil
}

// texts are the scalars of a value or list; of intrinsic functions their argument.
func texts(n yaml.Node) []string {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var out []string
	for _, c := range n.Content {
		out = append(out, texts(*c)...)
	}
	return out
}
