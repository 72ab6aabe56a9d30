package lineaccount

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"lumo/shared/check"
	"lumo/shared/clock"
	"lumo/shared/directory"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/portal"
	"lumo/shared/seal"
)

// Line opens a channel by its key.
type Line interface {
	Channel(channelID, secret string) Channel
}

// Channel is what connecting needs of LINE. Errors are *fault.Fault.
type Channel interface {
	BotInfo(ctx context.Context) (Bot, error)
	Webhook(ctx context.Context) (Webhook, error)
	SetWebhook(ctx context.Context, url string) error
	// TestWebhook lets LINE call url and tells what it saw. LINE allows 60 tests an hour.
	TestWebhook(ctx context.Context, url string) (WebhookTest, error)
	// ReadFollowers reads a page of followers to see whether LINE lets us; Permission when not.
	ReadFollowers(ctx context.Context) error
}

// Bot is how the Official Account shows itself.
type Bot struct {
	ID         id.BotUserID
	BasicID    string
	Name       string
	PictureURL string
	// Chat is true when people answer in LINE's own chat screen, false when only the bot does.
	Chat bool
}

// Webhook is the channel's one webhook address; URL is empty when none is set.
type Webhook struct {
	URL    string
	Active bool
}

// WebhookTest is what LINE saw.
type WebhookTest struct {
	OK     bool
	Reason string
}

// Service connects, checks and disconnects accounts.
type Service struct {
	Store  Store
	Bots   directory.Bots
	Line   Line
	Sealer seal.Sealer
	Clock  clock.Clock
	NewID  func() string
	// PublicURL is our own origin; webhook addresses begin with it.
	PublicURL string
	// Dev allows forwarding to loopback addresses over http.
	Dev bool
}

// Input is all that a person types.
type Input struct {
	ChannelID     string `json:"channelId"`
	ChannelSecret string `json:"channelSecret"`
	// KeepPrevious forwards events to the address that received them before (P-09).
	KeepPrevious bool `json:"keepPrevious"`
}

// Result is an account, if it is connected, and what was checked on the way.
type Result struct {
	Account   Account
	Connected bool
	Lines     []check.Line
}

var (
	channelPattern = regexp.MustCompile(`^[0-9]{6,20}$`)
	secretPattern  = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

// tries bounds how often a change that somebody else overtook is decided anew.
const tries = 5

// WebhookURL is where LINE must send an account's events.
func (s *Service) WebhookURL(b id.BotUserID) string {
	return s.PublicURL + "/line/webhooks/" + string(b)
}

// Connect adds an Official Account to the portal, or connects a known one again in its old slot. What the person can repair is told in
// Lines; the error is for what they cannot. Repeating it does no harm.
func (s *Service) Connect(ctx context.Context, p id.PortalID, by portal.Actor, in Input) (Result, error) {
	if !channelPattern.MatchString(in.ChannelID) || !secretPattern.MatchString(in.ChannelSecret) {
		return failed(Typed, "", Token, Taken, WebhookSet, WebhookActive, WebhookTested), nil
	}
	channel := s.Line.Channel(in.ChannelID, in.ChannelSecret)
	bot, err := channel.BotInfo(ctx)
	if err != nil {
		detail, err := reason(err)
		return failed(Token, detail, Taken, WebhookSet, WebhookActive, WebhookTested), err
	}
	if err := s.Bots.ClaimBot(ctx, bot.ID, p); err != nil {
		if errors.Is(err, directory.ErrClaimed) {
			return failed(Taken, "", WebhookSet, WebhookActive, WebhookTested), nil
		}
		return Result{}, fmt.Errorf("claim LINE account: %w", err)
	}
	// Asked before we replace it. Not knowing it is no obstacle.
	before, _ := channel.Webhook(ctx)
	a, err := s.store(ctx, p, by, in, bot, before)
	if err != nil {
		if errors.Is(err, ErrNoSlot) {
			return failed(NoSlot, "", WebhookSet, WebhookActive, WebhookTested), s.Bots.ReleaseBot(ctx, bot.ID, p)
		}
		return Result{}, err
	}
	return s.check(ctx, a, channel, bot, true)
}

// store gives the slot and writes the account as connected.
func (s *Service) store(ctx context.Context, p id.PortalID, by portal.Actor, in Input, bot Bot, before Webhook) (Account, error) {
	sealed, err := s.Sealer.Seal(ctx, p, []byte(in.ChannelSecret))
	if err != nil {
		return Account{}, fmt.Errorf("seal channel secret: %w", err)
	}
	for range tries {
		all, err := s.Store.Accounts(ctx, p)
		if err != nil {
			return Account{}, fmt.Errorf("read LINE accounts: %w", err)
		}
		a, err := assign(all, bot.ID)
		if err != nil {
			return Account{}, err
		}
		now := s.Clock.Now()
		if a.State != Active {
			a.ConnectedAt = now
		}
		if before.URL != "" && before.URL != s.WebhookURL(bot.ID) {
			a.PreviousWebhook = before.URL
		}
		a.Portal, a.ChannelID, a.Secret, a.State, a.DisconnectedAt, a.Leaving = p, in.ChannelID, sealed, Active, time.Time{}, false
		a.Name, a.BasicID, a.PictureURL = bot.Name, bot.BasicID, bot.PictureURL
		if in.KeepPrevious && a.PreviousWebhook != "" {
			// An address that may not be a forward is only shown, and the person can see why when adding it by hand.
			if kept, err := s.withForward(a, a.PreviousWebhook); err == nil {
				a = kept
			}
		}
		saved, err := s.Store.Save(ctx, a, portal.Entry{
			ID: s.NewID(), At: now, Actor: by, Action: portal.LineConnected, Subject: a.Name,
			Changes: []portal.Change{{Field: "slot", New: a.Slot.String()}, {Field: "channelId", New: a.ChannelID}},
		})
		if !errors.Is(err, ErrChanged) {
			return saved, err
		}
	}
	return Account{}, ErrChanged
}

// Recheck repeats the checks of a connected account without changing anything at LINE, except that a webhook address which is not
// ours is set again when repair is true.
func (s *Service) Recheck(ctx context.Context, p id.PortalID, slot id.Slot, repair bool) (Result, error) {
	a, err := s.Store.Account(ctx, p, slot)
	if err != nil {
		return Result{}, err
	}
	if a.State != Active {
		return Result{Account: a}, nil
	}
	secret, err := s.open(ctx, a)
	if err != nil {
		return Result{}, err
	}
	channel := s.Line.Channel(a.ChannelID, secret)
	bot, err := channel.BotInfo(ctx)
	if err != nil {
		detail, err := reason(err)
		r := failed(Token, detail, WebhookSet, WebhookActive, WebhookTested)
		r.Account, r.Connected = a, true
		return r, err
	}
	return s.check(ctx, a, channel, bot, repair)
}

// check looks at everything that a connected account needs and remembers the result with the account.
func (s *Service) check(ctx context.Context, a Account, channel Channel, bot Bot, set bool) (Result, error) {
	lines := []check.Line{{Code: Token, Outcome: check.Pass, Detail: bot.Name}, {Code: Taken, Outcome: check.Pass}}
	lines = append(lines, s.checkWebhook(ctx, channel, s.WebhookURL(bot.ID), set)...)
	verified, line := checkFollowers(ctx, channel)
	lines = append(lines, line, autoReply(bot))
	for range tries {
		a.Name, a.BasicID, a.PictureURL = bot.Name, bot.BasicID, bot.PictureURL
		if verified != VerifiedUnknown {
			a.Verified = verified
		} else if a.Verified == "" {
			a.Verified = VerifiedUnknown
		}
		a.Checks, a.CheckedAt = lines, s.Clock.Now()
		saved, err := s.Store.Save(ctx, a)
		if err == nil {
			return Result{Account: saved, Connected: true, Lines: lines}, nil
		}
		if !errors.Is(err, ErrChanged) {
			return Result{}, fmt.Errorf("store checks: %w", err)
		}
		if a, err = s.Store.Account(ctx, a.Portal, a.Slot); err != nil {
			return Result{}, err
		}
		if a.State != Active {
			return Result{Account: a, Lines: lines}, nil
		}
	}
	return Result{}, ErrChanged
}

func (s *Service) checkWebhook(ctx context.Context, channel Channel, url string, set bool) []check.Line {
	if set {
		if err := channel.SetWebhook(ctx, url); err != nil {
			return []check.Line{{Code: WebhookSet, Outcome: check.Fail, Detail: said(err)}, skipped(WebhookActive), skipped(WebhookTested)}
		}
	}
	now, err := channel.Webhook(ctx)
	switch {
	case err != nil:
		return []check.Line{{Code: WebhookSet, Outcome: check.Fail, Detail: said(err)}, skipped(WebhookActive), skipped(WebhookTested)}
	case now.URL != url:
		return []check.Line{{Code: WebhookSet, Outcome: check.Fail, Detail: now.URL}, skipped(WebhookActive), skipped(WebhookTested)}
	}
	lines := []check.Line{{Code: WebhookSet, Outcome: check.Pass, Detail: url}}
	if !now.Active {
		return append(lines, check.Line{Code: WebhookActive, Outcome: check.Fail}, skipped(WebhookTested))
	}
	lines = append(lines, check.Line{Code: WebhookActive, Outcome: check.Pass})
	test, err := channel.TestWebhook(ctx, url)
	switch {
	case err != nil && fault.ClassOf(err).Retryable():
		// LINE allows 60 tests an hour: not being allowed to test is not a failed test.
		return append(lines, check.Line{Code: WebhookTested, Outcome: check.Warn, Detail: said(err)})
	case err != nil:
		return append(lines, check.Line{Code: WebhookTested, Outcome: check.Fail, Detail: said(err)})
	case !test.OK:
		return append(lines, check.Line{Code: WebhookTested, Outcome: check.Fail, Detail: test.Reason})
	}
	return append(lines, check.Line{Code: WebhookTested, Outcome: check.Pass})
}

// checkFollowers learns whether the account is verified: LINE refuses the list of followers to all others (P-142).
func checkFollowers(ctx context.Context, channel Channel) (Verified, check.Line) {
	err := channel.ReadFollowers(ctx)
	switch {
	case err == nil:
		return VerifiedYes, check.Line{Code: VerifiedAccount, Outcome: check.Pass}
	case fault.Is(err, fault.Permission):
		return VerifiedNo, check.Line{Code: VerifiedAccount, Outcome: check.Warn}
	}
	return VerifiedUnknown, check.Line{Code: VerifiedAccount, Outcome: check.Warn, Detail: said(err)}
}

// autoReply explains LINE's own greeting and auto-response, which no API can switch (P-07).
func autoReply(b Bot) check.Line {
	if b.Chat {
		return check.Line{Code: AutoReply, Outcome: check.Pass, Detail: "chat"}
	}
	return check.Line{Code: AutoReply, Outcome: check.Warn, Detail: "bot"}
}

func skipped(c check.Code) check.Line { return check.Line{Code: c, Outcome: check.Skipped} }

// failed is a result that ends with one failed line; the checks after it were not made.
func failed(c check.Code, detail string, rest ...check.Code) Result {
	var lines []check.Line
	order := []check.Code{Typed, Token, Taken}
	if i := slices.Index(order, c); i > 1 {
		for _, passed := range order[1:i] {
			lines = append(lines, check.Line{Code: passed, Outcome: check.Pass})
		}
	}
	lines = append(lines, check.Line{Code: c, Outcome: check.Fail, Detail: detail})
	for _, r := range rest {
		lines = append(lines, skipped(r))
	}
	return Result{Lines: lines}
}

// reason splits an error of LINE into what the person is told and what is our own trouble.
func reason(err error) (detail string, own error) {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return "", err
	}
	return f.Message, nil
}

func said(err error) string {
	detail, _ := reason(err)
	return detail
}

func (s *Service) open(ctx context.Context, a Account) (string, error) {
	b, err := s.Sealer.Open(ctx, a.Portal, a.Secret)
	if err != nil {
		return "", fmt.Errorf("open channel secret: %w", err)
	}
	return string(b), nil
}
