// Package usage counts the calls of a provider that a piece of work makes, wherever in its depths they are made.
package usage

import (
	"context"
	"sync/atomic"
)

type key struct{}

// Count begins to count under the returned context; calls tells how many there were so far.
func Count(ctx context.Context) (counting context.Context, calls func() int) {
	n := &atomic.Int64{}
	return context.WithValue(ctx, key{}, n), func() int { return int(n.Load()) }
}

// Note counts one call, if anybody counts.
func Note(ctx context.Context) {
	if n, ok := ctx.Value(key{}).(*atomic.Int64); ok {
		n.Add(1)
	}
}
