// Package work runs many small jobs at once, or one after the other where order must be the same every time (the simulation).
package work

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Each calls f for 0..n-1, at most limit at once. With limit <= 1 it runs in order on the caller's goroutine. It returns the first error
// and starts nothing new after one.
func Each(ctx context.Context, limit, n int, f func(ctx context.Context, i int) error) error {
	if limit <= 1 || n == 1 {
		for i := range n {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := f(ctx, i); err != nil {
				return err
			}
		}
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(limit)
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error { return f(ctx, i) })
	}
	return g.Wait()
}
