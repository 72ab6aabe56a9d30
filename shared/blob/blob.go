// Package blob is the port to the private bucket that holds what is too large for the table: audiences, snapshots, media, exports.
// Every object lies under portal/<id>/, and no call can name one outside.
package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"lumo/shared/id"
)

// ErrNotFound means that there is no such object.
var ErrNotFound = errors.New("blob not found")

// ErrName is wrapped when a name cannot be used.
var ErrName = errors.New("bad blob name")

// Store keeps objects of portals. A name is a relative path such as "lists/12/snapshot".
type Store interface {
	// Put writes the whole object, replacing one of the same name.
	Put(ctx context.Context, p id.PortalID, name, contentType string, body io.ReadSeeker) error
	// Get opens the object; close it. It wraps ErrNotFound.
	Get(ctx context.Context, p id.PortalID, name string) (io.ReadCloser, error)
	// Delete removes the object; one that is not there is no error.
	Delete(ctx context.Context, p id.PortalID, name string) error
}

const maxName = 512

// Key is where an object lies in the bucket. Adapters call it; nothing else makes keys.
func Key(p id.PortalID, name string) (string, error) {
	if p <= 0 {
		return "", fmt.Errorf("%w: no portal", ErrName)
	}
	if name == "" || len(name) > maxName {
		return "", fmt.Errorf("%w: empty or too long", ErrName)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsFunc(part, strange) {
			return "", fmt.Errorf("%w: %.80q", ErrName, name)
		}
	}
	return "portal/" + p.String() + "/" + name, nil
}

func strange(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._-=", r):
		return false
	}
	return true
}

// PutBytes puts what is in memory already.
func PutBytes(ctx context.Context, s Store, p id.PortalID, name, contentType string, b []byte) error {
	return s.Put(ctx, p, name, contentType, bytes.NewReader(b))
}

// GetBytes reads the whole object.
func GetBytes(ctx context.Context, s Store, p id.PortalID, name string) ([]byte, error) {
	r, err := s.Get(ctx, p, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read blob: %w", err)
	}
	return b, nil
}
