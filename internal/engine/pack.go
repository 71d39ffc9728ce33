package engine

import (
	"errors"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// An association at rest fits into a small flat byte string, in which it waits
// for the next record without anything for the garbage collector to follow. The
// string holds secrets and never leaves the process; what does is an export
// ([Association.Handover]), which is sealed, counted and of a fixed version.

// ErrPacked says that bytes are not what Pack returned.
var ErrPacked = errors.New("not a packed association")

// NewIdle returns memory for an association, which is good for Unpack alone.
func NewIdle() *Association { return &Association{} }

// AtRest reports whether all that an association is fits into Pack: it is
// established, and nothing of either side is on its way. If it has a deadline,
// that is when something is to be forgotten, which can wait until it is unpacked.
func (a *Association) AtRest() bool {
	return a.phase == phaseEstablished && a.hs == nil && a.delivery.idle() && a.older.settled() && !a.updateIsDue()
}

// Pack appends to dst the exact state of an association at rest, and leaves a
// empty: its secrets are wiped, and nothing but Unpack may be called. The events
// must have been drained. It panics unless [Association.AtRest].
func (a *Association) Pack(dst []byte) []byte {
	if !a.AtRest() {
		panic("dtls: an association is packed that is not at rest")
	}
	s := a.still()
	dst = s.appendTo(dst)
	a.older.wipe()
	a.read.wipe()
	a.write.wipe()
	a.resumption.Wipe()
	clear(a.secrets)
	clear(a.flat)
	*a = Association{flat: a.flat[:0]}
	return dst
}

// Unpack goes on with what was packed. The association is a new one of NewIdle,
// or was emptied by Pack, whose memory is used again. Of packed nothing is kept,
// and it must be wiped by its owner. The config may be another one; what was
// negotiated stays. [Association.Timeout] makes it forget what is over since.
//
// It fails with [ErrPacked], and then leaves a empty.
func (a *Association) Unpack(cfg *Config, ws *Workspace, packed []byte) error {
	memory := append(a.flat[:0], packed...)
	var s still
	var l leftovers
	ok := s.parse(memory) && s.plausible()
	if ok {
		l, ok = s.parseLeftovers()
	}
	if !ok {
		clear(memory)
		*a = Association{flat: memory[:0]}
		return ErrPacked
	}
	*a = Association{
		cfg:            cfg,
		ws:             ws,
		suite:          s.suite,
		suite13:        s.suite13,
		read:           half{keys: s.readKeys, traffic: s.readTraffic, epoch: s.readEpoch, encryptThenMAC: s.has(packEncryptThenMAC), replaced: s.has(packReplaced)},
		write:          half{keys: s.writeKeys, traffic: s.writeTraffic, epoch: s.writeEpoch, seq: s.nextSend, encryptThenMAC: s.has(packEncryptThenMAC)},
		window:         s.window,
		secrets:        s.secrets,
		resumption:     s.resumption,
		flat:           memory,
		mtu:            s.mtu,
		peerRecordSize: s.peerRecordSize,
		ownRecordSize:  s.ownRecordSize,
		peerSeq:        s.peerSeq,
		sendSeq:        s.sendSeq,
		side:           s.side(),
		phase:          phaseEstablished,
		newest:         s.has(packNewest),
	}
	l.restore(a)
	if s.has(packCeiling) {
		c := s.ceiling
		a.ceiling = &c
	}
	if len(s.cids.own)+len(s.cids.peer) > 0 {
		c := s.cids
		a.cids = &c
	}
	return nil
}

// still returns what an association at rest consists of.
func (a *Association) still() still {
	s := still{
		suite:          a.suite,
		suite13:        a.suite13,
		mtu:            a.mtu,
		peerRecordSize: a.peerRecordSize,
		ownRecordSize:  a.ownRecordSize,
		readEpoch:      a.read.epoch,
		writeEpoch:     a.write.epoch,
		nextSend:       a.write.seq,
		window:         a.window,
		readKeys:       a.read.keys,
		writeKeys:      a.write.keys,
		readTraffic:    a.read.traffic,
		writeTraffic:   a.write.traffic,
		secrets:        a.secrets,
		resumption:     a.resumption,
		agreed:         a.agreed(),
	}
	s.set(packServer, a.side == Server)
	s.set(packNewest, a.newest)
	s.set(packReplaced, a.read.replaced)
	s.sendSeq, s.peerSeq = a.messageSeqs()
	s.leftovers = a.leftovers()
	s.set(packLeftovers, s.leftovers.exist())
	if a.ceiling != nil {
		s.set(packCeiling, true)
		s.ceiling = *a.ceiling
	}
	if a.cids != nil {
		s.cids = *a.cids
	}
	return s
}

// agreed returns what is in the State, from where it is: that is made only where
// somebody asks for it.
func (a *Association) agreed() agreed {
	if a.state != nil {
		return a.state.agreed()
	}
	g := a.flat.parse().agreed
	g.flags &= packAgreed // the others are of the time when it was packed
	return g
}

// ParsePacked returns what was negotiated for an association that is packed. The
// state has copies of all that it takes from packed.
//
// It fails with [ErrPacked].
func ParsePacked(packed []byte) (State, error) {
	var s still
	if !s.parse(packed) {
		return State{}, ErrPacked
	}
	return s.state(), nil
}

// PackedMaxPlaintext is [Association.MaxPlaintext] of an association that is
// packed, and 0 of other bytes. It allocates nothing.
func PackedMaxPlaintext(packed []byte) int {
	var s still
	if !s.parse(packed) {
		return 0
	}
	return int(s.peerRecordSize)
}

// PackedOverhead is [Association.Overhead] of an association that is packed, and
// 0 of other bytes. It allocates nothing.
func PackedOverhead(packed []byte) int {
	var s still
	if !s.parse(packed) {
		return 0
	}
	return recordOverhead(s.suite, s.suite13, len(s.cids.peer))
}

// recordOverhead returns the largest number of bytes that sealing a record adds to
// a plaintext for a peer whose connection ID has cidLen bytes.
func recordOverhead(s *suite.Suite, s13 *suite.Suite13, cidLen int) int {
	switch {
	case s13 != nil:
		return wire.UnifiedHeader{}.Len() + cidLen + s13.Overhead()
	case cidLen > 0:
		return wire.RecordHeaderLen + s.Overhead() + cidLen + 1 // the type inside
	default:
		return wire.RecordHeaderLen + s.Overhead()
	}
}
