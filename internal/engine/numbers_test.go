package engine_test

import (
	"encoding/binary"
	"strings"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// numbers are the record numbers that an association used.
type numbers struct {
	next [2]uint64 // by epoch
	ivs  map[string]bool
}

// checkNumbers fails if a record that is sent has a number that is not new,
// or another nonce than its number.
//
// R10.
func (c *course) checkNumbers(sender *dtlstest.Endpoint, datagram []byte) {
	used := c.numbers[sender]
	if used == nil {
		used = &numbers{ivs: map[string]bool{}}
		c.numbers[sender] = used
	}
	for len(datagram) > 0 {
		r, rest, err := dtlstest.ParseRecord(datagram, c.trial.CIDs[sender.Side().Peer()])
		if err != nil || r.Epoch > 1 {
			c.fail("%v sends a record of epoch %d: %v", sender.Side(), r.Epoch, err)
		}
		if r.Seq < used.next[r.Epoch] {
			c.fail("%v uses record number %d of epoch %d again", sender.Side(), r.Seq, r.Epoch)
		}
		used.next[r.Epoch] = r.Seq + 1
		if r.Epoch > 0 {
			c.checkNonce(sender, used, r)
		}
		datagram = rest
	}
}

// checkNonce looks at the nonces and IVs that travel; that of ChaCha20 is
// always the record number.
func (c *course) checkNonce(sender *dtlstest.Endpoint, used *numbers, r wire.Record) {
	switch {
	case c.trial.Suite.CBC():
		iv := string(r.Payload[:16])
		if used.ivs[iv] {
			c.fail("%v uses the IV %x again", sender.Side(), iv)
		}
		used.ivs[iv] = true
	case !strings.Contains(c.trial.Suite.Name, "CHACHA20"):
		number := uint64(r.Epoch)<<48 | r.Seq
		if nonce := binary.BigEndian.Uint64(r.Payload); nonce != number {
			c.fail("%v sends record %#x with nonce %#x", sender.Side(), number, nonce)
		}
	}
}
