package hubspotsandbox

// eventKind is what happened to a record, an association, a list or the app itself.
type eventKind int

const (
	created eventKind = iota
	updated
	archived
	restored
	merged
	purged
	linked
	listed
	installed
	uninstalled
)

// event is one fact. Webhooks and journal each make their own entries of it.
type event struct {
	kind    eventKind
	portal  *portal
	objects *objects
	id      int64
	at      int64
	src     Source
	user    int64
	changes []change
	merge   *mergeEvent
	link    *linkEvent
	list    *listEvent
}

type mergeEvent struct {
	primary, other, survivor int64
	moved                    int
}

type linkEvent struct {
	contact, company int64
	primary, removed bool
}

type listEvent struct {
	list    int64
	removed bool
}

// emit hands a fact to both streams. Only installed portals have any, apart from the uninstall itself.
func (s *Server) emit(e event) {
	s.changes++
	if s.unseen {
		return
	}
	if e.portal.Installed == nil && e.kind != uninstalled {
		return
	}
	s.toHooks(e)
	s.toJournal(e)
}
