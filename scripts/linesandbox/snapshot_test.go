package linesandbox_test

import (
	"testing"
	"time"

	"lumo/scripts/linesandbox"
)

// Ensure that a server started from a saved state goes on as the first would have: people, tokens, keys, contents and webhooks that
// were still waiting.
func TestStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen()
	f := w.friends(3)[0]
	body := textTo(f.LineUserID, "before")
	w.want(w.call("POST", "/v2/bot/message/push", body, "X-Line-Retry-Key", key1), 200)
	image, err := w.SendImage(w.channel.ID, f.User, []byte("\xff\xd8\xff x"))
	w.must(err)
	dir := t.TempDir()
	generation, err := w.Save(dir, 0)
	w.must(err)
	if again, err := w.Save(dir, generation); err != nil || again != generation {
		t.Errorf("unchanged state was saved again: %d %v", again, err)
	}

	second := newWorld(t)
	loaded, err := second.Load(dir)
	w.must(err)
	if !loaded {
		t.Fatal("nothing loaded")
	}
	second.token, second.channel = w.token, w.channel
	second.clock.Advance(0)
	wantTypes(t, second.app.types(), "message")
	w.clock.Advance(0)
	if a, b := w.app.posts[0], second.app.posts[0]; string(a.body) != string(b.body) {
		t.Error("the restarted server sends other bytes")
	}
	second.want(second.call("POST", "/v2/bot/message/push", body, "X-Line-Retry-Key", key1), 409)
	second.want(second.call("GET", "/v2/bot/message/"+image+"/content", ""), 200)
	if x, y := w.CreateUser(linesandbox.UserSpec{}), second.CreateUser(linesandbox.UserSpec{}); x != y {
		t.Error("the restarted server counts people anew")
	}
	if ok, err := second.Load(t.TempDir()); ok || err != nil {
		t.Errorf("empty folder: %v %v", ok, err)
	}
}

func TestSkewAndReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen()
	f := w.friends(1)[0]
	w.SetSkew(-90 * time.Second)
	w.must(w.SendPostback(w.channel.ID, f.User, "x"))
	w.clock.Advance(0)
	if e := w.app.events()[0]; e.Timestamp != dawn.Add(-90*time.Second).UnixMilli() {
		t.Errorf("timestamp %d", e.Timestamp)
	}
	w.must(w.SendPostback(w.channel.ID, f.User, "never delivered"))
	w.Reset()
	w.clock.Advance(time.Hour)
	if len(w.Channels())+len(w.Users())+w.WaitingWebhooks() != 0 || len(w.app.events()) != 1 {
		t.Error("something survived the reset")
	}
}
