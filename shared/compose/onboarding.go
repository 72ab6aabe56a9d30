package compose

import (
	"context"

	"lumo/shared/onboarding"
)

// Onboarding connects and disconnects. Watcher and the like are set by whoever builds the sync.
func (a *App) Onboarding() *onboarding.Service {
	return &onboarding.Service{
		Portals: a.Portals(), Accounts: a.Accounts(), Properties: a.Properties(), Starter: a.Starter(), Agenda: a.Directory(), Clock: a.Clock,
	}
}

// Release gives back what must not be held while the environment sleeps.
func (a *App) Release(ctx context.Context) {
	if a.paced.Load() {
		a.limiter().Release(ctx)
	}
}
