package dtls

import (
	"encoding/binary"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// A session that sleeps is a string of bytes: what it keeps count of, whether its
// address is yet to be proven, its connection IDs, and its association as the
// engine packs it. The hash of its hello comes first, as that is asked for.

// pack appends the live part of a session to dst.
func (l *live) pack(dst []byte) []byte {
	dst = l.tally.pack(dst)
	dst = l.path.pack(dst)
	dst = binary.AppendUvarint(dst, uint64(len(l.cids)))
	for _, key := range l.cids {
		dst = binary.BigEndian.AppendUint64(dst, uint64(key))
	}
	return l.assoc.Pack(dst)
}

// unpack takes all but the association out of what pack made, and returns that.
func (l *live) unpack(packed []byte, at route) []byte {
	in := unpacker(packed)
	l.tally = in.tally()
	l.path = in.path(at)
	for n := in.uvarint(); n > 0; n-- {
		l.cids = append(l.cids, cidKey(in.uint64()))
	}
	return in
}

func (t *tally) pack(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, t.helloHash)
	for _, n := range [...]uint64{
		t.received.datagrams, t.received.bytes, t.sent.datagrams, t.sent.bytes,
		uint64(t.since), uint64(t.keyUpdates), uint64(t.drops), uint64(t.moves), uint64(t.retransmissions),
	} {
		dst = binary.AppendUvarint(dst, n)
	}
	return dst
}

// pack appends what there is of a check while a session sleeps: how much went to
// and came from an address that is not proven, which is that of the peer.
func (c *pathCheck) pack(dst []byte) []byte {
	if c == nil {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	dst = binary.AppendUvarint(dst, uint64(c.received))
	return binary.AppendUvarint(dst, uint64(c.spent))
}

// An unpacker takes apart what pack made.
type unpacker []byte

func (u *unpacker) uvarint() uint64 {
	n, size := binary.Uvarint(*u)
	*u = (*u)[size:]
	return n
}

func (u *unpacker) uint64() uint64 {
	n := binary.BigEndian.Uint64(*u)
	*u = (*u)[8:]
	return n
}

func (u *unpacker) tally() tally {
	return tally{
		helloHash:       u.uint64(),
		received:        traffic{u.uvarint(), u.uvarint()},
		sent:            traffic{u.uvarint(), u.uvarint()},
		since:           uint32(u.uvarint()),
		keyUpdates:      uint32(u.uvarint()),
		drops:           uint32(u.uvarint()),
		moves:           uint16(u.uvarint()),
		retransmissions: uint8(u.uvarint()),
	}
}

func (u *unpacker) path(at route) *pathCheck {
	if u.uvarint() == 0 {
		return nil
	}
	return &pathCheck{stage: unproven, candidate: at, received: int(u.uvarint()), spent: int(u.uvarint())}
}

// A glimpse is what can be told of a session.
type glimpse struct {
	established bool
	state       *engine.State // nil if it was not established
	tally
}

// peek returns what can be told of a session that sleeps.
func peek(packed []byte) glimpse {
	var l live
	state, err := engine.ParsePacked(l.unpack(packed, route{}))
	if err != nil {
		panic("dtls: " + err.Error())
	}
	return glimpse{true, &state, l.tally}
}
