package engine

import (
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// What follows a handshake of DTLS 1.3 is delivered as the handshake was: with
// timers, acknowledgements and message_seq going on.

// deliver returns the delivery of an association that is established, which is
// made when there is something to deliver.
func (a *Association) deliver() *delivery {
	if a.delivery == nil {
		a.delivery = &delivery{}
		a.delivery.resume(a)
	}
	return a.delivery
}

// deliveryLife is how long a delivery is kept after its last use: longer than an
// old epoch, so that what is repeated in one is acknowledged together with what
// is known already.
const deliveryLife = 2 * oldEpochLife

// rest drops the delivery when there is nothing left for it to do.
func (a *Association) rest(now time.Time) {
	d := a.delivery
	if d == nil || !d.deadline().IsZero() || now.Sub(d.used) < deliveryLife {
		return
	}
	a.sendSeq, a.peerSeq = a.messageSeqs()
	a.delivery = nil
}

// messageSeqs returns the message_seq of our next message and of the peer's.
func (a *Association) messageSeqs() (send, peer uint32) {
	if d := a.delivery; d != nil {
		return d.sendSeq, d.reassembly.next
	}
	return a.sendSeq, a.peerSeq
}

// forgotten returns when a delivery is to be dropped if nothing more is to be
// sent, or the zero time.
func (d *delivery) forgotten() time.Time {
	if d == nil || !d.deadline().IsZero() {
		return time.Time{}
	}
	return d.used.Add(deliveryLife)
}

// A letter is a message to be sent.
type letter struct {
	typ  wire.HandshakeType
	body []byte
}

// post sends messages after the handshake. They are repeated until they are
// acknowledged.
//
// RFC 8446, Section 5.1: nothing may follow a KeyUpdate under the same keys, so
// that what does waits for the new ones.
func (a *Association) post(now time.Time, letters ...letter) error {
	d := a.deliver()
	d.used = now
	if a.updating() {
		d.waiting = append(d.waiting, letters...)
		return nil
	}
	if int(d.sendSeq)+len(letters) > maxMessages {
		return ErrSequenceExhausted
	}
	d.sendEpoch = a.write.epoch
	d.flight.from = place{message: len(d.flight.messages)}
	for _, l := range letters {
		d.add(l.typ, l.body)
	}
	if d.flight.deadline.IsZero() {
		d.flight.timeout = a.cfg.RetransmitInitial
		d.flight.arm(now)
	}
	return a.transmit(&d.flight, &d.budget)
}

// maxMessages is how many values a message_seq has. It does not wrap.
const maxMessages = 1 << 16

// keepLate keeps a fragment of a message that comes after the handshake.
func (a *Association) keepLate(n recordNumber, f wire.Fragment) wire.Drop {
	switch d := a.deliver(); {
	case a.phase == phaseClosed:
		return wire.DropClosed
	case n.epoch < a.read.epoch && uint32(f.Seq) >= d.reassembly.next:
		// RFC 8446, Section 5.1: Finished and KeyUpdate end their epochs.
		a.fail(refuse(wire.AlertUnexpectedMessage, "unexpected %v in epoch %d, which is over", f.Type, n.epoch))
		return wire.DropUnexpectedMessage
	default:
		return d.keep(n.epoch, f)
	}
}

// advanceLate handles the messages that are complete.
func (a *Association) advanceLate(now time.Time) {
	for a.phase == phaseEstablished {
		m, ok := a.delivery.reassembly.take()
		if !ok {
			break
		}
		a.delivery.trace(Message{Type: m.typ, Seq: m.seq, Length: len(m.body), Body: m.body})
		if err := a.receiveLate(now, m); err != nil {
			a.fail(err)
			return
		}
	}
	if err := a.answerCIDRequest(now); err != nil {
		a.fail(err)
		return
	}
	if a.updateIsDue() {
		a.forceUpdate(now)
	}
	a.rest(now)
}

func (a *Association) receiveLate(now time.Time, m message) error {
	switch {
	case m.typ == wire.TypeKeyUpdate:
		return a.receiveKeyUpdate(now, m)
	case m.typ == wire.TypeRequestConnectionID:
		return a.receiveRequestCID(now, m)
	case m.typ == wire.TypeNewConnectionID:
		return a.receiveNewCID(m)
	case m.typ == wire.TypeNewSessionTicket && a.side == Client:
		return a.receiveTicket(now, m)
	default:
		// Among them is the request of a server for a certificate, which we
		// do not offer: RFC 8446, Section 4.6.2.
		return refuse(wire.AlertUnexpectedMessage, "unexpected %v: the handshake is over", m.typ)
	}
}

// timeoutLate does what is due after the handshake.
func (a *Association) timeoutLate(now time.Time) {
	a.expire(now)
	if d := a.delivery; d != nil {
		if due(d.acks.deadline, now) {
			d.sendACK()
		}
		switch {
		case a.phase == phaseClosed:
			return // there was no number left for the ACK
		case !due(d.flight.deadline, now):
		case d.exhausted():
			a.finish(ErrHandshakeTimeout)
			return
		default:
			d.retransmit(now)
		}
	}
	if a.updateIsDue() {
		a.forceUpdate(now)
	}
	a.rest(now)
}
