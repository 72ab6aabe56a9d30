package contract

import (
	"context"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"lumo/scripts/linesandbox"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/line"
)

func TestLineOnboarding(t *testing.T) {
	t.Parallel()
	w := newLineWorld(t, linesandbox.ChannelSpec{Name: "Lumo Cafe", Verified: true, ChatOn: true})
	ctx, us := t.Context(), w.us()
	w.must(us.CheckCredentials(ctx))
	bot, err := us.BotInfo(ctx)
	if err != nil || string(bot.User) != w.channel.BotUserID || bot.Name != "Lumo Cafe" || bot.BasicID != w.channel.BasicID || !bot.ChatOn {
		t.Errorf("%+v, %v", bot, err)
	}
	if got, err := us.Webhook(ctx); err != nil || got != (line.Webhook{}) {
		t.Errorf("before: %+v, %v", got, err)
	}
	if f := faultOf(t, us.SetWebhook(ctx, "ftp://x")); f.Class != fault.Invalid || f.Certainty != fault.NothingHappened {
		t.Errorf("bad address: %+v", f)
	}
	w.must(us.SetWebhook(ctx, hook))
	if got, err := us.Webhook(ctx); err != nil || got != (line.Webhook{URL: hook, Active: true}) {
		t.Errorf("after: %+v, %v", got, err)
	}
	test, err := us.TestWebhook(ctx, "")
	if err != nil || !test.Success || test.Status != 200 || test.Reason != "OK" || !test.At.Equal(w.line.Now()) {
		t.Errorf("test: %+v, %v", test, err)
	}
	if es := w.events(); len(es) != 0 {
		t.Errorf("the connectivity check had events: %+v", es)
	}
	wrong := w.client.Channel(line.Channel{ID: w.channel.ID, Secret: "00000000000000000000000000000000"})
	if f := faultOf(t, wrong.CheckCredentials(ctx)); f.Class != fault.Revoked || f.Code != line.CodeCredentials || f.CorrelationID == "" {
		t.Errorf("wrong secret: %+v", f)
	}
}

func TestLineFriends(t *testing.T) {
	t.Parallel()
	w := newLineWorld(t, linesandbox.ChannelSpec{Verified: true})
	ctx, us := t.Context(), w.us()
	refs, ids := w.friends(1234)
	var got []id.LineUserID
	pages := 0
	for start := ""; ; pages++ {
		page, next, err := us.Followers(ctx, start)
		w.must(err)
		got = append(got, page...)
		if start = next; next == "" {
			break
		}
	}
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) || pages != 1 {
		t.Errorf("%d of %d followers in %d further pages", len(got), len(ids), pages)
	}
	if _, _, err := us.Followers(ctx, "nonsense"); faultOf(t, err).Code != line.CodeCursor {
		t.Errorf("bad cursor: %v", err)
	}
	friend, err := w.line.LineUserID(w.channel.ID, refs[0])
	w.must(err)
	w.must(w.line.Rename(refs[0], "美咲 🍣"))
	p, err := us.Profile(ctx, id.LineUserID(friend))
	if err != nil || p.Name != "美咲 🍣" || string(p.User) != friend {
		t.Errorf("%+v, %v", p, err)
	}
	w.must(w.line.Block(w.channel.ID, refs[0]))
	for name, u := range map[string]id.LineUserID{"blocked": id.LineUserID(friend), "nobody": "U00000000000000000000000000000000"} {
		if _, err := us.Profile(ctx, u); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLineCountsFriendsTheDayAfter(t *testing.T) {
	t.Parallel()
	w := newLineWorld(t, linesandbox.ChannelSpec{})
	refs, _ := w.friends(7)
	w.must(w.line.Block(w.channel.ID, refs[2]))
	got, ok, err := w.us().Reach(t.Context())
	if err != nil || !ok || got.Followers != 7 || got.Blocks != 1 {
		t.Fatalf("%+v, %v, %v", got, ok, err)
	}
	if y, m, d := w.line.Now().Add(9*time.Hour - 24*time.Hour).UTC().Date(); got.Day.Year() != y || got.Day.Month() != m || got.Day.Day() != d {
		t.Errorf("the day before %v in Japan is not %v", w.line.Now(), got.Day)
	}
}

func TestLineFollowersNeedAVerifiedAccount(t *testing.T) {
	t.Parallel()
	w := newLineWorld(t, linesandbox.ChannelSpec{})
	if _, _, err := w.us().Followers(t.Context(), ""); !fault.Is(err, fault.Permission) {
		t.Errorf("%v", err)
	}
}

// Ensure that 1,000 profiles stay far below LINE's limit and are never refused.
func TestLineProfilesArePolite(t *testing.T) {
	t.Parallel()
	w := newLineWorld(t, linesandbox.ChannelSpec{})
	_, ids := w.friends(1000)
	for _, u := range ids {
		if _, err := w.us().Profile(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range w.line.Stats().Endpoints {
		if e.PeakSecond > 221 {
			t.Errorf("%+v", e)
		}
	}
}

func TestLineSends(t *testing.T) {
	t.Parallel()
	quota := 5
	w := newLineWorld(t, linesandbox.ChannelSpec{Quota: &quota})
	ctx, us := t.Context(), w.us()
	refs, ids := w.friends(3)
	sent, err := us.Push(ctx, retryKey(1), ids[0], say("hello"))
	if err != nil || len(sent.Messages) != 1 || sent.Messages[0].ID == "" || sent.RequestID == "" || sent.Repeated {
		t.Errorf("%+v, %v", sent, err)
	}
	again, err := us.Push(ctx, retryKey(1), ids[0], say("hello"))
	if err != nil || !again.Repeated || again.RequestID != sent.RequestID || !slices.Equal(again.Messages, sent.Messages) {
		t.Errorf("repeated: %+v, %v", again, err)
	}
	if _, err := us.Multicast(ctx, retryKey(2), ids, say("all")); err != nil {
		t.Error(err)
	}
	for i, ref := range refs {
		if hello, all := w.heard(ref, "hello"), w.heard(ref, "all"); hello != map[int]int{0: 1}[i] || all != 1 {
			t.Errorf("person %d heard %d and %d", i, hello, all)
		}
	}
	used, err := us.Consumption(ctx)
	limit, err2 := us.Quota(ctx)
	if err != nil || err2 != nil || used != 4 || limit != (line.Quota{Limited: true, Value: 5}) {
		t.Errorf("used %d of %+v, %v, %v", used, limit, err, err2)
	}
	for name, c := range map[string]struct {
		call  func() error
		class fault.Class
		code  string
	}{
		"monthly limit": {func() error { _, err := us.Multicast(ctx, retryKey(3), ids, say("x")); return err }, fault.Quota, line.CodeMonthlyLimit},
		"nobody": {func() error {
			_, err := us.Push(ctx, retryKey(4), "U00000000000000000000000000000000", say("x"))
			return err
		}, fault.Invalid, line.CodeRecipient},
		"empty text":  {func() error { _, err := us.Push(ctx, retryKey(5), ids[0], say("")); return err }, fault.Invalid, line.CodeInvalid},
		"reply token": {func() error { _, err := us.Reply(ctx, "nonsense", say("x")); return err }, fault.Invalid, line.CodeReplyToken},
	} {
		if f := faultOf(t, c.call()); f.Class != c.class || f.Code != c.code || f.Certainty != fault.NothingHappened || f.Message == "" || f.CorrelationID == "" {
			t.Errorf("%s: %+v", name, f)
		}
	}
	w.noViolations()
}

// Ensure that whatever goes wrong on the way, repeating with the key until LINE says yes sends exactly once.
func TestLineSendsOnceThroughFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind      linesandbox.FaultKind
		status    int
		certainty fault.Certainty
		repeated  bool
	}{
		{linesandbox.FaultStatus, 500, fault.Unknown, false},
		{linesandbox.FaultStatus, 429, fault.NothingHappened, false},
		{linesandbox.FaultStatusAfter, 500, fault.Unknown, true},
		{linesandbox.FaultCutBefore, 0, fault.Unknown, false},
		{linesandbox.FaultCutAfter, 0, fault.Unknown, true},
	} {
		w := newLineWorld(t, linesandbox.ChannelSpec{})
		refs, ids := w.friends(1)
		w.arm(linesandbox.Fault{Path: "/message/push", Kind: c.kind, Status: c.status, Count: 1})
		_, err := w.us().Push(t.Context(), retryKey(1), ids[0], say("once"))
		if f := faultOf(t, err); f.Certainty != c.certainty || !f.Class.Retryable() {
			t.Errorf("%s %d: %+v", c.kind, c.status, f)
		}
		sent, err := w.us().Push(t.Context(), retryKey(1), ids[0], say("once"))
		if err != nil || sent.Repeated != c.repeated || w.heard(refs[0], "once") != 1 {
			t.Errorf("%s %d: %+v, %v, heard %d times", c.kind, c.status, sent, err, w.heard(refs[0], "once"))
		}
		w.noViolations()
	}
}

func TestLineTokensExpire(t *testing.T) {
	t.Parallel()
	w := newLineWorld(t, linesandbox.ChannelSpec{})
	for range 20 {
		w.clock.Advance(5 * time.Minute)
		if _, err := w.us().BotInfo(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	issued := 0
	for _, c := range w.line.Calls() {
		if c.Status == 401 {
			t.Errorf("called with a dead token: %+v", c)
		}
		if c.Status == 200 && c.Path == "/oauth2/v3/token" {
			issued++
		}
	}
	if issued != 7 { // one each 15 minutes of these calls: 12 minutes and the next call
		t.Errorf("%d tokens in 100 minutes", issued)
	}
	w.arm(linesandbox.Fault{Path: "/v2/bot/info", Kind: linesandbox.FaultStatus, Status: 401, Count: 1})
	if _, err := w.us().BotInfo(t.Context()); err != nil {
		t.Errorf("one refusal: %v", err)
	}
	if _, err := w.line.ReissueSecret(w.channel.ID); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Hour)
	if _, err := w.us().BotInfo(t.Context()); !fault.Is(err, fault.Revoked) {
		t.Errorf("after the secret was reissued: %v", err)
	}
}

func TestLineWebhooks(t *testing.T) {
	t.Parallel()
	w := newLineWorld(t, linesandbox.ChannelSpec{Redelivery: true})
	ctx, us := t.Context(), w.us()
	w.must(us.SetWebhook(ctx, hook))
	person := w.line.CreateUser(linesandbox.UserSpec{Name: "Ken"}).ID
	w.must(w.line.Follow(w.channel.ID, person))
	text := "やあ <b> & \uFFFF 🍣"
	textID, err := w.line.SendText(w.channel.ID, person, text)
	w.must(err)
	_, err = w.line.SendSticker(w.channel.ID, person, "446", "1988")
	w.must(err)
	png := []byte("\x89PNG\r\n\x1a\n0000")
	imageID, err := w.line.SendImage(w.channel.ID, person, png)
	w.must(err)
	w.must(w.line.SendPostback(w.channel.ID, person, "choice=1"))
	w.must(w.line.Unsend(w.channel.ID, person, textID))
	w.must(w.line.Block(w.channel.ID, person))
	user, err := w.line.LineUserID(w.channel.ID, person)
	w.must(err)

	byType := map[line.EventType][]line.Event{}
	ids := map[string]bool{}
	for _, e := range w.events() {
		if e.Problem != nil || !e.Known() || string(e.User) != user || e.Timestamp.IsZero() || ids[e.ID] || !e.Active || e.Redelivery {
			t.Errorf("%+v", e)
		}
		ids[e.ID] = true
		byType[e.Type] = append(byType[e.Type], e)
	}
	if len(byType[line.FollowEvent]) != 1 || len(byType[line.UnfollowEvent]) != 1 || len(byType[line.MessageEvent]) != 3 ||
		len(byType[line.PostbackEvent]) != 1 || len(byType[line.UnsendEvent]) != 1 {
		t.Fatalf("%+v", byType)
	}
	for _, e := range byType[line.MessageEvent] {
		switch m := e.Message; m.Type {
		case line.TextMessage:
			if m.Text != text || m.ID != textID || e.ReplyToken == "" {
				t.Errorf("text: %+v", m)
			}
		case line.StickerMessage:
			if m.PackageID != "446" || m.StickerID != "1988" {
				t.Errorf("sticker: %+v", m)
			}
		case line.ImageMessage:
			if m.ID != imageID || m.Provider == nil || m.Provider.Type != "line" {
				t.Errorf("image: %+v", m)
			}
		default:
			t.Errorf("%+v", m)
		}
	}
	if p := byType[line.PostbackEvent][0].Postback; p == nil || p.Data != "choice=1" {
		t.Errorf("postback: %+v", p)
	}
	if u := byType[line.UnsendEvent][0].Unsend; u == nil || u.MessageID != textID {
		t.Errorf("unsend: %+v", u)
	}
	got, err := us.Content(ctx, imageID)
	w.must(err)
	defer got.Body.Close()
	if b, err := io.ReadAll(got.Body); err != nil || string(b) != string(png) {
		t.Errorf("content: %q, %v", b, err)
	}
	if _, err := us.Content(ctx, "999999999999999999"); !fault.Is(err, fault.NotFound) {
		t.Errorf("no such content: %v", err)
	}
}

func TestLineReply(t *testing.T) {
	t.Parallel()
	w := newLineWorld(t, linesandbox.ChannelSpec{Redelivery: true})
	ctx, us := t.Context(), w.us()
	w.must(us.SetWebhook(ctx, hook))
	refs, _ := w.friends(1)
	_, err := w.line.SendText(w.channel.ID, refs[0], "hi")
	w.must(err)
	e := w.events()[0]
	w.arm(linesandbox.Fault{Path: "/message/reply", Kind: linesandbox.FaultCutAfter, Count: 1})
	_, err = us.Reply(ctx, e.ReplyToken, say("welcome"))
	if f := faultOf(t, err); f.Certainty != fault.Unknown {
		t.Errorf("%+v", f)
	}
	_, err = us.Reply(ctx, e.ReplyToken, say("welcome"))
	if f := faultOf(t, err); f.Code != line.CodeReplyToken || w.heard(refs[0], "welcome") != 1 {
		t.Errorf("%+v, heard %d times", f, w.heard(refs[0], "welcome"))
	}
	if n, err := w.line.Redeliver(w.channel.ID, e.ID); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if es := w.events(); len(es) != 1 || es[0].ID != e.ID || !es[0].Redelivery || !es[0].Timestamp.Equal(e.Timestamp) {
		t.Errorf("redelivered: %+v", es)
	}
	w.noViolations()
}

// Ensure that what LINE sends is understood however it is disordered, and what it will invent does no harm.
func TestLineWebhooksUnderDisorder(t *testing.T) {
	t.Parallel()
	w := newLineWorld(t, linesandbox.ChannelSpec{})
	w.must(w.us().SetWebhook(context.Background(), hook))
	w.must(w.line.SetWebhookSettings(w.channel.ID, linesandbox.WebhookSettings{JitterMS: 500, Shuffle: true, Duplicate: 0.5, BatchMax: 4}))
	refs, _ := w.friends(10)
	want := map[string]bool{}
	for i := range 50 {
		text := fmt.Sprint("message ", i)
		_, err := w.line.SendText(w.channel.ID, refs[i%len(refs)], text)
		w.must(err)
		want[text] = true
	}
	w.clock.Advance(time.Minute)
	seen, ids := 0, map[string]bool{}
	for _, e := range w.events() {
		if e.Type != line.MessageEvent || e.Problem != nil {
			continue
		}
		seen++
		ids[e.ID] = true
		delete(want, e.Message.Text)
	}
	if len(want) != 0 || len(ids) != 50 || seen <= 50 {
		t.Errorf("%d lost, %d ids in %d events", len(want), len(ids), seen)
	}
}
