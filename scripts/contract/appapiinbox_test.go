package contract

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"

	"lumo/shared/id"
	"lumo/shared/inbox"
)

type inboxJSON struct {
	Slot    int
	Name    string
	State   string
	Code    *string
	InboxID *string `json:"inboxId"`
	LastIn  *int64  `json:"lastInAt"`
	LastOut *int64  `json:"lastOutAt"`
	Changed *int64  `json:"changedAt"`
}

// inboxConnection goes through HubSpot's side of connecting; complete false stops before HubSpot makes the channel account.
func (w *apiWorld) inboxConnection(u *user, complete bool) {
	w.t.Helper()
	if len(w.hub.Channels()) == 0 {
		w.hub.DefineChannel("LINE", "", lumoHost+"/setup/inbox")
	}
	channel := w.hub.Channels()[0]
	to, err := w.hub.BeginConnection(int64(u.portal), channel, 4001, 1)
	w.must(err)
	at, err := url.Parse(to)
	w.must(err)
	token := at.Query().Get("accountToken")
	w.must(w.app.InboxConnector().Connect(w.t.Context(), u.portal, inbox.Choice{Token: token, Channel: fmt.Sprint(channel), Slot: 1, User: 1}))
	if complete {
		_, err := w.hub.FinishConnection(int64(u.portal), token)
		w.must(err)
	}
}

func (w *apiWorld) inboxes(u *user) []inboxJSON {
	w.t.Helper()
	return into[struct{ Items []inboxJSON }](w.t, u.ok("GET", "/inbox", nil)).Items
}

// TestAPIInbox: Settings show what each account's inbox sync does, find a connection whose webhook was lost, and stop only that (P-88).
func TestAPIInbox(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann, eve := w.install(customer), w.install(otherHub)
	users := w.connect(ann, "Aiko")
	if got := w.inboxes(ann); len(got) != 0 {
		t.Errorf("before connecting: %+v", got)
	}
	ann.refused("POST", "/inbox/1/remove", "{}", 200, "INBOX_NOT_CONNECTED")
	w.inboxConnection(ann, false)
	if got := w.inboxes(ann); len(got) != 1 || got[0].State != "waiting" || *got[0].InboxID != "4001" {
		t.Fatalf("before HubSpot is done: %+v", got)
	}
	ann.refused("POST", "/inbox/1/resume", "{}", 200, "INBOX_CHANNEL_GONE")
	w.inboxConnection(ann, true)
	got := w.inboxes(ann)
	if len(got) != 1 || got[0].State != "connected" || got[0].LastIn != nil || got[0].Changed == nil {
		t.Fatalf("HubSpot made the account, and its webhook was lost: %+v", got)
	}

	w.say(customer, users[0], "1001", "Do you have umbrellas?")
	threads, err := w.hub.Threads(int64(customer))
	w.must(err)
	if len(threads) != 1 || threads[0].Messages[0].Text != "Do you have umbrellas?" {
		t.Fatalf("%+v", threads)
	}
	if got := w.inboxes(ann); got[0].LastIn == nil || got[0].LastOut != nil {
		t.Errorf("%+v", got)
	}

	for _, path := range []string{"/inbox/1/remove", "/inbox/1/resume"} {
		eve.refused("POST", path, "{}", 200, "INBOX_NOT_CONNECTED")
	}
	if r := into[inboxJSON](t, ann.ok("POST", "/inbox/1/remove", body{})); r.State != "removed" {
		t.Errorf("%+v", r)
	}
	accounts, err := w.hub.ChannelAccounts(int64(customer))
	w.must(err)
	if accounts[0].Archived || accounts[0].Authorized {
		t.Errorf("the channel stays in HubSpot, but agents must not write into it: %+v", accounts)
	}
	w.say(customer, users[0], "1002", "Hello?")
	if threads, err = w.hub.Threads(int64(customer)); err != nil || len(threads[0].Messages) != 1 {
		t.Errorf("%+v, %v", threads, err)
	}
	ann.refused("POST", "/inbox/1/resume", "{}", 200, "INBOX_NOT_CONNECTED")
	// Connecting again takes up the account that HubSpot still has.
	w.inboxConnection(ann, false)
	if got := w.inboxes(ann); got[0].State != "connected" {
		t.Errorf("%+v", got)
	}
}

// say is a message of a friend, as line-webhooks queues it.
func (w *apiWorld) say(p id.PortalID, u id.LineUserID, messageID, text string) {
	w.t.Helper()
	c, _, err := w.app.Inboxes().Connection(w.t.Context(), p, 1)
	w.must(err)
	raw, err := json.Marshal(map[string]any{
		"type": "message", "mode": "active", "timestamp": w.clock.Now().UnixMilli(), "source": map[string]string{"type": "user", "userId": string(u)}, "webhookEventId": "event-" + messageID,
		"deliveryContext": map[string]bool{"isRedelivery": false}, "replyToken": "token-" + messageID, "message": map[string]string{"type": "text", "id": messageID, "quoteToken": "q", "text": text},
	})
	w.must(err)
	n := inbox.Note{Portal: p, Account: c.Account, User: u, Slot: 1, ID: "event-" + messageID, At: w.clock.Now().UnixMilli(), Line: raw}
	w.must(w.app.Relay().Handle(w.t.Context(), n))
}
