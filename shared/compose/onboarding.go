package compose

import (
	"context"
	"log/slog"

	"lumo/shared/logging"
	"lumo/shared/onboarding"
)

// Onboarding connects and disconnects.
func (a *App) Onboarding() *onboarding.Service {
	return &onboarding.Service{
		Portals: a.Portals(), Accounts: a.Accounts(), Properties: a.Properties(), Starter: a.Starter(), Agenda: a.Directory(), Watcher: a.Leaver(), Clock: a.Clock,
	}
}

// Release gives back what must not be held while the environment sleeps: the share of HubSpot's pace. What could not be handed back lapses.
func (a *App) Release(ctx context.Context) {
	if err := a.limiter().Release(ctx); err != nil {
		a.Log.LogAttrs(ctx, slog.LevelWarn, "pace not handed back", logging.Error(err))
	}
}
