package load

import (
	"bytes"
	"encoding/binary"
	"time"
)

// headerSize is the part of a datagram of ours that tells it from others: who
// sent it, its number, and when.
const headerSize = 16

// MinSize is the smallest datagram that can be checked, in bytes.
const MinSize = headerSize

// A pattern is what datagrams are filled with.
type pattern [1 << 15]byte

func newPattern() *pattern {
	p := &pattern{}
	x := uint32(2463534242)
	for i := range p {
		// George Marsaglia's generator: no two stretches are the same.
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		p[i] = byte(x)
	}
	return p
}

// fill writes a datagram.
func (p *pattern) fill(b []byte, client, number uint32, at time.Duration) {
	binary.BigEndian.PutUint32(b, client)
	binary.BigEndian.PutUint32(b[4:], number)
	binary.BigEndian.PutUint64(b[8:], uint64(at))
	copy(b[headerSize:], p.of(client+number, len(b)))
}

// of returns the filling of a datagram of that length.
func (p *pattern) of(key uint32, length int) []byte {
	start := int(key * 7 % 8191)
	return p[start : start+length-headerSize]
}

// read takes apart a datagram that came back. It reports false where it is none
// of the client's, of that length, unchanged.
func (p *pattern) read(b []byte, client uint32, length int) (number uint32, at time.Duration, ok bool) {
	if len(b) != length || binary.BigEndian.Uint32(b) != client {
		return 0, 0, false
	}
	number = binary.BigEndian.Uint32(b[4:])
	at = time.Duration(binary.BigEndian.Uint64(b[8:]))
	return number, at, bytes.Equal(b[headerSize:], p.of(client+number, length))
}

// MaxSize is the largest datagram that can be checked, in bytes: the plaintext
// of a record.
const MaxSize = 1 << 14
