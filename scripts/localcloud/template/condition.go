package template

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// condition evaluates the condition called name.
func (r *resolver) condition(name string, n *yaml.Node, path string) (bool, error) {
	c := r.conditions[name]
	if c == nil {
		return false, at(n, path, "there is no condition %q", name)
	}
	return r.holds(c, "Conditions."+name)
}

func (r *resolver) holds(n *yaml.Node, path string) (bool, error) {
	name, arg, ok := intrinsic(n)
	if !ok && n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Value == "Condition" {
		name, arg, ok = "Condition", n.Content[1], true
	}
	switch {
	case ok && name == "Condition":
		return r.condition(arg.Value, arg, path)
	case ok && name == "Equals" && len(arg.Content) == 2:
		v, err := r.value(arg, path)
		if err != nil {
			return false, err
		}
		l := v.([]any)
		return fmt.Sprint(l[0]) == fmt.Sprint(l[1]), nil
	case ok && name == "Not" && len(arg.Content) == 1:
		holds, err := r.holds(arg.Content[0], path)
		return !holds, err
	case ok && (name == "And" || name == "Or"):
		for _, c := range arg.Content {
			if holds, err := r.holds(c, path); err != nil || holds == (name == "Or") {
				return holds, err
			}
		}
		return name == "And", nil
	}
	return false, at(n, path, "the condition is not understood")
}
