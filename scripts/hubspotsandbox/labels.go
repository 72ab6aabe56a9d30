package hubspotsandbox

import (
	"strconv"
	"strings"
)

// batchArchiveLabels removes the given labels only; taking the unlabelled type away removes the whole association.
func (s *Server) batchArchiveLabels(c *call) reply {
	_, errs, bad := s.eachLink(c, func(x linkInput, a, b *record) ([]any, *refusal) {
		l := c.linkOf(a, b)
		if l == nil {
			return nil, nil
		}
		for _, t := range x.Types {
			switch t.TypeID {
			case contactToCompany, companyToContact:
				s.unlink(c.portal, l, s.writer(c))
				return nil, nil
			case contactToPrimary, primaryToContact:
				if l.Primary {
					l.Primary = false
					s.emitLink(c.portal, l, true, true, s.writer(c))
				}
			default:
				if n := c.portal.Links.custom(c.objects.kind, t.TypeID); n != nil {
					l.Labels = without(l.Labels, n.ToCompany)
				}
			}
		}
		s.changes++
		s.noteLink(c, "unlabel", a, b)
		return nil, nil
	})
	if bad != nil {
		return *bad
	}
	return c.batchReply(200, []any{}, errs)
}

func without(list []int, n int) []int {
	var out []int
	for _, x := range list {
		if x != n {
			out = append(out, x)
		}
	}
	return out
}

func (s *Server) listLabels(c *call) reply {
	if _, _, bad := c.pair("", ""); bad != nil {
		return *bad
	}
	all := &link{Primary: true}
	for _, l := range c.portal.Links.Labels {
		all.Labels = append(all.Labels, l.ToCompany)
	}
	return reply{status: 200, body: map[string]any{"results": c.portal.Links.types(c.objects.kind, all)}}
}

func (s *Server) postLabel(c *call) reply {
	var in struct {
		Name    string `json:"name"`
		Label   string `json:"label"`
		Inverse string `json:"inverseLabel"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if _, _, bad := c.pair("", ""); bad != nil {
		return *bad
	}
	if strings.TrimSpace(in.Label) == "" || in.Name == "" {
		return c.fail(400, "VALIDATION_ERROR", "a label needs a name and a label")
	}
	links := &c.portal.Links
	n := 1000 + 2*len(links.Labels)
	l := label{in.Name, in.Label, in.Inverse, n, n + 1}
	if c.objects.kind == companyKind {
		l.ToContact, l.ToCompany = n, n+1
		if in.Inverse != "" {
			l.Label, l.Inverse = in.Inverse, in.Label
		}
	}
	links.Labels = append(links.Labels, l)
	s.changes++
	s.note(c, Write{Action: "label.create", Object: c.objects.kind.Name, ID: in.Name})
	return reply{status: 200, body: map[string]any{"results": []any{map[string]any{"category": "USER_DEFINED", "typeId": n, "label": in.Label},
		map[string]any{"category": "USER_DEFINED", "typeId": n + 1, "label": in.Inverse}}}}
}

func (s *Server) deleteLabel(c *call) reply {
	id, _ := strconv.Atoi(c.path("id"))
	links := &c.portal.Links
	for i, l := range links.Labels {
		if l.ToCompany == id || l.ToContact == id {
			links.Labels = append(links.Labels[:i:i], links.Labels[i+1:]...)
			s.changes++
			return reply{status: 204}
		}
	}
	return c.notFound()
}
