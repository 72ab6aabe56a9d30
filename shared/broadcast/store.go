package broadcast

import (
	"context"
	"encoding/json"
	"time"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// Store keeps broadcasts of portals.
type Store interface {
	// Get returns ErrUnknown when there is none.
	Get(ctx context.Context, p id.PortalID, s id.Slot, broadcast string) (Broadcast, error)
	// Save writes under Version (0: it must not exist), and returns it with the next; ErrChanged otherwise.
	Save(ctx context.Context, p id.PortalID, b Broadcast) (Broadcast, error)
	Delete(ctx context.Context, p id.PortalID, b Broadcast) error
	// List returns an account's broadcasts, newest first, without their bubbles.
	List(ctx context.Context, p id.PortalID, s id.Slot, after string, limit int) (bs []Broadcast, next string, err error)
	// Due lists broadcasts that should be looked at, earliest first, and when the next one after until is due (0: none).
	Due(ctx context.Context, p id.PortalID, until int64) (bs []Broadcast, next int64, err error)
}

// Settings of an account's broadcasts.
type Settings struct {
	// Tracking is the account's switch: without it no link is rewritten. People must be told of it (docs say how), so it is off at first.
	Tracking bool `json:"tracking" dynamodbav:"t"`
	// NoWriteBack leaves "Last broadcast" and the like in HubSpot as they are (P-130).
	NoWriteBack bool `json:"noWriteBack" dynamodbav:"w"`
	// Price of one message, for the estimate; LINE tells none. Currency is what people call it.
	Price    float64 `json:"price" dynamodbav:"p"`
	Currency string  `json:"currency" dynamodbav:"c"`
}

// SettingsStore keeps them.
type SettingsStore interface {
	Settings(ctx context.Context, p id.PortalID, s id.Slot) (Settings, error)
	SaveSettings(ctx context.Context, p id.PortalID, s id.Slot, v Settings) error
}

// Friends are an account's friends as they are now.
type Friends interface {
	Get(ctx context.Context, p id.PortalID, k friend.Key) (friend.Friend, bool, error)
	GetMany(ctx context.Context, p id.PortalID, ks []friend.Key) (map[friend.Key]friend.Friend, error)
}

// Message is what goes to LINE.
type Message struct {
	Messages []json.RawMessage
	Silent   bool
	Unit     string // LINE's own statistics are kept under it
}

// Channel sends as one account. Errors are *fault.Fault; a repeat under a used key succeeds.
type Channel interface {
	Multicast(ctx context.Context, key string, to []id.LineUserID, m Message) error
	Push(ctx context.Context, key string, to id.LineUserID, m Message) error
	// Validate asks LINE whether it would take the messages; nothing is sent.
	Validate(ctx context.Context, messages []json.RawMessage) error
	Quota(ctx context.Context) (Quota, error)
}

// Line opens accounts' channels; ErrNoAccount when the account is not connected.
type Line interface {
	Channel(ctx context.Context, p id.PortalID, s id.Slot) (Channel, error)
}

// Links makes tracked addresses.
type Links interface {
	// Link is the address of a broadcast's nth link; ordinal names the friend, nil nobody.
	Link(p id.PortalID, s id.Slot, broadcast string, n int, ordinal *uint32, now time.Time) string
	// Picture is that of its nth picture, by which the friend is seen to look.
	Picture(p id.PortalID, s id.Slot, broadcast string, n int, ordinal uint32, now time.Time) string
}
