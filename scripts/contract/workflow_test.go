package contract

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/linesandbox"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/linkage"
	"lumo/shared/queue"
	"lumo/shared/syncrun"
	"lumo/shared/workflow"
)

const sendAction = "lumo_send_line_message"

// flowWorld is a portal whose contacts "ann" to "dan" are linked to friends, in that order.
type flowWorld struct {
	*apiWorld
	ann      *user
	channel  string
	users    []id.LineUserID
	contacts []int64
	template string
}

func newFlowWorld(t *testing.T) *flowWorld {
	t.Helper()
	w := &flowWorld{apiWorld: newAPIWorld(t)}
	w.ann = w.install(customer)
	names := []string{"ann", "bob", "cara", "dan"}
	w.users = w.connect(w.ann, names...)
	w.channel = w.line.Channels()[0].ID
	for i, name := range names {
		w.contacts = append(w.contacts, int64(w.contact(customer, map[string]string{"firstname": name, "line_user_id": string(w.users[i]), "line_consent": "granted"})))
	}
	w.run(w.ann, syncrun.Contacts)
	w.template = into[templateJSON](t, w.ann.ok("POST", "/templates", body{"slot": 1, "name": "Welcome", "bubbles": []body{{"kind": "text", "text": "Hello {{firstname|you}}"}}})).ID
	return w
}

// flow makes a workflow of one step that sends, with these fields besides the account.
func (w *flowWorld) flow(inputs map[string]string, more ...hubspotsandbox.FlowStep) int64 {
	w.t.Helper()
	all := map[string]string{"oa": "1"}
	for k, v := range inputs {
		all[k] = v
	}
	made, err := w.hub.MakeFlow(customer, hubspotsandbox.Flow{Name: "Test", Steps: append([]hubspotsandbox.FlowStep{{Action: sendAction, Inputs: all}}, more...)})
	w.must(err)
	return made
}

// play lets time pass until all contacts ended in a branch; the tick looks once a minute.
func (w *flowWorld) play(flow int64, atMost time.Duration) {
	w.t.Helper()
	for until := w.clock.Now().Add(atMost); w.clock.Now().Before(until); {
		w.clock.Advance(time.Second)
		w.work()
		if w.clock.Now().Second() == 0 {
			_, err := w.app.Workflows().Look(w.t.Context(), customer, true)
			w.must(err)
		}
		if s := w.hub.FlowStats(customer, flow); s.Calling+s.Waiting == 0 {
			return
		}
	}
	w.t.Fatalf("after %s: %+v", atMost, w.hub.FlowStats(customer, flow))
}

func (w *flowWorld) outputs(flow int64) (out []map[string]string) {
	for _, e := range w.hub.Enrolments(customer, flow) {
		out = append(out, e.Results[len(e.Results)-1].Outputs)
	}
	return out
}

// A step is put together from its options, a contact is enrolled, the message arrives once, and the workflow can branch.
func TestWorkflowSendsAndBranches(t *testing.T) {
	t.Parallel()
	w := newFlowWorld(t)
	accounts, err := w.hub.FetchOptions(customer, sendAction, "oa", nil, "", "")
	w.must(err)
	found, err := w.hub.FetchOptions(customer, sendAction, "template", map[string]string{"oa": accounts.Options[0].Value}, "welc", "")
	w.must(err)
	if len(found.Options) != 1 || found.Options[0].Value != w.template || !found.Searchable {
		t.Fatalf("%+v", found)
	}
	if none, err := w.hub.FetchOptions(customer, sendAction, "template", map[string]string{"oa": "1"}, "nothing like it", ""); err != nil || len(none.Options) != 0 {
		t.Errorf("%+v, %v", none, err)
	}
	stranger := w.contact(customer, map[string]string{"firstname": "Eve"})
	blocked := friend.Key{Slot: 1, User: w.users[1]}
	f, _, err := w.app.Friends().Get(t.Context(), customer, blocked)
	w.must(err)
	f.Follow = friend.Blocked
	_, err = w.app.Friends().Save(t.Context(), customer, f)
	w.must(err)
	err = w.hub.Edit(customer, "contacts", w.contacts[2], map[string]string{"line_consent": "withdrawn"}, hubspotsandbox.By{})
	w.must(err)
	flow := w.flow(map[string]string{"template": w.template})
	w.must(w.hub.Enroll(customer, flow, w.contacts[0], w.contacts[1], w.contacts[2], int64(stranger)))
	w.play(flow, time.Minute)
	var got []string
	for _, o := range w.outputs(flow) {
		got = append(got, o["status"]+" "+o["reason"])
	}
	want := []string{"sent ", "skipped_blocked FRIEND_BLOCKED", "skipped_no_consent NO_CONSENT", "skipped_unlinked NOT_LINKED"}
	if !slices.Equal(got, want) {
		t.Errorf("branches %q", got)
	}
	if heard := w.heard(w.channel, w.users[0]); len(heard) != 1 || !strings.Contains(heard[0], "Hello ann") {
		t.Errorf("phone shows %v", heard)
	}
	if len(w.heard(w.channel, w.users[1]))+len(w.heard(w.channel, w.users[2])) != 0 {
		t.Error("somebody else got it")
	}
	for _, e := range w.hub.Enrolments(customer, flow) {
		if e.Results[0].Words == "" || e.Results[0].Calls != 1 {
			t.Errorf("%+v", e)
		}
	}
	if used := into[templateJSON](t, w.ann.ok("GET", "/templates/1/"+w.template, nil)); len(used.UsedBy) != 1 || used.UsedBy[0].Workflow != fmt.Sprint(flow) {
		t.Errorf("%+v", used.UsedBy)
	}
	if w.outputs(flow)[0]["line_request_id"] == "" {
		t.Error("LINE's request id is missing")
	}
}

// Whatever form HubSpot's repetitions have, each phone shows each message once; two steps and a second enrolment send again.
func TestWorkflowRepetitionsSendOnce(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]hubspotsandbox.FlowSettings{
		"same callback":                {Repeat: 0.7, MaxRepeats: 5},
		"new callback":                 {Repeat: 0.7, NewID: 1, MaxRepeats: 5, RepeatMs: 100},
		"new callback, late":           {Repeat: 0.7, NewID: 1, MaxRepeats: 5, RepeatMs: 20_000},
		"new callback, no enrolment":   {Repeat: 0.7, NewID: 1, MaxRepeats: 5, RepeatMs: 100, Anonymous: true},
		"both, no enrolment, one call": {Repeat: 0.5, NewID: 0.5, MaxRepeats: 5, RepeatMs: 100, Anonymous: true, Concurrent: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFlowWorld(t)
			w.hub.SetFlows(set)
			flow := w.flow(map[string]string{"text_1": "one {{enrolled_object.firstname}}", "category": "transactional"},
				hubspotsandbox.FlowStep{Action: sendAction, Inputs: map[string]string{"oa": "1", "text_1": "one {{enrolled_object.firstname}}", "category": "transactional"}})
			for round := range 2 {
				w.must(w.hub.Enroll(customer, flow, w.contacts...))
				w.play(flow, 10*time.Minute)
				for i, u := range w.users {
					if got := w.heard(w.channel, u); len(got) != 2*(round+1) {
						t.Errorf("round %d: phone %d shows %d messages", round, i, len(got))
					}
				}
			}
			if s := w.hub.FlowStats(customer, flow); s.Branches["sent"] != 8 || s.Calls <= 16 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// Quiet hours of the portal's own time zone (Asia/Jakarta) put a message off; a used-up quota holds it until there is more, or for three days.
func TestWorkflowWaitsForMorningAndForQuota(t *testing.T) {
	t.Parallel()
	w := newFlowWorld(t)
	jakarta := time.FixedZone("WIB", 7*3600)
	for h := w.clock.Now().In(jakarta).Hour(); h != 22; h = w.clock.Now().In(jakarta).Hour() {
		w.clock.Advance(10 * time.Minute)
	}
	flow := w.flow(map[string]string{"text_1": "good morning", "quiet_hours": "respect", "category": "transactional"})
	w.must(w.hub.Enroll(customer, flow, w.contacts[0]))
	w.play(flow, 14*time.Hour)
	if local := w.clock.Now().In(jakarta); local.Hour() != 8 || local.Minute() > 3 || len(w.heard(w.channel, w.users[0])) != 1 {
		t.Errorf("sent at %s", local)
	}

	w.must(w.quota(1))
	held := w.flow(map[string]string{"text_1": "later", "category": "transactional"})
	w.must(w.hub.Enroll(customer, held, w.contacts[1], w.contacts[2]))
	w.play(held, time.Minute)
	if s := w.hub.FlowStats(customer, held); s.Branches["held_quota"] != 2 {
		t.Fatalf("%+v", s)
	}
	w.must(w.quota(1000))
	for range 70 {
		w.clock.Advance(time.Minute)
		_, err := w.app.Workflows().Look(t.Context(), customer, true)
		w.must(err)
		w.work()
	}
	if a, b := len(w.heard(w.channel, w.users[1])), len(w.heard(w.channel, w.users[2])); a != 1 || b != 1 {
		t.Errorf("after the quota rose the phones show %d and %d", a, b)
	}
	if open, err := w.app.Workflows().Look(t.Context(), customer, true); err != nil || open {
		t.Errorf("still open: %v, %v", open, err)
	}
}

// Acceptance 4: each thing that can be wrong has its documented answer, and the workflow goes on.
func TestWorkflowAnswersWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newFlowWorld(t)
	late := time.Duration(0)
	ask := func(path, secret, content string) (int, string) {
		t.Helper()
		url := lumoHost + path
		req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(content))
		w.must(err)
		for k, v := range hubspotsandbox.Sign(secret, http.MethodPost, url, []byte(content), fmt.Sprint(w.clock.Now().Add(-late).UnixMilli())) {
			req.Header.Set(k, v)
		}
		res, err := w.RoundTrip(req)
		w.must(err)
		defer res.Body.Close()
		b := make([]byte, 4096)
		n, _ := res.Body.Read(b)
		return res.StatusCode, string(b[:n])
	}
	call := func(portal int, object, inputs string) string {
		return fmt.Sprintf(`{"callbackId":"ap-1","origin":{"portalId":%d,"actionDefinitionId":1},"context":{"source":"WORKFLOWS","workflowId":5},"object":{"objectId":%d,"objectType":%q},"inputFields":%s}`, portal, w.contacts[0], object, inputs)
	}
	const send, options = "/hubspot/actions/send-message", "/hubspot/actions/options/template"
	good := call(customer, "CONTACT", `{"oa":"1","text_1":"x"}`)
	for name, c := range map[string]struct {
		path, secret, content string
		status                int
		says                  string
	}{
		"bad signature":    {send, "another", good, 401, "SIGNATURE"},
		"no such action":   {"/hubspot/actions/dance", appSecret, good, 404, "NO_SUCH_ACTION"},
		"no such input":    {"/hubspot/actions/options/weather", appSecret, `{"origin":{"portalId":4711}}`, 404, "NO_SUCH_INPUT"},
		"no JSON":          {send, appSecret, "{", 400, "BODY"},
		"no callback":      {send, appSecret, strings.Replace(good, "ap-1", "", 1), 400, "BODY"},
		"foreign portal":   {send, appSecret, call(otherHub, "CONTACT", `{"oa":"1"}`), 200, workflow.ReasonOff},
		"a deal":           {send, appSecret, call(customer, "DEAL", `{"oa":"1"}`), 200, workflow.ReasonObject},
		"malformed fields": {send, appSecret, call(customer, "CONTACT", `{"oa":{"a":1}}`), 200, workflow.ReasonFields},
		"foreign options":  {options, appSecret, fmt.Sprintf(`{"origin":{"portalId":%d},"inputFields":{"oa":{"value":"1"}}}`, otherHub), 200, `"options":[]`},
		"good":             {send, appSecret, good, 200, `"hs_execution_state":"BLOCK"`},
	} {
		status, answer := ask(c.path, c.secret, c.content)
		if status != c.status || !strings.Contains(answer, c.says) || c.status == 200 && strings.Contains(c.says, "_") && !strings.Contains(answer, `FAIL_CONTINUE`) && name != "good" {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	w.sent.Take(queue.Actions)
	for name, path := range map[string]string{"send": send, "options": options, "create-link": "/hubspot/actions/create-link", "link-friend": "/hubspot/actions/link-friend"} {
		if status, answer := ask(path, "another", good); status != 401 || !strings.Contains(answer, "SIGNATURE") {
			t.Errorf("%s with a bad signature: %d %s", name, status, answer)
		}
	}
	late = 10 * time.Minute
	if status, answer := ask(send, appSecret, good); status != 401 || !strings.Contains(answer, "SIGNATURE") {
		t.Errorf("an old signature: %d %s", status, answer)
	}

	gone := w.flow(map[string]string{"template": w.template, "category": "transactional"})
	w.ann.ok("DELETE", "/templates/1/"+w.template, nil)
	silent := w.flow(map[string]string{"category": "transactional"})
	fails := w.flow(map[string]string{"text_1": "x", "if_unlinked": "fail"})
	raw := w.flow(map[string]string{"text_1": `{"type":"sticker","packageId":"446","stickerId":"1988"}`, "text_2": "two", "category": "transactional"})
	nowhere := w.flow(map[string]string{"oa": "eleven", "text_1": "x"})
	w.must(w.hub.Enroll(customer, nowhere, w.contacts[0]))
	w.must(w.hub.Enroll(customer, gone, w.contacts[0]))
	w.must(w.hub.Enroll(customer, silent, w.contacts[0]))
	w.must(w.hub.Enroll(customer, fails, 999_999))
	w.must(w.hub.Enroll(customer, raw, w.contacts[3]))
	for flow, reason := range map[int64]string{gone: workflow.ReasonTemplate, silent: workflow.ReasonEmpty, fails: workflow.ReasonUnlinked, raw: "", nowhere: workflow.ReasonFields} {
		w.play(flow, time.Minute)
		if o := w.outputs(flow)[0]; o["reason"] != reason || reason != "" && o["status"] != "failed" {
			t.Errorf("%s: %v", reason, o)
		}
	}
	if state := w.hub.Enrolments(customer, fails)[0].Results[0].State; state != "FAIL_CONTINUE" {
		t.Errorf("if_unlinked=fail answers %s", state)
	}
	if heard := w.heard(w.channel, w.users[3]); len(heard) != 2 || !strings.Contains(heard[0], "sticker") {
		t.Errorf("phone shows %v", heard)
	}
	w.ann.ok("POST", "/accounts/1/disconnect", body{})
	off := w.flow(map[string]string{"text_1": "x"})
	w.must(w.hub.Enroll(customer, off, w.contacts[0]))
	w.play(off, time.Minute)
	if o := w.outputs(off)[0]; o["reason"] != workflow.ReasonAccount {
		t.Errorf("%v", o)
	}
	for _, input := range []string{"template", "oa"} {
		if got, err := w.hub.FetchOptions(customer, sendAction, input, map[string]string{"oa": "1"}, "", ""); err != nil || len(got.Options) != 0 {
			t.Errorf("options %s of a disconnected account: %+v, %v", input, got, err)
		}
	}
	for action, inputs := range map[string]map[string]string{
		"lumo_create_line_link": {"oa": "1"}, "lumo_link_line_friend": {"oa": "1", "line_user_id": string(w.users[0])}, "lumo_add_line_tag": {"oa": "1", "tag": "vip"},
	} {
		if r := w.one(action, w.contacts[0], inputs); r.Outputs["reason"] != workflow.ReasonAccount || !strings.Contains(r.Words, "not connected") {
			t.Errorf("%s: %+v", action, r)
		}
	}
}

// Tags by workflow: added, removed, and the reason when the tag is gone.
func TestWorkflowTags(t *testing.T) {
	t.Parallel()
	w := newFlowWorld(t)
	tag := into[struct{ Tag struct{ ID string } }](t, w.ann.ok("POST", "/tags", body{"slot": 1, "name": "VIP"})).Tag.ID
	got, err := w.hub.FetchOptions(customer, "lumo_add_line_tag", "tag", map[string]string{"oa": "1"}, "", "")
	if w.must(err); len(got.Options) != 1 || got.Options[0].Value != tag {
		t.Fatalf("%+v", got)
	}
	step := func(action, tag string) int64 {
		made, err := w.hub.MakeFlow(customer, hubspotsandbox.Flow{Steps: []hubspotsandbox.FlowStep{{Action: action, Inputs: map[string]string{"oa": "1", "tag": tag}}}})
		w.must(err)
		w.must(w.hub.Enroll(customer, made, w.contacts[0]))
		w.play(made, time.Minute)
		return made
	}
	tags := func() string {
		return string(w.ann.ok("GET", "/friends/1/"+string(w.users[0]), nil).Raw)
	}
	if o := w.outputs(step("lumo_add_line_tag", tag))[0]; o["status"] != "done" || !strings.Contains(tags(), tag) {
		t.Errorf("%v", o)
	}
	if o := w.outputs(step("lumo_remove_line_tag", tag))[0]; o["status"] != "done" || strings.Contains(tags(), tag) {
		t.Errorf("%v", o)
	}
	if o := w.outputs(step("lumo_add_line_tag", "gone"))[0]; o["status"] != "failed" || o["reason"] != workflow.ReasonTag {
		t.Errorf("%v", o)
	}
	// Who deletes the tag is told which workflows named it, also for contacts that nobody is linked to.
	third, err := w.hub.MakeFlow(customer, hubspotsandbox.Flow{Steps: []hubspotsandbox.FlowStep{{Action: "lumo_add_line_tag", Inputs: map[string]string{"oa": "1", "tag": tag}}}})
	w.must(err)
	w.must(w.hub.Enroll(customer, third, 999_999))
	w.play(third, time.Minute)
	uses := into[struct {
		Items []struct {
			Kind, ID string
			LastAt   *int64
		}
	}](t, w.ann.ok("GET", "/tags/1/"+tag+"/uses", nil)).Items
	if len(uses) != 3 || uses[0].Kind != "workflow" || uses[2].ID != fmt.Sprint(third) || uses[2].LastAt == nil || *uses[2].LastAt > w.clock.Now().UnixMilli() {
		t.Errorf("used by %+v", uses)
	}
}

// one enrols a contact in a workflow of one step and tells what the step answered.
func (w *flowWorld) one(action string, contact int64, inputs map[string]string) hubspotsandbox.StepResult {
	w.t.Helper()
	made, err := w.hub.MakeFlow(customer, hubspotsandbox.Flow{Steps: []hubspotsandbox.FlowStep{{Action: action, Inputs: inputs}}})
	w.must(err)
	w.must(w.hub.Enroll(customer, made, contact))
	w.play(made, 2*time.Minute)
	return w.hub.Enrolments(customer, made)[0].Results[0]
}

// A link made by a workflow is one that the contact can use, and the same for each repetition of HubSpot's call.
func TestWorkflowMakesLinks(t *testing.T) {
	t.Parallel()
	w := newFlowWorld(t)
	const create = "lumo_create_line_link"
	contact := int64(w.contact(customer, map[string]string{"email": "eve@example.com"}))
	if r := w.one(create, contact, map[string]string{"oa": "1"}); r.Outputs["status"] != "failed" || r.Outputs["reason"] != workflow.ReasonNoLogin || r.Words == "" {
		t.Errorf("%+v", r)
	}
	bot, err := w.line.Channel(w.channel)
	w.must(err)
	login, err := w.line.CreateChannel(linesandbox.ChannelSpec{Kind: linesandbox.LoginChannel, Provider: bot.Provider, LinkedBot: bot.ID})
	w.must(err)
	w.ann.ok("PUT", "/accounts/1/login", body{"channelId": login.ID, "channelSecret": login.Secret})
	w.hub.SetFlows(hubspotsandbox.FlowSettings{Repeat: 0.9, NewID: 0.5, MaxRepeats: 5, RepeatMs: 20_000})
	for question, hint := range map[string]string{"ask": "e•••@example.com", "direct": ""} {
		r := w.one(create, contact, map[string]string{"oa": "1", "question": question})
		token, ok := strings.CutPrefix(r.Outputs["link_url"], lumoHost+linkage.Path)
		if v, err := w.app.Linkage().Look(t.Context(), token, "10.0.0.1"); !ok || err != nil || v.Outcome != linkage.Confirm || v.Hint != hint {
			t.Errorf("%s: %+v shows %+v, %v", question, r, v, err)
		}
	}
	if r := w.one(create, 999_999, map[string]string{"oa": "1"}); r.Outputs["reason"] != workflow.ReasonGone || r.Outputs["link_url"] != "" {
		t.Errorf("%+v", r)
	}
}

// Each outcome of linking by a property, through the contact sync.
func TestWorkflowLinksFriendsByProperty(t *testing.T) {
	t.Parallel()
	w := newFlowWorld(t)
	fresh := w.connectMore("eve")
	person := func(user string) int64 {
		return int64(w.contact(customer, map[string]string{"jobtitle": user}))
	}
	link := func(contact int64) string {
		r := w.one("lumo_link_line_friend", contact, map[string]string{"oa": "1", "line_user_id": "{{enrolled_object.jobtitle}}"})
		if r.Words == "" {
			t.Errorf("no words for %+v", r)
		}
		return strings.TrimSpace(r.Outputs["status"] + " " + r.Outputs["reason"])
	}
	eve := person(string(fresh))
	for _, c := range []struct {
		name    string
		contact int64
		want    string
	}{
		{"a friend of nobody", eve, "linked"},
		{"once more", eve, "already_linked"},
		{"the friend of ann", person(string(w.users[0])), "conflict " + workflow.ReasonFriendTaken},
		{"nobody's id", person("U00000000000000000000000000000000"), "not_found " + workflow.ReasonStranger},
		{"no id", person("manager"), "not_found " + workflow.ReasonBadUser},
		{"nothing", person(""), "not_found " + workflow.ReasonNoUser},
	} {
		if got := link(c.contact); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
	if v := w.value(customer, id.ContactID(eve), "line_user_id"); v != string(fresh) {
		t.Errorf("HubSpot holds %q", v)
	}
	w.must(w.hub.Edit(customer, "contacts", w.contacts[1], map[string]string{"jobtitle": string(w.connectMore("faye"))}, hubspotsandbox.By{}))
	if got := link(w.contacts[1]); got != "conflict "+workflow.ReasonContactTaken {
		t.Errorf("a contact that has a friend: %s", got)
	}
	w.ann.ok("POST", "/friends/1/"+string(fresh)+"/unlink", body{"contact": fmt.Sprint(eve)})
	w.work()
	if got := link(eve); got != "skipped_unlinked_by_hand "+workflow.ReasonParted {
		t.Errorf("after a person unlinked them: %s", got)
	}
}

// connectMore has one more person follow the account, and tells who that is.
func (w *flowWorld) connectMore(name string) id.LineUserID {
	w.t.Helper()
	person := w.line.CreateUser(linesandbox.UserSpec{Name: name})
	w.must(w.line.Follow(w.channel, person.ID))
	user, err := w.line.LineUserID(w.channel, person.ID)
	w.must(err)
	w.work()
	return id.LineUserID(user)
}

// The sandbox's own pages do the same by hand: choose the action, load its options, enroll a contact, see its branch.
func TestWorkflowPages(t *testing.T) {
	t.Parallel()
	w := newFlowWorld(t)
	page := func(method, path string, form url.Values) (string, string) {
		t.Helper()
		req := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rec := httptest.NewRecorder()
		w.hub.ServeHTTP(rec, req)
		return rec.Body.String(), rec.Header().Get("Location")
	}
	home := fmt.Sprintf("/ui/%d/workflows", customer)
	if text, _ := page("GET", home, nil); !strings.Contains(text, "Send LINE message") {
		t.Fatalf("%s", text)
	}
	text, _ := page("GET", home+"?action="+sendAction+"&oa=1&q=welc", nil)
	if !strings.Contains(text, w.template) || !strings.Contains(text, "Transactional") {
		t.Fatalf("%s", text)
	}
	_, to := page("POST", home+"/new", url.Values{"action": {sendAction}, "name": {"By hand"}, "oa": {"1"}, "template": {w.template}, "category": {"transactional"}, "then_status": {"sent"}, "then_property": {"city"}, "then_value": {"Sapporo"}})
	to, _, _ = strings.Cut(to, "?")
	if !strings.HasPrefix(to, home+"/") {
		t.Fatalf("leads to %q", to)
	}
	list, err := w.hub.CreateList(customer, "contacts", "Regulars", nil)
	w.must(err)
	w.must(w.hub.AddMembers(customer, list, w.contacts[2]))
	if text, _ := page("GET", to, nil); !strings.Contains(text, "Regulars") {
		t.Errorf("%s", text)
	}
	page("POST", to+"/enroll", url.Values{"ids": {fmt.Sprint(w.contacts[0])}, "first": {"2"}, "list": {fmt.Sprint(list)}})
	for range 5 {
		w.clock.Advance(time.Second)
		w.work()
	}
	if v := w.value(customer, id.ContactID(w.contacts[0]), "city"); v != "Sapporo" {
		t.Errorf("the branch of sent set %q", v)
	}
	if text, _ := page("GET", to, nil); !strings.Contains(text, "sent 4") || !strings.Contains(text, "The message was handed to LINE.") {
		t.Errorf("%s", text)
	}
}
