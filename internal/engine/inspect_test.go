package engine

import (
	"time"
)

// Kept returns how many bytes the peer has made an association keep of messages
// that are not complete: allocated, not merely used.
func (a *Association) Kept() int {
	kept := 0
	if a.delivery != nil {
		for i := range a.delivery.reassembly.slots {
			for _, c := range a.delivery.reassembly.slots[i].chunks {
				kept += cap(c.data)
			}
		}
	}
	if a.hs == nil {
		return kept
	}
	for _, record := range a.hs.early.records {
		kept += cap(record)
	}
	return kept
}

// OwnRecordSize returns the largest plaintext that a takes, in bytes.
func (a *Association) OwnRecordSize() int { return int(a.ownRecordSize) }

// A Bearing is all that one datagram could change of an association that is
// established. Bearings can be compared.
type Bearing struct {
	phase              phase
	readSeq, writeSeq  uint64
	readEpoch, epoch   uint16
	window             replayWindow
	handshake, lingers bool
	deadline           time.Time
	mtu                uint16
	peerRecordSize     uint16
	ownRecordSize      uint16
	secrets            string
	cid, peerCID       string
}

// Bearing returns what a is like at the moment.
func (a *Association) Bearing() Bearing {
	window := a.window
	window.failed = 0
	return Bearing{
		phase:          a.phase,
		readSeq:        a.read.seq,
		writeSeq:       a.write.seq,
		readEpoch:      a.read.epoch,
		epoch:          a.write.epoch,
		window:         window,
		handshake:      a.hs != nil,
		lingers:        a.linger != nil,
		deadline:       a.Deadline(),
		mtu:            a.mtu,
		peerRecordSize: a.peerRecordSize,
		ownRecordSize:  a.ownRecordSize,
		secrets:        string(a.secrets),
		cid:            string(a.cid()),
		peerCID:        string(a.peerCID()),
	}
}

// NextPlain returns the number of our next record in epoch 0.
func (a *Association) NextPlain() uint64 { return a.plainSeq }

// Nap packs an association and goes on with what was packed, whose bytes are
// then gone. It returns how many there were.
func (a *Association) Nap() int {
	cfg, ws := a.cfg, a.ws
	packed := a.Pack(nil)
	if err := a.Unpack(cfg, ws, packed); err != nil {
		panic(err)
	}
	for i := range packed {
		packed[i] = 0xa5
	}
	return len(packed)
}
