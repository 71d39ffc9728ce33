package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A recordNumber is the full number of a record.
//
// RFC 9147, Section 4.
type recordNumber struct {
	epoch uint16
	seq   uint64
}

func (n recordNumber) compare(m recordNumber) int {
	return cmp.Or(cmp.Compare(n.epoch, m.epoch), cmp.Compare(n.seq, m.seq))
}

// maxACKs is how many records an ACK lists, the newest of those that came.
const maxACKs = 32

// ackFraction is the part of a flight's timeout for which an ACK waits for
// more to come.
//
// RFC 9147, Section 7.1: "a receiver SHOULD [...] wait for 1/4 the current
// retransmit timer value".
const ackFraction = 4

// acks are the records of the peer's handshake that are to be acknowledged:
// those that came since we sent a flight, which acknowledges what is before it.
type acks struct {
	records  []recordNumber // in order
	deadline time.Time      // when the ACK is due; zero when there is nothing new
}

// add adds a record of which nothing was discarded.
func (k *acks) add(n recordNumber) {
	at, found := slices.BinarySearchFunc(k.records, n, recordNumber.compare)
	if found {
		return
	}
	k.records = slices.Insert(k.records, at, n)
	if len(k.records) > maxACKs {
		k.records = slices.Delete(k.records, 0, 1)
	}
}

// acknowledge makes an ACK due for a record too, once it is known that the peer
// understands it.
func (d *delivery) acknowledge(now time.Time, n recordNumber) {
	d.used = now
	d.acks.add(n)
	if d.a.suite13 != nil {
		d.scheduleACK(now)
	}
}

func (d *delivery) scheduleACK(now time.Time) {
	if d.acks.deadline.IsZero() {
		d.acks.deadline = now.Add(d.flight.timeout / ackFraction)
	}
}

// sendACK lists what came, under the newest keys: the newest records, as many as
// fit into a datagram, in as many ACKs as the peer's limit of a record takes.
//
// RFC 9147, Section 7.
func (d *delivery) sendACK() {
	d.acks.deadline = time.Time{}
	a := d.a
	fit := max((int(a.mtu)-a.overheadOf(a.write.epoch)-ackHeaderLen)/ackRecordLen, 1)
	records := d.acks.records[max(len(d.acks.records)-fit, 0):]
	fit = min(fit, (int(a.peerRecordSize)-ackHeaderLen)/ackRecordLen)
	for part := range slices.Chunk(records, max(fit, 1)) {
		var numbers []wire.RecordNumber
		for _, n := range part {
			numbers = append(numbers, wire.RecordNumber{Epoch: uint64(n.epoch), Seq: n.seq})
		}
		content := wire.ACK{Records: wire.AppendRecordNumbers(nil, numbers...)}.AppendTo(nil)
		if !d.budget.spend(len(content) + a.overheadOf(a.write.epoch)) {
			return // the peer will repeat what it has no answer to
		}
		if err := a.sendRecord(a.write.epoch, wire.ContentACK, content); err != nil {
			a.fail(err)
			return
		}
	}
}

// The lengths of an ACK on the wire: of its own, and of each record in it.
const (
	ackHeaderLen = 2
	ackRecordLen = 16
)

// A sentPart is a part of a message of ours, and the record that it went in.
type sentPart struct {
	record  recordNumber
	message uint16 // message_seq
	part    span
}

// maxSentParts bounds what is remembered of a flight. Of what is forgotten, an
// ACK tells nothing, and it is repeated.
const maxSentParts = 512

// note remembers a part that goes into the record being filled.
func (f *flight) note(part sentPart) {
	if len(f.sent) == maxSentParts {
		f.sent = slices.Delete(f.sent, 0, 1)
	}
	f.sent = append(f.sent, part)
}

// number says which record the last parts went in.
func (f *flight) number(parts int, n recordNumber) {
	for i := max(len(f.sent)-parts, 0); i < len(f.sent); i++ {
		f.sent[i].record = n
	}
}

// receiveACK takes the content of an ACK that came in that epoch. What it lists
// will not be repeated; numbers that are not ours mean nothing.
func (a *Association) receiveACK(now time.Time, epoch uint16, content []byte) {
	ack, err := wire.ParseACK(content)
	if err != nil {
		a.fail(err)
		return
	}
	a.stirred = true
	listed := make(map[recordNumber]bool)
	for n := range ack.Records.All() {
		// RFC 9147, Section 7: during the handshake, an ACK has the epoch of what
		// it acknowledges, or a later one.
		if epoch < epochApplication && n.Epoch > uint64(epoch) {
			a.fail(refuse(wire.AlertDecodeError, "malformed ack: record of epoch %d in epoch %d", n.Epoch, epoch))
			return
		}
		if n.Epoch <= uint64(a.write.epoch) && len(listed) < maxSentParts {
			listed[recordNumber{uint16(n.Epoch), n.Seq}] = true
		}
	}
	if a.delivery == nil {
		return
	}
	f := &a.delivery.flight
	for _, sent := range f.sent {
		if listed[sent.record] {
			f.confirm(sent)
		}
	}
	switch {
	case epoch > 0:
		a.delivery.settle(now)
	case a.side == Server && f.arrived():
		f.pause()
	}
}

// pause stops the timer of a flight that anyone may have said to have arrived. A
// client that lacks it repeats its hello.
func (f *flight) pause() {
	for i := range f.messages {
		f.messages[i].arrived = true
	}
	f.deadline = time.Time{}
}

// doubt forgets which messages without protection are said to have arrived, and
// goes on with a flight that paused.
func (f *flight) doubt(now time.Time) {
	for i := range f.messages {
		if m := &f.messages[i]; m.epoch == 0 {
			m.there, m.arrived = nil, false
		}
	}
	if len(f.messages) > 0 && f.deadline.IsZero() {
		f.arm(now)
	}
}

// arrived reports whether all of the flight is said to have arrived.
func (f *flight) arrived() bool {
	return !slices.ContainsFunc(f.messages, func(m outgoing) bool { return !m.arrived })
}

// confirm takes note that a part has arrived.
func (f *flight) confirm(sent sentPart) {
	for i := range f.messages {
		m := &f.messages[i]
		if m.seq != sent.message || m.arrived {
			continue
		}
		m.there.add(sent.part)
		m.arrived = m.there.gap(0, uint32(len(m.body))).from == uint32(len(m.body))
		return
	}
}

// settle forgets the messages that have arrived, and does what waited for it.
// Once all have, the timer stops. The peer goes on with our new keys only when it
// has all that is before the KeyUpdate.
func (d *delivery) settle(now time.Time) {
	f := &d.flight
	inOrder := f.messages
	if first := slices.IndexFunc(f.messages, func(m outgoing) bool { return !m.arrived }); first >= 0 {
		inOrder = f.messages[:first]
	}
	updated := slices.ContainsFunc(inOrder, func(m outgoing) bool { return m.typ == wire.TypeKeyUpdate })
	f.messages = slices.DeleteFunc(f.messages, func(m outgoing) bool {
		return m.arrived && (updated || m.typ != wire.TypeKeyUpdate)
	})
	f.from = place{}
	if len(f.messages) == 0 {
		f.finish()
		d.a.older.forgetWrites()
	}
	if updated {
		d.a.useNextWriteKeys(now)
	}
}
