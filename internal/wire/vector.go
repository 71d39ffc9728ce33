package wire

import (
	"encoding/binary"

	"golang.org/x/crypto/cryptobyte"
)

// Variable-length vectors, RFC 5246, Section 4.3.
//
// Reading is cryptobyte's. Writing appends: a vector reserves its length prefix, lets its body append,
// and fills the prefix in. A body that outgrows the prefix turns the slice into nil, and nil stays nil
// through every later append of this file, so that a message is either whole or absent.

// begin returns b as the start of a message: never nil, which would mean failure.
func begin(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func append8(b []byte, v uint8) []byte {
	if b == nil {
		return nil
	}
	return append(b, v)
}

func append16(b []byte, v uint16) []byte {
	if b == nil {
		return nil
	}
	return binary.BigEndian.AppendUint16(b, v)
}

func append32(b []byte, v uint32) []byte {
	if b == nil {
		return nil
	}
	return binary.BigEndian.AppendUint32(b, v)
}

func appendBytes(b, content []byte) []byte {
	if b == nil {
		return nil
	}
	return append(b, content...)
}

// opaque8, opaque16 and opaque24 append content as a vector whose length prefix has that many bits.
func opaque8(b, content []byte) []byte  { return opaque(b, 1, content) }
func opaque16(b, content []byte) []byte { return opaque(b, 2, content) }
func opaque24(b, content []byte) []byte { return opaque(b, 3, content) }

func opaque(b []byte, width int, content []byte) []byte {
	if b == nil {
		return nil
	}
	start := len(b)
	b = append(b, make([]byte, width)...)
	return putLength(append(b, content...), start, width)
}

// vec8, vec16 and vec24 append what body appends as a vector whose length prefix has that many bits.
func vec8(b []byte, body func(b []byte) []byte) []byte  { return vec(b, 1, body) }
func vec16(b []byte, body func(b []byte) []byte) []byte { return vec(b, 2, body) }
func vec24(b []byte, body func(b []byte) []byte) []byte { return vec(b, 3, body) }

func vec(b []byte, width int, body func(b []byte) []byte) []byte {
	if b == nil {
		return nil
	}
	start := len(b)
	b = body(append(b, make([]byte, width)...))
	if b == nil {
		return nil
	}
	return putLength(b, start, width)
}

// putLength fills in the prefix of width bytes at b[start:] with the length of what follows it.
func putLength(b []byte, start, width int) []byte {
	n := len(b) - start - width
	if n >= 1<<(8*width) {
		return nil
	}
	for i := start + width - 1; i >= start; i-- {
		b[i] = byte(n)
		n >>= 8
	}
	return b
}

// readOpaque8, readOpaque16 and readOpaque24 set out to the content of a vector, a view into s.
func readOpaque8(s *cryptobyte.String, out *[]byte) bool {
	return s.ReadUint8LengthPrefixed((*cryptobyte.String)(out))
}

func readOpaque16(s *cryptobyte.String, out *[]byte) bool {
	return s.ReadUint16LengthPrefixed((*cryptobyte.String)(out))
}

func readOpaque24(s *cryptobyte.String, out *[]byte) bool {
	return s.ReadUint24LengthPrefixed((*cryptobyte.String)(out))
}

// readList8 and readList16 read a vector of 16-bit numbers that holds at least one.
func readList8(s *cryptobyte.String, out *Uint16List) bool {
	return s.ReadUint8LengthPrefixed((*cryptobyte.String)(out)) && out.wellFormed()
}

func readList16(s *cryptobyte.String, out *Uint16List) bool {
	return s.ReadUint16LengthPrefixed((*cryptobyte.String)(out)) && out.wellFormed()
}
