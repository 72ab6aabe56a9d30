package linkage

import (
	"time"

	"lumo/shared/id"
)

// File is the token of a file that a friend sent and Lumo keeps.
const File Use = 'f'

// FileToken names a file by what it is of. Made again, it is the same: it has to be kept nowhere but as a hash.
func (s Signer) FileToken(p id.PortalID, of string, until time.Time) string {
	return s.Sign(File, p, until, s.named(p, "file\x00"+of))
}
