package engine

import "slices"

// A span is a range of bytes: from the first to before the last.
type span struct{ from, to uint32 }

// spans are ranges that do not touch, in order.
type spans []span

// add adds a range, and merges what it touches.
func (s *spans) add(added span) {
	first := slices.IndexFunc(*s, func(x span) bool { return x.to >= added.from })
	if first < 0 {
		*s = append(*s, added)
		return
	}
	last := first
	for last < len(*s) && (*s)[last].from <= added.to {
		added.from = min(added.from, (*s)[last].from)
		added.to = max(added.to, (*s)[last].to)
		last++
	}
	*s = slices.Replace(*s, first, last, added)
}

// gap returns the first range at or after from, and before end, that is not in
// s. Its length is 0 if there is none.
func (s spans) gap(from, end uint32) span {
	for _, x := range s {
		if from < x.from {
			return span{from, min(x.from, end)}
		}
		from = max(from, x.to)
	}
	return span{min(from, end), end}
}
