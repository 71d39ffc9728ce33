package engine

import (
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// R2: what is allocated stays near the limit, however the pieces are cut.
func TestR02ReassemblyAllocatesLittleMoreThanItsLimit(t *testing.T) {
	const limit = 16 << 10
	for first := 1; first < 400; first++ {
		for _, second := range []int{0, 1, 16, 100} {
			r := fillWithPieces(limit, first, second)
			allocated := 0
			for _, p := range r.slots {
				allocated += 32 * cap(p.chunks)
				for _, c := range p.chunks {
					allocated += cap(c.data)
				}
			}
			if allocated > limit+limit/4 {
				t.Errorf("pieces of %d and %d bytes allocate %d bytes", first, second, allocated)
			}
		}
	}
}

// fillWithPieces hands in pairs of adjacent fragments with a gap after each
// pair, of as many messages as there may be.
func fillWithPieces(limit, first, second int) *reassembly {
	const length = 32 << 10
	r := &reassembly{limit: limit, maxMessage: length}
	for seq := range uint16(messageWindow) {
		for offset := 0; offset+first+second < length; offset += first + second + 1 {
			drop := r.add(0, wire.Fragment{
				Type: wire.TypeCertificate, Length: length, Seq: seq,
				Offset: uint32(offset), Body: make([]byte, first),
			})
			if drop != wire.DropNone {
				break
			}
			r.add(0, wire.Fragment{
				Type: wire.TypeCertificate, Length: length, Seq: seq,
				Offset: uint32(offset + first), Body: make([]byte, second),
			})
		}
	}
	return r
}
