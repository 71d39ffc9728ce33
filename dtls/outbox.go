package dtls

import (
	"slices"

	"github.com/dtlsd/dtlsd/internal/udp"
)

// The sizes at which an outbox is flushed.
const (
	outboxBatch = 256       // datagrams
	outboxBytes = 128 << 10 // of them
)

// An outbox collects the datagrams of a turn of the shard, to be sent in one
// batch. Its buffers are reused: a datagram is good until the flush.
type outbox struct {
	buf   []byte
	batch []udp.Message
	bytes int // of the datagrams in batch
}

// room returns a slice to which a datagram of up to n bytes can be appended.
// To be sent, what was appended goes to add.
func (o *outbox) room(n int) []byte {
	o.buf = slices.Grow(o.buf, n)
	return o.buf[len(o.buf):]
}

// add queues datagram, which is what was appended to room's answer, for s or
// for any other peer.
func (o *outbox) add(datagram []byte, to route) {
	o.buf = o.buf[:len(o.buf)+len(datagram)]
	o.bytes += len(datagram)
	o.batch = append(o.batch, udp.Message{Buf: datagram, Peer: to.peer, Local: to.local})
}

// full reports whether it is time to flush.
func (o *outbox) full() bool { return len(o.batch) >= outboxBatch || o.bytes >= outboxBytes }

func (o *outbox) reset() {
	o.buf, o.batch, o.bytes = o.buf[:0], o.batch[:0], 0
}

// countSent counts what is about to be sent.
func (s *shard) countSent() {
	s.counters.datagramsOut.Add(uint64(len(s.out.batch)))
	s.counters.bytesOut.Add(uint64(s.out.bytes))
}
