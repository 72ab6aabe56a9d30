package handle

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"lumo/shared/changelog"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// changeFilter reads the filter of both views of the change log.
func (c *call) changeFilter() (changelog.Filter, error) {
	var f changelog.Filter
	slot, err := c.text("slot", 5)
	if err != nil {
		return f, err
	}
	user, err := c.text("user", 40)
	if err != nil {
		return f, err
	}
	if slot != "" || user != "" {
		k, err := friendKey(slot, user)
		if err != nil {
			return f, err
		}
		f.Friend = &k
	}
	contact, err := c.text("contact", 25)
	if err != nil {
		return f, err
	}
	if contact != "" {
		if f.Contact, err = id.ParseContact(contact); err != nil {
			return f, malformed("contact", err)
		}
	}
	if f.Run, err = c.text("run", 64); err != nil || f.Run != "" && !namePattern.MatchString(f.Run) {
		return f, malformed("run", id.ErrMalformed)
	}
	if f.Field, err = c.text("field", 200); err != nil || f.Field != "" && !propertyPattern.MatchString(f.Field) {
		return f, malformed("field", id.ErrMalformed)
	}
	return f, nil
}

func friendKey(slot, user string) (friend.Key, error) {
	s, err := id.ParseSlot(slot)
	if err != nil {
		return friend.Key{}, malformed("slot", err)
	}
	u, err := id.ParseLineUser(user)
	return friend.Key{Slot: s, User: u}, malformed("user", err)
}

func getChanges(ctx context.Context, c *call) (any, error) {
	f, err := c.changeFilter()
	if err != nil {
		return nil, err
	}
	after, limit, err := c.page()
	if err != nil {
		return nil, err
	}
	rs, next, err := c.Changes.Read(ctx, c.portal(), f, after, limit)
	if err != nil {
		return nil, err
	}
	return sized(func(most int) any {
		return rows(rs, func(r changelog.Record) changeRow { return changeView(r, most) }, c.next(next))
	}), nil
}

// exportRows are tried first; when they do not fit, half as many.
const exportRows = 2000

var exportColumns = []string{"at", "slot", "user", "contact", "field", "to", "old", "new", "winner", "reason", "rule", "hubspot_at", "hubspot_at_is_bound", "lumo_at", "cause"}

type export struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
	Next    *string    `json:"next"`
}

// getExport gives whole values, as many rows as fit (P-74). The page that shows it writes the file.
func getExport(ctx context.Context, c *call) (any, error) {
	f, err := c.changeFilter()
	if err != nil {
		return nil, err
	}
	after, _, err := c.page()
	if err != nil {
		return nil, err
	}
	for n := exportRows; ; n /= 2 {
		rs, next, err := c.Changes.Read(ctx, c.portal(), f, after, n)
		if err != nil {
			return nil, err
		}
		out := export{exportColumns, make([][]string, 0, len(rs)), c.next(next)}
		for _, r := range rs {
			out.Rows = append(out.Rows, exportRow(r))
		}
		b, err := json.Marshal(out)
		if err != nil {
			return nil, err
		}
		if len(b) <= maxAnswer-100 || n == 1 {
			return json.RawMessage(b), nil
		}
	}
}

func exportRow(r changelog.Record) []string {
	return []string{
		iso(r.At), r.Friend.Slot.String(), string(r.Friend.User), r.Contact.String(), r.Field, string(r.To), r.Old, r.New, string(r.Winner), string(r.Reason),
		string(r.Rule), iso(r.HubSpotAt), strconv.FormatBool(r.HubSpotBy), iso(r.LumoAt), r.Cause,
	}
}

func iso(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}

type failureRow struct {
	ID            string       `json:"id"`
	Kind          failure.Kind `json:"kind"`
	Slot          *int         `json:"slot"`
	User          *string      `json:"user"`
	ContactID     *string      `json:"contactId"`
	Code          string       `json:"code"`
	Message       string       `json:"message"`
	Properties    []string     `json:"properties"`
	CorrelationID *string      `json:"correlationId"`
	RunID         *string      `json:"runId"`
	FirstAt       int64        `json:"firstAt"`
	LastAt        int64        `json:"lastAt"`
}

func failureView(it failure.Item) failureRow {
	v := failureRow{
		ID: base64.RawURLEncoding.EncodeToString([]byte(it.ID())), Kind: it.Kind, ContactID: number(it.Contact), Code: it.Code, Message: clip(it.Message, 1000),
		Properties: append([]string{}, it.Properties...), CorrelationID: some(it.CorrelationID), RunID: some(it.Run), FirstAt: it.FirstAt, LastAt: it.LastAt,
	}
	if s := int(it.Slot()); s != 0 {
		v.Slot = &s
	}
	if it.Friend != nil {
		v.User = some(it.Friend.User)
	}
	return v
}

func getFailures(ctx context.Context, c *call) (any, error) {
	after, limit, err := c.page()
	if err != nil {
		return nil, err
	}
	of, err := c.failuresAsked(after)
	if err != nil {
		return nil, err
	}
	its, next, err := c.failuresOf(ctx, of, after, limit)
	if err != nil {
		return nil, err
	}
	return rows(its, failureView, c.next(next)), nil
}

// failuresWanted narrows the failed items; the zero value is all of them.
type failuresWanted struct {
	prefix string
	codes  []string
}

var failureKinds = []string{string(failure.WriteBack), string(failure.Link), string(failure.Read), string(failure.Letter), string(failure.Message)}

func (c *call) failuresAsked(after string) (of failuresWanted, err error) {
	kind, err := c.text("kind", 20)
	if err != nil {
		return of, err
	}
	slot, err := c.text("slot", 4)
	if err != nil {
		return of, err
	}
	codes, err := c.text("codes", 200)
	if err != nil {
		return of, err
	}
	if codes != "" {
		of.codes = strings.Split(codes, ",")
	}
	n := 0
	switch {
	case kind != "" && !slices.Contains(failureKinds, kind):
		return of, invalid("kind", "Must be one of: "+strings.Join(failureKinds, ", ")+".")
	case slot != "":
		// Only links are kept by account.
		if n, err = strconv.Atoi(slot); err != nil || n < 1 || kind != string(failure.Link) {
			return of, invalid("slot", "Must be an account, and goes with kind link only.")
		}
	}
	if kind != "" {
		of.prefix = failure.Prefix(failure.Kind(kind), id.Slot(n))
	}
	if after != "" && !strings.HasPrefix(after, of.prefix) {
		return of, badCursor() // of another question
	}
	return of, nil
}

const (
	// failuresRead at once, and how often in one request: codes are looked for among items that do not lie together.
	failuresRead     = 500
	failureStretches = 10
)

func (c *call) failuresOf(ctx context.Context, of failuresWanted, after string, limit int) ([]failure.Item, string, error) {
	if of.codes == nil {
		return c.Failures.Of(ctx, c.portal(), of.prefix, after, limit)
	}
	var out []failure.Item
	for range failureStretches {
		its, next, err := c.Failures.Of(ctx, c.portal(), of.prefix, after, failuresRead)
		if err != nil {
			return nil, "", err
		}
		for i, it := range its {
			if !slices.Contains(of.codes, it.Code) {
				continue
			}
			if out = append(out, it); len(out) == limit && (i+1 < len(its) || next != "") {
				return out, it.ID(), nil
			}
		}
		if after = next; next == "" {
			break
		}
	}
	return out, after, nil
}

func postRetry(ctx context.Context, c *call) (any, error) {
	if _, err := read[request](c); err != nil {
		return nil, err
	}
	b, err := base64.RawURLEncoding.DecodeString(c.params["failure"])
	if err != nil || len(b) == 0 || len(b) > 300 {
		return nil, invalid("failure", "This is not a valid id.")
	}
	if err := c.Redrive.One(ctx, c.portal(), string(b)); err != nil {
		return nil, err
	}
	return retried{Retried: 1}, nil
}

type retryAll struct {
	request
	Cursor string `json:"cursor"`
}

type retried struct {
	Retried int     `json:"retried"`
	Refused int     `json:"refused"`
	Next    *string `json:"next"`
}

// postRetryAll goes through the items a page at a time; the page calls again with next.
func postRetryAll(ctx context.Context, c *call) (any, error) {
	in, err := read[retryAll](c)
	if err != nil {
		return nil, err
	}
	if in.Cursor != "" {
		c.query = map[string][]string{"cursor": {in.Cursor}}
	}
	after, limit, err := c.page()
	if err != nil {
		return nil, err
	}
	s, err := c.Redrive.All(ctx, c.portal(), after, limit)
	return retried{s.Retried, s.Refused, c.next(s.Next)}, err
}
