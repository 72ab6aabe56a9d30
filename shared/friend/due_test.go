package friend_test

import (
	"testing"

	"lumo/shared/friend"
)

func TestWhenAChangeIsDue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ due, written, now, want int64 }{
		"never written: at once":                                   {0, 0, 1_700_000_000_123, 1_700_000_000_123},
		"written long ago: at once":                                {0, 1_700_000_000_123, 1_700_000_030_123, 1_700_000_030_123},
		"written just now: with the second after the window":       {0, 1_700_000_000_123, 1_700_000_000_500, 1_700_000_031_000},
		"written a little later: with the same second":             {0, 1_700_000_000_999, 1_700_000_001_500, 1_700_000_031_000},
		"written on the full second: exactly when the window ends": {0, 1_700_000_000_000, 1_700_000_000_500, 1_700_000_030_000},
		"due already: stays":                                       {1_700_000_000_007, 1_700_000_000_000, 1_700_000_009_000, 1_700_000_000_007},
	} {
		f := friend.Friend{Due: c.due, WrittenAt: c.written}
		if f.MarkDirty(c.now); f.Due != c.want {
			t.Errorf("%s: due at %d, want %d", name, f.Due, c.want)
		}
	}
}
