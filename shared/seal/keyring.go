package seal

import (
	"context"
	"crypto/cipher"
	"slices"
	"sync"
	"time"

	"lumo/shared/clock"
	"lumo/shared/id"
)

const (
	// keyLife is how long an unwrapped data key may stay in memory, counted from the call to KMS.
	keyLife = 5 * time.Minute
	// maxPortals and maxKeys bound the memory of one function environment.
	maxPortals = 1000
	maxKeys    = 8
)

// dataKey is an unwrapped key and what it looks like wrapped.
type dataKey struct {
	aead    cipher.AEAD
	wrapped []byte
	until   time.Time
}

// keyring caches data keys. Sealing uses the portal's newest cached key, also one that came from opening: so the texts of a portal
// end up under one key, and a portal costs one call to KMS per environment and 5 minutes.
type keyring struct {
	service KeyService
	clock   clock.Clock
	mu      sync.Mutex
	portals map[id.PortalID]*ring
}

// ring holds one portal's keys, newest last. Its lock is held while KMS is asked, so that callers of one portal share the answer.
type ring struct {
	mu   sync.Mutex
	keys []dataKey
}

func newKeyring(ks KeyService, c clock.Clock) *keyring {
	return &keyring{service: ks, clock: c, portals: map[id.PortalID]*ring{}}
}

func (k *keyring) ring(p id.PortalID) *ring {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.portals[p]
	if r == nil {
		if len(k.portals) >= maxPortals {
			clear(k.portals)
		}
		r = &ring{}
		k.portals[p] = r
	}
	return r
}

// current returns a key to seal with.
func (k *keyring) current(ctx context.Context, p id.PortalID) (dataKey, error) {
	r := k.ring(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(k.clock.Now())
	if n := len(r.keys); n > 0 {
		return r.keys[n-1], nil
	}
	plain, wrapped, err := k.service.GenerateDataKey(ctx, keyContext(p))
	if err != nil {
		return dataKey{}, err
	}
	return r.add(plain, wrapped, k.clock.Now())
}

// unwrap returns the key that wrapped stands for. Keys of other portals are never looked at.
func (k *keyring) unwrap(ctx context.Context, p id.PortalID, wrapped []byte) (dataKey, error) {
	r := k.ring(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(k.clock.Now())
	for _, key := range r.keys {
		if slices.Equal(key.wrapped, wrapped) {
			return key, nil
		}
	}
	plain, err := k.service.Decrypt(ctx, keyContext(p), wrapped)
	if err != nil {
		return dataKey{}, err
	}
	return r.add(plain, wrapped, k.clock.Now())
}

func (r *ring) add(plain, wrapped []byte, now time.Time) (dataKey, error) {
	aead, err := newAEAD(plain)
	clear(plain)
	if err != nil {
		return dataKey{}, err
	}
	key := dataKey{aead: aead, wrapped: slices.Clone(wrapped), until: now.Add(keyLife)}
	if len(r.keys) == maxKeys {
		r.keys = slices.Delete(r.keys, 0, 1)
	}
	r.keys = append(r.keys, key)
	return key, nil
}

func (r *ring) expire(now time.Time) {
	r.keys = slices.DeleteFunc(r.keys, func(k dataKey) bool { return !now.Before(k.until) })
}
