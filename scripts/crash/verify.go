package crash

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
)

// friendView is what Lumo shows of a friend.
type friendView struct {
	User    string `json:"user"`
	Pending bool   `json:"pending"`
	Failed  bool   `json:"failed"`
	Follow  string `json:"follow"`
	Link    struct {
		State     string  `json:"state"`
		ContactID *string `json:"contactId"`
	} `json:"link"`
	Fields []struct {
		Property string  `json:"property"`
		Value    *string `json:"value"`
		Why      *struct {
			New string `json:"new"`
		} `json:"why"`
	} `json:"fields"`
}

func (s *scenario) friend(ctx context.Context, user string) (f friendView, err error) {
	return f, s.world.API(ctx, "GET", "/api/v1/friends/1/"+user, nil, &f)
}

// verify compares both sides from outside: nothing lost, nothing doubled, everything explained.
func (s *scenario) verify(ctx context.Context) error {
	people, err := s.world.People(ctx, s.account)
	if err != nil {
		return err
	}
	records, err := s.outside.HubSpot.Records(portal, "contacts")
	if err != nil {
		return err
	}
	explained, err := s.explained(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	if len(records) != s.size.Contacts {
		wrong = append(wrong, fmt.Errorf("%d contacts, seeded were %d", len(records), s.size.Contacts))
	}
	found := map[string]bool{}
	for _, r := range records {
		user := r.Value("line_user_id")
		if user == "" {
			continue
		}
		if found[user] || s.linked[r.ID] != user {
			wrong = append(wrong, fmt.Errorf("contact %d holds another LINE User ID than it was given, or one that is held twice", r.ID))
		}
		found[user] = true
		f, err := s.friend(ctx, user)
		if err != nil {
			return fmt.Errorf("friend of contact %d: %w", r.ID, err)
		}
		wrong = append(wrong, s.compare(r, f, people[user], explained)...)
		if len(wrong) > 10 {
			break
		}
	}
	if len(found) != s.size.Linked {
		wrong = append(wrong, fmt.Errorf("%d linked contacts, want %d", len(found), s.size.Linked))
	}
	wrong = append(wrong, s.count(ctx, len(people))...)
	if err := errors.Join(s.heard(ctx), s.reached(ctx), s.branched(ctx)); err != nil {
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// lines are the LINE properties whose way to HubSpot must be in the change log.
var lines = []string{"line_display_name", "line_follow_status", "line_link_method"}

// compare looks at one linked contact, field by field.
func (s *scenario) compare(r hubspotsandbox.Record, f friendView, p demo.Person, explained map[string]bool) (wrong []error) {
	say := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("contact %d: "+format, append([]any{r.ID}, args...)...))
	}
	if f.Link.State != "linked" || f.Link.ContactID == nil || *f.Link.ContactID != strconv.FormatInt(r.ID, 10) || f.Failed || f.Pending {
		say("the friend is %s, failed %t, pending %t", f.Link.State, f.Failed, f.Pending)
	}
	want := map[string]string{"line_display_name": p.Name, "line_profile_image": p.Picture, "line_follow_status": f.Follow, "line_link_method": "imported_id"}
	follow := map[string]string{"friend": "following", "blocked": "blocked"}[p.State]
	if s.route != firstSync && s.route != talking && s.route != casting && s.route != enrolling && f.Follow != follow && !(s.route == daily && f.Follow == "unknown" && follow == "following") {
		say("Lumo says %s, on LINE it is %s", f.Follow, follow)
	}
	for name, v := range want {
		if got := r.Value(name); got != v {
			say("%s is %q in HubSpot, should be %q", name, got, v)
		}
	}
	for _, name := range lines {
		if key := f.User + " " + name + " hubspot"; r.Value(name) != "" && !explained[key] {
			say("the change log does not tell how %s came to HubSpot", name)
		}
	}
	fields := map[string]string{}
	for _, x := range f.Fields {
		if x.Value == nil || *x.Value == "" {
			continue
		}
		fields[x.Property] = *x.Value
		if x.Why == nil || x.Why.New != *x.Value {
			say("%s is not explained", x.Property)
		}
		if key := f.User + " " + x.Property + " lumo"; !explained[key] {
			say("the change log does not tell how %s came to Lumo", x.Property)
		}
	}
	for _, name := range []string{"firstname", "lastname", "phone"} {
		if fields[name] != r.Value(name) {
			say("%s is %q in HubSpot, %q in Lumo", name, r.Value(name), fields[name])
		}
	}
	if company := s.company(r.PrimaryID); fields["company_name"] != company {
		say("the company is %q in HubSpot, %q in Lumo", company, fields["company_name"])
	}
	return wrong
}

func (s *scenario) company(id int64) string {
	if id == 0 {
		return ""
	}
	r, err := s.outside.HubSpot.Record(portal, "companies", id)
	if err != nil {
		return ""
	}
	return r.Value("name")
}

// explained lists the changes in the log: user, field and the side that changed.
func (s *scenario) explained(ctx context.Context) (map[string]bool, error) {
	out := map[string]bool{}
	cursor := ""
	for {
		var page struct {
			Columns []string   `json:"columns"`
			Rows    [][]string `json:"rows"`
			Next    *string    `json:"next"`
		}
		path := "/api/v1/changes/export"
		if cursor != "" {
			path += "?cursor=" + cursor
		}
		if err := s.world.API(ctx, "GET", path, nil, &page); err != nil {
			return nil, err
		}
		user, field, to := slices.Index(page.Columns, "user"), slices.Index(page.Columns, "field"), slices.Index(page.Columns, "to")
		for _, r := range page.Rows {
			out[r[user]+" "+r[field]+" "+r[to]] = true
		}
		if page.Next == nil {
			return out, nil
		}
		cursor = *page.Next
	}
}

// count compares numbers: friends, failed items, contacts that the app created.
func (s *scenario) count(ctx context.Context, people int) (wrong []error) {
	st, err := s.world.Status(ctx)
	if err != nil {
		return []error{err}
	}
	want := s.size.Linked
	if s.route == friends {
		want = people
	}
	if st.Counters.Friends != want {
		wrong = append(wrong, fmt.Errorf("the Dashboard counts %d friends, there are %d", st.Counters.Friends, want))
	}
	n, after := 0, ""
	for {
		var page struct {
			Items []struct{} `json:"items"`
			Next  *string    `json:"next"`
		}
		path := "/api/v1/friends"
		if after != "" {
			path += "?cursor=" + after
		}
		if err := s.world.API(ctx, "GET", path, nil, &page); err != nil {
			return append(wrong, err)
		}
		if n += len(page.Items); page.Next == nil {
			break
		}
		after = *page.Next
	}
	if n != want {
		wrong = append(wrong, fmt.Errorf("%d friends are listed, there are %d", n, want))
	}
	if st.Counters.Failures != 0 {
		wrong = append(wrong, fmt.Errorf("%d failed items", st.Counters.Failures))
	}
	for _, w := range s.outside.HubSpot.Writes(portal, 0) {
		if w.Action == "create" {
			wrong = append(wrong, fmt.Errorf("a %s record was created", w.Object))
		}
	}
	return wrong
}
