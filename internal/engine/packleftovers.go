package engine

import (
	"encoding/binary"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// leftovers are what the peer may still ask for, for minutes after a handshake or
// another message, of an association that is otherwise at rest.
type leftovers struct {
	linger *linger
	plain  uint64         // number of the next record in epoch 0, for a linger
	reads  []oldRead      // the newest first
	acked  []recordNumber // what an ACK would list
	used   time.Time      // when a message came or went last; zero without a delivery

	remains *remains // of what was packed in DTLS 1.3: what is above lies in it
}

// remains are memory for all that leftovers of DTLS 1.3 come back as, in one piece:
// there may be a million sessions that wake once in the minutes after a handshake.
// What does not fit gets memory of its own.
type remains struct {
	older    older
	delivery delivery
	reads    [1]oldRead
	acked    [8]recordNumber
}

// idle reports whether a delivery has nothing to do unless the peer repeats
// itself.
func (d *delivery) idle() bool {
	return d == nil || d.deadline().IsZero() && d.budget.unlimited && d.reassembly.used == 0 &&
		len(d.flight.messages) == 0 && len(d.waiting) == 0
}

// leftovers returns those of an association at rest.
func (a *Association) leftovers() leftovers {
	l := leftovers{linger: a.linger, plain: a.plainSeq}
	if a.older != nil {
		l.reads = a.older.reads
	}
	if a.delivery != nil {
		l.acked, l.used = a.delivery.acks.records, a.delivery.used
	}
	return l
}

// restore gives an association its leftovers back, from where they were packed.
func (l *leftovers) restore(a *Association) {
	a.linger, a.plainSeq = l.linger, l.plain
	if len(l.reads) > 0 {
		a.older = &l.remains.older
		a.older.reads = l.reads
	}
	if !l.used.IsZero() {
		a.delivery = &l.remains.delivery
		a.delivery.resume(a)
		a.delivery.used, a.delivery.acks.records = l.used, l.acked
	}
}

// exist reports whether there are leftovers.
func (l *leftovers) exist() bool { return l.linger != nil || len(l.reads) > 0 || !l.used.IsZero() }

func (l *leftovers) appendTo(b []byte) []byte {
	b = append(b, flag(l.linger != nil))
	if l.linger != nil {
		b = binary.AppendUvarint(b, l.plain)
		b = l.linger.appendTo(b)
	}
	b = append(b, uint8(len(l.reads)))
	for i := range l.reads {
		b = l.reads[i].appendTo(b)
	}
	b = appendTime(b, l.used)
	b = append(b, uint8(len(l.acked)))
	for _, n := range l.acked {
		b = binary.AppendUvarint(b, uint64(n.epoch))
		b = binary.AppendUvarint(b, n.seq)
	}
	return b
}

// leftovers takes what appendTo made, of an association with keys of that
// length.
func (u *unpacker) leftovers(keys int) leftovers {
	var l leftovers
	if u.number(1) > 0 {
		l.plain = u.number(1<<64 - 1)
		l.linger = u.linger()
	} else {
		l.remains = &remains{}
		l.reads, l.acked = l.remains.reads[:0], l.remains.acked[:0]
	}
	for range u.number(maxOldReads) {
		l.reads = append(l.reads, u.oldRead(keys))
	}
	l.used = u.time()
	for range u.number(maxACKs) {
		l.acked = append(l.acked, recordNumber{uint16(u.number(maxEpoch)), u.number(wire.MaxRecordSeq)})
	}
	return l
}

// plausible reports whether an association of that version, whose newest epoch is
// given, can have the leftovers.
func (l *leftovers) plausible(is13 bool, newest uint16) bool {
	if !is13 {
		return len(l.reads) == 0 && len(l.acked) == 0 && l.used.IsZero()
	}
	if l.linger != nil {
		return false
	}
	for i := range l.reads {
		r := &l.reads[i]
		if r.epoch < epochHandshake || r.epoch >= newest || zero(r.keys) {
			return false
		}
		newest = r.epoch
	}
	return len(l.acked) == 0 || !l.used.IsZero()
}

func (r *oldRead) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(r.epoch))
	b = append(b, flag(r.replaced))
	b = appendTime(b, r.until)
	return append(r.window.appendTo(b), r.keys...)
}

func (u *unpacker) oldRead(keys int) oldRead {
	r := oldRead{half: half{epoch: uint16(u.number(maxEpoch)), replaced: u.number(1) > 0}}
	r.until = u.time()
	r.window = u.window()
	r.keys = u.take(keys)
	return r
}

func (l *linger) appendTo(b []byte) []byte {
	f := &l.flight
	b = appendTime(b, l.until)
	for _, n := range [...]uint64{
		uint64(l.peerFinished), uint64(f.version), uint64(f.attempt), uint64(f.timeout), uint64(len(f.messages)),
	} {
		b = binary.AppendUvarint(b, n)
	}
	for i := range f.messages {
		m := &f.messages[i]
		b = append(b, uint8(m.typ), flag(m.ccs), uint8(m.epoch))
		b = binary.AppendUvarint(b, uint64(m.seq))
		b = appendPacked(b, m.body)
	}
	return b
}

// maxLastFlight is how many messages a last flight has: a ticket, a
// ChangeCipherSpec and Finished.
const maxLastFlight = 3

func (u *unpacker) linger() *linger {
	l := &linger{until: u.time(), peerFinished: uint16(u.number(maxMessages - 1))}
	f := &l.flight
	f.version = wire.Version(u.number(1<<16 - 1))
	f.attempt = int(u.number(1<<31 - 1))
	f.timeout = time.Duration(u.number(1<<63 - 1))
	count := u.number(maxLastFlight)
	f.messages = make([]outgoing, 0, count)
	for range count {
		m := outgoing{typ: wire.HandshakeType(u.uint8()), ccs: u.number(1) > 0, epoch: uint16(u.number(1))}
		m.seq = uint16(u.number(maxMessages - 1))
		m.body = u.opaque()
		f.messages = append(f.messages, m)
	}
	return l
}

// appendTime appends a time, which may be the zero one.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, 0)
	}
	return binary.BigEndian.AppendUint64(append(b, 1), uint64(t.UnixNano()))
}

func (u *unpacker) time() time.Time {
	if u.number(1) == 0 {
		return time.Time{}
	}
	if b := u.take(8); b != nil {
		return time.Unix(0, int64(binary.BigEndian.Uint64(b)))
	}
	return time.Time{}
}
