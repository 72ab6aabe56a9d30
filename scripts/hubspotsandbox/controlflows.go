package hubspotsandbox

// flowControls are the HTTP side of workflows.
func (s *Server) flowControls(handle handleFunc) {
	put(handle, "PUT /_sandbox/workflows", func(_ control, in FlowSettings) (any, error) {
		s.SetFlows(in)
		return nil, nil
	})
	handle("GET /_sandbox/workflow-actions", func(control) (any, error) { return s.cfg.Actions, nil })
	put(handle, "POST /_sandbox/portals/{p}/workflows", func(c control, in Flow) (any, error) {
		id, err := s.MakeFlow(c.portal(), in)
		return map[string]int64{"id": id}, err
	})
	handle("GET /_sandbox/portals/{p}/workflows/{id}", func(c control) (any, error) {
		return s.FlowStats(c.portal(), c.number("id")), nil
	})
	handle("GET /_sandbox/portals/{p}/workflows/{id}/enrolments", func(c control) (any, error) {
		return s.Enrolments(c.portal(), c.number("id")), nil
	})
	type enroll struct {
		Contacts []int64 `json:"contacts"`
	}
	put(handle, "POST /_sandbox/portals/{p}/workflows/{id}/enroll", func(c control, in enroll) (any, error) {
		return nil, s.Enroll(c.portal(), c.number("id"), in.Contacts...)
	})
	type ask struct {
		Action string            `json:"action"`
		Field  string            `json:"field"`
		Chosen map[string]string `json:"chosen"`
		Typed  string            `json:"q"`
		After  string            `json:"after"`
	}
	put(handle, "POST /_sandbox/portals/{p}/workflow-options", func(c control, in ask) (any, error) {
		return s.FetchOptions(c.portal(), in.Action, in.Field, in.Chosen, in.Typed, in.After)
	})
}
