package engine_test

import (
	"encoding/binary"
	"strings"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// numbers are the record numbers that an association used.
type numbers struct {
	next [2]uint64 // by epoch
	ivs  map[string]bool
	tap  *wiretap // of DTLS 1.3
	sent map[fullNumber]bool
}

// A fullNumber is the number of a record in full.
type fullNumber struct {
	epoch uint16
	seq   uint64
}

// checkNumbers fails if a record that is sent has a number that is not new,
// or another nonce than its number.
//
// R10.
func (c *course) checkNumbers(sender *dtlstest.Endpoint, datagram []byte) {
	used := c.numbers[sender]
	if used == nil {
		used = &numbers{ivs: map[string]bool{}, sent: map[fullNumber]bool{}}
		c.numbers[sender] = used
	}
	for len(datagram) > 0 {
		if wire.RecordKindOf(datagram[0]) == wire.RecordUnified {
			datagram = c.checkNumber13(sender, used, datagram)
			continue
		}
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

// checkNumber13 fails if the first record of a datagram of DTLS 1.3 does not
// open, or has a number that was used before under the same keys. It returns
// what follows the record.
func (c *course) checkNumber13(sender *dtlstest.Endpoint, used *numbers, datagram []byte) []byte {
	if used.tap == nil {
		used.tap = &wiretap{
			suite:  c.trial.Suite13,
			cidLen: max(c.trial.CIDs[sender.Side().Peer()], 0),
			labels: [][2]string{engine.Client: clientLabels, engine.Server: serverLabels}[sender.Side()],
		}
	}
	used.tap.lines = sender.Secrets
	o, rest, err := used.tap.open(datagram)
	if err != nil {
		c.fail("%v sends %v", sender.Side(), err)
	}
	number := fullNumber{o.epoch, o.seq}
	if used.sent[number] {
		c.fail("%v uses record number %d of epoch %d again", sender.Side(), o.seq, o.epoch)
	}
	used.sent[number] = true
	return rest
}
