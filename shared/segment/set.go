package segment

// set of ordinals, a bit each: ordinals are given out one after the other, so that this is as small as a compressed set
// (docs/bench.md compares them).
type set struct{ words []uint64 }

func (s *set) add(n uint32) {
	if i := int(n / 64); i >= len(s.words) {
		s.words = append(s.words, make([]uint64, max(i+1-len(s.words), len(s.words), 16))...)
	}
	s.words[n/64] |= 1 << (n % 64)
}

func (s *set) has(n uint32) bool { return int(n/64) < len(s.words) && s.words[n/64]&(1<<(n%64)) != 0 }
