package hubspotsandbox

import (
	"runtime"
	"testing"
)

// A hundred thousand contacts must fit into a laptop's spare memory beside the local cloud.
func TestAHundredThousandContactsAreSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("seeds 100,000 contacts")
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := New(Config{Seed: 1})
	s.AddPortal(portalA, PortalOptions{})
	if _, _, err := s.Seed(portalA, SeedOptions{Contacts: 100_000, Companies: 1000}); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	used := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d MB", used>>20)
	if used > 150<<20 {
		t.Errorf("100,000 contacts take %d MB", used>>20)
	}
	runtime.KeepAlive(s)
}
