package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/linesandbox"
	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/linesync"
	"lumo/shared/linkage"
	"lumo/shared/queue"
	"lumo/shared/syncrun"
)

type linking struct {
	LoginChannelID *string
	LoginEmail     bool
	CallbackURL    string
	MergeAddress   *string
	FormAddress    *string
	Coverage       struct{ Friends, Linked int }
}

func TestAPIMakesLinksForContacts(t *testing.T) {
	t.Parallel()
	w := newChatWorld(t)
	contact := w.contact.String()
	w.ann.refused("POST", "/contacts/"+contact+"/links", `{"slot":1}`, 200, "NO_LOGIN_CHANNEL")
	w.ann.refused("POST", "/contacts/"+contact+"/links", `{"slot":2}`, 200, "NO_SUCH_ACCOUNT")
	if l := into[linking](t, w.ann.ok("GET", "/accounts/1/linking", nil)); l.LoginChannelID != nil || l.MergeAddress != nil || !strings.HasSuffix(l.CallbackURL, linkage.CallbackPath) {
		t.Errorf("before: %+v", l)
	}
	bot, err := w.line.Channel(w.channel.ID)
	w.must(err)
	login, err := w.line.CreateChannel(linesandbox.ChannelSpec{Kind: linesandbox.LoginChannel, Provider: bot.Provider, LinkedBot: bot.ID})
	w.must(err)
	set := func(id, secret string) body { return body{"channelId": id, "channelSecret": secret} }
	w.ann.refused("PUT", "/accounts/1/login", `{"channelId":"x","channelSecret":"y"}`, 200, "INVALID_INPUT")
	w.ann.refused("PUT", "/accounts/1/login", `{"channelId":"`+bot.ID+`","channelSecret":"`+bot.Secret+`"}`, 200, "LOGIN_CHANNEL_REFUSED")
	w.ann.refused("PUT", "/accounts/2/login", `{"channelId":"`+login.ID+`","channelSecret":"`+login.Secret+`"}`, 200, "NO_SUCH_ACCOUNT")
	l := into[linking](t, w.ann.ok("PUT", "/accounts/1/login", set(login.ID, login.Secret)))
	if l.LoginChannelID == nil || *l.LoginChannelID != login.ID || l.MergeAddress == nil || !strings.HasSuffix(*l.MergeAddress, linkage.Path+"{{ contact.line_link_token }}") {
		t.Errorf("after: %+v", l)
	}
	if l.FormAddress == nil || l.Coverage.Friends == 0 || l.Coverage.Linked != 1 {
		t.Errorf("form and coverage: %+v", l)
	}
	email := func(id string) body { return body{"channelId": id, "channelSecret": "", "email": true} }
	if l := into[linking](t, w.ann.ok("PUT", "/accounts/1/login", email(login.ID))); l.LoginChannelID == nil || !l.LoginEmail {
		t.Errorf("addresses permitted: %+v", l)
	}
	w.ann.refused("PUT", "/accounts/1/login", `{"channelId":"12345","channelSecret":"","email":true}`, 200, "INVALID_INPUT")
	made := into[struct {
		Address, ContactID string
		EndsAt             int64
	}](t, w.ann.ok("POST", "/contacts/"+contact+"/links", body{"slot": 1}))
	if !strings.Contains(made.Address, linkage.Path) || made.ContactID != contact || made.EndsAt != w.clock.Now().Add(linkage.Life).UnixMilli() {
		t.Errorf("made %+v", made)
	}
	w.ann.refused("POST", "/contacts/99999/links", `{"slot":1}`, 200, "NO_SUCH_CONTACT")
	if l := into[linking](t, w.ann.ok("PUT", "/accounts/1/login", set("", ""))); l.LoginChannelID != nil || l.MergeAddress != nil {
		t.Errorf("taken away: %+v", l)
	}
}

func TestAPISetsHowPeopleLink(t *testing.T) {
	t.Parallel()
	w := newChatWorld(t)
	type ways struct {
		Word        *string
		ButtonData  string
		Unverified  bool
		PlainIDs    bool
		FormAddress *string
		// For e-mails.
		PlainAddress *string
	}
	if l := into[ways](t, w.ann.ok("GET", "/accounts/1/linking", nil)); l.Word != nil || l.Unverified || l.FormAddress != nil || l.ButtonData != linkage.AskPostback {
		t.Errorf("before: %+v", l)
	}
	l := into[ways](t, w.ann.ok("PUT", "/accounts/1/linking", body{"word": " 連携 ", "unverified": true, "plainIds": true}))
	if l.Word == nil || *l.Word != "連携" || !l.Unverified || l.FormAddress == nil || !l.PlainIDs || l.PlainAddress != nil {
		t.Errorf("after: %+v", l)
	}
	w.ann.refused("PUT", "/accounts/1/linking", `{"word":"`+strings.Repeat("あ", 31)+`"}`, 200, "INVALID_INPUT")
	w.ann.refused("PUT", "/accounts/2/linking", `{"word":"x"}`, 200, "NO_SUCH_ACCOUNT")
	if l := into[ways](t, w.ann.ok("PUT", "/accounts/1/linking", body{})); l.Word != nil || l.Unverified || l.PlainIDs {
		t.Errorf("what was left out: %+v", l)
	}
}

type writing struct {
	Writing *struct {
		Done                      bool
		Read, Made, Kept, Refused int
		Problem                   *string
	}
}

// A mailing to a list: each contact gets a token of its own, a good one stays, and a copied one is replaced.
func TestAPIWritesLinksToAList(t *testing.T) {
	t.Parallel()
	w := newChatWorld(t)
	bot, err := w.line.Channel(w.channel.ID)
	w.must(err)
	login, err := w.line.CreateChannel(linesandbox.ChannelSpec{Kind: linesandbox.LoginChannel, Provider: bot.Provider, LinkedBot: bot.ID})
	w.must(err)
	list, err := w.hub.CreateList(customer, "contacts", "Mailing", nil)
	w.must(err)
	var people []id.ContactID
	for _, name := range []string{"ann", "bob", "cy"} {
		c := w.apiWorld.contact(customer, map[string]string{"email": name + "@example.com"})
		people = append(people, c)
		w.must(w.hub.AddMembers(customer, list, int64(c)))
	}
	write := body{"list": fmt.Sprint(list)}
	w.ann.refused("POST", "/accounts/1/links", fmt.Sprintf(`{"list":"%d"}`, list), 200, "NO_LOGIN_CHANNEL")
	w.ann.ok("PUT", "/accounts/1/login", body{"channelId": login.ID, "channelSecret": login.Secret})
	run := func() writing {
		t.Helper()
		w.ann.ok("POST", "/accounts/1/links", write)
		w.work()
		return into[writing](t, w.ann.ok("GET", "/accounts/1/linking", nil))
	}
	first := run()
	if first.Writing == nil || !first.Writing.Done || first.Writing.Made != 3 || first.Writing.Read != 3 || first.Writing.Problem != nil {
		t.Fatalf("first %+v", first.Writing)
	}
	tokens := map[string]bool{}
	for i, c := range people {
		token := w.value(customer, c, "line_link_token")
		tokens[token] = true
		v, err := w.app.Linkage().Look(t.Context(), token, "10.0.0.1")
		if card := into[struct{ Claim string }](t, w.ann.ok("GET", "/contacts/"+c.String(), nil)); card.Claim != "pending" {
			t.Errorf("contact %d: the card says %q", c, card.Claim)
		}
		if want := []string{"a", "b", "c"}[i] + "•••@example.com"; err != nil || v.Outcome != linkage.Confirm || v.Hint != want {
			t.Errorf("contact %d: %+v %v", c, v, err)
		}
	}
	if len(tokens) != 3 {
		t.Errorf("%d different tokens", len(tokens))
	}
	w.must(w.hub.Edit(customer, "contacts", int64(people[0]), map[string]string{"line_link_token": w.value(customer, people[1], "line_link_token")}, hubspotsandbox.By{}))
	w.clock.Advance(time.Minute)
	if again := run(); again.Writing.Made != 1 || again.Writing.Kept != 2 {
		t.Errorf("again %+v", again.Writing)
	}
	write["list"] = "99999"
	if gone := run(); !gone.Writing.Done || gone.Writing.Problem == nil {
		t.Errorf("a list that is gone: %+v", gone.Writing)
	}
}

// Two contacts name one friend: nothing moves until somebody decides, and the decision can be taken back (acceptance 2).
func TestAPIDecidesConflicts(t *testing.T) {
	t.Parallel()
	w := newChatWorld(t)
	path, key := "/friends/1/"+string(w.friend)+"/links", friend.Key{Slot: 1, User: w.friend}
	other := w.apiWorld.contact(customer, map[string]string{"email": "other@example.com"})
	link := func() friend.Link {
		t.Helper()
		f, _, err := w.app.Friends().Get(t.Context(), customer, key)
		w.must(err)
		return f.Link
	}
	ask := func(choice string) string { return fmt.Sprintf(`{"choice":%q,"contact":"%d"}`, choice, other) }
	w.ann.refused("POST", path, ask("move"), 200, "NO_SUCH_CONFLICT")
	w.ann.refused("POST", path, ask("keep"), 200, "NO_SUCH_CONFLICT")
	w.ann.refused("POST", path, ask("undo"), 200, "UNDO_TOO_LATE")
	w.ann.refused("POST", path, ask("burn"), 200, "INVALID_INPUT")
	w.ann.refused("POST", "/friends/1/U00000000000000000000000000000000/links", ask("move"), 200, "NO_SUCH_FRIEND")

	proof := friend.Proof{Method: friend.EmailLink, Proof: "link:ab12", Actor: "person", At: w.clock.Now().UnixMilli()}
	b, err := json.Marshal(contactsync.Batch{Portal: customer, Notes: []contactsync.Note{{Kind: contactsync.Proven, Contact: other, Friend: &key, At: proof.At, Proof: &proof}}})
	w.must(err)
	w.must(w.sent.Send(t.Context(), queue.HubspotEvents, queue.Message{Body: b}))
	w.work()
	before := link()
	if before.State != friend.Conflict || before.Contact != w.contact || before.Claimant != other {
		t.Fatalf("conflict %+v", before)
	}
	decide := func(choice string) {
		t.Helper()
		w.clock.Advance(time.Minute)
		w.ann.ok("POST", path, body{"choice": choice, "contact": other.String()})
		w.work()
	}
	decide("move")
	if l := link(); l.State != friend.Linked || l.Contact != other || l.Method != friend.EmailLink {
		t.Errorf("moved to %+v", l)
	}
	if a, b := w.value(customer, w.contact, "line_user_id"), w.value(customer, other, "line_user_id"); a != "" || b != string(w.friend) {
		t.Errorf("HubSpot holds %q and %q", a, b)
	}
	decide("undo")
	if l := link(); l != before {
		t.Errorf("undone to %+v\nwas        %+v", l, before)
	}
	if a, b := w.value(customer, w.contact, "line_user_id"), w.value(customer, other, "line_user_id"); a != string(w.friend) || b != "" {
		t.Errorf("HubSpot holds %q and %q", a, b)
	}
	decide("keep")
	if l := link(); l.State != friend.Linked || l.Contact != w.contact || l.Claimant != 0 {
		t.Errorf("kept as %+v", l)
	}
	if n, err := w.app.Failures().Count(t.Context(), customer); err != nil || n != 0 {
		t.Errorf("%d failed items %v", n, err)
	}
}

// What an import of LINE User IDs could not link is told by row and reason, apart from everything else that failed (acceptance 3), in the app and
// as a file.
func TestAPIReportsRefusedIDs(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	users := w.connect(ann, "花子")
	w.contact(customer, map[string]string{"line_user_id": string(users[0])})
	wrong := map[string]string{}
	for i := range 7 {
		unknown := w.contact(customer, map[string]string{"line_user_id": fmt.Sprintf("U%032d", i)})
		malformed := w.contact(customer, map[string]string{"line_user_id": fmt.Sprintf("line-%d", i)})
		wrong[unknown.String()], wrong[malformed.String()] = "LINE_ID_NOT_VALID", "LINE_ID_MALFORMED"
	}
	w.run(ann, syncrun.All)
	const report = "kind=link&slot=1&codes=LINE_ID_MALFORMED,LINE_ID_NOT_VALID"
	type page struct {
		Items []struct {
			Code, ContactID string
			Slot            int
		}
		Next *string
	}
	got := map[string]string{}
	for at := ""; ; {
		p := into[page](t, ann.ok("GET", "/failures?limit=4&"+report+at, nil))
		for _, it := range p.Items {
			if got[it.ContactID] = it.Code; it.Slot != 1 {
				t.Errorf("contact %s is of account %d", it.ContactID, it.Slot)
			}
		}
		if p.Next == nil {
			break
		}
		ann.refused("GET", "/failures?kind=write_back&cursor="+*p.Next, "", 200, "INVALID_INPUT")
		at = "&cursor=" + *p.Next
	}
	if !maps.Equal(got, wrong) {
		t.Errorf("reported %v\nwant     %v", got, wrong)
	}
	for contact, code := range wrong {
		want := map[string]string{"LINE_ID_NOT_VALID": "id_not_valid", "LINE_ID_MALFORMED": "id_malformed"}[code]
		if card := into[struct{ State, Claim string }](t, ann.ok("GET", "/contacts/"+contact, nil)); card.State != "not_linked" || card.Claim != want {
			t.Errorf("card %+v, want %s", card, want)
		}
	}
	if p := into[page](t, ann.ok("GET", "/failures?kind=link&slot=1&codes=LINK_CONFLICT", nil)); len(p.Items) != 0 {
		t.Errorf("conflicts %+v", p)
	}
	if p := into[page](t, ann.ok("GET", "/failures?kind=link&slot=2", nil)); len(p.Items) != 0 {
		t.Errorf("of another account %+v", p)
	}
	_, ticket := ann.export(body{"what": "failures", "filter": body{"kind": "link", "slot": "1", "codes": "LINE_ID_MALFORMED,LINE_ID_NOT_VALID"}})
	_, rows, _ := w.save(ticket)
	for _, r := range rows[1:] {
		if wrong[r[3]] != r[4] || r[1] != "1" {
			t.Errorf("row %v", r)
		}
	}
	if len(rows) != 1+len(wrong) {
		t.Errorf("%d rows in the file", len(rows))
	}
	for _, bad := range []string{"kind=x", "slot=1", "kind=link&slot=x", "kind=read&slot=1"} {
		ann.refused("GET", "/failures?"+bad, "", 200, "INVALID_INPUT")
	}
}

// P-29: who gets a contact without having shown who they are. It holds the LINE User ID, no address, and the name only if that is wanted (P-30); whoever
// was linked before gets no other.
func TestAPICreatesContactsByPolicy(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]struct{ import_, follow, message int }{
		"when_linked": {0, 0, 0}, "when_messaged": {0, 0, 1}, "always": {2, 3, 3},
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			w := newAPIWorld(t)
			ann := w.install(customer)
			w.connect(ann) // property set and account, nobody imported yet
			ann.ok("PATCH", "/settings", body{"contactPolicy": policy, "nameFromLine": policy == "always"})
			made := func() int {
				t.Helper()
				all, err := w.hub.Records(customer, "contacts")
				w.must(err)
				return len(all)
			}
			before := made()
			channel := w.line.Channels()[0].ID
			for _, name := range []string{"花子", "次郎"} {
				w.must(w.line.Follow(channel, w.line.CreateUser(linesandbox.UserSpec{Name: name}).ID))
			}
			ann.ok("POST", "/accounts/1/import", nil)
			w.work()
			if n := made() - before; n != want.import_ {
				t.Errorf("imported: %d contacts", n)
			}
			person := w.line.CreateUser(linesandbox.UserSpec{Name: "Ann"})
			w.must(w.line.Follow(channel, person.ID))
			line, err := w.line.LineUserID(channel, person.ID)
			w.must(err)
			u := id.LineUserID(line)
			tell := func(kind linesync.Kind) {
				t.Helper()
				w.clock.Advance(time.Second)
				scope, err := w.app.Scopes().Scope(t.Context(), customer)
				w.must(err)
				e := linesync.Event{Kind: kind, User: u, At: w.clock.Now().UnixMilli(), MessageID: "m1", Type: "text", Text: "Hi"}
				for range 2 {
					w.must(w.app.LineEvents().Handle(t.Context(), scope, 1, []linesync.Event{e}))
				}
				w.work()
			}
			tell(linesync.Follow)
			if n := made() - before; n != want.follow {
				t.Errorf("followed: %d contacts", n)
			}
			tell(linesync.Message)
			if n := made() - before; n != want.message {
				t.Fatalf("wrote: %d contacts", n)
			}
			if want.message == 0 {
				return
			}
			f, _, err := w.app.Friends().Get(t.Context(), customer, friend.Key{Slot: 1, User: u})
			w.must(err)
			if f.Link.State != friend.Linked || f.Link.Method != friend.AutoMatch || f.Link.Actor != "lumo" {
				t.Fatalf("link %+v", f.Link)
			}
			name := map[bool]string{true: "Ann"}[policy == "always"]
			if got := w.value(customer, f.Link.Contact, "firstname"); got != name {
				t.Errorf("first name %q", got)
			}
			if got := w.value(customer, f.Link.Contact, "line_user_id") + w.value(customer, f.Link.Contact, "email"); got != string(u) {
				t.Errorf("LINE User ID and address %q", got)
			}
			ann.ok("POST", "/friends/1/"+string(u)+"/unlink", body{"contact": f.Link.Contact.String()})
			w.work()
			tell(linesync.Message)
			if n := made() - before; n != want.message {
				t.Errorf("after somebody unlinked the friend: %d contacts", n)
			}
		})
	}
}

// merged tells of a merge in HubSpot as its webhook does.
func (w *apiWorld) merged(into, other id.ContactID) id.ContactID {
	w.t.Helper()
	survivor, err := w.hub.Merge(customer, "contacts", int64(into), int64(other), hubspotsandbox.By{})
	w.must(err)
	to := id.ContactID(survivor)
	var others []id.ContactID
	for _, c := range []id.ContactID{into, other} {
		if c != to {
			others = append(others, c)
		}
	}
	b, err := json.Marshal(contactsync.Batch{Portal: customer, Notes: []contactsync.Note{{Kind: contactsync.Merged, Contact: to, Others: others, At: w.clock.Now().UnixMilli()}}})
	w.must(err)
	w.must(w.sent.Send(w.t.Context(), queue.HubspotEvents, queue.Message{Body: b}))
	w.work()
	return to
}

// People settle a conflict by merging the two contacts in HubSpot, whichever of them stays: the link follows, and the conflict is over.
func TestAPIAMergeEndsTheConflictOfItsContacts(t *testing.T) {
	t.Parallel()
	for name, linkedStays := range map[string]bool{"the linked one stays": true, "the claimant stays": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newChatWorld(t)
			key := friend.Key{Slot: 1, User: w.friend}
			other := w.apiWorld.contact(customer, map[string]string{"email": "other@example.com"})
			proof := friend.Proof{Method: friend.EmailLink, Proof: "link:ab12", Actor: "person", At: w.clock.Now().UnixMilli()}
			w.must(linkage.Hand(t.Context(), w.sent, customer, key, other, proof))
			w.work()
			if f, _, err := w.app.Friends().Get(t.Context(), customer, key); err != nil || f.Link.State != friend.Conflict {
				t.Fatalf("before: %+v %v", f.Link, err)
			}
			w.clock.Advance(time.Minute)
			into, from := w.contact, other
			if !linkedStays {
				into, from = other, w.contact
			}
			to := w.merged(into, from)
			f, _, err := w.app.Friends().Get(t.Context(), customer, key)
			if err != nil || f.Link.State != friend.Linked || f.Link.Contact != to || f.Link.Claimant != 0 {
				t.Errorf("after: %+v %v", f.Link, err)
			}
			if n, err := w.app.Failures().Count(t.Context(), customer); err != nil || n != 0 {
				t.Errorf("%d failed items %v", n, err)
			}
			if got := w.value(customer, to, "line_user_id"); got != string(w.friend) {
				t.Errorf("HubSpot holds %q", got)
			}
		})
	}
}

// Two linked contacts become one in HubSpot: one friend keeps the place, the other waits for a decision, which can be taken back (acceptance 2).
func TestAPIAMergeOfTwoLinkedContactsIsAConflict(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	users := w.connect(ann, "花子", "次郎")
	a := w.contact(customer, map[string]string{"line_user_id": string(users[0])})
	b := w.contact(customer, map[string]string{"line_user_id": string(users[1])})
	w.run(ann, syncrun.All)
	to := w.merged(a, b)
	get := func() (out [2]friend.Link) {
		t.Helper()
		for i, u := range users {
			f, _, err := w.app.Friends().Get(t.Context(), customer, friend.Key{Slot: 1, User: u})
			w.must(err)
			out[i] = f.Link
		}
		return out
	}
	before := get()
	holds := w.value(customer, to, "line_user_id")
	keeper, late := 0, 1
	if holds == string(users[1]) {
		keeper, late = 1, 0
	}
	if l := before[keeper]; l.State != friend.Linked || l.Contact != to {
		t.Fatalf("the keeper: %+v", l)
	}
	if l := before[late]; l.State == friend.Linked && l.Contact == to {
		t.Fatalf("both have the place: %+v", before)
	}
	queued := into[struct{ Items []struct{ User string } }](t, ann.ok("GET", "/failures?kind=link&slot=1&codes=LINK_CONFLICT", nil))
	if len(queued.Items) != 1 || queued.Items[0].User != string(users[late]) {
		t.Fatalf("queued %+v", queued)
	}
	decide := func(u id.LineUserID, choice string) {
		t.Helper()
		w.clock.Advance(time.Minute)
		ann.ok("POST", "/friends/1/"+string(u)+"/links", body{"choice": choice, "contact": to.String()})
		w.work()
	}
	decide(users[late], "move")
	if l := get(); l[late].State != friend.Linked || l[late].Contact != to || l[keeper].Contact == to {
		t.Fatalf("moved to %+v", l)
	}
	if got := w.value(customer, to, "line_user_id"); got != string(users[late]) {
		t.Errorf("HubSpot holds %q", got)
	}
	decide(users[keeper], "undo")
	after := get()
	if after != before {
		t.Errorf("undone to %+v\nwas        %+v", after, before)
	}
	if got := w.value(customer, to, "line_user_id"); got != holds {
		t.Errorf("HubSpot holds %q", got)
	}
	queued = into[struct{ Items []struct{ User string } }](t, ann.ok("GET", "/failures?kind=link&slot=1&codes=LINK_CONFLICT", nil))
	if len(queued.Items) != 1 || queued.Items[0].User != string(users[late]) {
		t.Errorf("the conflict is not back: %+v", queued)
	}
}
