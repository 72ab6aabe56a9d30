package lineaccount_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/check"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/portal"
)

var ann = portal.Actor{UserID: 3, Email: "ann@acme.example"}

func outcomes(lines []check.Line) map[check.Code]check.Outcome {
	out := map[check.Code]check.Outcome{}
	for _, l := range lines {
		out[l.Code] = l.Outcome
	}
	return out
}

func (w *world) connect(t *testing.T, p id.PortalID, channelID string) lineaccount.Result {
	t.Helper()
	r, err := w.Connect(t.Context(), p, ann, input(channelID))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestConnectingAnAccount(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := w.connect(t, 7, "1234567")
	if !r.Connected || !check.OK(r.Lines) {
		t.Fatalf("result %+v", r)
	}
	a := r.Account
	if a.Slot != 1 || a.State != lineaccount.Active || a.Verified != lineaccount.VerifiedYes || a.Name != "Shop 1234567" {
		t.Fatalf("account %+v", a)
	}
	if a.Secret == secret || w.store.bots[a.Bot] != 7 {
		t.Fatal("secret must be sealed and the bot claimed")
	}
	if got := w.line.webhooks["1234567"]; got != "https://app.example/line/webhooks/"+string(a.Bot) {
		t.Fatalf("webhook %q", got)
	}
	if len(w.store.log) != 1 || w.store.log[0].Action != portal.LineConnected || w.store.log[0].Actor != ann {
		t.Fatalf("log %+v", w.store.log)
	}
	if got, err := w.Secret(t.Context(), a); err != nil || got != secret {
		t.Fatalf("secret %q, %v", got, err)
	}
	if got, err := w.ByBot(t.Context(), a.Bot); err != nil || got.Slot != 1 || got.Portal != 7 {
		t.Fatalf("by bot: %+v, %v", got, err)
	}
}

func TestEveryFailedCheckHasItsOwnCode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in      lineaccount.Input
		prepare func(*world)
		failed  check.Code
		outcome check.Outcome
		kept    bool // the account is connected all the same
	}{
		"channel id is no number": {in: lineaccount.Input{ChannelID: "x1234567", ChannelSecret: secret}, failed: lineaccount.Typed, outcome: check.Fail},
		"secret is too short":     {in: lineaccount.Input{ChannelID: "1234567", ChannelSecret: "abc"}, failed: lineaccount.Typed, outcome: check.Fail},
		"LINE refuses":            {in: input("1234567"), prepare: func(w *world) { w.line.info = problem(fault.Revoked) }, failed: lineaccount.Token, outcome: check.Fail},
		"another portal has it":   {in: input("1234567"), prepare: func(w *world) { w.store.bots[botOf("1234567")] = 8 }, failed: lineaccount.Taken, outcome: check.Fail},
		"webhook cannot be set":   {in: input("1234567"), prepare: func(w *world) { w.line.set = problem(fault.Invalid) }, failed: lineaccount.WebhookSet, outcome: check.Fail, kept: true},
		"webhook is switched off": {in: input("1234567"), prepare: func(w *world) { w.line.inactive = true }, failed: lineaccount.WebhookActive, outcome: check.Fail, kept: true},
		"test does not arrive":    {in: input("1234567"), prepare: func(w *world) { w.line.testFails = "COULD_NOT_CONNECT" }, failed: lineaccount.WebhookTested, outcome: check.Fail, kept: true},
		"no more tests this hour": {in: input("1234567"), prepare: func(w *world) { w.line.test = problem(fault.Limited) }, failed: lineaccount.WebhookTested, outcome: check.Warn, kept: true},
		"account is not verified": {in: input("1234567"), prepare: func(w *world) { w.line.followers = problem(fault.Permission) }, failed: lineaccount.VerifiedAccount, outcome: check.Warn, kept: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			if c.prepare != nil {
				c.prepare(w)
			}
			r, err := w.Connect(t.Context(), 7, ann, c.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := outcomes(r.Lines)[c.failed]; got != c.outcome || r.Connected != c.kept {
				t.Fatalf("%s is %q, connected %t; all %+v", c.failed, got, r.Connected, r.Lines)
			}
			if all, _ := w.Accounts(t.Context(), 7); (len(all) == 1) != c.kept {
				t.Fatalf("accounts %+v", all)
			}
			for _, l := range r.Lines {
				if words := lineaccount.CheckWords[l.Code]; words.Title.Ja == "" || words.Hint.En == "" {
					t.Errorf("%s has no words", l.Code)
				}
			}
		})
	}
}

func TestVerifiedIsLearned(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.line.followers = problem(fault.Permission)
	if a := w.connect(t, 7, "1234567").Account; a.Verified != lineaccount.VerifiedNo {
		t.Fatalf("verified %q", a.Verified)
	}
	w.line.followers = problem(fault.Unavailable)
	r, err := w.Recheck(t.Context(), 7, 1, false)
	if err != nil || r.Account.Verified != lineaccount.VerifiedNo {
		t.Fatalf("a failure to ask tells nothing: %q, %v", r.Account.Verified, err)
	}
	w.line.followers = nil
	if r, err = w.Recheck(t.Context(), 7, 1, false); err != nil || r.Account.Verified != lineaccount.VerifiedYes {
		t.Fatalf("verified %q, %v", r.Account.Verified, err)
	}
}

func TestRecheckRepairsTheWebhookOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.connect(t, 7, "1234567")
	w.line.webhooks["1234567"] = "https://rival.example/hook"
	r, err := w.Recheck(t.Context(), 7, 1, false)
	if err != nil || outcomes(r.Lines)[lineaccount.WebhookSet] != check.Fail {
		t.Fatalf("%+v, %v", r.Lines, err)
	}
	if r, err = w.Recheck(t.Context(), 7, 1, true); err != nil || !check.OK(r.Lines) {
		t.Fatalf("%+v, %v", r.Lines, err)
	}
}

func TestThePreviousWebhookIsRememberedAndKept(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.line.webhooks["1234567"] = "https://rival.example/hook"
	in := input("1234567")
	in.KeepPrevious = true
	for range 2 {
		r, err := w.Connect(t.Context(), 7, ann, in)
		if err != nil {
			t.Fatal(err)
		}
		a := r.Account
		if a.PreviousWebhook != "https://rival.example/hook" || len(a.Forwards) != 1 || a.Forwards[0].URL != a.PreviousWebhook {
			t.Fatalf("account %+v", a)
		}
	}
}

func TestDisconnectFreezesTheSlot(t *testing.T) {
	t.Parallel()
	w := newWorld()
	first := w.connect(t, 7, "1111111").Account
	w.connect(t, 7, "2222222")
	a, err := w.Disconnect(t.Context(), 7, ann, 2)
	if err != nil || a.State != lineaccount.Disconnected || a.Secret != "" || w.store.bots[a.Bot] != 0 {
		t.Fatalf("%+v, %v", a, err)
	}
	if w.line.webhooks["2222222"] == "" {
		t.Fatal("the webhook must stay as it is")
	}
	if _, err := w.ByBot(t.Context(), a.Bot); err == nil {
		t.Fatal("a disconnected account still receives")
	}
	if c := w.connect(t, 7, "3333333").Account; c.Slot != 3 {
		t.Fatalf("third account got slot %d", c.Slot)
	}
	if b := w.connect(t, 7, "2222222").Account; b.Slot != 2 || b.State != lineaccount.Active || !b.DisconnectedAt.IsZero() {
		t.Fatalf("second account again: %+v", b)
	}
	if first.Slot != 1 {
		t.Fatalf("first slot %d", first.Slot)
	}
	lines := len(w.store.log)
	for range 2 {
		if _, err := w.Disconnect(t.Context(), 7, ann, 3); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.store.log) != lines+1 {
		t.Fatal("disconnecting twice must be logged once")
	}
}

func TestASlotIsNeverSharedNorGivenAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld()
		given := map[id.BotUserID]id.Slot{}
		for i := range rapid.IntRange(1, 40).Draw(rt, "steps") {
			channel := fmt.Sprintf("10000%02d", rapid.IntRange(0, 13).Draw(rt, fmt.Sprintf("bot %d", i)))
			bot := botOf(channel)
			if slot, ok := given[bot]; ok && rapid.Bool().Draw(rt, fmt.Sprintf("disconnect %d", i)) {
				if _, err := w.Disconnect(t.Context(), 7, ann, slot); err != nil {
					rt.Fatal(err)
				}
				continue
			}
			if rapid.Bool().Draw(rt, fmt.Sprintf("overtaken %d", i)) {
				// Another process connects another account between our reading and our writing.
				rival := fmt.Sprintf("20000%02d", rapid.IntRange(0, 1).Draw(rt, fmt.Sprintf("rival %d", i)))
				w.store.meddle = func() {
					if r := w.connect(t, 7, rival); r.Connected {
						given[botOf(rival)] = same(rt, given, botOf(rival), r.Account.Slot)
					}
				}
			}
			r, err := w.Connect(t.Context(), 7, ann, input(channel))
			if err != nil {
				rt.Fatal(err)
			}
			if !r.Connected {
				if len(given) < int(id.MaxSlot) || r.Lines[len(r.Lines)-4].Code != lineaccount.NoSlot {
					rt.Fatalf("refused with %d slots used: %+v", len(given), r.Lines)
				}
				if w.store.bots[bot] != 0 {
					rt.Fatal("refused but still claimed")
				}
				continue
			}
			given[bot] = same(rt, given, bot, r.Account.Slot)
		}
		slots := map[id.Slot]bool{}
		for s := range maps.Values(given) {
			if slots[s] || s < 1 || int(s) > len(given) {
				rt.Fatalf("slots %v", given)
			}
			slots[s] = true
		}
	})
}

func same(t *rapid.T, given map[id.BotUserID]id.Slot, b id.BotUserID, now id.Slot) id.Slot {
	if before, ok := given[b]; ok && before != now {
		t.Fatalf("%s had slot %d and got %d", b, before, now)
	}
	return now
}

func TestAStoppedPortalGivesItsBotsFreeAndTakesThemAgain(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.connect(t, 7, "1111111")
	w.connect(t, 7, "2222222")
	for range 2 {
		if err := w.PortalStopped(t.Context(), 7); err != nil || len(w.store.bots) != 0 {
			t.Fatalf("bots %v, %v", w.store.bots, err)
		}
	}
	if r := w.connect(t, 8, "2222222"); !r.Connected {
		t.Fatalf("another portal: %+v", r.Lines)
	}
	for range 2 {
		if err := w.PortalStarted(t.Context(), 7); err != nil {
			t.Fatal(err)
		}
	}
	active, err := w.ActiveAccounts(t.Context(), 7)
	if err != nil || len(active) != 1 || active[0].Slot != 1 || w.store.bots[botOf("2222222")] != 8 {
		t.Fatalf("active %+v, bots %v, %v", active, w.store.bots, err)
	}
	lost, _ := w.store.Account(t.Context(), 7, 2)
	if lost.State != lineaccount.Disconnected || lost.Checks[0].Code != lineaccount.Taken {
		t.Fatalf("lost account %+v", lost)
	}
}

func TestForwardResultsAreWrittenWhenTheyTellSomething(t *testing.T) {
	t.Parallel()
	w := newWorld()
	record := func(code string) bool {
		t.Helper()
		failing, err := w.RecordForward(t.Context(), 7, 1, lineaccount.ForwardResult{ForwardID: "f", Code: code})
		if err != nil {
			t.Fatal(err)
		}
		return failing
	}
	for range 10 {
		record(lineaccount.ForwardOK)
	}
	if w.store.writes != 1 {
		t.Fatalf("%d writes for ten good deliveries", w.store.writes)
	}
	told := 0
	for range 8 {
		if record("TIMEOUT") {
			told++
		}
	}
	if told != 1 || w.store.results[key(7, 1)+"f"].Failures != 8 {
		t.Fatalf("told %d times, %+v", told, w.store.results)
	}
	record(lineaccount.ForwardOK)
	if w.store.results[key(7, 1)+"f"].Failures != 0 {
		t.Fatal("a success ends the row of failures")
	}
	before := w.store.writes
	w.clock.Advance(2 * time.Minute)
	record(lineaccount.ForwardOK)
	if w.store.writes != before+1 {
		t.Fatal("an old result must be renewed")
	}
}
