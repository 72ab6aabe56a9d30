package hubspotsandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"lumo/shared/clock"
)

// types lists the webhook events received so far.
func (b *bench) types() []string {
	var out []string
	for _, e := range b.hooks {
		t := e.SubscriptionType
		if e.PropertyName != "" {
			t += " " + e.PropertyName
		}
		out = append(out, t)
	}
	b.hooks = nil
	return out
}

func TestOnlyWhatTheFileSubscribesIsDelivered(t *testing.T) {
	b := newBench(t)
	id, err := b.s.Create(portalA, "contacts", map[string]string{"email": "a@example.com", "jobtitle": "X"}, By{})
	if err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(time.Second)
	e := b.hooks[1]
	if got := b.types(); !slices.Equal(got, []string{"object.creation", "object.propertyChange email"}) {
		t.Error(got)
	}
	if e.PortalID != portalA || e.AppID != 7654321 || e.ObjectID != id || e.ObjectTypeID != "0-1" || *e.PropertyValue != "a@example.com" ||
		e.ChangeSource != "CRM_UI" || e.SourceID != "userId:1" || e.OccurredAt != start.UnixMilli() {
		t.Errorf("%+v", e)
	}
	if err := b.s.Edit(portalA, "contacts", id, map[string]string{"jobtitle": "Y", "email": "A@EXAMPLE.com"}, By{}); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(time.Second)
	if got := b.types(); got != nil {
		t.Errorf("unsubscribed or unchanged: %v", got)
	}
	b.want(200, b.call("PATCH", fmt.Sprintf("%s/%d", contactsPath, id), props("firstname", "Ann")))
	b.clock.Advance(time.Second)
	if len(b.hooks) != 1 || b.hooks[0].ChangeSource != "INTEGRATION" || b.hooks[0].SourceID != "7654321" {
		t.Errorf("%+v", b.hooks)
	}
	if _, err := b.s.Create(portalB, "contacts", map[string]string{"email": "b@example.com"}, By{}); err != nil {
		t.Fatal(err)
	}
	b.hooks = nil
	b.clock.Advance(time.Second)
	if b.hooks != nil {
		t.Error("an account without the app sends nothing")
	}
}

func TestAssociationsFireForBothDirections(t *testing.T) {
	b := newBench(t)
	contacts, companies, err := b.s.Seed(portalA, SeedOptions{Contacts: 1, Companies: 2, Linked: 0.0001})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range companies {
		if err := b.s.SetCompany(portalA, contacts[0], c, true, By{}); err != nil {
			t.Fatal(err)
		}
	}
	b.clock.Advance(time.Second)
	got := map[string]int{}
	for _, e := range b.hooks {
		got[fmt.Sprint(e.AssociationType, " primary=", *e.IsPrimaryAssociation, " removed=", *e.AssociationRemoved)]++
	}
	want := map[string]int{"CONTACT_TO_COMPANY primary=false removed=false": 2, "COMPANY_TO_CONTACT primary=false removed=false": 2,
		"CONTACT_TO_COMPANY primary=true removed=false": 2, "COMPANY_TO_CONTACT primary=true removed=false": 2,
		"CONTACT_TO_COMPANY primary=true removed=true": 1, "COMPANY_TO_CONTACT primary=true removed=true": 1}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if r, _ := b.s.Record(portalA, "contacts", contacts[0]); r.PrimaryID != companies[1] {
		t.Error("two primary companies, or the wrong one")
	}
}

func TestSignaturesFollowTheDocumentedVectors(t *testing.T) {
	for _, x := range []struct{ secret, method, uri, body, stamp, v3 string }{
		{"yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy", "POST", "https://www.example.com/webhook_uri", "{'example_field':'example_value'}", "1693657560000", "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="},
		{"yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy", "POST", "https://example.com/hubspot/webhook?foo=a%2Fb%20c&x=1%3A2", `[{"eventId":1}]`, "1767225600000", "Dg+AL3l+hJzPcWVbuNzKodN0abdxM/QXpPtbv3QHiyU="},
	} {
		if got := Sign(x.secret, x.method, x.uri, []byte(x.body), x.stamp)["X-HubSpot-Signature-v3"]; got != x.v3 {
			t.Errorf("%s: %s", x.uri, got)
		}
	}
	v1 := Sign("yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy", "POST", "https://x/", []byte(`[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]`), "1")
	if v1["X-HubSpot-Signature"] != "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de" {
		t.Error(v1)
	}
}

// flaky answers with the given status codes in turn, then 200; 0 is a broken connection.
type flaky struct {
	codes    []int
	attempts []int
	times    []time.Time
	batches  []int
	values   []string
	clock    clock.Clock
}

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var events []hookEvent
	if err := json.Unmarshal(b, &events); err != nil {
		return nil, err
	}
	f.attempts = append(f.attempts, events[0].AttemptNumber)
	f.times = append(f.times, f.clock.Now())
	code := 200
	if len(f.codes) > 0 {
		code, f.codes = f.codes[0], f.codes[1:]
	}
	if code == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	if code == 200 {
		f.batches = append(f.batches, len(events))
		for _, e := range events {
			if e.PropertyValue != nil {
				f.values = append(f.values, *e.PropertyValue)
			}
		}
	}
	return &http.Response{StatusCode: code, Body: http.NoBody}, nil
}

func newFlaky(t *testing.T, codes ...int) (*Server, *clock.Virtual, *flaky) {
	t.Helper()
	c := clock.NewVirtual(start)
	f := &flaky{codes: codes, clock: c}
	s := New(Config{Clock: c, Seed: 3, WebhookTarget: "https://lumo.test/h", HTTP: &http.Client{Transport: f}, ClientSecret: "x",
		Subscriptions: []Subscription{{ID: 1, Type: "object.propertyChange", Object: "contact", Property: "firstname", Active: true}}})
	s.AddPortal(portalA, PortalOptions{})
	if _, err := s.Install(portalA); err != nil {
		t.Fatal(err)
	}
	return s, c, f
}

func TestFailedWebhooksAreRepeatedForADay(t *testing.T) {
	s, c, f := newFlaky(t, 500, 0, 401)
	if _, err := s.Create(portalA, "contacts", map[string]string{"firstname": "A"}, By{}); err != nil {
		t.Fatal(err)
	}
	c.Advance(24 * time.Hour)
	if !slices.Equal(f.attempts, []int{0, 1, 2, 3}) || s.HookCounts().Pending != 0 || s.HookCounts().Delivered != 1 {
		t.Error(f.attempts, s.HookCounts())
	}
	always := make([]int, 100)
	s, c, f = newFlaky(t, always...)
	if _, err := s.Create(portalA, "contacts", map[string]string{"firstname": "A"}, By{}); err != nil {
		t.Fatal(err)
	}
	c.Advance(48 * time.Hour)
	if len(f.attempts) != 11 || s.HookCounts().GaveUp != 1 || f.times[10].Sub(f.times[0]) > 24*time.Hour {
		t.Error(f.attempts, s.HookCounts(), f.times)
	}
}

func TestWebhooksCanBeDisturbed(t *testing.T) {
	run := func(w WebhookSettings, n int) *flaky {
		s, c, f := newFlaky(t)
		s.SetWebhooks(w)
		for i := range n {
			if _, err := s.Create(portalA, "contacts", map[string]string{"firstname": fmt.Sprintf("%03d", i)}, By{}); err != nil {
				t.Fatal(err)
			}
		}
		c.Advance(time.Hour)
		return f
	}
	if f := run(WebhookSettings{}, 250); !slices.Equal(f.batches, []int{100, 100, 50}) || !slices.IsSorted(f.values) {
		t.Error(f.batches)
	}
	if f := run(WebhookSettings{Shuffle: true}, 50); slices.IsSorted(f.values) || len(f.values) != 50 {
		t.Error(f.values)
	}
	if f := run(WebhookSettings{Duplicate: 1}, 50); len(f.values) != 100 {
		t.Error(len(f.values))
	}
	if f := run(WebhookSettings{Drop: 1}, 50); len(f.values) != 0 {
		t.Error(f.values)
	}
	if f := run(WebhookSettings{JitterMs: 10_000, BatchSize: 1}, 50); slices.IsSorted(f.values) || len(f.batches) != 50 {
		t.Error(f.values)
	}
	if f := run(WebhookSettings{Paused: true}, 5); len(f.values) != 0 {
		t.Error(f.values)
	}
}
