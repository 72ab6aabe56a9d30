// Package syncrun is a sync run: initial, automatic or by hand (P-60 to P-64). It reads contacts (all, or those changed since a bookmark),
// brings them into friends, refreshes the index of lists, waits until HubSpot has been told everything, and leaves a line of history
// (P-70 to P-73). Runs are fenced chains (package chain).
package syncrun

import (
	"lumo/shared/changelog"
	"lumo/shared/contactsync"
	"lumo/shared/id"
	"lumo/shared/portal"
)

// Kind of chain that runs are.
const Kind = "sync"

// Trigger says why a run began.
type Trigger string

const (
	Initial   Trigger = "initial"
	Automatic Trigger = "automatic"
	Nightly   Trigger = "nightly"
	Manual    Trigger = "manual"
)

// Extent says what a run covers (P-62).
type Extent string

const (
	All      Extent = "all"
	Contacts Extent = "contacts"
	Lists    Extent = "lists"
	One      Extent = "contact"
)

// Status of a run, as in the history (P-72).
type Status string

const (
	Syncing            Status = "syncing"
	Applying           Status = "applying"
	Complete           Status = "complete"
	CompleteWithErrors Status = "complete_with_errors"
	Failed             Status = "failed"
)

// Over tells that the run ended.
func (s Status) Over() bool { return s == Complete || s == CompleteWithErrors || s == Failed }

// Run is one run: the line in the history and, while it goes, its cursors. Times are Unix ms.
type Run struct {
	ID        string             `json:"id"`
	Trigger   Trigger            `json:"trigger"`
	Actor     string             `json:"actor,omitempty"`
	Extent    Extent             `json:"extent"`
	Contact   id.ContactID       `json:"contact,omitempty,string"`
	DryRun    bool               `json:"dryRun,omitempty"`
	Status    Status             `json:"status"`
	StartedAt int64              `json:"startedAt"`
	EndedAt   int64              `json:"endedAt,omitempty"`
	Counts    contactsync.Counts `json:"counts"`
	// Expected is how many contacts are to be read, for progress and ETA; 0 while unknown.
	Expected int `json:"expected"`
	// Calls of HubSpot that the run made (P-73); writing back what it found is the outbox's.
	Calls int `json:"calls,omitempty"`
	// ListsCompared is the history's "Lists" column (P-55): lists whose members were compared. ListsChanged have others than before, and
	// ListsKept are needed at all.
	ListsCompared int `json:"lists"`
	ListsChanged  int `json:"listsChanged,omitempty"`
	ListsKept     int `json:"listsKept,omitempty"`
	// FieldsWritten counts property values that reached HubSpot during the run's applying phase.
	Pending int    `json:"pending"`
	Code    string `json:"code,omitempty"`  // stable code of what failed
	Error   string `json:"error,omitempty"` // sentence for the history's "Error" column
	// HeldAt is since when HubSpot may not be written to, when that is why the run ended.
	HeldAt int64 `json:"heldAt,omitempty"`
	// Samples are the first changes of a dry run (P-64).
	Samples []changelog.Record `json:"samples,omitempty"`
	// Fields counts all of them by field.
	Fields []FieldChanges `json:"fields,omitempty"`
	Read   Cursors        `json:"read"`
}

// Full tells that every linked contact is compared, not only the changed ones.
func (r Run) Full() bool { return r.Read.Since == 0 }

// Place is how far a pass over all friends of a portal's accounts has come. The zero value is its beginning, and its end.
type Place struct {
	Slot  id.Slot `json:"slot,omitempty"`
	After string  `json:"after,omitempty"`
}

// Phase of a run.
type Phase string

const (
	Planning Phase = ""
	Reading  Phase = "read"
	Indexing Phase = "lists"
	Naming   Phase = "names"
	Looking  Phase = "unmet"
	Settling Phase = "settle"
)

// Cursors say where a run stands. They move only after what they passed is stored.
type Cursors struct {
	Phase Phase `json:"phase,omitempty"`
	// Indexed: the index of lists is compared, and their members are being read.
	Indexed bool `json:"indexed,omitempty"`
	// Prepared counts the parts of Runner.Prepare that are done.
	Prepared int `json:"prepared,omitempty"`
	// Cutoff is the run's start: rows changed later are the change stream's, so that nothing falls between two pages.
	Cutoff int64 `json:"cutoff,omitempty"`
	// Since is the bookmark of a run over changes; 0 for a full run.
	Since int64 `json:"since,omitempty"`

	// Both ends of a full read: the list went up to High (its next page is After), the search went down to Low.
	BothEnds bool         `json:"bothEnds,omitempty"`
	After    string       `json:"after,omitempty"`
	High     id.ContactID `json:"high,omitempty"`
	Low      id.ContactID `json:"low,omitempty"` // 0: the search has not begun
	UpDone   bool         `json:"upDone,omitempty"`
	DownDone bool         `json:"downDone,omitempty"`

	// A read of changes moves by (time, id): everything before At is done, and at At everything up to ID.
	At     int64        `json:"at,omitempty"`
	ID     id.ContactID `json:"id,omitempty"`
	Crowd  bool         `json:"crowd,omitempty"`  // more share the time At than fit a page: they are read by id
	Number int          `json:"number,omitempty"` // pages so far; names the log entries

	// Named is how far the directory of names is rebuilt. Seen sums up the linked friends that the read met, Linked all that there are; those
	// who are missing are looked at, up to Looked (unmet.go).
	Named  Place  `json:"named,omitzero"`
	Seen   *links `json:"seen,omitempty"`
	Linked *links `json:"linked,omitempty"`
	Looked Place  `json:"looked,omitzero"`
}

// Met tells that a full read from both ends is complete.
func (c Cursors) Met() bool {
	return c.UpDone || c.DownDone || c.BothEnds && c.Low != 0 && c.High >= c.Low
}

// State is what the Dashboard shows for a portal (P-70).
type State string

const (
	Normal     State = "Normal"
	NowSyncing State = "Syncing"
	NowApply   State = "Applying"
	HasFailed  State = "Failed"
)

// StateOf derives the display from the last runs, newest first (P-71). Results that wait for a confirmation are still to be applied.
func StateOf(p portal.Portal, runs []Run) State {
	if !p.State.Runs() {
		return HasFailed
	}
	rest := Normal
	if p.WriteBack == portal.Held {
		rest = NowApply
	}
	for _, r := range runs {
		if r.DryRun {
			continue
		}
		switch r.Status {
		case Syncing:
			return NowSyncing
		case Applying:
			return NowApply
		case Failed:
			return HasFailed
		}
		return rest
	}
	return rest
}
