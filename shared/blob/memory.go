package blob

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"lumo/shared/id"
)

// Memory is a Store and a Depot for tests. The zero value is ready.
type Memory struct {
	mu      sync.Mutex
	objects map[string][]byte
}

var (
	_ Store = (*Memory)(nil)
	_ Depot = (*Memory)(nil)
)

// Stream implements Depot.
func (m *Memory) Stream(ctx context.Context, p id.PortalID, name, contentType string, body io.Reader) error {
	b, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	return m.Put(ctx, p, name, contentType, bytes.NewReader(b))
}

func (m *Memory) Put(ctx context.Context, p id.PortalID, name, _ string, body io.ReadSeeker) error {
	key, err := Key(p, name)
	if err != nil {
		return err
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("put blob: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.objects == nil {
		m.objects = map[string][]byte{}
	}
	m.objects[key] = b
	return nil
}

func (m *Memory) Get(ctx context.Context, p id.PortalID, name string) (io.ReadCloser, error) {
	key, err := Key(p, name)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.objects[key]
	if !ok {
		return nil, ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (m *Memory) Delete(ctx context.Context, p id.PortalID, name string) error {
	key, err := Key(p, name)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, key)
	return ctx.Err()
}
