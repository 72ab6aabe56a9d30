package contract

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"lumo/scripts/linesandbox"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/linkage"
)

type linkForm struct {
	Items []linkage.Field
	Max   int
}

func TestAPIKeepsWhatTheLinkingFormAsksFor(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann, eve := w.install(customer), w.install(otherHub)
	w.connect(ann)
	if f := into[linkForm](t, ann.ok("GET", "/linking-form", nil)); len(f.Items) != 0 || f.Max != linkage.MaxFields {
		t.Errorf("before: %+v", f)
	}
	field := func(property, kind string) body {
		return body{"property": property, "type": kind, "labelEn": "Question", "labelJa": "質問", "required": true}
	}
	set := func(fs ...body) body { return body{"fields": append([]body{}, fs...)} }
	f := into[linkForm](t, ann.ok("PUT", "/linking-form", set(field("city", "text"), field("lifecyclestage", "choice"))))
	if len(f.Items) != 2 || f.Items[0].Property != "city" || len(f.Items[0].Options) != 0 || len(f.Items[1].Options) == 0 || f.Items[1].Options[0].Value == "" {
		t.Errorf("saved %+v", f)
	}
	for name, bad := range map[string]struct {
		fields, code string
	}{
		"nobody has it":  {`{"property":"no_such_thing","type":"text","labelEn":"Q","labelJa":"","required":true}`, "NO_SUCH_PROPERTY"},
		"the address":    {`{"property":"email","type":"email","labelEn":"Q","labelJa":"","required":true}`, "INVALID_INPUT"},
		"no label":       {`{"property":"city","type":"text","labelEn":"","labelJa":"","required":true}`, "INVALID_INPUT"},
		"ours":           {`{"property":"line_user_id","type":"text","labelEn":"Q","labelJa":"","required":true}`, "OWN_PROPERTY"},
		"read only":      {`{"property":"createdate","type":"text","labelEn":"Q","labelJa":"","required":true}`, "NOT_MAPPABLE"},
		"no options":     {`{"property":"city","type":"choice","labelEn":"Q","labelJa":"","required":true}`, "INVALID_INPUT"},
		"a choice":       {`{"property":"lifecyclestage","type":"text","labelEn":"Q","labelJa":"","required":true}`, "INVALID_INPUT"},
		"another's type": {`{"property":"city","type":"date","labelEn":"Q","labelJa":"","required":true}`, "INVALID_INPUT"},
	} {
		t.Log(name)
		ann.refused("PUT", "/linking-form", `{"fields":[`+bad.fields+`]}`, 200, bad.code)
	}
	if f := into[linkForm](t, ann.ok("GET", "/linking-form", nil)); len(f.Items) != 2 {
		t.Errorf("a refusal changed it: %+v", f)
	}
	if f := into[linkForm](t, eve.ok("GET", "/linking-form", nil)); len(f.Items) != 0 {
		t.Errorf("another portal has %+v", f)
	}
	if f := into[linkForm](t, ann.ok("PUT", "/linking-form", set())); len(f.Items) != 0 {
		t.Errorf("emptied: %+v", f)
	}
}

// From the form's address over LINE Login to the contact: what the friend answers is there together with the link.
func TestAnswersOfTheFormReachTheContact(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	w.connect(ann)
	bot := w.line.Channels()[0]
	login, err := w.line.CreateChannel(linesandbox.ChannelSpec{
		Kind: linesandbox.LoginChannel, Provider: bot.Provider, LinkedBot: bot.ID, RedirectURIs: []string{lumoHost + linkage.CallbackPath},
	})
	w.must(err)
	l := into[linking](t, ann.ok("PUT", "/accounts/1/login", body{"channelId": login.ID, "channelSecret": login.Secret, "email": true}))
	ann.ok("PUT", "/linking-form", body{"fields": []body{{"property": "city", "type": "text", "labelEn": "City", "labelJa": "市区町村", "required": true}}})
	contact := w.contact(customer, map[string]string{"email": "hana@example.com", "city": "Osaka"})
	person := w.line.CreateUser(linesandbox.UserSpec{Name: "花子", Email: "hana@example.com"})
	w.must(w.line.Follow(bot.ID, person.ID))
	w.work()

	desk, ctx := w.app.Linkage(), t.Context()
	_, to, session, err := desk.Begin(ctx, strings.TrimPrefix(*l.FormAddress, lumoHost+linkage.Path), "10.0.0.1", "ja", "")
	w.must(err)
	to, err = w.line.Authorize(to, linesandbox.Consent{User: person.ID})
	w.must(err)
	back, err := url.Parse(to)
	w.must(err)
	if o, err := desk.Return(ctx, session, linkage.Answer{State: back.Query().Get("state"), Code: back.Query().Get("code")}); err != nil || o != "" {
		t.Fatalf("%s %v", o, err)
	}
	v, err := desk.Finish(ctx, session, false)
	if err != nil || v.Outcome != linkage.AskDetails || len(v.Asks) != 1 || v.Asks[0].Label("ja") != "市区町村" {
		t.Fatalf("%+v %v", v, err)
	}
	if v, err = desk.Details(ctx, session, map[string]string{"city": " 渋谷区 "}); err != nil || v.Outcome != linkage.Linked {
		t.Fatalf("%+v %v", v, err)
	}
	w.work()
	w.clock.Advance(time.Minute)
	w.work()
	user, err := w.line.LineUserID(bot.ID, person.ID)
	w.must(err)
	if got := w.value(customer, contact, "line_user_id"); got != user {
		t.Errorf("LINE User ID %q", got)
	}
	if got := w.value(customer, contact, "city"); got != "渋谷区" {
		t.Errorf("city %q", got)
	}
	f, _, err := w.app.Friends().Get(ctx, customer, friend.Key{Slot: 1, User: id.LineUserID(user)})
	if err != nil || f.Link.Contact != contact || f.Link.Method != friend.AutoMatch || f.Answers != nil {
		t.Errorf("%+v %v", f, err)
	}
}
