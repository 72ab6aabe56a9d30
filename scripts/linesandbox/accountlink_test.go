package linesandbox_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"lumo/scripts/linesandbox"
)

const nonce = "0123456789abcdef"

// linkURL is where the account's site sends a person.
func (w *world) linkURL(f linesandbox.Friend) string {
	w.t.Helper()
	r := w.call("POST", "/v2/bot/user/"+f.LineUserID+"/linkToken", "")
	w.want(r, 200)
	var out struct{ LinkToken string }
	w.must(json.Unmarshal(r.body, &out))
	return "http://line.test/access/dialog/bot/accountLink?" + url.Values{"linkToken": {out.LinkToken}, "nonce": {nonce}}.Encode()
}

func TestAccountLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen()
	fs := w.friends(2)
	f, other := fs[0], fs[1]

	linked, err := w.AccountLink(w.linkURL(f), f.User)
	w.must(err)
	w.clock.Advance(0)
	events := w.app.events()
	if e := events[len(events)-1]; !linked || e.Type != "accountLink" || e.Source.UserID != f.LineUserID || e.ReplyToken == "" || e.Link.Result != "ok" || e.Link.Nonce != nonce {
		t.Errorf("the right person: %t %+v", linked, e)
	}

	linked, err = w.AccountLink(w.linkURL(f), other.User)
	w.must(err)
	w.clock.Advance(0)
	events = w.app.events()
	if e := events[len(events)-1]; linked || e.Type != "accountLink" || e.Source.UserID != "" || e.ReplyToken != "" || e.Link.Result != "failed" || e.Link.Nonce != nonce {
		t.Errorf("another person: %t %+v", linked, e)
	}
	if d, _ := w.Webhooks(w.channel.ID); strings.Contains(d[len(d)-1].Body, "source") {
		t.Error("a failed account link names somebody")
	}
}

func TestALinkTokenWorksOnceAndForTenMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen()
	f := w.friends(1)[0]
	w.clock.Advance(0)
	before := len(w.app.events())
	used := w.linkURL(f)
	if _, err := w.AccountLink(used, f.User); err != nil {
		t.Fatal(err)
	}
	late := w.linkURL(f)
	w.clock.Advance(10 * time.Minute)
	short := strings.Replace(w.linkURL(f), nonce, "short", 1)
	for name, address := range map[string]string{"used": used, "late": late, "nonce too short": short} {
		if _, err := w.AccountLink(address, f.User); !errors.Is(err, linesandbox.ErrNotPossible) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.clock.Advance(0)
	if n := len(w.app.events()) - before; n != 1 {
		t.Errorf("%d webhooks", n)
	}
}

func TestOnlyFriendsGetLinkTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stranger := w.CreateUser(linesandbox.UserSpec{})
	id, err := w.LineUserID(w.channel.ID, stranger.ID)
	w.must(err)
	w.want(w.call("POST", "/v2/bot/user/"+id+"/linkToken", ""), 404)
	w.want(w.call("POST", "/v2/bot/user/U1/linkToken", ""), 400)
}
