package load

import (
	"math/rand/v2"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// noise sends what a server has to drop, from the addresses of sessions that it
// has.
type noise struct {
	w      *worker
	pace   pace
	random *rand.Rand
}

func newNoise(w *worker, rate float64) *noise {
	return &noise{w: w, pace: pace{rate: rate}, random: rand.New(rand.NewPCG(3, uint64(w.number)))}
}

func (n *noise) tick(now time.Duration) {
	for range n.pace.due(now) {
		seat := n.random.IntN(len(n.w.seats))
		if n.w.established(seat) {
			n.w.send(seat, n.append(n.w.room(maxNoise)))
		}
	}
}

// maxNoise is the length of the longest datagram of noise.
const maxNoise = 400

// append appends a datagram that nobody should take for a good one.
func (n *noise) append(b []byte) []byte {
	junk := n.random.IntN(300) + 1
	switch n.random.IntN(6) {
	case 0: // an application record that does not open
		b = wire.AppendRecordHeader(b, wire.ContentApplicationData, wire.VersionDTLS12, 1, n.number(), junk)
	case 1: // an alert that anybody could have sent
		b = wire.AppendRecordHeader(b, wire.ContentAlert, wire.VersionDTLS12, 0, n.number(), 2)
		return wire.Alert{Level: wire.AlertFatal, Description: wire.AlertInternalError}.AppendTo(b)
	case 2: // an alert that does not open
		b = wire.AppendRecordHeader(b, wire.ContentAlert, wire.VersionDTLS12, 1, n.number(), junk)
	case 3: // a record of DTLS 1.3 that does not open
		b = append(b, 0x2f, byte(n.random.Uint32()), byte(n.random.Uint32()), byte(junk>>8), byte(junk))
	case 4: // a handshake message that is none
		b = wire.AppendRecordHeader(b, wire.ContentHandshake, wire.VersionDTLS12, 0, n.number(), junk)
	}
	for range junk {
		b = append(b, byte(n.random.Uint32()))
	}
	return b
}

// number returns a record number.
func (n *noise) number() uint64 { return n.random.Uint64() >> 16 }
