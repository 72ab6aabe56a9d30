package lineaccount_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"lumo/shared/clock"
	"lumo/shared/directory"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/portal"
)

// memory is a lineaccount.Store and directory.Bots for one goroutine.
type memory struct {
	accounts map[string]lineaccount.Account
	results  map[string]lineaccount.ForwardResult
	bots     map[id.BotUserID]id.PortalID
	log      []portal.Entry
	writes   int
	meddle   func() // runs before a save
}

func newMemory() *memory {
	return &memory{accounts: map[string]lineaccount.Account{}, results: map[string]lineaccount.ForwardResult{}, bots: map[id.BotUserID]id.PortalID{}}
}

func key(p id.PortalID, s id.Slot) string { return fmt.Sprintf("%d/%02d", p, s) }

func (m *memory) Accounts(_ context.Context, p id.PortalID) ([]lineaccount.Account, error) {
	var out []lineaccount.Account
	for s := id.Slot(1); s <= id.MaxSlot; s++ {
		if a, ok := m.accounts[key(p, s)]; ok {
			out = append(out, a)
		}
	}
	return out, nil
}

func (m *memory) Account(_ context.Context, p id.PortalID, s id.Slot) (lineaccount.Account, error) {
	a, ok := m.accounts[key(p, s)]
	if !ok {
		return a, lineaccount.ErrUnknown
	}
	return a, nil
}

func (m *memory) Save(_ context.Context, a lineaccount.Account, log ...portal.Entry) (lineaccount.Account, error) {
	if m.meddle != nil {
		f := m.meddle
		m.meddle = nil
		f()
	}
	if m.accounts[key(a.Portal, a.Slot)].Version != a.Version {
		return lineaccount.Account{}, lineaccount.ErrChanged
	}
	a.Version++
	m.accounts[key(a.Portal, a.Slot)] = a
	m.log = append(m.log, log...)
	return a, nil
}

func (m *memory) Results(_ context.Context, p id.PortalID, s id.Slot) ([]lineaccount.ForwardResult, error) {
	var out []lineaccount.ForwardResult
	for k, r := range m.results {
		if strings.HasPrefix(k, key(p, s)) {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) SaveResult(_ context.Context, p id.PortalID, s id.Slot, r lineaccount.ForwardResult) error {
	m.writes++
	m.results[key(p, s)+r.ForwardID] = r
	return nil
}

func (m *memory) PortalOfBot(_ context.Context, b id.BotUserID) (id.PortalID, error) {
	return m.bots[b], nil
}

func (m *memory) ClaimBot(_ context.Context, b id.BotUserID, p id.PortalID) error {
	if h := m.bots[b]; h != 0 && h != p {
		return directory.ErrClaimed
	}
	m.bots[b] = p
	return nil
}

func (m *memory) ReleaseBot(_ context.Context, b id.BotUserID, p id.PortalID) error {
	if m.bots[b] == p {
		delete(m.bots, b)
	}
	return nil
}

type plainSealer struct{}

func (plainSealer) Seal(_ context.Context, p id.PortalID, plain []byte) (string, error) {
	return fmt.Sprintf("sealed:%d:%s", p, plain), nil
}

func (plainSealer) Open(_ context.Context, p id.PortalID, sealed string) ([]byte, error) {
	rest, ok := strings.CutPrefix(sealed, fmt.Sprintf("sealed:%d:", p))
	if !ok {
		return nil, errors.New("sealed for another portal")
	}
	return []byte(rest), nil
}

// fakeLine has one bot per channel id.
type fakeLine struct {
	webhooks  map[string]string
	inactive  bool
	info      error
	set       error
	test      error
	testFails string
	followers error
	sets      int
}

func (f *fakeLine) Channel(channelID, _ string) lineaccount.Channel { return fakeChannel{f, channelID} }

type fakeChannel struct {
	*fakeLine
	id string
}

func botOf(channelID string) id.BotUserID {
	return id.BotUserID("U" + strings.Repeat("0", 32-len(channelID)) + channelID)
}

func (c fakeChannel) BotInfo(context.Context) (lineaccount.Bot, error) {
	return lineaccount.Bot{ID: botOf(c.id), BasicID: "@" + c.id, Name: "Shop " + c.id, Chat: true}, c.info
}

func (c fakeChannel) Webhook(context.Context) (lineaccount.Webhook, error) {
	return lineaccount.Webhook{URL: c.webhooks[c.id], Active: !c.inactive}, nil
}

func (c fakeChannel) SetWebhook(_ context.Context, url string) error {
	if c.set != nil {
		return c.set
	}
	c.sets++
	c.webhooks[c.id] = url
	return nil
}

func (c fakeChannel) TestWebhook(context.Context, string) (lineaccount.WebhookTest, error) {
	return lineaccount.WebhookTest{OK: c.testFails == "", Reason: c.testFails}, c.test
}

func (c fakeChannel) ReadFollowers(context.Context) error { return c.followers }

type world struct {
	*lineaccount.Service
	store *memory
	line  *fakeLine
	clock *clock.Virtual
}

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func newWorld() *world {
	store, line, c := newMemory(), &fakeLine{webhooks: map[string]string{}}, clock.NewVirtual(start)
	n := 0
	return &world{&lineaccount.Service{
		Store: store, Bots: store, Line: line, Sealer: plainSealer{}, Clock: c, PublicURL: "https://app.example",
		NewID: func() string { n++; return fmt.Sprintf("id-%d", n) },
	}, store, line, c}
}

const secret = "0123456789abcdef0123456789abcdef"

func input(channelID string) lineaccount.Input {
	return lineaccount.Input{ChannelID: channelID, ChannelSecret: secret}
}

func problem(c fault.Class) error {
	return &fault.Fault{Provider: "line", Class: c, Code: "TEST", Message: "as LINE says"}
}
