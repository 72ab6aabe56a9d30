package seal

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
)

// MemoryKeys is a KeyService for tests: it remembers its keys and the context of each, and counts its calls.
type MemoryKeys struct {
	mu   sync.Mutex
	keys map[string]memoryKey
	// Rand, when set, makes keys repeatable for the simulation.
	Rand io.Reader
	// Fail, when set, is asked before each call.
	Fail      func() error
	generated int
	decrypted int
}

type memoryKey struct {
	plain   []byte
	context map[string]string
}

var _ KeyService = (*MemoryKeys)(nil)

func (m *MemoryKeys) GenerateDataKey(_ context.Context, context map[string]string) ([]byte, []byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.fail(); err != nil {
		return nil, nil, err
	}
	m.generated++
	source := m.Rand
	if source == nil {
		source = rand.Reader
	}
	key := make([]byte, 32)
	if _, err := io.ReadFull(source, key); err != nil {
		return nil, nil, err
	}
	wrapped := fmt.Appendf(nil, "memory-key-%d", len(m.keys)+1)
	if m.keys == nil {
		m.keys = map[string]memoryKey{}
	}
	m.keys[string(wrapped)] = memoryKey{slices.Clone(key), maps.Clone(context)}
	return key, wrapped, nil
}

func (m *MemoryKeys) Decrypt(_ context.Context, context map[string]string, wrapped []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.fail(); err != nil {
		return nil, err
	}
	m.decrypted++
	k, ok := m.keys[string(wrapped)]
	if !ok || !maps.Equal(k.context, context) {
		return nil, fmt.Errorf("%w: unknown key or wrong context", ErrRefused)
	}
	return slices.Clone(k.plain), nil
}

func (m *MemoryKeys) fail() error {
	if m.Fail == nil {
		return nil
	}
	return m.Fail()
}

// Calls returns how often keys were made and unwrapped.
func (m *MemoryKeys) Calls() (generated, decrypted int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.generated, m.decrypted
}
