package dtlstest

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// Conditions are what a [Network] does to datagrams, and how fast the owners
// of its two ends are. The zero value is a perfect network.
type Conditions struct {
	Delay   time.Duration // of every datagram
	MTU     int           // longer datagrams vanish; 0 for no limit
	Answers time.Duration // owners take up to that long to answer a question

	// Faults befall a share of the datagrams, from 0 to 1, until Cease has
	// passed since the beginning.
	Cease       time.Duration
	Loss        float64
	Duplication float64
	Reordering  float64
	Jitter      time.Duration // the most by which reordering delays
	Corruption  float64

	// Checksum has damage noticed, and the datagram lost, where the receiver
	// could not tell it from what was sent: outside of protected records.
	Checksum bool

	// SkipCookies has the server admit hellos from addresses that are not
	// proven.
	SkipCookies bool
}

// damage returns a copy of a datagram with a few bytes changed, or with its
// end missing or too long.
func damage(random *rand.Rand, datagram []byte) []byte {
	damaged := slices.Clone(datagram)
	switch random.IntN(6) {
	case 0:
		return damaged[:random.IntN(len(damaged))]
	case 1:
		for range 1 + random.IntN(40) {
			damaged = append(damaged, byte(random.Uint32()))
		}
		return damaged
	default:
		for range 1 + random.IntN(3) {
			damaged[random.IntN(len(damaged))] ^= byte(1 + random.IntN(255))
		}
		return damaged
	}
}

// forges reports whether a damaged datagram has a record that nothing
// protects and that was not sent like this.
func forges(sent, damaged []byte) bool {
	genuine := plaintextRecords(sent)
	return slices.ContainsFunc(plaintextRecords(damaged), func(record []byte) bool {
		return !slices.ContainsFunc(genuine, func(g []byte) bool { return bytes.Equal(g, record) })
	})
}

// plaintextRecords returns the records of epoch 0 in a datagram, as far as it
// can be read.
func plaintextRecords(datagram []byte) [][]byte {
	var records [][]byte
	for len(datagram) > 0 {
		r, rest, err := wire.ParseRecord(datagram)
		if err != nil {
			break
		}
		if r.Epoch == 0 {
			records = append(records, datagram[:len(datagram)-len(rest)])
		}
		datagram = rest
	}
	return records
}
