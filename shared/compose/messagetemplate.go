package compose

import (
	"context"
	"encoding/json"
	"errors"

	"lumo/shared/broadcast"
	"lumo/shared/dynamo"
	"lumo/shared/id"
	"lumo/shared/messagetemplate"
)

// Templates keeps messages that workflows and people send.
func (a *App) Templates() *messagetemplate.Service {
	return &messagetemplate.Service{Store: dynamo.Templates{Table: a.Table()}, Known: a.mergeable, Validate: a.validate, Clock: a.Clock}
}

// validate asks LINE about messages that were not written for anybody yet.
func (a *App) validate(ctx context.Context, p id.PortalID, s id.Slot, messages []json.RawMessage) error {
	ch, err := casting{a}.Channel(ctx, p, s)
	if errors.Is(err, broadcast.ErrNoAccount) {
		return messagetemplate.ErrNoAccount
	}
	if err != nil {
		return err
	}
	return ch.Validate(ctx, messages)
}
