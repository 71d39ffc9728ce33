package dtls

import (
	"slices"

	"github.com/dtlsd/dtlsd/internal/udp"
)

// The sizes at which an outbox is flushed.
const (
	outboxBatch = 64       // datagrams
	outboxBytes = 64 << 10 // of them
)

// An outbox collects the datagrams of a turn of the shard, to be sent in one
// batch. Its buffers are reused: a datagram is good until the flush.
type outbox struct {
	buf   []byte
	batch []udp.Message
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
	o.batch = append(o.batch, udp.Message{Buf: datagram, Peer: to.peer, Local: to.local})
}

// full reports whether it is time to flush.
func (o *outbox) full() bool { return len(o.batch) >= outboxBatch || len(o.buf) >= outboxBytes }

func (o *outbox) reset() {
	o.buf = o.buf[:0]
	clear(o.batch)
	o.batch = o.batch[:0]
}
