package engine

import (
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// An outgoing is a handshake message of ours, or a ChangeCipherSpec.
type outgoing struct {
	typ     wire.HandshakeType
	seq     uint16
	epoch   uint16
	body    []byte
	ccs     bool
	there   spans // of body, known to have arrived
	arrived bool  // all of it
}

// missing returns the first part of the body at or after offset that the peer
// is not known to have. It reports false if there is none.
func (m *outgoing) missing(offset int) (part span, ok bool) {
	if m.arrived {
		return span{}, false
	}
	part = m.there.gap(uint32(offset), uint32(len(m.body)))
	return part, part.from < part.to || len(m.body) == 0
}

// A flight is a group of messages that are sent, and repeated, together. It
// is built once; each transmission has new record numbers.
//
// RFC 6347, Section 4.2.4.
type flight struct {
	messages []outgoing
	sent     []sentPart   // of DTLS 1.3: what went where
	version  wire.Version // of the records in epoch 0
	attempt  int          // repetitions so far
	timeout  time.Duration
	deadline time.Time // zero when nothing is awaited
	held     bool      // the budget of an unproven peer ran out before all was sent
	from     place     // where the next transmission begins
}

// usualFlight is how many messages there is room for in a flight at once.
const usualFlight = 4

func (f *flight) append(m outgoing) {
	if f.messages == nil {
		f.messages = make([]outgoing, 0, usualFlight)
	}
	f.messages = append(f.messages, m)
}

// finish ends a flight that has arrived.
func (f *flight) finish() { *f = flight{version: f.version, timeout: f.timeout} }

// A place is a byte of a message in a flight. The zero place is its beginning.
type place struct{ message, offset int }

// The sizes that an unanswered flight backs off to, in bytes of UDP payload:
// what fits into the smallest IPv4 datagram that every host must take, and
// half of it.
//
// RFC 6347, Section 4.1.1.1: "subsequent retransmissions SHOULD be
// fragmented to smaller size".
const (
	firstBackoffMTU  = 548
	secondBackoffMTU = MinMTU
)

// mtuAfter returns the size of the datagrams of a flight that was repeated
// that many times.
func mtuAfter(attempt, mtu int) int {
	switch {
	case attempt < 2:
		return mtu
	case attempt < 4:
		return min(mtu, firstBackoffMTU)
	default:
		return min(mtu, secondBackoffMTU)
	}
}

// arm starts the timer of a flight that wants an answer.
func (f *flight) arm(now time.Time) { f.deadline = now.Add(f.timeout) }

// backOff doubles the timeout: RFC 6347, Section 4.2.4.1.
func (f *flight) backOff(limit time.Duration) { f.timeout = min(2*f.timeout, limit) }

// transmit packs the flight into datagrams and raises them as events, as far
// as the budget goes. A flight that was held goes on where it stopped, so that
// in the end all of it is sent however little the peer says.
func (a *Association) transmit(f *flight, budget *budget) error {
	p := packer{
		a:       a,
		flight:  f,
		version: f.version,
		mtu:     int(a.mtu),
		budget:  budget,
		next:    f.from,
		start:   len(a.ws.out),
	}
	if !a.cfg.FixedMTU {
		p.mtu = mtuAfter(f.attempt, p.mtu)
	}
	p.begin()
	for !p.held && p.next.message < len(f.messages) {
		if err := p.add(&f.messages[p.next.message]); err != nil {
			return err
		}
	}
	if err := p.flush(); err != nil {
		return err
	}
	f.held, f.from = p.held, place{}
	if p.held {
		f.from = p.first
	}
	return nil
}

// sizeOf returns about how many bytes the datagrams of a flight have together.
func (a *Association) sizeOf(f *flight) int {
	size := 0
	for i := range f.messages {
		size += a.overheadOf(f.messages[i].epoch) + wire.FragmentHeaderLen + len(f.messages[i].body)
	}
	return size
}

// A budget bounds what goes to an address that is not proven: three times the
// bytes that came from it.
type budget struct {
	unlimited bool
	bytes     int
	kept      int // of bytes, for later
}

const amplificationFactor = 3

func (b *budget) earn(n int) { b.bytes += amplificationFactor * n }

// keptDatagrams is how many of the smallest size are kept for the timer when a
// budget does not suffice for a flight.
const keptDatagrams = 2

// keep keeps some of a budget that does not suffice for a flight of that size. A
// client of DTLS 1.3 that has a part of it says so once, and then waits: if that
// is lost, it has to hear something new to speak again.
func (b *budget) keep(size int) {
	if !b.unlimited && size > b.bytes {
		b.kept = max(min(b.bytes/MinMTU-1, keptDatagrams), 0) * MinMTU
	}
}

// release takes a datagram out of what was kept.
func (b *budget) release() { b.kept = max(b.kept-MinMTU, 0) }

// fits returns how large a datagram may be that would have n bytes. What is
// left is used up rather than saved, but not for crumbs.
func (b *budget) fits(n int) int {
	if b.unlimited {
		return n
	}
	return min(n, max(b.bytes-b.kept, MinMTU))
}

func (b *budget) spend(n int) bool {
	if b.unlimited {
		return true
	}
	if b.bytes-b.kept < n {
		return false
	}
	b.bytes -= n
	return true
}

// A packer fills records with fragments of messages and datagrams with
// records, each up to its limit.
type packer struct {
	a       *Association
	flight  *flight
	version wire.Version
	mtu     int
	budget  *budget

	next  place  // what comes next
	first place  // with what the datagram begins
	start int    // of the datagram, in the workspace
	size  int    // which the datagram may have
	epoch uint16 // of the open record
	open  bool   // a record is being filled, in ws.record
	parts int    // of messages, in it; of DTLS 1.3
	whole bool   // there are only whole messages in it
	held  bool   // the budget ran out: the rest waits
}

// begin begins a datagram.
func (p *packer) begin() {
	p.first = p.next
	p.start = len(p.a.ws.out)
	p.size = p.budget.fits(p.mtu)
}

// add adds the next message, or as much of it as the budget allows.
func (p *packer) add(m *outgoing) error {
	if m.ccs {
		return p.addChangeCipherSpec()
	}
	for !p.held {
		part, ok := m.missing(p.next.offset)
		if !ok {
			p.next = place{message: p.next.message + 1}
			return nil
		}
		p.next.offset = int(part.from)
		rest := int(part.to - part.from)
		n := min(p.room(m.epoch)-wire.FragmentHeaderLen, rest)
		whole := n == len(m.body)
		switch full := n < 0 || n == 0 && rest > 0; {
		case p.open && (full || !p.takes(m.epoch, whole)):
			if err := p.closeRecord(); err != nil {
				return err
			}
			continue
		case full:
			if err := p.flush(); err != nil {
				return err
			}
			continue
		}
		p.addFragment(m, p.next.offset, n)
		p.whole = whole
		if p.next.offset += n; p.next.offset == len(m.body) {
			p.next = place{message: p.next.message + 1}
			return nil
		}
	}
	return nil
}

// takes reports whether the open record may hold another message of that
// epoch, or a fragment of one.
func (p *packer) takes(epoch uint16, whole bool) bool {
	if p.epoch != epoch {
		return false
	}
	switch p.a.cfg.Packing {
	case PackAll:
		return true
	case PackWhole:
		return whole && p.whole
	default:
		return false
	}
}

func (p *packer) addFragment(m *outgoing, offset, n int) {
	if !p.open {
		p.open = true
		p.epoch = m.epoch
		p.a.ws.record = p.a.ws.record[:0]
	}
	f := wire.Fragment{
		Type:   m.typ,
		Length: uint32(len(m.body)),
		Seq:    m.seq,
		Offset: uint32(offset),
		Body:   m.body[offset : offset+n],
	}
	p.a.ws.record = f.AppendTo(p.a.ws.record)
	p.a.traceFragment(f, true)
	if p.a.suite13 != nil {
		p.flight.note(sentPart{message: m.seq, part: span{f.Offset, f.Offset + uint32(n)}})
		p.parts++
	}
}

// minRoom is what a record has room for at least, however small the datagram
// should be: some bytes of a fragment.
const minRoom = wire.FragmentHeaderLen + 64

// room returns how many bytes of content still fit into the open record, or
// into a new one of that epoch in the same datagram.
func (p *packer) room(epoch uint16) int {
	used := len(p.a.ws.out) - p.start
	room := p.size - used - p.a.overheadOf(epoch)
	limit := int(p.a.peerRecordSize)
	switch {
	case p.open:
		room -= len(p.a.ws.record)
		limit -= len(p.a.ws.record)
	case used == 0:
		room = max(room, minRoom) // a connection ID can be nearly as long as a datagram
	}
	return min(room, limit)
}

func (p *packer) addChangeCipherSpec() error {
	if err := p.closeRecord(); err != nil {
		return err
	}
	if p.room(0) < 1 {
		if err := p.flush(); err != nil || p.held {
			return err
		}
	}
	p.next.message++
	out, err := p.a.appendRecord(p.a.ws.out, 0, wire.ContentChangeCipherSpec, p.version, []byte{1})
	p.a.ws.out = out
	return err
}

func (p *packer) closeRecord() error {
	if !p.open {
		return nil
	}
	p.open = false
	p.flight.number(p.parts, recordNumber{p.epoch, p.a.nextSeq(p.epoch)})
	p.parts = 0
	out, err := p.a.appendRecord(p.a.ws.out, p.epoch, wire.ContentHandshake, p.version, p.a.ws.record)
	p.a.ws.out = out
	return err
}

// flush ends the datagram and raises it as an event, unless the peer is
// unproven and has had its share.
func (p *packer) flush() error {
	if err := p.closeRecord(); err != nil {
		return err
	}
	ws := p.a.ws
	datagram := ws.out[p.start:len(ws.out):len(ws.out)]
	switch {
	case len(datagram) == 0 || p.held:
	case p.budget.spend(len(datagram)):
		ws.push(Event{Kind: EventSend, Data: datagram})
		p.begin()
	default:
		p.held = true
	}
	return nil
}
