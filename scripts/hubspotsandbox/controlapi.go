package hubspotsandbox

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// control is the HTTP side of the methods of Server, for tests of whole processes, for benchmarks and for people with curl. Bodies and answers
// are JSON; the package comment lists the paths.
type control struct {
	s *Server
	w http.ResponseWriter
	r *http.Request
}

// portal reads {p}; 0 when it is absent.
func (c control) portal() int64 { return c.number("p") }

func (c control) number(name string) int64 {
	n, _ := strconv.ParseInt(c.r.PathValue(name), 10, 64)
	return n
}

// body decodes the request; an empty body leaves the zero value.
func body[T any](c control) (T, error) {
	var v T
	dec := json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, 64<<20))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil && c.r.ContentLength != 0 {
		return v, err
	}
	return v, nil
}

func (c control) answer(v any, err error) {
	status := http.StatusOK
	if err != nil {
		status, v = http.StatusBadRequest, map[string]string{"error": err.Error()}
		if errors.Is(err, ErrNotFound) {
			status = http.StatusNotFound
		}
	}
	if v == nil {
		v = map[string]bool{"ok": true}
	}
	write(c.w, reply{status: status, body: v})
}

func (s *Server) controlRoutes(mux *http.ServeMux) {
	handle := func(pattern string, f func(c control) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			c := control{s, w, r}
			c.answer(f(c))
		})
	}
	s.portalControls(handle)
	s.recordControls(handle)
	s.listControls(handle)
	s.inboxControls(handle)
	s.worldControls(handle)
	s.flowControls(handle)
}

type handleFunc func(pattern string, f func(c control) (any, error))

// put registers a control that takes one JSON value.
func put[T any](handle handleFunc, pattern string, f func(c control, in T) (any, error)) {
	handle(pattern, func(c control) (any, error) {
		in, err := body[T](c)
		if err != nil {
			return nil, err
		}
		return f(c, in)
	})
}

func (s *Server) portalControls(handle handleFunc) {
	handle("GET /_sandbox/portals", func(control) (any, error) { return s.overview(), nil })
	put(handle, "PUT /_sandbox/portals/{p}", func(c control, in PortalOptions) (any, error) {
		s.AddPortal(c.portal(), in)
		return nil, nil
	})
	put(handle, "PUT /_sandbox/portals/{p}/options", func(c control, in PortalOptions) (any, error) { return nil, s.SetOptions(c.portal(), in) })
	put(handle, "PUT /_sandbox/portals/{p}/rules", func(c control, in []Rule) (any, error) { return nil, s.SetRules(c.portal(), in) })
	put(handle, "PUT /_sandbox/portals/{p}/search", func(c control, in SearchSettings) (any, error) { return nil, s.SetSearch(c.portal(), in) })
	put(handle, "PUT /_sandbox/portals/{p}/limits", func(c control, in Limits) (any, error) { return nil, s.SetLimits(c.portal(), in) })
	put(handle, "POST /_sandbox/portals/{p}/seed", func(c control, in SeedOptions) (any, error) {
		contacts, companies, err := s.Seed(c.portal(), in)
		return map[string]any{"contacts": contacts, "companies": companies}, err
	})
	type values struct {
		Property string   `json:"property"`
		Contacts []int64  `json:"contacts"`
		Values   []string `json:"values"`
	}
	put(handle, "POST /_sandbox/portals/{p}/values", func(c control, in values) (any, error) {
		return nil, s.SetValues(c.portal(), in.Property, in.Contacts, in.Values)
	})
	type grant struct {
		Scopes      []string `json:"scopes"`
		RedirectURI string   `json:"redirectUri"`
	}
	put(handle, "POST /_sandbox/portals/{p}/install", func(c control, in grant) (any, error) { return s.Install(c.portal(), in.Scopes...) })
	put(handle, "POST /_sandbox/portals/{p}/code", func(c control, in grant) (any, error) {
		code, err := s.Code(c.portal(), in.RedirectURI, in.Scopes...)
		return map[string]string{"code": code}, err
	})
	handle("POST /_sandbox/portals/{p}/uninstall", func(c control) (any, error) { return nil, s.Uninstall(c.portal()) })
	handle("POST /_sandbox/portals/{p}/expire-tokens", func(c control) (any, error) { s.ExpireAccessTokens(c.portal()); return nil, nil })
	handle("GET /_sandbox/portals/{p}/properties/{object}", func(c control) (any, error) { return s.Properties(c.portal(), c.r.PathValue("object")) })
	put(handle, "POST /_sandbox/portals/{p}/properties/{object}", func(c control, in Definition) (any, error) {
		return nil, s.DefineProperty(c.portal(), c.r.PathValue("object"), in)
	})
	handle("DELETE /_sandbox/portals/{p}/properties/{object}/{name}", func(c control) (any, error) {
		return nil, s.ArchiveProperty(c.portal(), c.r.PathValue("object"), c.r.PathValue("name"))
	})
}

func (s *Server) overview() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []any{}
	for _, id := range s.portalIDs() {
		p := s.portals[id]
		scopes := []string(nil)
		if p.Installed != nil {
			scopes = p.Installed.Scopes
		}
		out = append(out, map[string]any{"id": id, "options": p.Options, "installed": p.Installed != nil, "scopes": scopes, "users": p.Users,
			"contacts": p.Objects["contacts"].count(), "companies": p.Objects["companies"].count(), "lists": len(p.Lists.List)})
	}
	return map[string]any{"portals": out}
}

func (o *objects) count() int {
	n := 0
	for _, r := range o.Recs {
		if !r.Gone && r.Archived == 0 {
			n++
		}
	}
	return n
}

func (s *Server) recordControls(handle handleFunc) {
	const base = "/_sandbox/portals/{p}/records/{object}"
	object := func(c control) string { return c.r.PathValue("object") }
	type edit struct {
		IDs     []int64           `json:"ids"`
		Values  map[string]string `json:"values"`
		Primary int64             `json:"primary"`
		Other   int64             `json:"other"`
		By      By                `json:"by"`
	}
	id := func(n int64, err error) (any, error) { return map[string]int64{"id": n}, err }
	handle("GET "+base, func(c control) (any, error) { return s.Records(c.portal(), object(c)) })
	handle("GET /_sandbox/portals/{p}/names/{object}", func(c control) (any, error) {
		q := c.r.URL.Query()
		return s.Names(c.portal(), object(c), q.Get("q"), q["has"])
	})
	handle("GET "+base+"/{id}", func(c control) (any, error) { return s.Record(c.portal(), object(c), c.number("id")) })
	put(handle, "POST "+base, func(c control, in edit) (any, error) { return id(s.Create(c.portal(), object(c), in.Values, in.By)) })
	put(handle, "PATCH "+base+"/{id}", func(c control, in edit) (any, error) {
		return nil, s.Edit(c.portal(), object(c), c.number("id"), in.Values, in.By)
	})
	put(handle, "POST "+base+"/bulk", func(c control, in edit) (any, error) {
		return nil, s.EditMany(c.portal(), object(c), in.IDs, in.Values, in.By)
	})
	put(handle, "POST "+base+"/merge", func(c control, in edit) (any, error) {
		return id(s.Merge(c.portal(), object(c), in.Primary, in.Other, in.By))
	})
	put(handle, "DELETE "+base+"/{id}", func(c control, in edit) (any, error) {
		return nil, s.Delete(c.portal(), object(c), c.number("id"), in.By)
	})
	put(handle, "POST "+base+"/{id}/restore", func(c control, in edit) (any, error) {
		return nil, s.Restore(c.portal(), object(c), c.number("id"), in.By)
	})
	put(handle, "POST "+base+"/{id}/purge", func(c control, in edit) (any, error) {
		return nil, s.Purge(c.portal(), object(c), c.number("id"), in.By)
	})
	put(handle, "PUT /_sandbox/portals/{p}/companies-of/{id}/{company}", func(c control, in edit) (any, error) {
		return nil, s.SetCompany(c.portal(), c.number("id"), c.number("company"), c.r.URL.Query().Get("primary") == "true", in.By)
	})
	put(handle, "DELETE /_sandbox/portals/{p}/companies-of/{id}/{company}", func(c control, in edit) (any, error) {
		return nil, s.RemoveCompany(c.portal(), c.number("id"), c.number("company"), in.By)
	})
}

func (s *Server) listControls(handle handleFunc) {
	const base = "/_sandbox/portals/{p}/lists"
	type input struct {
		Name   string          `json:"name"`
		Object string          `json:"object"`
		Filter json.RawMessage `json:"filterBranch"`
		Kind   string          `json:"processingType"`
		IDs    []int64         `json:"ids"`
		Lag    int64           `json:"lagMs"`
	}
	handle("GET "+base, func(c control) (any, error) {
		return s.Lists(c.portal(), c.r.URL.Query().Get("members") == "true")
	})
	put(handle, "POST "+base, func(c control, in input) (any, error) {
		if in.Object == "" {
			in.Object = "contacts"
		}
		n, err := s.NewList(c.portal(), in.Object, in.Name, in.Kind, in.Filter)
		return map[string]int64{"id": n}, err
	})
	put(handle, "PUT "+base+"/lag", func(c control, in input) (any, error) {
		return nil, s.SetListLag(c.portal(), time.Duration(in.Lag)*time.Millisecond)
	})
	handle("POST "+base+"/{id}/restore", func(c control) (any, error) { return nil, s.RestoreList(c.portal(), c.number("id")) })
	put(handle, "POST "+base+"/{id}/add", func(c control, in input) (any, error) {
		return nil, s.AddMembers(c.portal(), c.number("id"), in.IDs...)
	})
	put(handle, "POST "+base+"/{id}/remove", func(c control, in input) (any, error) {
		return nil, s.RemoveMembers(c.portal(), c.number("id"), in.IDs...)
	})
	put(handle, "POST "+base+"/{id}/rename", func(c control, in input) (any, error) { return nil, s.RenameList(c.portal(), c.number("id"), in.Name) })
	handle("DELETE "+base+"/{id}", func(c control) (any, error) { return nil, s.DeleteList(c.portal(), c.number("id")) })
}

// queryPortal reads ?portal=.
func queryPortal(c control) int64 {
	n, _ := strconv.ParseInt(c.r.URL.Query().Get("portal"), 10, 64)
	return n
}

func (s *Server) worldControls(handle handleFunc) {
	handle("GET /_sandbox/stats", func(c control) (any, error) { return s.Stats(queryPortal(c)), nil })
	handle("POST /_sandbox/stats/reset", func(control) (any, error) { s.ResetStats(); return nil, nil })
	handle("GET /_sandbox/calls", func(c control) (any, error) { return s.Calls(queryPortal(c)), nil })
	handle("GET /_sandbox/writes", func(c control) (any, error) {
		after, _ := strconv.Atoi(c.r.URL.Query().Get("after"))
		return s.Writes(queryPortal(c), after), nil
	})
	handle("GET /_sandbox/faults", func(control) (any, error) { return s.Faults(), nil })
	put(handle, "POST /_sandbox/faults", func(_ control, in Fault) (any, error) {
		n, err := s.AddFault(in)
		return map[string]int{"id": n}, err
	})
	handle("DELETE /_sandbox/faults", func(control) (any, error) { s.RemoveFault(0); return nil, nil })
	handle("DELETE /_sandbox/faults/{id}", func(c control) (any, error) {
		if n := int(c.number("id")); n > 0 {
			s.RemoveFault(n)
		}
		return nil, nil
	})
	put(handle, "PUT /_sandbox/webhooks", func(_ control, in WebhookSettings) (any, error) { s.SetWebhooks(in); return nil, nil })
	handle("POST /_sandbox/webhooks/deliver", func(control) (any, error) { return map[string]int{"requests": s.DeliverWebhooks()}, nil })
	handle("GET /_sandbox/webhooks", func(control) (any, error) {
		return map[string]any{"settings": s.webhookSettings(), "counts": s.HookCounts(), "deliveries": s.Deliveries()}, nil
	})
	handle("GET /_sandbox/journal", func(control) (any, error) { return s.Journal(), nil })
	type world struct {
		SkewMs       int64    `json:"skewMs"`
		JournalDelay int64    `json:"journalDelayMs"`
		Rotate       bool     `json:"rotateRefreshTokens"`
		Secrets      []string `json:"secrets"`
	}
	put(handle, "PUT /_sandbox/clock", func(_ control, in world) (any, error) {
		s.SetSkew(time.Duration(in.SkewMs) * time.Millisecond)
		return nil, nil
	})
	put(handle, "PUT /_sandbox/journal", func(_ control, in world) (any, error) {
		s.SetJournalDelay(time.Duration(in.JournalDelay) * time.Millisecond)
		return nil, nil
	})
	put(handle, "PUT /_sandbox/oauth", func(_ control, in world) (any, error) {
		s.SetRotation(in.Rotate)
		if len(in.Secrets) > 0 {
			s.SetSecrets(in.Secrets...)
		}
		return nil, nil
	})
	put(handle, "PUT /_sandbox/latency", func(_ control, in Latency) (any, error) { s.SetLatency(in); return nil, nil })
	handle("POST /_sandbox/reset", func(control) (any, error) { s.Reset(); return nil, nil })
}

func (s *Server) webhookSettings() WebhookSettings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hooks.Settings
}
