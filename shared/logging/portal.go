package logging

import (
	"sync/atomic"

	"lumo/shared/id"
)

// namedPortal is a portal whose name in the log is looked up when the line is written.
type namedPortal id.PortalID

var portalNames atomic.Pointer[func(id.PortalID) string]

// NamePortals sets what portals are called in the log of this process, so that the log can outlive a portal without telling who it was. Without it
// the log shows the portal's number.
func NamePortals(name func(id.PortalID) string) { portalNames.Store(&name) }

func (p namedPortal) text() string {
	if name := portalNames.Load(); name != nil {
		return (*name)(id.PortalID(p))
	}
	return id.PortalID(p).String()
}
