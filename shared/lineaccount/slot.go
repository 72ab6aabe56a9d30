package lineaccount

import (
	"errors"

	"lumo/shared/id"
)

// ErrNoSlot: the portal has used all its slots. They are never given again (P-41).
var ErrNoSlot = errors.New("no slot left for another LINE account")

// assign gives a bot its slot: the one it had before, else the next that no account of the portal ever had. Two processes that assign
// at the same time to different bots pick the same slot, so that the store lets only one of them win and the other decides again.
func assign(all []Account, bot id.BotUserID) (Account, error) {
	last := id.Slot(0)
	for _, a := range all {
		if a.Bot == bot {
			return a, nil
		}
		last = max(last, a.Slot)
	}
	if last >= id.MaxSlot {
		return Account{}, ErrNoSlot
	}
	return Account{Slot: last + 1, Bot: bot}, nil
}
