package contactsync

import (
	"cmp"
	"slices"
	"strings"

	"lumo/shared/changelog"
	"lumo/shared/friend"
	"lumo/shared/lineproperty"
	"lumo/shared/register"
)

// maxTags of a friend, as in package tag, which builds on this one.
const maxTags = 100

// observeTags merges what people did to the tags in HubSpot, where they may (P-46). Only the history tells whose each value was, and what an
// edit added and took away: its difference from the value before it. Tags that are not in use come back to nobody, however old the page was on
// which somebody chose them. need is the property whose history must be read first.
func observeTags(f *friend.Friend, c Contact, s Scope, now int64, cause string) (need string, changes []changelog.Record) {
	live, twoWay := s.TagsBack[f.Slot]
	p, known := s.Names[f.Slot][lineproperty.Tags]
	v, asked := c.Properties[p.Name]
	if !twoWay || !known || !asked || f.Link.State != friend.Linked {
		return "", nil
	}
	history, read := c.History[p.Name]
	if !read {
		held := ""
		if v != nil {
			held = *v
		}
		if c.UpdatedAt < f.ShownAsOf || p.canon()(held) == p.canon()(f.Shown[string(lineproperty.Tags)]) {
			return "", nil
		}
		return p.Name, nil
	}
	before := strings.Join(f.Tags, ";")
	at := mergeTags(f, history, max(f.TagsSeen, s.TagsSince, f.Link.Began()-linkSlack), live)
	if after := strings.Join(f.Tags, ";"); after != before {
		changes = append(changes, changelog.Record{
			Friend: f.Key, Contact: c.ID, Field: p.Name, To: register.Lumo, Old: before, New: after, Winner: register.HubSpot, Reason: register.NewerInHubSpot,
			Rule: register.NewestWins, HubSpotAt: at, Cause: cause, At: now,
		})
	}
	return "", changes
}

// mergeTags applies the edits of others since a time and returns when the last of them was.
func mergeTags(f *friend.Friend, history []register.Entry, since int64, live map[string]bool) (last int64) {
	history = slices.Clone(history)
	slices.SortStableFunc(history, func(a, b register.Entry) int { return cmp.Compare(a.At, b.At) })
	var was []string
	for _, e := range history {
		is := split(e.Value)
		if !e.Ours && e.At > since {
			for _, t := range is {
				if live[t] && !slices.Contains(was, t) && len(f.Tags) < maxTags {
					f.SetTag(t, true)
				}
			}
			for _, t := range was {
				if live[t] && !slices.Contains(is, t) {
					f.SetTag(t, false)
				}
			}
			last = e.At
		}
		was = is
		f.TagsSeen = max(f.TagsSeen, e.At)
	}
	return last
}

func split(value string) []string {
	return slices.DeleteFunc(strings.Split(value, ";"), func(s string) bool { return s == "" })
}

// TagProperties are those in which people may edit tags, so that changes of them must be told to us.
func (s Scope) TagProperties() []string {
	var out []string
	for slot := range s.TagsBack {
		if p, ok := s.Names[slot][lineproperty.Tags]; ok {
			out = append(out, p.Name)
		}
	}
	slices.Sort(out)
	return out
}
