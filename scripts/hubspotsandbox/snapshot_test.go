package hubspotsandbox

import (
	"testing"
	"time"

	"lumo/shared/clock"
)

func TestStateOutlivesARestart(t *testing.T) {
	b := newBench(t)
	b.free()
	if _, _, err := b.s.Seed(portalA, SeedOptions{Contacts: 30, Companies: 3, Property: "line_user_id", Values: []string{"U1", "U2"}}); err != nil {
		t.Fatal(err)
	}
	list, err := b.s.CreateList(portalA, "contacts", "L", PropertyFilter("line_user_id", "IS_KNOWN"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.s.Merge(portalA, "contacts", 501, 502, By{}); err == nil {
		t.Log("merged")
	}
	b.s.SetWebhooks(WebhookSettings{DelayMs: 5000})
	if err := b.s.Edit(portalA, "contacts", 505, map[string]string{"firstname": "Changed"}, By{}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := b.s.SaveDir(dir); err != nil {
		t.Fatal(err)
	}
	pending := b.s.HookCounts().Pending
	cfg := b.s.Config()
	b.s.Close()

	again := New(cfg)
	if err := again.LoadDir(dir); err != nil {
		t.Fatal(err)
	}
	if got := again.HookCounts().Pending; got != pending || got == 0 {
		t.Errorf("%d of %d webhooks wait", got, pending)
	}
	before, err := b.s.Records(portalA, "contacts")
	if err != nil {
		t.Fatal(err)
	}
	b.s, b.api = again, again
	after, err := again.Records(portalA, "contacts")
	if err != nil || len(after) != len(before) {
		t.Fatal(err, len(before), len(after))
	}
	a := b.want(200, b.call("GET", contactsPath+"/501?propertiesWithHistory=firstname", nil))
	if a.at("id") != "531" {
		t.Error("the merge is forgotten: ", a.text)
	}
	lists, err := again.Lists(portalA, true)
	if err != nil || lists[0].ID != list || lists[0].Size != 1 {
		t.Error(lists, err)
	}
	b.want(409, b.call("POST", contactsPath, props("email", "person510@portal-1001.example.com")))
	b.want(200, b.call("POST", searchPath, filters(m{"propertyName": "line_user_id", "operator": "HAS_PROPERTY"})))
	b.hooks = nil
	b.clock.Advance(10 * time.Second)
	if len(b.hooks) != pending {
		t.Errorf("%d of %d webhooks came after the restart", len(b.hooks), pending)
	}
}

func TestSameSeedSameSandbox(t *testing.T) {
	run := func() ([]string, string) {
		s := New(Config{Clock: clock.NewVirtual(start), Seed: 9, ClientSecret: "x"})
		s.AddPortal(portalA, PortalOptions{})
		if _, _, err := s.Seed(portalA, SeedOptions{Contacts: 5, Seed: 2}); err != nil {
			t.Fatal(err)
		}
		tok, err := s.Install(portalA)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		recs, err := s.Records(portalA, "contacts")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range recs {
			out = append(out, r.Value("firstname")+r.Value("phone")+r.Created.String())
		}
		return out, tok.Access
	}
	a, tokA := run()
	b, tokB := run()
	for i := range a {
		if a[i] != b[i] || tokA != tokB {
			t.Fatal(a, b)
		}
	}
}
