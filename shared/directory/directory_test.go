package directory_test

import (
	"testing"

	"pgregory.net/rapid"

	"lumo/shared/directory"
	"lumo/shared/id"
)

func TestEveryPortalHasOneOfTheShards(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := id.PortalID(rapid.Int64Min(1).Draw(t, "portal"))
		s := directory.ShardOf(p)
		if s < 0 || s >= directory.Shards || s != directory.ShardOf(p) {
			t.Fatalf("shard %d", s)
		}
	})
}
