// Package line talks to the LINE Messaging API and reads LINE's webhooks. Every failed call is a *fault.Fault made by errors.go.
//
// Simple calls go through the official SDK with a client made for each request, because the SDK keeps the context in the client.
// Tokens, sends and downloads go through a thin client of our own: a send must know its status, headers and retry key, and must
// carry message JSON untouched. docs/line-oddities.md tells why in each case.
package line

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"lumo/shared/clock"
	"lumo/shared/id"
)

// Config is fixed for the life of a process.
type Config struct {
	APIURL  string // https://api.line.me
	DataURL string // https://api-data.line.me: message content only
	// HTTP is the client in use; nil means one with a time-out of 10 s. Redirects are never followed: they would carry the token away.
	HTTP  *http.Client
	Clock clock.Clock // nil means the wall clock
	// ProfileRate is the most get-profile calls a second for one channel in this process; 0 means 200, a tenth of what LINE allows.
	ProfileRate int
}

// Client is shared by all channels of a process.
type Client struct {
	api, data string
	http      *http.Client // replies of limited size, for everything but downloads
	stream    *http.Client // no time-out of its own: a download ends with its context
	clock     clock.Clock
	rate      int

	mu       sync.Mutex
	channels map[Channel]*channelState
}

// pushRate is the most pushes a second for one channel in this process, a tenth of what LINE allows.
const pushRate = 200

// LINE takes 2,000 pushes and 200 multicasts a second of one channel (Messaging API reference: Rate limits); what a broadcast leaves is for everything else.
const (
	bulkRate      = 1750
	multicastRate = 160
)

// maxChannels bounds what one process remembers; a forgotten channel costs one more token.
const maxChannels = 10_000

// New makes the client of a process.
func New(c Config) *Client {
	base := http.Client{Timeout: 10 * time.Second, Transport: connections()}
	if c.HTTP != nil {
		base = *c.HTTP
	}
	base.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	stream := base
	stream.Timeout = 0
	limited := base
	limited.Transport = limitedTransport{base.Transport}
	out := &Client{
		api: strings.TrimRight(c.APIURL, "/"), data: strings.TrimRight(c.DataURL, "/"),
		http: &limited, stream: &stream, clock: c.Clock, rate: c.ProfileRate, channels: map[Channel]*channelState{},
	}
	if out.clock == nil {
		out.clock = clock.Real{}
	}
	if out.rate <= 0 {
		out.rate = 200
	}
	return out
}

// connections keeps as many open as a broadcast has pushes under way: Go's own default of two would open a new one, with its handshake, for
// nearly every push.
func connections() *http.Transport {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		t = &http.Transport{}
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = 64
	return t
}

// Channel is the key of one Official Account's Messaging API channel.
type Channel struct {
	ID     string // channel ID, digits
	Secret string // channel secret
}

// String keeps the secret out of anything printed.
func (c Channel) String() string   { return "LINE channel " + c.ID }
func (c Channel) GoString() string { return c.String() }

// channelState is what a process keeps of a channel between calls.
type channelState struct {
	token   tokenCache
	profile limiter
	push    limiter
	// Paces of broadcasts, which are sent by one process at a time for one account.
	bulk, multicast limiter
}

// ChannelClient makes calls as one channel.
type ChannelClient struct {
	client  *Client
	channel Channel
	state   *channelState
}

// Channel is cheap: token and pace are shared by all ChannelClients of the same channel and process.
func (c *Client) Channel(ch Channel) *ChannelClient {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.channels[ch]
	if s == nil {
		if len(c.channels) >= maxChannels {
			clear(c.channels)
		}
		s = &channelState{
			profile:   limiter{interval: time.Second / time.Duration(c.rate), burst: c.rate / 10},
			push:      limiter{interval: time.Second / pushRate, burst: pushRate / 10},
			bulk:      limiter{interval: time.Second / bulkRate, burst: bulkRate / 8},
			multicast: limiter{interval: time.Second / multicastRate, burst: multicastRate / 20},
		}
		c.channels[ch] = s
	}
	return &ChannelClient{client: c, channel: ch, state: s}
}

// CheckCredentials asks LINE for a token: Revoked means that channel ID and secret do not belong together (any more).
func (c *ChannelClient) CheckCredentials(ctx context.Context) error {
	_, err := c.token(ctx, "")
	return err
}

// checkUser keeps anything but a well-formed id out of paths and bodies, however it came to be a LineUserID.
func checkUser(u id.LineUserID) error {
	if _, err := id.ParseLineUser(string(u)); err != nil {
		return refusedHere("The LINE user id is not valid.", err)
	}
	return nil
}
