package hubspotsandbox

import (
	"slices"
	"time"
)

// AppEvent is a line that the app put on a contact's timeline. Real HubSpot takes them only from apps that it approved.
type AppEvent struct {
	Type       string            `json:"eventTypeName"`
	ID         string            `json:"id"`
	Contact    string            `json:"objectId"`
	At         time.Time         `json:"timestamp"`
	Properties map[string]string `json:"properties"`
}

var appEventRoutes = []route{
	{pattern: "POST /integrators/timeline/{v}/events", scopes: []string{"timeline"}, handle: (*Server).postAppEvent},
	{pattern: "POST /integrators/timeline/{v}/events/batch", scopes: []string{"timeline"}, handle: (*Server).postAppEvents},
}

func (s *Server) postAppEvent(c *call) reply {
	var in AppEvent
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if bad := s.addAppEvents(c, []AppEvent{in}); bad != nil {
		return *bad
	}
	return reply{status: 201, body: in}
}

func (s *Server) postAppEvents(c *call) reply {
	var in struct {
		Inputs []AppEvent `json:"inputs"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if bad := s.addAppEvents(c, in.Inputs); bad != nil {
		return *bad
	}
	now := iso(s.now().UnixMilli())
	return reply{status: 200, body: map[string]any{"status": "COMPLETE", "results": in.Inputs, "startedAt": now, "completedAt": now}}
}

// addAppEvents takes all or nothing: an id that is there already refuses the batch.
func (s *Server) addAppEvents(c *call, in []AppEvent) *reply {
	kept := s.appEvents[c.portal.ID]
	for _, e := range in {
		if e.Type == "" || e.ID == "" || e.Properties == nil || e.Contact == "" {
			bad := c.fail(400, "VALIDATION_ERROR", "Invalid input JSON: required fields 'eventTypeName', 'id' and 'properties', and whom it is about")
			return &bad
		}
		if slices.ContainsFunc(kept, func(k AppEvent) bool { return k.ID == e.ID }) {
			bad := c.fail(409, "CONFLICT", "An event with this id exists already")
			return &bad
		}
	}
	s.appEvents[c.portal.ID] = append(kept, in...)
	return nil
}

// AppEvents lists what the app put on the timelines of a portal, in order.
func (s *Server) AppEvents(portal int64) []AppEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.appEvents[portal])
}
