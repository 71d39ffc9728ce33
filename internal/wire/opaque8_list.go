package wire

import (
	"iter"

	"golang.org/x/crypto/cryptobyte"
)

// An Opaque8List is a view of a vector of byte strings with at most 255 bytes each: connection IDs,
// binders.
type Opaque8List []byte

// AppendOpaque8s appends the encoding of v to b; Opaque8List(AppendOpaque8s(nil, v...)) is a list of v.
// It returns nil when one of v is too long, and only then.
func AppendOpaque8s(b []byte, v ...[]byte) []byte {
	b = begin(b)
	for _, content := range v {
		b = opaque8(b, content)
	}
	return b
}

// All returns the elements in order, as views into l.
func (l Opaque8List) All() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var content []byte
		for s := cryptobyte.String(l); readOpaque8(&s, &content); {
			if !yield(content) {
				return
			}
		}
	}
}

// count returns the number of elements, if l consists of whole ones with at least shortest bytes each.
func (l Opaque8List) count(shortest int) (n int, ok bool) {
	var content []byte
	for s := cryptobyte.String(l); !s.Empty(); n++ {
		if !readOpaque8(&s, &content) || len(content) < shortest {
			return 0, false
		}
	}
	return n, true
}
