package blob

import (
	"context"
	"errors"
	"io"

	"lumo/shared/id"
)

// ErrNone: this process has no bucket.
var ErrNone = errors.New("no bucket here")

// None is the Store of processes that need none.
type None struct{}

var _ Store = None{}

func (None) Put(context.Context, id.PortalID, string, string, io.ReadSeeker) error { return ErrNone }
func (None) Get(context.Context, id.PortalID, string) (io.ReadCloser, error)       { return nil, ErrNone }
func (None) Delete(context.Context, id.PortalID, string) error                     { return ErrNone }
