package hubspotsandbox

import "slices"

// Name is a record as a pick list shows it.
type Name struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Note string `json:"note"` // e-mail of a contact, domain of a company
}

const mostNames = 50

// Names finds live records by a part of what people search them by, in the order of their ids; at most 50. Records in which any of has is
// set come first.
func (s *Server) Names(portalID int64, object, query string, has []string) ([]Name, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, o, err := s.at(portalID, object)
	if err != nil {
		return nil, err
	}
	note := "email"
	if o.kind == companyKind {
		note = "domain"
	}
	first, rest := []Name{}, []Name{}
	for _, r := range o.Recs {
		if r.Gone || r.Archived != 0 || query != "" && !o.mentions(r.live(), query) {
			continue
		}
		list := &rest
		if slices.ContainsFunc(has, func(name string) bool { return s.plain(p, o, r, name) != "" }) {
			list = &first
		}
		if len(*list) < mostNames {
			*list = append(*list, Name{r.ID, s.nameOf(p, o.kind, r.ID), s.plain(p, o, r, note)})
		}
		if len(first) == mostNames {
			break
		}
	}
	all := append(first, rest...)
	return all[:min(len(all), mostNames)], nil
}
