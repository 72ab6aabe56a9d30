package operate

import (
	"context"
	"errors"
	"fmt"

	"lumo/shared/chain"
	"lumo/shared/id"
	"lumo/shared/redrive"
	"lumo/shared/syncrun"
)

// Redriven sums up Redrive.
type Redriven struct {
	Portal  id.PortalID    `json:"portal"`
	Items   int            `json:"items"`
	ByCode  map[string]int `json:"byCode"`
	Retried int            `json:"retried"`
	Refused int            `json:"refused"` // cannot be tried again without a correction
}

const pageOfItems = 100

// Redrive counts a portal's failed items, dead letters among them, and with do puts each back where it came from.
func (s *Stage) Redrive(ctx context.Context, p id.PortalID, do bool) error {
	out := Redriven{Portal: p, ByCode: map[string]int{}}
	for after := ""; ; {
		its, next, err := s.App.Failures().List(ctx, p, after, pageOfItems)
		if err != nil {
			return err
		}
		for _, it := range its {
			out.Items++
			out.ByCode[string(it.Kind)+" "+it.Code]++
		}
		if after = next; after == "" {
			break
		}
	}
	a := s.App
	again := redrive.Service{
		Failures: a.Failures(), Friends: a.Friends(), Invalids: a.Invalids(), Scopes: a.Scopes(), Outbox: a.Outbox(), Queue: a.Sender(), Sealer: a.Sealer(),
		Clock: a.Clock, Chat: a.Chat(),
	}
	for after := ""; do; {
		swept, err := again.All(ctx, p, after, pageOfItems)
		if err != nil {
			return err
		}
		out.Retried, out.Refused = out.Retried+swept.Retried, out.Refused+swept.Refused
		if after = swept.Next; after == "" {
			break
		}
	}
	return s.print(out)
}

// LogName prints what the log calls the portal. A purge destroys the key that this takes.
func (s *Stage) LogName(ctx context.Context, p id.PortalID) error {
	row, err := s.App.Portals().Get(ctx, p)
	if err != nil {
		return err
	}
	return s.print(map[string]any{"portal": p, "logName": row.LogName()})
}

// Resync begins a run over everything of a portal.
func (s *Stage) Resync(ctx context.Context, p id.PortalID) error {
	if running, err := s.App.Running(ctx, p); err != nil {
		return err
	} else if !running {
		return fmt.Errorf("portal %s is not connected", p)
	}
	run, err := s.App.Starter().Start(ctx, p, syncrun.Request{Trigger: syncrun.Manual, Extent: syncrun.All, Actor: "operator"})
	if err != nil && !errors.Is(err, chain.ErrBusy) {
		return err
	}
	return s.print(map[string]any{"portal": p, "run": run.ID, "started": err == nil})
}
