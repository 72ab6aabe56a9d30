package blob

import (
	"context"
	"io"
	"time"

	"lumo/shared/id"
)

// Keep is how long a streamed object stays in the bucket: its rules in template.yaml delete it then.
const Keep = 90 * 24 * time.Hour

// Depot keeps objects that are too large for memory, for as long as Keep.
type Depot interface {
	// Stream writes what body holds, in memory that does not grow with it, replacing an object of the same name. An error of body is returned as
	// it is, and then nothing is kept.
	Stream(ctx context.Context, p id.PortalID, name, contentType string, body io.Reader) error
	// Delete removes the object; one that is not there is no error.
	Delete(ctx context.Context, p id.PortalID, name string) error
}

// Download says how a browser gets an object: always as a file to save, never as a page.
type Download struct {
	Name, Type string
}

// Addresses makes addresses at which everybody who has one gets the object, for a while. It asks nobody, so there may be no such object.
type Addresses interface {
	Address(ctx context.Context, p id.PortalID, name string, as Download, life time.Duration) (string, error)
}
