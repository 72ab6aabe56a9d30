package inbox

import (
	"context"
	"encoding/json"
)

// account follows what HubSpot tells of channel accounts. The events may come twice and in any order; the account's state at HubSpot is
// what the last one says.
func (r *Relay) account(ctx context.Context, n Note, cs []Connection) error {
	var w webhook
	if err := json.Unmarshal(n.HubSpot, &w); err != nil {
		return ErrBody
	}
	now := r.Clock.Now().UnixMilli()
	for _, c := range cs {
		next, changed := c.told(w, now)
		if !changed {
			continue
		}
		if _, err := r.Store.Save(ctx, next); err != nil {
			return err // ErrChanged, too: the next delivery reads again
		}
	}
	return nil
}

// told is the connection after an event of a channel account.
func (c Connection) told(w webhook, now int64) (Connection, bool) {
	mine := c.Account != "" && c.Account == string(w.Account)
	switch {
	case w.Type == typePurged && mine && c.State != Removed:
		c.State, c.At, c.Code = Removed, now, ""
	case w.Type == typeCreated && c.State == Waiting && string(c.Bot) == w.Identifier.Value && (c.Channel == "" || c.Channel == string(w.Channel)):
		c.State, c.Account, c.At, c.Code = Connected, string(w.Account), now, ""
	default:
		return c, false
	}
	return c, true
}
