package engine

import (
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A delivery brings handshake messages across, both ways: it puts those of the
// peer together and repeats ours until the peer has them. In DTLS 1.2 it ends
// with the handshake; in DTLS 1.3 there is one whenever messages are on their
// way, and a while longer, so that late repetitions can be acknowledged.
type delivery struct {
	a          *Association
	reassembly reassembly
	flight     flight
	acks       acks // of DTLS 1.3
	budget     budget
	sendSeq    uint32    // message_seq of our next message
	sendEpoch  uint16    // epoch of our next message
	used       time.Time // when a message was sent or taken last; of DTLS 1.3
	waiting    []letter  // to be sent once the keys have changed; of DTLS 1.3
}

func newDelivery(a *Association) *delivery {
	d := &delivery{}
	d.begin(a)
	return d
}

func (d *delivery) begin(a *Association) {
	*d = delivery{
		a:          a,
		reassembly: reassembly{limit: a.cfg.ReassemblyLimit, maxMessage: a.cfg.MaxMessage},
		budget:     budget{unlimited: true},
	}
	d.flight.version = wire.VersionDTLS12
	d.flight.timeout = a.cfg.RetransmitInitial
}

// resume begins where the messages of an association that is established have got
// to.
func (d *delivery) resume(a *Association) {
	d.begin(a)
	d.sendSeq = a.sendSeq
	d.reassembly.next = a.peerSeq
}

// newFlight begins a flight. What the one before it waited for has come, and
// with it the peer learns that all of its own has arrived.
func (d *delivery) newFlight() {
	d.flight.finish()
	d.flight.timeout = d.a.cfg.RetransmitInitial
	d.acks = acks{}
}

// add adds a message to the flight, and returns its message_seq.
func (d *delivery) add(t wire.HandshakeType, body []byte) uint16 {
	m := outgoing{typ: t, seq: uint16(d.sendSeq), epoch: d.sendEpoch, body: body}
	d.sendSeq++
	d.flight.append(m)
	d.trace(Message{Sent: true, Type: t, Seq: m.seq, Length: len(body), Body: body})
	return m.seq
}

func (d *delivery) trace(m Message) {
	if d.a.cfg.Trace {
		d.a.ws.push(Event{Kind: EventMessage, Message: m})
	}
}

// launch sends the flight. Unless it is the last one, it is repeated until
// the peer's next flight is complete.
func (d *delivery) launch(now time.Time, last bool) error {
	if !last {
		d.flight.arm(now)
	}
	if d.a.suite13 != nil {
		d.budget.keep(d.a.sizeOf(&d.flight))
	}
	return d.a.transmit(&d.flight, &d.budget)
}

// credit counts a datagram from the peer. An unproven one may be sent the
// rest of a flight for it.
func (d *delivery) credit(n int) {
	d.budget.earn(n)
	d.goOn()
}

// goOn sends the rest of a flight, as far as the budget allows.
func (d *delivery) goOn() {
	if !d.flight.held {
		return
	}
	if err := d.a.transmit(&d.flight, &d.budget); err != nil {
		d.a.fail(err)
	}
}

// deadline returns when something is to be sent, or the zero time.
func (d *delivery) deadline() time.Time { return earliest(d.flight.deadline, d.acks.deadline) }

// exhausted reports whether the flight was repeated often enough.
func (d *delivery) exhausted() bool { return d.flight.attempt >= d.a.cfg.RetransmitLimit }

// retransmit repeats what the peer is not known to have.
func (d *delivery) retransmit(now time.Time) {
	f := &d.flight
	d.budget.release()
	f.attempt++
	f.backOff(d.a.cfg.RetransmitMax)
	f.arm(now)
	if f.arrived() {
		f.doubt(now)
	}
	d.a.ws.push(Event{Kind: EventRetransmit, Message: Message{Sent: true, Attempt: f.attempt}})
	if err := d.a.transmit(f, &d.budget); err != nil {
		d.a.fail(err)
	}
}

// keep takes a fragment for the message that it belongs to.
func (d *delivery) keep(epoch uint16, f wire.Fragment) wire.Drop {
	if d.reassembly.awaits(f.Seq) && int(f.Length) > d.a.cfg.MaxMessage {
		d.a.fail(tooLarge(f, d.a.cfg.MaxMessage))
		return wire.DropReassemblyLimit
	}
	drop := d.reassembly.add(epoch, f)
	if drop == wire.DropNone {
		d.a.traceFragment(f, false)
	}
	return drop
}

func tooLarge(f wire.Fragment, limit int) error {
	return refuse(wire.AlertIllegalParameter, "%v of %d bytes, where at most %d are taken", f.Type, f.Length, limit)
}

// due reports whether the time t, if there is one, has come.
func due(t, now time.Time) bool { return !t.IsZero() && !now.Before(t) }

// earliest returns the first of the times that are not zero.
func earliest(times ...time.Time) time.Time {
	var first time.Time
	for _, t := range times {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}
