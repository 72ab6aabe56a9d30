package compose

import (
	"context"
	"sync"
	"time"

	"lumo/shared/id"
	"lumo/shared/portal"
)

const logNameTime = time.Second

type portalRows interface {
	Load(ctx context.Context, p id.PortalID) (portal.Portal, error)
}

// logNames looks portals' names in the log up, each once; the table is opened at the first. A portal whose row cannot be read, or is gone, is logged
// without its name rather than by its number.
func logNames(open func() portalRows) func(id.PortalID) string {
	rows := sync.OnceValue(open)
	var known sync.Map
	return func(p id.PortalID) string {
		if name, ok := known.Load(p); ok {
			return name.(string)
		}
		if p <= 0 {
			return "none"
		}
		ctx, cancel := context.WithTimeout(context.Background(), logNameTime)
		defer cancel()
		row, err := rows().Load(ctx, p)
		if err != nil {
			return portal.Unnamed
		}
		known.Store(p, row.LogName())
		return row.LogName()
	}
}
