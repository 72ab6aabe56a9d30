package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"lumo/scripts/linesandbox"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/inbox"
	"lumo/shared/message"
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
	// Who disconnects Lumo is told of it before (P-158).
	stops := func() int {
		return len(into[struct{ Inboxes []inboxJSON }](t, ann.ok("GET", "/disconnect", nil)).Inboxes)
	}
	if n := stops(); n != 1 {
		t.Errorf("disconnecting stops the inbox sync of %d accounts", n)
	}
	if r := into[inboxJSON](t, ann.ok("POST", "/inbox/1/remove", body{})); r.State != "removed" {
		t.Errorf("%+v", r)
	}
	if n := stops(); n != 0 {
		t.Errorf("disconnecting stops the inbox sync of %d accounts that have none", n)
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

// TestAPIAPhotoOpensFromTheCard: what the inbox sync brought to HubSpot has an address in the conversation; HubSpot is asked for it once.
func TestAPIAPhotoOpensFromTheCard(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	users := w.connect(ann, "Aiko")
	w.inboxConnection(ann, true)
	w.inboxes(ann)
	c, _, err := w.app.Inboxes().Connection(t.Context(), customer, 1)
	w.must(err)
	sent, err := w.line.SendMedia(w.line.Channels()[0].ID, string(users[0]), linesandbox.Media{Kind: "image", Data: []byte("\x89PNG\r\n\x1a\n photo")})
	w.must(err)
	n := w.event(c, users[0], sent, "")
	n.Line = bytes.Replace(n.Line, []byte(`"type":"text"`), []byte(`"contentProvider":{"type":"line"},"type":"image"`), 1)
	w.must(w.app.Relay().Handle(t.Context(), n))
	k := friend.Key{Slot: 1, User: users[0]}
	for _, id := range []string{sent, "not-brought"} {
		w.must(w.app.Messages().Put(t.Context(), customer, message.Message{ID: id, Friend: k, Direction: message.In, Type: "image", At: w.clock.Now().UnixMilli()}))
	}
	var first string
	for range 2 {
		got := into[struct {
			Items []struct {
				ID    string
				Image *string
			}
		}](t, ann.ok("GET", "/friends/1/"+string(users[0])+"/messages", nil)).Items
		if len(got) != 2 {
			t.Fatalf("%+v", got)
		}
		for _, m := range got {
			switch {
			case m.ID != sent && m.Image != nil, m.ID == sent && (m.Image == nil || first != "" && *m.Image != first):
				t.Errorf("%s: %v", m.ID, m.Image)
			case m.ID == sent:
				first = *m.Image
			}
		}
		w.clock.Advance(time.Hour)
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
