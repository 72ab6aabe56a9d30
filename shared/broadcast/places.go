package broadcast

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// Places are places in the frozen audience, kept small: for each stretch, in their order, how far it is from the end of the one before and how
// long it is, as varints. LINE refuses few people one by one, so they lie beside the progress that is written every 500 recipients.
type Places []byte

// maxPlaces bounds the bytes: 30,000 people strewn over an audience of a million. Whoever is refused beyond that is counted, not named.
const maxPlaces = 64 << 10

// Spans reads them, ascending.
func (p Places) Spans() []Span {
	var out []Span
	for at, rest := 0, []byte(p); len(rest) > 0; {
		gap, n := binary.Uvarint(rest)
		if n <= 0 {
			break
		}
		long, m := binary.Uvarint(rest[n:])
		if m <= 0 {
			break
		}
		from := at + int(gap)
		at, rest = from+int(long), rest[n+m:]
		out = append(out, Span{from, at})
	}
	return out
}

// With adds stretches, in any order.
func (p Places) With(more ...Span) Places {
	if len(more) == 0 {
		return p
	}
	all := append(p.Spans(), more...)
	slices.SortFunc(all, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	var out Places
	for end, i := 0, 0; i < len(all); {
		s := all[i]
		for i++; i < len(all) && all[i].From <= s.To; i++ {
			s.To = max(s.To, all[i].To)
		}
		next := binary.AppendUvarint(binary.AppendUvarint(out, uint64(s.From-end)), uint64(s.To-s.From))
		if len(next) > maxPlaces {
			return out
		}
		out, end = next, s.To
	}
	return out
}

// Reached tells of places in the frozen audience, asked ascending, whether LINE certainly took the broadcast for whoever has it.
func (p Progress) Reached() func(place int) bool {
	not := append(p.Missed.Spans(), p.Unsure...)
	slices.SortFunc(not, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	return func(place int) bool {
		for len(not) > 0 && not[0].To <= place {
			not = not[1:]
		}
		return place < p.Next && (len(not) == 0 || place < not[0].From)
	}
}
