package portal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/portal"
)

// memory is a portal.Store.
type memory struct {
	mu      sync.Mutex
	portals map[id.PortalID]portal.Portal
	tokens  map[id.PortalID]portal.Token
	log     []portal.Entry
}

func (m *memory) Load(_ context.Context, p id.PortalID) (portal.Portal, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.portals[p]
	if !ok {
		return portal.Portal{}, portal.ErrUnknown
	}
	return found, nil
}

func (m *memory) Commit(_ context.Context, c portal.Commit) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := c.Portal
	if m.portals[p.ID].Version != p.Version || c.Drop && c.TokenVersion != 0 && m.tokens[p.ID].Version != c.TokenVersion {
		return portal.ErrChanged
	}
	p.Version++
	m.portals[p.ID] = p
	if c.Token != nil {
		m.tokens[p.ID] = *c.Token
	}
	if c.Drop {
		delete(m.tokens, p.ID)
	}
	m.log = append(m.log, c.Log...)
	return nil
}

func (m *memory) Token(_ context.Context, p id.PortalID) (*portal.Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t, ok := m.tokens[p]; ok {
		return &t, nil
	}
	return nil, nil
}

func (m *memory) SaveToken(_ context.Context, p id.PortalID, t portal.Token) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now, ok := m.tokens[p]; !ok || now.Version != t.Version {
		return portal.ErrChanged
	}
	t.Version++
	m.tokens[p] = t
	return nil
}

func (m *memory) Append(_ context.Context, _ id.PortalID, e portal.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.log = append(m.log, e)
	return nil
}

func (m *memory) Log(context.Context, id.PortalID, string, int) ([]portal.Entry, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.log, "", nil
}

// plainSealer marks instead of encrypting, and ties the mark to the portal.
type plainSealer struct{}

func (plainSealer) Seal(_ context.Context, p id.PortalID, plain []byte) (string, error) {
	return fmt.Sprintf("sealed:%d:%s", p, plain), nil
}

func (plainSealer) Open(_ context.Context, p id.PortalID, sealed string) ([]byte, error) {
	rest, ok := strings.CutPrefix(sealed, fmt.Sprintf("sealed:%d:", p))
	if !ok {
		return nil, errors.New("sealed for another portal")
	}
	return []byte(rest), nil
}

// fakeHub answers as told and writes down what it was asked.
type fakeHub struct {
	mu        sync.Mutex
	calls     []string
	refresh   func(n int) (portal.Grant, error)
	refreshes int
	scopes    []string
	alive     bool
	details   error
	uninstall error
	during    func() // runs inside each refresh
}

func (h *fakeHub) note(call string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, call)
}

func (h *fakeHub) Exchange(_ context.Context, code, _ string) (portal.Grant, error) {
	h.note("exchange " + code)
	return portal.Grant{Access: "access-" + code, Refresh: "refresh-" + code, ExpiresIn: 30 * time.Minute, Portal: 7, Scopes: h.scopes, UserID: 3}, nil
}

func (h *fakeHub) Refresh(context.Context, string) (portal.Grant, error) {
	h.mu.Lock()
	h.refreshes++
	n, answer, during := h.refreshes, h.refresh, h.during
	h.mu.Unlock()
	if during != nil {
		during()
	}
	if answer != nil {
		return answer(n)
	}
	return portal.Grant{Access: fmt.Sprintf("access-%d", n), ExpiresIn: 30 * time.Minute, Portal: 7}, nil
}

func (h *fakeHub) Introspect(_ context.Context, _, hint string) (portal.Identity, error) {
	h.note("introspect " + hint)
	active := hint == "access_token" || h.alive
	return portal.Identity{Active: active, Portal: 7, Domain: "acme.example", User: portal.Actor{UserID: 3, Email: "ann@acme.example"}, Scopes: h.scopes}, nil
}

func (h *fakeHub) Details(context.Context, id.PortalID) (portal.Details, error) {
	h.note("details")
	return portal.Details{TimeZone: "Asia/Tokyo", UIDomain: "app.hubspot.com"}, h.details
}

func (h *fakeHub) Uninstall(context.Context, id.PortalID) error {
	h.note("uninstall")
	return h.uninstall
}

func (h *fakeHub) Revoke(_ context.Context, refresh string) error {
	h.note("revoke " + refresh)
	return nil
}

func (h *fakeHub) Unsubscribe(context.Context, id.PortalID) error {
	h.note("unsubscribe")
	return nil
}

// watcher counts.
type watcher struct{ started, stopped int }

func (w *watcher) PortalStarted(context.Context, id.PortalID) error { w.started++; return nil }
func (w *watcher) PortalStopped(context.Context, id.PortalID) error { w.stopped++; return nil }

type world struct {
	*portal.Service
	hub   *fakeHub
	store *memory
	clock *clock.Virtual
	watch *watcher
}

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func newWorld() *world {
	store := &memory{portals: map[id.PortalID]portal.Portal{}, tokens: map[id.PortalID]portal.Token{}}
	hub := &fakeHub{scopes: portal.RequiredScopes, alive: true}
	c := clock.NewVirtual(start)
	w := &world{newService(store, hub, c), hub, store, c, &watcher{}}
	w.Watchers = []portal.Watcher{w.watch}
	return w
}

// newService is one process; several may share store, hub and clock.
func newService(store *memory, hub *fakeHub, c clock.Clock) *portal.Service {
	var mu sync.Mutex
	n := 0
	newID := func() string {
		mu.Lock()
		defer mu.Unlock()
		n++
		return fmt.Sprintf("id-%d", n)
	}
	tokens := &portal.Tokens{Store: store, HubSpot: hub, Sealer: plainSealer{}, Clock: c, NewID: newID}
	return &portal.Service{Store: store, HubSpot: hub, Tokens: tokens, Clock: c, NewID: newID}
}

func problem(c fault.Class) error {
	return &fault.Fault{Provider: "hubspot", Class: c, Code: "TEST_" + strings.ToUpper(string(c))}
}
