package sim

// Summary adds up results.
type Summary struct {
	Seeds      int            `json:"seeds"`
	Failed     int            `json:"failed"`
	Violations int            `json:"violations"`
	Seconds    float64        `json:"seconds"`
	Evaluated  map[string]int `json:"evaluated"`
	// OK: nothing was violated, and every invariant was looked at.
	OK bool `json:"ok"`
}

// Add adds one seed's result.
func (s *Summary) Add(r Result) {
	s.Seeds++
	if !r.OK {
		s.Failed++
	}
	s.Violations += len(r.Violations)
	if s.Evaluated == nil {
		s.Evaluated = map[string]int{}
	}
	s.OK = s.Failed == 0
	for _, i := range Invariants {
		s.Evaluated[i.ID] += r.Evaluated[i.ID]
		s.OK = s.OK && s.Evaluated[i.ID] > 0
	}
}
