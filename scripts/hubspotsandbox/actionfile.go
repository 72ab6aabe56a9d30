package hubspotsandbox

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// ActionField is an input of a workflow action. Its options are fixed, or fetched from OptionsURL.
type ActionField struct {
	Name       string   `json:"name"`
	Label      string   `json:"label"`
	Required   bool     `json:"required"`
	OptionsURL string   `json:"optionsUrl,omitempty"`
	Options    []Option `json:"options,omitempty"`
	// Needs is the field whose value goes along when options are fetched; "" sends none.
	Needs string `json:"needs,omitempty"`
}

// ActionFile is what one workflow-action metafile says. Only what it declares is ever called and sent.
type ActionFile struct {
	UID        string        `json:"uid"`
	Name       string        `json:"name"`
	URL        string        `json:"url"`
	Fields     []ActionField `json:"fields"`
	Properties []string      `json:"properties,omitempty"`
	Outputs    []string      `json:"outputs"`
	Rules      []ActionRule  `json:"rules"`
}

// ActionRule is a line of the workflow's history, shown where its conditions hold.
type ActionRule struct {
	Conditions map[string][]string `json:"conditions"`
	Text       string              `json:"text"`
}

// ReadActionFiles reads all workflow-action metafiles of a folder, their variables replaced.
func ReadActionFiles(dir string, vars map[string]string) ([]ActionFile, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*-hsmeta.json"))
	if err != nil {
		return nil, err
	}
	var out []ActionFile
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("workflow action: %w", err)
		}
		a, err := readAction([]byte(Expand(string(b), vars)))
		if err != nil {
			return nil, fmt.Errorf("workflow action %s: %w", name, err)
		}
		out = append(out, a)
	}
	return out, nil
}

func readAction(b []byte) (ActionFile, error) {
	type definition struct {
		Name       string   `json:"name"`
		OptionsURL string   `json:"optionsUrl"`
		Options    []Option `json:"options"`
	}
	var in struct {
		UID    string `json:"uid"`
		Config struct {
			URL    string `json:"actionUrl"`
			Inputs []struct {
				Definition definition `json:"typeDefinition"`
				Required   bool       `json:"isRequired"`
			} `json:"inputFields"`
			Dependencies []struct {
				Controlling string   `json:"controllingFieldName"`
				Dependent   []string `json:"dependentFieldNames"`
			} `json:"inputFieldDependencies"`
			Request struct {
				Properties []string `json:"properties"`
			} `json:"objectRequestOptions"`
			Outputs []struct {
				Definition definition `json:"typeDefinition"`
			} `json:"outputFields"`
			Rules []struct {
				Label      string         `json:"labelName"`
				Conditions map[string]any `json:"conditions"`
			} `json:"executionRules"`
			Labels map[string]struct {
				ActionName string            `json:"actionName"`
				Inputs     map[string]string `json:"inputFieldLabels"`
				Rules      map[string]string `json:"executionRules"`
			} `json:"labels"`
		} `json:"config"`
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return ActionFile{}, err
	}
	words := in.Config.Labels["en"]
	out := ActionFile{UID: in.UID, Name: words.ActionName, URL: in.Config.URL, Properties: in.Config.Request.Properties}
	for _, f := range in.Config.Inputs {
		d := f.Definition
		field := ActionField{Name: d.Name, Label: words.Inputs[d.Name], Required: f.Required, OptionsURL: d.OptionsURL, Options: d.Options}
		for _, dep := range in.Config.Dependencies {
			if slices.Contains(dep.Dependent, d.Name) {
				field.Needs = dep.Controlling
			}
		}
		out.Fields = append(out.Fields, field)
	}
	for _, o := range in.Config.Outputs {
		out.Outputs = append(out.Outputs, o.Definition.Name)
	}
	for _, r := range in.Config.Rules {
		rule := ActionRule{Conditions: map[string][]string{}, Text: words.Rules[r.Label]}
		for name, v := range r.Conditions {
			switch v := v.(type) {
			case string:
				rule.Conditions[name] = []string{v}
			case []any:
				for _, one := range v {
					rule.Conditions[name] = append(rule.Conditions[name], fmt.Sprint(one))
				}
			}
		}
		out.Rules = append(out.Rules, rule)
	}
	return out, nil
}

// words are those of the first rule that holds.
func (a ActionFile) words(outputs map[string]string) string {
	for _, r := range a.Rules {
		holds := true
		for name, values := range r.Conditions {
			holds = holds && slices.Contains(values, outputs[name])
		}
		if holds {
			return r.Text
		}
	}
	return ""
}
