package gate

import "hash/maphash"

// The sizes of a sketch.
const (
	sketchRows  = 2
	sketchCells = 4096 // of a row
)

// A sketch counts how often things were seen, in memory of fixed size. It never counts too little. It
// counts too much where two things share a cell in every row, and as the hash is keyed, nobody can look
// for things that do.
type sketch struct {
	seed maphash.Seed
	rows [sketchRows][sketchCells]uint16
}

// add counts key once more, and returns how often it was seen.
func (s *sketch) add(key []byte) int {
	h := maphash.Bytes(s.seed, key)
	a, b := &s.rows[0][h%sketchCells], &s.rows[1][h>>32%sketchCells]
	n := min(*a, *b)
	if n < 1<<16-1 {
		n++
	}
	// Only what is too small is raised: a cell that others have counted in stays.
	*a, *b = max(*a, n), max(*b, n)
	return int(n)
}

// clear forgets everything.
func (s *sketch) clear() { s.rows = [sketchRows][sketchCells]uint16{} }
