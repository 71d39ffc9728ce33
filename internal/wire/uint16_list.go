package wire

import (
	"encoding/binary"
	"iter"
)

// A Uint16List is a view of a vector of big-endian 16-bit numbers: suites, groups, schemes, versions.
// Parsed lists have an even number of bytes; of a list built by hand, an odd last byte is ignored.
type Uint16List []byte

// AppendUint16s appends the encoding of v to b; Uint16List(AppendUint16s(nil, v...)) is a list of v.
func AppendUint16s[T ~uint16](b []byte, v ...T) []byte {
	for _, n := range v {
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	return b
}

// Len returns the number of elements.
func (l Uint16List) Len() int { return len(l) / 2 }

// At returns element i, which must be less than Len.
func (l Uint16List) At(i int) uint16 { return binary.BigEndian.Uint16(l[2*i:]) }

// Contains reports whether v is an element.
func (l Uint16List) Contains(v uint16) bool {
	for i := range l.Len() {
		if l.At(i) == v {
			return true
		}
	}
	return false
}

// All returns the elements in order.
func (l Uint16List) All() iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		for i := range l.Len() {
			if !yield(l.At(i)) {
				return
			}
		}
	}
}

// wellFormed reports whether l can stand in a message, where no such list may be empty.
func (l Uint16List) wellFormed() bool { return len(l) > 0 && len(l)%2 == 0 }
