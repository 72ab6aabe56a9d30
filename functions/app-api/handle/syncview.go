package handle

import (
	"lumo/shared/changelog"
	"lumo/shared/contactsync"
	"lumo/shared/dashboard"
	"lumo/shared/failure"
	"lumo/shared/friendcard"
	"lumo/shared/portal"
	"lumo/shared/syncdata"
	"lumo/shared/syncrun"
)

// list is a page of rows.
type list[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next"`
}

func rows[D, V any](ds []D, view func(D) V, next *string) list[V] {
	out := list[V]{Items: make([]V, 0, len(ds)), Next: next}
	for _, d := range ds {
		out.Items = append(out.Items, view(d))
	}
	return out
}

// at is a time in Unix ms, null when there is none.
func at(ms int64) *int64 {
	if ms == 0 {
		return nil
	}
	return &ms
}

// number is an id of HubSpot's as text, null when there is none.
func number[T interface {
	~int64
	String() string
}](n T) *string {
	if n == 0 {
		return nil
	}
	s := n.String()
	return &s
}

// some is a text, null when it is empty.
func some[T ~string](s T) *string {
	if s == "" {
		return nil
	}
	t := string(s)
	return &t
}

func (c *call) actor() string { return syncdata.Name(c.who) }

type statusView struct {
	Connection portal.State  `json:"connection"`
	State      syncrun.State `json:"state"`
	TimeZone   string        `json:"timeZone"`
	Banner     *notice       `json:"banner"`
	Run        *runningView  `json:"run"`
	LastRun    *runRow       `json:"lastRun"`
	RunDue     bool          `json:"runDue"`
	Counters   counters      `json:"counters"`
	Alerts     []notice      `json:"alerts"`
}

type counters struct {
	Friends  int `json:"friends"`
	Accounts int `json:"accounts"`
	Mappings int `json:"mappings"`
	Lists    int `json:"lists"`
	Failures int `json:"failures"`
}

type notice struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Slot    *int   `json:"slot"`
	Since   *int64 `json:"since"`
}

func noticeView(n *dashboard.Notice) *notice {
	if n == nil {
		return nil
	}
	v := notice{Code: n.Code, Message: n.Message, Since: at(n.Since)}
	if n.Slot != 0 {
		s := int(n.Slot)
		v.Slot = &s
	}
	return &v
}

type runRow struct {
	ID        string          `json:"id"`
	Trigger   syncrun.Trigger `json:"trigger"`
	Actor     *string         `json:"actor"`
	Extent    syncrun.Extent  `json:"extent"`
	Full      bool            `json:"full"`
	ContactID *string         `json:"contactId"`
	DryRun    bool            `json:"dryRun"`
	Status    syncrun.Status  `json:"status"`
	StartedAt int64           `json:"startedAt"`
	EndedAt   *int64          `json:"endedAt"`
	Contacts  int             `json:"contacts"`
	Lists     int             `json:"lists"`
	Failed    int             `json:"failed"`
	Error     *runError       `json:"error"`
	APICalls  *int            `json:"apiCalls"`
}

type runError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func runView(r syncrun.Run) runRow {
	v := runRow{
		ID: r.ID, Trigger: r.Trigger, Actor: some(r.Actor), Extent: r.Extent, Full: r.Full(), ContactID: number(r.Contact), DryRun: r.DryRun, Status: r.Status,
		StartedAt: r.StartedAt, EndedAt: at(r.EndedAt), Contacts: r.Counts.Matched, Lists: r.ListsCompared, Failed: r.Counts.Failed,
	}
	if r.Code != "" {
		v.Error = &runError{r.Code, r.Error}
	}
	if r.Calls > 0 {
		v.APICalls = &r.Calls
	}
	return v
}

type runningView struct {
	runRow
	Read        int  `json:"read"`
	Expected    int  `json:"expected"`
	Pending     int  `json:"pending"`
	Percent     *int `json:"percent"`
	SecondsLeft *int `json:"secondsLeft"`
}

type runDetail struct {
	runningView
	Duration *int64             `json:"durationMs"`
	Counts   contactsync.Counts `json:"counts"`
	Samples  []changeRow        `json:"samples"`
	// Fields counts every change of a dry run by field.
	Fields   []syncrun.FieldChanges `json:"fields"`
	Failures []failureRow           `json:"failures"`
}

func detailOf(r syncrun.Run, its []failure.Item, v runningView, most int) runDetail {
	out := runDetail{runningView: v, Counts: r.Counts, Samples: []changeRow{}, Fields: append([]syncrun.FieldChanges{}, r.Fields...), Failures: []failureRow{}}
	if r.EndedAt != 0 {
		out.Duration = at(max(r.EndedAt-r.StartedAt, 1))
	}
	for _, s := range r.Samples {
		out.Samples = append(out.Samples, changeView(s, most))
	}
	for _, it := range its {
		out.Failures = append(out.Failures, failureView(it))
	}
	return out
}

type startedView struct {
	Started bool         `json:"started"`
	Reason  string       `json:"reason,omitempty"`
	Run     *runningView `json:"run"`
}

type changeRow struct {
	Slot      int         `json:"slot"`
	User      string      `json:"user"`
	ContactID *string     `json:"contactId"`
	Field     string      `json:"field"`
	To        string      `json:"to"`
	Old       string      `json:"old"`
	New       string      `json:"new"`
	Clipped   bool        `json:"clipped"`
	Winner    string      `json:"winner"`
	Reason    string      `json:"reason"`
	Rule      string      `json:"rule"`
	HubSpotAt *int64      `json:"hubspotAt"`
	HubSpotBy bool        `json:"hubspotAtIsBound"`
	LumoAt    *int64      `json:"lumoAt"`
	Cause     causeOfView `json:"cause"`
	At        int64       `json:"at"`
}

type causeOfView struct {
	Kind string  `json:"kind"`
	Run  *string `json:"run"`
	User *string `json:"user"`
}

func causeView(cause string) causeOfView {
	x := friendcard.CauseOf(cause)
	return causeOfView{Kind: x.Kind, Run: some(x.Run), User: some(x.User)}
}

func changeView(r changelog.Record, most int) changeRow {
	v := changeRow{
		Slot: int(r.Friend.Slot), User: string(r.Friend.User), ContactID: number(r.Contact), Field: r.Field, To: string(r.To), Winner: string(r.Winner),
		Reason: string(r.Reason), Rule: string(r.Rule), HubSpotAt: at(r.HubSpotAt), HubSpotBy: r.HubSpotBy, LumoAt: at(r.LumoAt), Cause: causeView(r.Cause), At: r.At,
		Old: clip(r.Old, most), New: clip(r.New, most),
	}
	v.Clipped = v.Old != r.Old || v.New != r.New
	return v
}
