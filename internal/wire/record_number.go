package wire

import (
	"encoding/binary"
	"iter"
	"math"
)

// A RecordNumber is the number of a record in full: RFC 9147, Section 4.
type RecordNumber struct {
	Epoch uint64
	Seq   uint64
}

// recordNumberLen is the length of a RecordNumber on the wire.
const recordNumberLen = 16

// ReconstructSeq returns the sequence number whose low bits are those in seq, one or two bytes as a
// unified header has them once they are decrypted. It is the one numerically closest to next, which is
// one plus the highest sequence number that was successfully deprotected in the epoch; of two equally
// close ones it is the larger.
//
// RFC 9147, Section 4.2.2.
func ReconstructSeq(next uint64, seq []byte) uint64 {
	window, low := uint64(1)<<8, uint64(seq[0])
	if len(seq) == 2 {
		window, low = 1<<16, uint64(binary.BigEndian.Uint16(seq))
	}
	near := next&^(window-1) | low
	switch {
	case near < next && next-near >= window/2 && near <= math.MaxUint64-window:
		return near + window
	case near > next && near-next > window/2 && near >= window:
		return near - window
	}
	return near
}

// A RecordNumberList is a view of a vector of record numbers. Parsed lists have a multiple of 16 bytes;
// of a list built by hand, what is left over is ignored.
type RecordNumberList []byte

// AppendRecordNumbers appends the encoding of numbers to b;
// RecordNumberList(AppendRecordNumbers(nil, numbers...)) is a list of them.
func AppendRecordNumbers(b []byte, numbers ...RecordNumber) []byte {
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, n.Epoch)
		b = binary.BigEndian.AppendUint64(b, n.Seq)
	}
	return b
}

// Len returns the number of elements.
func (l RecordNumberList) Len() int { return len(l) / recordNumberLen }

// At returns element i, which must be less than Len.
func (l RecordNumberList) At(i int) RecordNumber {
	b := l[recordNumberLen*i:]
	return RecordNumber{Epoch: binary.BigEndian.Uint64(b), Seq: binary.BigEndian.Uint64(b[8:])}
}

// All returns the elements in order.
func (l RecordNumberList) All() iter.Seq[RecordNumber] {
	return func(yield func(RecordNumber) bool) {
		for i := range l.Len() {
			if !yield(l.At(i)) {
				return
			}
		}
	}
}
