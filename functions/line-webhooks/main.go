// Command line-webhooks takes LINE's webhooks and passes copies on.
package main

import (
	"context"
	"net"
	"net/http"
	"time"

	"lumo/functions/internal/entry"
	"lumo/functions/line-webhooks/handle"
	"lumo/shared/compose"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
)

func main() {
	entry.Start(func(ctx context.Context) (entry.Handlers, error) {
		a, err := compose.Load(ctx)
		if err != nil {
			return entry.Handlers{}, err
		}
		return handle.New(handle.Deps{
			Accounts: a.Accounts(), Queue: a.Sender(), Log: a.Log,
			Forwarder: handle.Forwarder{Accounts: forwards{a.Accounts()}, Sender: a.Sender(), HTTP: guarded(a.Config.Stage == "dev"), Clock: a.Clock},
		}), nil
	})
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
