package engine

import (
	"slices"

	"github.com/dtlsd/dtlsd/internal/wire"
)

const (
	// messageWindow is how many messages ahead of the next one are kept; the
	// longest flight of DTLS 1.2 has six before the keys change.
	messageWindow = 8
	// chunkCost is what a chunk costs beside its bytes, in the limit's bytes.
	chunkCost = 64
)

// A message is a whole handshake message.
type message struct {
	typ   wire.HandshakeType
	seq   uint16
	epoch uint16
	body  []byte
}

// A reassembly puts a peer's handshake messages together, by byte range, in
// whatever order and pieces they arrive. What it keeps follows the bytes
// received, never the length that a header declares, and has a limit.
type reassembly struct {
	next       uint32 // message_seq of the next message to take; above all when there is none
	limit      int    // bytes kept at most, overhead and early records counted
	maxMessage int
	used       int
	slots      [messageWindow]partial
}

// A partial is a message of which some bytes are here. Its chunks are sorted
// and do not overlap.
type partial struct {
	started bool
	typ     wire.HandshakeType
	epoch   uint16
	length  uint32
	have    uint32
	chunks  []chunk
}

type chunk struct {
	offset uint32
	data   []byte
}

func (c chunk) end() uint32 { return c.offset + uint32(len(c.data)) }

// append adds data to the end. It reserves an eighth more, where the built-in
// function may double what is allocated and so make the limit a lie.
func (c *chunk) append(data []byte) {
	if need := len(c.data) + len(data); need > cap(c.data) {
		grown := make([]byte, len(c.data), need+need/8)
		copy(grown, c.data)
		c.data = grown
	}
	c.data = append(c.data, data...)
}

// add keeps what is new in a fragment that arrived in the given epoch, or
// says why not.
func (r *reassembly) add(epoch uint16, f wire.Fragment) wire.Drop {
	ahead := int(f.Seq) - int(r.next)
	switch {
	case ahead < 0:
		return wire.DropDuplicateMessage
	case ahead >= messageWindow:
		return wire.DropFutureMessage
	case int(f.Length) > r.maxMessage:
		return wire.DropReassemblyLimit
	}
	p := &r.slots[ahead]
	if p.started && !p.matches(epoch, f) {
		// Fragments of one message agree on type and length, and do not span
		// epochs. Where they disagree, the authenticated ones are right.
		if epoch <= p.epoch {
			return wire.DropFragmentConflict
		}
		r.used -= p.cost()
		*p = partial{}
	}
	cost := chunkCost + len(f.Body)
	if !p.started {
		cost += chunkCost
	}
	if !r.affords(cost) {
		return wire.DropReassemblyLimit
	}
	return r.keep(p, epoch, f)
}

// affords reports whether that much more may be kept.
func (r *reassembly) affords(cost int) bool { return r.used+cost <= r.limit }

func (r *reassembly) keep(p *partial, epoch uint16, f wire.Fragment) wire.Drop {
	before, first := p.cost(), !p.started
	if first {
		*p = partial{started: true, typ: f.Type, epoch: epoch, length: f.Length}
	}
	p.insert(f.Offset, f.Body)
	after := p.cost()
	r.used += after - before
	if !first && after == before {
		return wire.DropDuplicateMessage
	}
	return wire.DropNone
}

// take removes the next message if it is complete.
func (r *reassembly) take() (message, bool) {
	p := r.slots[0]
	if !p.started || p.have < p.length {
		return message{}, false
	}
	m := message{typ: p.typ, seq: uint16(r.next), epoch: p.epoch, body: p.body()}
	r.used -= p.cost()
	copy(r.slots[:], r.slots[1:])
	r.slots[messageWindow-1] = partial{}
	r.next++
	return m, true
}

// skip forgets everything kept and expects seq next.
func (r *reassembly) skip(seq uint32) {
	for i := range r.slots {
		r.used -= r.slots[i].cost()
	}
	clear(r.slots[:])
	r.next = seq
}

// awaits reports whether seq is the next message and nothing of it is here.
func (r *reassembly) awaits(seq uint16) bool { return uint32(seq) == r.next && !r.slots[0].started }

// protected returns the type of the first message of which an authenticated
// part is here.
func (r *reassembly) protected() (wire.HandshakeType, bool) {
	for i := range r.slots {
		if p := &r.slots[i]; p.started && p.epoch > 0 {
			return p.typ, true
		}
	}
	return 0, false
}

// pending returns the type of the first message of which a part in that epoch is
// here.
func (r *reassembly) pending(epoch uint16) (wire.HandshakeType, bool) {
	for i := range r.slots {
		if p := &r.slots[i]; p.started && p.epoch == epoch {
			return p.typ, true
		}
	}
	return 0, false
}

// forget drops what came in an epoch.
func (r *reassembly) forget(epoch uint16) {
	for i := range r.slots {
		if p := &r.slots[i]; p.started && p.epoch == epoch {
			r.used -= p.cost()
			*p = partial{}
		}
	}
}

func (p *partial) matches(epoch uint16, f wire.Fragment) bool {
	return p.typ == f.Type && p.length == f.Length && p.epoch == epoch
}

func (p *partial) cost() int {
	if !p.started {
		return 0
	}
	return int(p.have) + chunkCost*(1+len(p.chunks))
}

// insert keeps those bytes of data that are not here yet.
func (p *partial) insert(offset uint32, data []byte) {
	for i := 0; len(data) > 0; {
		for i < len(p.chunks) && p.chunks[i].end() <= offset {
			i++
		}
		gap := uint32(len(data))
		if i < len(p.chunks) {
			c := p.chunks[i]
			if c.offset <= offset {
				covered := min(c.end()-offset, uint32(len(data)))
				offset, data = offset+covered, data[covered:]
				continue
			}
			gap = min(gap, c.offset-offset)
		}
		i = p.place(i, offset, data[:gap])
		offset, data = offset+gap, data[gap:]
	}
}

// place puts data, which fills a gap before chunk i, at the end of the chunk
// before it or into a chunk of its own, and returns where it is.
func (p *partial) place(i int, offset uint32, data []byte) int {
	p.have += uint32(len(data))
	if i > 0 && p.chunks[i-1].end() == offset {
		p.chunks[i-1].append(data)
		return i - 1
	}
	p.chunks = slices.Insert(p.chunks, i, chunk{offset, slices.Clone(data)})
	return i
}

// body joins the chunks of a complete message.
func (p *partial) body() []byte {
	switch len(p.chunks) {
	case 0:
		return nil
	case 1:
		return p.chunks[0].data
	}
	b := make([]byte, 0, p.length)
	for _, c := range p.chunks {
		b = append(b, c.data...)
	}
	return b
}
