package blob

import (
	"context"
	"errors"
	"io"
	"time"

	"lumo/shared/id"
)

// ErrNone: this process has no bucket.
var ErrNone = errors.New("no bucket here")

// None is the Store, the Depot and the Addresses of processes that need none.
type None struct{}

var (
	_ Store     = None{}
	_ Depot     = None{}
	_ Addresses = None{}
)

func (None) Stream(context.Context, id.PortalID, string, string, io.Reader) error { return ErrNone }
func (None) Address(context.Context, id.PortalID, string, Download, time.Duration) (string, error) {
	return "", ErrNone
}

func (None) Put(context.Context, id.PortalID, string, string, io.ReadSeeker) error { return ErrNone }
func (None) Get(context.Context, id.PortalID, string) (io.ReadCloser, error)       { return nil, ErrNone }
func (None) Delete(context.Context, id.PortalID, string) error                     { return ErrNone }
