package inbox

import (
	"context"
	"encoding/json"
	"time"

	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// Library tells where the files that friends sent within the last month can be opened: in HubSpot, or, the large ones, by a link of Lumo's.
type Library struct {
	Store   Store
	Depot   *Depot
	HubSpot interface {
		File(ctx context.Context, p id.PortalID, fileID string, seconds int) (Signed, error)
	}
	Clock clock.Clock
}

// One address serves for six days and is good for one more, so that a card that refreshes itself seldom asks HubSpot.
const (
	addressLife  = 7 * 24 * time.Hour
	addressReuse = 6 * 24 * time.Hour
)

type address struct {
	URL   string `json:"u"`
	Until int64  `json:"t"` // Unix ms
}

// Address of a message's file; "" when there is none.
func (l *Library) Address(ctx context.Context, p id.PortalID, k friend.Key, messageID string) (string, error) {
	file, ok, err := l.Store.Mark(ctx, p, k, "file "+messageID)
	if err != nil {
		return "", err
	}
	if !ok || file.Message == "" {
		until, kept, err := keptUntil(ctx, l.Store, p, k, messageID)
		if err != nil || !kept || until <= l.Clock.Now().UnixMilli() {
			return "", err
		}
		return l.Depot.Address(p, k, messageID, until), nil
	}
	now, name := l.Clock.Now(), "address "+messageID
	had, ok, err := l.Store.Mark(ctx, p, k, name)
	if err != nil {
		return "", err
	}
	var a address
	if ok && json.Unmarshal([]byte(had.Message), &a) == nil && now.UnixMilli() < a.Until {
		return a.URL, nil
	}
	s, err := l.HubSpot.File(ctx, p, file.Message, int(addressLife/time.Second))
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(address{s.URL, now.Add(addressReuse).UnixMilli()})
	if err != nil {
		return "", err
	}
	return s.URL, l.Store.SetMark(ctx, p, k, name, Mark{Message: string(b)}, now.UnixMilli())
}
