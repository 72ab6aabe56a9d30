package tracking

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"lumo/shared/clock"
	"lumo/shared/id"
)

// Targets are where a broadcast's links and pictures lead, as stored when it was sent.
type Targets struct {
	Links, Pictures []string
}

// ErrNoTarget: the portal has no such broadcast, or it has no such link.
var ErrNoTarget = errors.New("this link leads nowhere any more")

// TargetStore knows them. ErrNoTarget when the portal has no such broadcast.
type TargetStore interface {
	Targets(ctx context.Context, p id.PortalID, s id.Slot, broadcast string) (Targets, error)
}

// Kind of what happened.
type Kind string

const (
	Click Kind = "click"
	Open  Kind = "open" // probable
)

// Event is one tap or look, on its way to be counted.
type Event struct {
	Portal    id.PortalID `json:"portal"`
	Slot      id.Slot     `json:"slot"`
	Broadcast string      `json:"broadcast"`
	Kind      Kind        `json:"kind"`
	Target    int         `json:"target"`
	Personal  bool        `json:"personal,omitempty"`
	Ordinal   uint32      `json:"ordinal,omitempty"`
	At        int64       `json:"at"` // Unix ms
}

// robots fetch addresses to draw previews: LINE's own, Facebook's name that LINE's borrows, and whoever calls itself so (docs/line-oddities.md).
var robots = []string{"line-poker", "linespider", "facebookexternalhit", "bot", "crawler", "spider", "preview"}

// Robot tells by the user agent whether nobody is looking.
func Robot(userAgent string) bool {
	ua := strings.ToLower(userAgent)
	for _, r := range robots {
		if strings.Contains(ua, r) {
			return true
		}
	}
	return strings.TrimSpace(ua) == ""
}

// LineRobot tells LINE's own preview robot, which comes when a chat with a new address is opened.
func LineRobot(userAgent string) bool {
	return strings.Contains(strings.ToLower(userAgent), "line-poker")
}

// Desk answers visits.
type Desk struct {
	Signer  Signer
	Targets TargetStore
	Clock   clock.Clock
}

// widths that LINE asks of a rich message's picture.
var widths = map[string]bool{"": true, "240": true, "300": true, "460": true, "700": true, "1040": true}

// Visit tells where an address leads, and what to count, if anything. rest is what follows the token of a picture.
func (d Desk) Visit(ctx context.Context, picture bool, token, rest, method, userAgent string) (to string, e *Event, err error) {
	now := d.Clock.Now()
	t, err := d.Signer.Read(token, now)
	if err != nil {
		return "", nil, err
	}
	if t.Picture != picture || !widths[rest] || rest != "" && !picture {
		return "", nil, ErrForged
	}
	all, err := d.Targets.Targets(ctx, t.Portal, t.Slot, t.Broadcast)
	if err != nil {
		return "", nil, err
	}
	list := all.Links
	if picture {
		list = all.Pictures
	}
	if t.Target >= len(list) || !web(list[t.Target]) {
		return "", nil, ErrNoTarget
	}
	to = list[t.Target]
	if rest != "" {
		to += "/" + rest
	}
	return to, d.event(t, method, userAgent, now.UnixMilli()), nil
}

// event: only people who GET count as clicks. LINE's robot fetching a personal link, or anybody a personal picture, is a probable open.
func (d Desk) event(t Token, method, userAgent string, at int64) *Event {
	e := &Event{Portal: t.Portal, Slot: t.Slot, Broadcast: t.Broadcast, Target: t.Target, Personal: t.Personal, Ordinal: t.Ordinal, At: at, Kind: Click}
	switch {
	case method != http.MethodGet:
		return nil
	case t.Picture, t.Personal && LineRobot(userAgent):
		e.Kind, e.Target = Open, 0
	case Robot(userAgent):
		return nil
	}
	return e
}

func web(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
