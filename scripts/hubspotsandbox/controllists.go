package hubspotsandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// ListInfo is a list seen from outside.
type ListInfo struct {
	ID         int64     `json:"id"`
	Name       string    `json:"name"`
	ObjectType string    `json:"objectType"`
	Processing string    `json:"processingType"`
	Size       int       `json:"size"`
	Updated    time.Time `json:"updatedAt"`
	Deleted    bool      `json:"deleted"`
	Members    []int64   `json:"members,omitempty"`
}

// CreateList makes a static list, or with a filterBranch (HubSpot's own JSON) an active one.
func (s *Server) CreateList(portalID int64, object, name string, filterBranch json.RawMessage) (int64, error) {
	return s.NewList(portalID, object, name, "", filterBranch)
}

// NewList makes a list of any processing type; SNAPSHOT looks at its filters once. "" is static, or active where there are filters.
func (s *Server) NewList(portalID int64, object, name, processing string, filterBranch json.RawMessage) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, o, err := s.at(portalID, object)
	if err != nil {
		return 0, err
	}
	if processing == "" {
		if processing = "MANUAL"; len(filterBranch) > 0 {
			processing = "DYNAMIC"
		}
	}
	in := listInput{Name: name, TypeID: o.kind.TypeID, Processing: processing, Filter: filterBranch}
	x, ref := s.makeList(p, in, s.person(p, By{}), p.Users[0].ID)
	if ref != nil {
		return 0, ref
	}
	return x.ID, nil
}

// PropertyFilter is the filterBranch of an active list with one condition, e.g. "IS_KNOWN" or "IS_EQUAL_TO".
func PropertyFilter(property, operator string, values ...string) json.RawMessage {
	typ := "MULTISTRING"
	if len(values) == 0 {
		typ = "ALL_PROPERTY"
	}
	if values == nil {
		values = []string{}
	}
	op := map[string]any{"operationType": typ, "operator": operator, "values": values, "includeObjectsWithNoValueSet": false}
	if typ == "ALL_PROPERTY" {
		delete(op, "values")
	}
	and := map[string]any{"filterBranchType": "AND", "filterBranchOperator": "AND", "filterBranches": []any{},
		"filters": []any{map[string]any{"filterType": "PROPERTY", "property": property, "operation": op}}}
	b, err := json.Marshal(map[string]any{"filterBranchType": "OR", "filterBranchOperator": "OR", "filterBranches": []any{and}, "filters": []any{}})
	if err != nil {
		return nil
	}
	return b
}

func (s *Server) onList(portalID, listID int64, f func(*portal, *objects, *list) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[portalID]
	if p == nil {
		return fmt.Errorf("%w: portal %d", ErrNotFound, portalID)
	}
	x := p.Lists.get(strconv.FormatInt(listID, 10), false)
	if x == nil {
		return fmt.Errorf("%w: list %d of portal %d", ErrNotFound, listID, portalID)
	}
	s.changes++
	return f(p, p.Objects[kindOf(x.TypeID).Name], x)
}

// RestoreList brings a deleted list back.
func (s *Server) RestoreList(portalID, listID int64) error {
	return s.onPortal(portalID, func(p *portal) {
		if x := p.Lists.get(strconv.FormatInt(listID, 10), true); x != nil {
			x.Deleted = 0
		}
	})
}

// SetListLag is how long the index of lists takes to tell of changed members.
func (s *Server) SetListLag(portalID int64, lag time.Duration) error {
	return s.onPortal(portalID, func(p *portal) { p.Lists.Lag = lag.Milliseconds() })
}

// AddMembers puts records into a static list.
func (s *Server) AddMembers(portalID, listID int64, ids ...int64) error {
	return s.onList(portalID, listID, func(p *portal, o *objects, x *list) error {
		for _, id := range ids {
			r := o.find(id)
			if r == nil || r.Archived != 0 {
				return fmt.Errorf("%w: member %d", ErrNotFound, id)
			}
			s.listAdd(p, o, x, r.ID, s.person(p, By{}))
		}
		return nil
	})
}

// RemoveMembers takes records out of a static list.
func (s *Server) RemoveMembers(portalID, listID int64, ids ...int64) error {
	return s.onList(portalID, listID, func(p *portal, o *objects, x *list) error {
		for _, id := range ids {
			s.listRemove(p, o, x, id, s.person(p, By{}))
		}
		return nil
	})
}

// RenameList gives a list another name.
func (s *Server) RenameList(portalID, listID int64, name string) error {
	return s.onList(portalID, listID, func(_ *portal, _ *objects, x *list) error {
		x.Name, x.Updated, x.Version = name, s.now().UnixMilli(), x.Version+1
		return nil
	})
}

// DeleteList deletes a list.
func (s *Server) DeleteList(portalID, listID int64) error {
	return s.onList(portalID, listID, func(_ *portal, _ *objects, x *list) error {
		x.Deleted = s.now().UnixMilli()
		return nil
	})
}

// Lists returns all lists of a portal, deleted ones too; members only when asked for.
func (s *Server) Lists(portalID int64, members bool) ([]ListInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[portalID]
	if p == nil {
		return nil, fmt.Errorf("%w: portal %d", ErrNotFound, portalID)
	}
	var out []ListInfo
	for _, x := range p.Lists.List {
		info := ListInfo{ID: x.ID, Name: x.Name, ObjectType: kindOf(x.TypeID).Name, Processing: x.Processing, Size: len(x.Members),
			Updated: time.UnixMilli(x.Updated).UTC(), Deleted: x.Deleted != 0}
		if members {
			for _, m := range x.Members {
				info.Members = append(info.Members, m.ID)
			}
		}
		out = append(out, info)
	}
	return out, nil
}

// JournalFile is a published journal file, for the page that shows it and for tests.
type JournalFile struct {
	Offset    string            `json:"offset"`
	Published time.Time         `json:"publishedAt"`
	Events    []json.RawMessage `json:"journalEvents"`
}

// Journal returns what is readable now, oldest first.
func (s *Server) Journal() []JournalFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.publish()
	var out []JournalFile
	for _, f := range s.journal.Files {
		page := JournalFile{Offset: f.Offset, Published: time.UnixMilli(f.Published).UTC()}
		for _, e := range f.Events {
			b, err := json.Marshal(e)
			if err == nil {
				page.Events = append(page.Events, b)
			}
		}
		out = append(out, page)
	}
	return slices.Clip(out)
}
