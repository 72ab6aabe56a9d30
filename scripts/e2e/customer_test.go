package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/linesandbox"
)

// customer is a company that uses Lumo: a HubSpot account, a LINE account, and what the test knows of them.
type customer struct {
	*demo.World
	t       *testing.T
	account demo.Account
	linked  []person // contacts that hold a friend's LINE User ID
	synced  time.Time
}

// person is a contact and the friend behind it.
type person struct {
	contact int64
	user    string
}

// firstPortal begins numbers that nothing else looks like: no line of the log may hold one.
const firstPortal = 98_765_430_000

var lastPortal atomic.Int64

// installing bounds how many customers install at once: a function of the local cloud has ten environments, and more requests than these
// are refused, as Lambda does.
var installing = make(chan struct{}, 6)

// newCustomer goes the whole way up to the end of the first sync. Friends are not imported: only those whom contacts name are known.
func newCustomer(t *testing.T, s demo.Size) *customer {
	t.Helper()
	c := &customer{World: outside.World(firstPortal + lastPortal.Add(1)), t: t}
	c.Say = t.Logf
	installing <- struct{}{}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
	defer cancel()
	err := c.begin(ctx, s)
	<-installing
	if err != nil {
		t.Fatalf("portal %d: %v", c.Portal, err)
	}
	c.synced = time.Now()
	printed.secret(fmt.Sprintf("channel secret of portal %d", c.Portal), c.account.Secret)
	for _, r := range c.records() {
		if u := r.Value("line_user_id"); u != "" {
			c.linked = append(c.linked, person{r.ID, u})
		}
	}
	if len(c.linked) != s.Linked {
		t.Fatalf("%d contacts hold a LINE User ID, not %d", len(c.linked), s.Linked)
	}
	return c
}

func (c *customer) begin(ctx context.Context, s demo.Size) (err error) {
	if c.account, err = c.Seed(ctx, s); err != nil {
		return err
	}
	b := demo.NewBrowser()
	if err := c.Install(ctx, b); err != nil {
		return err
	}
	began := time.Now()
	if err := c.Connect(ctx, b, c.account); err != nil {
		return err
	}
	_, err = c.WaitForRun(ctx, began.Add(-time.Second))
	return err
}

func (c *customer) records() []hubspotsandbox.Record {
	c.t.Helper()
	rs, err := outside.HubSpot.Records(c.Portal, "contacts")
	if err != nil {
		c.t.Fatal(err)
	}
	return rs
}

// hubspot is what HubSpot shows.
func (c *customer) hubspot(p person, property string) string {
	c.t.Helper()
	r, err := outside.HubSpot.Record(c.Portal, "contacts", p.contact)
	if err != nil {
		c.t.Fatal(err)
	}
	return r.Value(property)
}

// knows waits until HubSpot holds who the contact is at LINE, and how they were linked.
func (c *customer) knows(contact int64, user, method string) {
	c.t.Helper()
	p := person{contact, user}
	eventually(c.t, within, "HubSpot knows who the contact is at LINE", func() string {
		if got := c.hubspot(p, "line_user_id") + " " + c.hubspot(p, "line_link_method"); got != user+" "+method {
			return fmt.Sprintf("%q", got)
		}
		return ""
	})
}

// edit is a person's edit in HubSpot.
func (c *customer) edit(p person, property, value string, by hubspotsandbox.By) {
	c.t.Helper()
	if err := outside.HubSpot.Edit(c.Portal, "contacts", p.contact, map[string]string{property: value}, by); err != nil {
		c.t.Fatal(err)
	}
}

// lumo is what Lumo shows.
func (c *customer) lumo(p person, property string) string {
	c.t.Helper()
	fields, err := c.Friend(c.t.Context(), p.user)
	if err != nil {
		c.t.Fatal(err)
	}
	return fields[property]
}

// enter is a person's edit in Lumo.
func (c *customer) enter(p person, property, value string) {
	c.t.Helper()
	c.api("PATCH", "/api/v1/friends/1/"+p.user+"/fields", map[string]any{"values": map[string]string{property: value}}, nil)
}

func (c *customer) api(method, path string, in, out any) {
	c.t.Helper()
	if err := c.API(c.t.Context(), method, path, in, out); err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// refused tells the code of a refusal.
func (c *customer) refused(method, path string, in any) (int, string) {
	c.t.Helper()
	err := c.API(c.t.Context(), method, path, in, nil)
	var refusal *demo.APIError
	if !errors.As(err, &refusal) {
		c.t.Fatalf("%s %s: %v, want a refusal", method, path, err)
	}
	return refusal.Status, refusal.Code
}

// agrees compares one property of both sides.
func (c *customer) agrees(p person, property, want string) string {
	h, l := c.hubspot(p, property), c.lumo(p, property)
	if h != l || want != "" && h != want {
		return fmt.Sprintf("contact %d, %s: HubSpot %q, Lumo %q, expected %q", p.contact, property, h, l, want)
	}
	return ""
}

// quiet waits until nothing runs and nothing is owed.
func (c *customer) quiet(within time.Duration) {
	c.t.Helper()
	eventually(c.t, within, "the end of all runs and writes", func() string {
		s, err := c.Status(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		if s.Run != nil {
			return "a run is " + s.Run.Status
		}
		for _, p := range c.linked {
			if c.friend(p).Pending {
				return "a friend waits for HubSpot"
			}
		}
		return ""
	})
}

type friendRow struct {
	Pending bool   `json:"pending"`
	Failed  bool   `json:"failed"`
	Follow  string `json:"follow"`
	Link    struct {
		State     string  `json:"state"`
		ContactID *string `json:"contactId"`
	} `json:"link"`
}

func (c *customer) friend(p person) friendRow {
	c.t.Helper()
	var f friendRow
	c.api("GET", "/api/v1/friends/1/"+p.user, nil, &f)
	return f
}

// mapProperty adds a property and waits for the run that reads it.
func (c *customer) mapProperty(names ...string) {
	c.t.Helper()
	for _, name := range names {
		c.api("POST", "/api/v1/mappings", map[string]string{"property": name}, nil)
	}
	eventually(c.t, within, "the new fields are read", func() string {
		var all struct {
			Items []struct{ Property, Status string } `json:"items"`
		}
		c.api("GET", "/api/v1/mappings", nil, &all)
		for _, m := range all.Items {
			if slices.Contains(names, m.Property) && m.Status != "active" {
				if s, err := c.Status(c.t.Context()); err == nil && s.Run == nil {
					tick(c.t) // a run that could not begin at once is the tick's
				}
				return m.Property + " is " + m.Status
			}
		}
		return ""
	})
}

// afterWindow waits until a contact's next write goes out at once: after a write the next one waits for 30 s, to gather changes.
func (c *customer) afterWindow() {
	c.t.Helper()
	last := c.synced
	for _, w := range outside.HubSpot.Writes(c.Portal, 0) {
		if at := time.UnixMilli(w.At); w.Object == "contacts" && w.Action == "update" && at.After(last) {
			last = at
		}
	}
	select {
	case <-time.After(time.Until(last.Add(31 * time.Second))):
	case <-c.t.Context().Done():
		c.t.Fatal(c.t.Context().Err())
	}
}

// updates are the app's writes to contacts after a sequence number.
func (c *customer) updates(after int) []hubspotsandbox.Write {
	return slices.DeleteFunc(outside.HubSpot.Writes(c.Portal, after), func(w hubspotsandbox.Write) bool { return w.Object != "contacts" || w.Action != "update" })
}

// written is the number of the last write.
func (c *customer) written() int {
	n := 0
	for _, w := range outside.HubSpot.Writes(c.Portal, 0) {
		n = max(n, w.Seq)
	}
	return n
}

// line does something as a person on their phone.
func (c *customer) line(act func(s *linesandbox.Server, channel string) error) {
	c.t.Helper()
	if err := act(outside.Line, c.account.ID); err != nil {
		c.t.Fatal(err)
	}
}

// everyoneAgrees compares fields of all linked contacts.
func (c *customer) everyoneAgrees(fields ...string) string {
	c.t.Helper()
	for _, p := range c.linked {
		for _, f := range fields {
			if off := c.agrees(p, f, ""); off != "" {
				return off
			}
		}
	}
	return ""
}

func query(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v.Encode()
}
