package handle

import (
	"context"
	"net"
	"net/http"
	"time"

	"lumo/shared/compose"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
)

// FromApp takes what is needed from the composition root.
func FromApp(a *compose.App) Deps {
	return Deps{
		Accounts: a.Accounts(), Inboxes: a.Inboxes(), Groups: a.GroupsWanted, Clock: a.Clock, Queue: a.Sender(), Log: a.Log,
		Forwarder: Forwarder{Accounts: forwards{a.Accounts()}, Sender: a.Sender(), HTTP: guarded(a.Config.Stage == "dev"), Clock: a.Clock},
	}
}

// guarded refuses private addresses at the moment of dialling, so that a name cannot be pointed at one later.
func guarded(dev bool) *http.Client {
	d := net.Dialer{Timeout: 3 * time.Second, Control: lineaccount.GuardDial(dev)}
	return &http.Client{
		Transport:     &http.Transport{DialContext: d.DialContext, MaxIdleConnsPerHost: 4},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type forwards struct{ *lineaccount.Service }

func (f forwards) Account(ctx context.Context, p id.PortalID, s id.Slot) (lineaccount.Account, error) {
	return f.Store.Account(ctx, p, s)
}
