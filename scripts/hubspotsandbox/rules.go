package hubspotsandbox

import (
	"fmt"
	"regexp"
	"strings"
)

// Rule is one of the portal admin's own rules, enforced on writes through 2026-09 and by HubSpot's own pages, not through 2026-03.
type Rule struct {
	Object   string `json:"object"`   // contacts or companies
	Property string `json:"property"` // the property that the rule is about
	// OnCreate requires the property when a record is made.
	OnCreate bool `json:"onCreate,omitempty"`
	// When and Equals require the property while another one has this value.
	When   string `json:"when,omitempty"`
	Equals string `json:"equals,omitempty"`
	// Pattern refuses values that do not match.
	Pattern string `json:"pattern,omitempty"`
}

// broken checks the rules against the record as it would be after the write.
func (p *portal) broken(o *objects, r *record, in []change) []propertyError {
	var errs []propertyError
	after := func(name string) string {
		for _, c := range in {
			if c.prop.Name == name {
				return c.value
			}
		}
		prop := o.prop(name)
		if r == nil || prop == nil {
			return ""
		}
		v, _ := current(r.Vers, prop.idx)
		return v
	}
	touched := func(name string) bool {
		for _, c := range in {
			if c.prop.Name == name {
				return true
			}
		}
		return false
	}
	for _, rule := range p.Rules {
		if kindOf(rule.Object) != o.kind {
			continue
		}
		v := after(rule.Property)
		switch {
		case rule.OnCreate && r == nil && v == "":
			errs = append(errs, propertyError{rule.Property, "MISSING_REQUIRED_PROPERTY",
				fmt.Sprintf("Some required properties were not set: %s", rule.Property)})
		case rule.When != "" && (touched(rule.When) || touched(rule.Property)) && strings.EqualFold(after(rule.When), rule.Equals) && v == "":
			errs = append(errs, propertyError{rule.Property, "MISSING_CONDITIONAL_REQUIRED_PROPERTY",
				fmt.Sprintf("%s is required when %s is %s", rule.Property, rule.When, rule.Equals)})
		case rule.Pattern != "" && touched(rule.Property) && v != "":
			re, err := regexp.Compile(rule.Pattern)
			if err == nil && !re.MatchString(v) {
				errs = append(errs, propertyError{rule.Property, "INVALID_VALUE", fmt.Sprintf("%s does not follow this account's rule for the property", rule.Property)})
			}
		}
	}
	return errs
}
