package hubspotsandbox

import "fmt"

func (g *group) body() map[string]any {
	return map[string]any{"name": g.Name, "label": g.Label, "displayOrder": g.Order, "archived": g.Archived}
}

func (s *Server) listGroups(c *call) reply {
	results := []any{}
	for _, g := range c.objects.Groups {
		if !g.Archived {
			results = append(results, g.body())
		}
	}
	return reply{status: 200, body: map[string]any{"results": results}}
}

func (s *Server) getGroup(c *call) reply {
	if g := c.objects.group(c.path("name")); g != nil {
		return reply{status: 200, body: g.body()}
	}
	return c.notFound()
}

type groupInput struct {
	Name  string  `json:"name"`
	Label *string `json:"label"`
	Order *int    `json:"displayOrder"`
}

func (s *Server) postGroup(c *call) reply {
	var in groupInput
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if !namePattern.MatchString(in.Name) || deref(in.Label) == "" {
		return c.fail(400, "VALIDATION_ERROR", "A group needs a label and a name of lower case letters, digits and underscores")
	}
	if c.objects.group(in.Name) != nil {
		return c.sub(409, "OBJECT_ALREADY_EXISTS", "PropertyGroupError.PROPERTY_GROUP_ALREADY_EXISTS", fmt.Sprintf("A property group named '%s' already exists.", in.Name))
	}
	g := &group{Name: in.Name, Label: *in.Label, Order: deref(in.Order)}
	c.objects.Groups = append(c.objects.Groups, g)
	s.changes++
	s.note(c, Write{Action: "group.create", Object: c.objects.kind.Name, ID: g.Name})
	return reply{status: 201, body: g.body()}
}

func (s *Server) patchGroup(c *call) reply {
	var in groupInput
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	g := c.objects.group(c.path("name"))
	if g == nil {
		return c.notFound()
	}
	if in.Label != nil {
		g.Label = *in.Label
	}
	if in.Order != nil {
		g.Order = *in.Order
	}
	s.changes++
	s.note(c, Write{Action: "group.update", Object: c.objects.kind.Name, ID: g.Name})
	return reply{status: 200, body: g.body()}
}

func (s *Server) deleteGroup(c *call) reply {
	g := c.objects.group(c.path("name"))
	if g == nil {
		return c.notFound()
	}
	for _, p := range c.objects.Props {
		if p.Group == g.Name && p.ArchivedAt == 0 {
			return c.fail(400, "VALIDATION_ERROR", "The group still has properties")
		}
	}
	g.Archived = true
	s.changes++
	s.note(c, Write{Action: "group.archive", Object: c.objects.kind.Name, ID: g.Name})
	return reply{status: 204}
}
