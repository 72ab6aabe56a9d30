package linesandbox

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Kinds of channel.
const (
	MessagingChannel = "messaging"
	LoginChannel     = "login"
)

// ErrUnknown is wrapped when a named provider, channel, person or message does not exist.
var ErrUnknown = errors.New("unknown")

// ErrNotPossible is wrapped when a person cannot do that now, e.g. block an account they never added.
var ErrNotPossible = errors.New("not possible")

// ChannelSpec describes a channel to create. Empty fields get seeded values.
type ChannelSpec struct {
	Kind     string `json:"kind,omitempty"` // "messaging" (default) or "login"
	Provider string `json:"provider"`       // id
	ID       string `json:"id,omitempty"`
	Secret   string `json:"secret,omitempty"`
	Name     string `json:"name,omitempty"`
	Verified bool   `json:"verified"` // verified or premium account: may list followers
	// Quota of the month; nil is a plan without limit.
	Quota        *int     `json:"quota,omitempty"`
	WebhookOff   bool     `json:"webhookOff,omitempty"` // console switch "Use webhook"
	Redelivery   bool     `json:"redelivery,omitempty"` // console switch "Webhook redelivery"
	ChatOn       bool     `json:"chatOn,omitempty"`     // console switch "Chat"
	JoinGroups   bool     `json:"joinGroups,omitempty"` // console switch "Allow bot to join group chats"
	RedirectURIs []string `json:"redirectUris,omitempty"`
	LinkedBot    string   `json:"linkedBot,omitempty"` // login channel: the Official Account offered as a friend
}

// ChannelChange changes switches of the console; nil leaves as it is. Quota -1 means a plan without limit.
type ChannelChange struct {
	Name         *string   `json:"name,omitempty"`
	Verified     *bool     `json:"verified,omitempty"`
	Quota        *int      `json:"quota,omitempty"`
	Used         *int      `json:"used,omitempty"` // messages counted this month
	UseWebhook   *bool     `json:"useWebhook,omitempty"`
	Redelivery   *bool     `json:"redelivery,omitempty"`
	ChatOn       *bool     `json:"chatOn,omitempty"`
	JoinGroups   *bool     `json:"joinGroups,omitempty"`
	RedirectURIs *[]string `json:"redirectUris,omitempty"`
	LinkedBot    *string   `json:"linkedBot,omitempty"`
}

// Channel is what a channel's owner sees in LINE's console.
type Channel struct {
	Kind         string   `json:"kind"`
	Provider     string   `json:"provider"`
	ID           string   `json:"id"`
	Secret       string   `json:"secret"`
	Name         string   `json:"name"`
	BotUserID    string   `json:"botUserId,omitempty"`
	BasicID      string   `json:"basicId,omitempty"`
	Verified     bool     `json:"verified"`
	Quota        *int     `json:"quota,omitempty"`
	Used         int      `json:"used"`
	Webhook      string   `json:"webhook,omitempty"`
	UseWebhook   bool     `json:"useWebhook"`
	Redelivery   bool     `json:"redelivery"`
	ChatOn       bool     `json:"chatOn"`
	JoinGroups   bool     `json:"joinGroups"`
	RedirectURIs []string `json:"redirectUris,omitempty"`
	LinkedBot    string   `json:"linkedBot,omitempty"`
	Friends      int      `json:"friends"`
	Blocked      int      `json:"blocked"`
	WaitingHooks int      `json:"waitingWebhooks"`
}

type channel struct {
	Kind         string             `json:"kind"`
	Provider     string             `json:"provider"`
	ID           string             `json:"id"`
	Secret       string             `json:"secret"`
	Name         string             `json:"name"`
	BotUserID    string             `json:"botUserId"`
	BasicID      string             `json:"basicId"`
	Verified     bool               `json:"verified"`
	Quota        *int               `json:"quota"`
	Usage        map[string]int     `json:"usage"` // by month yyyymm
	Sent         map[string]int     `json:"sent"`  // by kind and day, "push 20261122"
	UseWebhook   bool               `json:"useWebhook"`
	Redelivery   bool               `json:"redelivery"`
	ChatOn       bool               `json:"chatOn"`
	JoinGroups   bool               `json:"joinGroups,omitempty"`
	Webhook      string             `json:"webhook"`
	OldWebhook   string             `json:"oldWebhook"`
	WebhookFrom  time.Time          `json:"webhookFrom"`
	Settings     WebhookSettings    `json:"settings"`
	RedirectURIs []string           `json:"redirectUris"`
	LinkedBot    string             `json:"linkedBot"`
	Keys         []assertionKey     `json:"keys"`
	Relations    []*relation        `json:"relations"`
	Waiting      []*outEvent        `json:"waiting"`
	Flying       []*outEvent        `json:"flying"`
	Events       []*outEvent        `json:"events"`
	Deliveries   []WebhookDelivery  `json:"deliveries"`
	RetryKeys    map[string]*keyUse `json:"retryKeys"`

	byUser map[string]*relation
}

func (c *channel) index() {
	c.byUser = make(map[string]*relation, len(c.Relations))
	for _, r := range c.Relations {
		c.byUser[r.User] = r
	}
	if c.Usage == nil {
		c.Usage = map[string]int{}
	}
	if c.Sent == nil {
		c.Sent = map[string]int{}
	}
	if c.RetryKeys == nil {
		c.RetryKeys = map[string]*keyUse{}
	}
}

// relation returns the person's side of the account, creating it as a stranger's.
func (c *channel) relation(user string) *relation {
	r := c.byUser[user]
	if r == nil {
		r = &relation{User: user, State: Stranger}
		c.byUser[user] = r
		c.Relations = append(c.Relations, r)
	}
	return r
}

var (
	channelIDPattern = regexp.MustCompile(`^[0-9]{10}$`)
	secretPattern    = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

// CreateProvider adds a provider.
func (s *Server) CreateProvider(name string) Provider {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	p := &Provider{ID: fmt.Sprintf("1%09d", len(s.st.Providers)+1), Name: name}
	if p.Name == "" {
		p.Name = fmt.Sprintf("Provider %d", len(s.st.Providers)+1)
	}
	s.st.Providers = append(s.st.Providers, p)
	for _, u := range s.st.Users {
		s.st.byLine[lineUserID(p.ID, u.ID)] = lineRef{p.ID, u.ID}
	}
	return *p
}

// Providers lists them in order of creation.
func (s *Server) Providers() []Provider {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Provider, len(s.st.Providers))
	for i, p := range s.st.Providers {
		out[i] = *p
	}
	return out
}

// CreateChannel adds a channel to a provider.
func (s *Server) CreateChannel(spec ChannelSpec) (Channel, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.hasProvider(spec.Provider) {
		return Channel{}, fmt.Errorf("provider %q: %w", spec.Provider, ErrUnknown)
	}
	c := &channel{
		Kind: spec.Kind, Provider: spec.Provider, ID: spec.ID, Secret: spec.Secret, Name: spec.Name, Verified: spec.Verified,
		Quota: spec.Quota, UseWebhook: !spec.WebhookOff, Redelivery: spec.Redelivery, ChatOn: spec.ChatOn, JoinGroups: spec.JoinGroups,
		RedirectURIs: spec.RedirectURIs, LinkedBot: spec.LinkedBot, Settings: DefaultWebhookSettings(),
	}
	if c.Kind == "" {
		c.Kind = MessagingChannel
	}
	if c.Kind != MessagingChannel && c.Kind != LoginChannel {
		return Channel{}, fmt.Errorf("channel kind %q: %w", c.Kind, ErrUnknown)
	}
	if c.ID == "" {
		c.ID = s.nextChannelID()
	}
	if c.Secret == "" {
		c.Secret = s.hex(32)
	}
	if !channelIDPattern.MatchString(c.ID) || !secretPattern.MatchString(c.Secret) {
		return Channel{}, fmt.Errorf("a channel id has 10 digits and a secret 32 hex digits: %w", ErrNotPossible)
	}
	if s.st.channels[c.ID] != nil {
		return Channel{}, fmt.Errorf("channel %s exists: %w", c.ID, ErrNotPossible)
	}
	if c.Name == "" {
		c.Name = "Account " + c.ID
	}
	if c.Kind == MessagingChannel {
		c.BotUserID = hashID("U", "bot", c.ID)
		c.BasicID = "@" + basicID(c.ID)
	}
	c.index()
	s.st.Channels = append(s.st.Channels, c)
	s.st.channels[c.ID] = c
	s.changes++
	return s.view(c), nil
}

func (s *Server) hasProvider(id string) bool {
	for _, p := range s.st.Providers {
		if p.ID == id {
			return true
		}
	}
	return false
}

func (s *Server) nextChannelID() string {
	for {
		id := fmt.Sprint(s.st.NextChannel)
		s.st.NextChannel++
		if s.st.channels[id] == nil {
			return id
		}
	}
}

// Channels lists them in order of creation.
func (s *Server) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Channel, len(s.st.Channels))
	for i, c := range s.st.Channels {
		out[i] = s.view(c)
	}
	return out
}

// Channel returns one channel by its id or its bot user id.
func (s *Server) Channel(id string) (Channel, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channel(id)
	if err != nil {
		return Channel{}, err
	}
	return s.view(c), nil
}

func (s *Server) channel(id string) (*channel, error) {
	if c := s.st.channels[id]; c != nil {
		return c, nil
	}
	for _, c := range s.st.Channels {
		if id != "" && c.BotUserID == id {
			return c, nil
		}
	}
	return nil, fmt.Errorf("channel %q: %w", id, ErrUnknown)
}

func (s *Server) view(c *channel) Channel {
	v := Channel{
		Kind: c.Kind, Provider: c.Provider, ID: c.ID, Secret: c.Secret, Name: c.Name, BotUserID: c.BotUserID, BasicID: c.BasicID,
		Verified: c.Verified, Quota: c.Quota, Used: c.Usage[s.month()], Webhook: c.Webhook, UseWebhook: c.UseWebhook,
		Redelivery: c.Redelivery, ChatOn: c.ChatOn, JoinGroups: c.JoinGroups, RedirectURIs: c.RedirectURIs, LinkedBot: c.LinkedBot, WaitingHooks: len(c.Waiting),
	}
	for _, r := range c.Relations {
		switch r.State {
		case Friended:
			v.Friends++
		case Blocked:
			v.Blocked++
		}
	}
	return v
}

// ConfigureChannel changes what the console's switches change. No API of LINE does this.
func (s *Server) ConfigureChannel(id string, change ChannelChange) (Channel, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channel(id)
	if err != nil {
		return Channel{}, err
	}
	set(&c.Name, change.Name)
	set(&c.Verified, change.Verified)
	set(&c.UseWebhook, change.UseWebhook)
	set(&c.Redelivery, change.Redelivery)
	set(&c.ChatOn, change.ChatOn)
	set(&c.JoinGroups, change.JoinGroups)
	set(&c.RedirectURIs, change.RedirectURIs)
	set(&c.LinkedBot, change.LinkedBot)
	if change.Quota != nil {
		c.Quota = change.Quota
		if *change.Quota < 0 {
			c.Quota = nil
		}
	}
	if change.Used != nil {
		c.Usage[s.month()] = *change.Used
	}
	s.changes++
	return s.view(c), nil
}

// ReissueSecret gives the channel another secret. The old one is dead at once: signatures and token calls with it fail
// (LINE docs: Best practices for provider and channel management).
func (s *Server) ReissueSecret(id string) (Channel, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channel(id)
	if err != nil {
		return Channel{}, err
	}
	c.Secret = s.hex(32)
	s.changes++
	return s.view(c), nil
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
