package dtls

import (
	"github.com/dtlsd/dtlsd/internal/wire"
)

// The bounds of what other shards hand over. Whoever sends more than that to the
// wrong shard takes nothing from those who send over the session.
const (
	maxParcels     = 1024
	maxParcelBytes = 1 << 20
)

// A parcel is a datagram that came in through the socket of another shard of the
// group.
type parcel struct {
	from       route
	start, end int // in the bytes of its delivery
}

// A delivery is what other shards handed over.
type delivery struct {
	parcels []parcel
	bytes   []byte
}

// add copies a datagram, unless there is no room.
func (d *delivery) add(datagram []byte, from route) bool {
	if len(d.parcels) >= maxParcels || len(d.bytes)+len(datagram) > maxParcelBytes {
		return false
	}
	start := len(d.bytes)
	d.bytes = append(d.bytes, datagram...)
	d.parcels = append(d.parcels, parcel{from, start, len(d.bytes)})
	return true
}

func (d *delivery) reset() { d.parcels, d.bytes = d.parcels[:0], d.bytes[:0] }

// handOver queues a copy of a datagram that came in at another shard. It reports
// false if there is no room, or nobody any more.
func (in *inbox) handOver(datagram []byte, from route) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed || !in.delivery.add(datagram, from) {
		return false
	}
	in.rouse()
	return true
}

// takeDelivery returns what was handed over, and takes possession of an empty
// delivery for what comes next.
func (in *inbox) takeDelivery(empty delivery) delivery {
	in.mu.Lock()
	defer in.mu.Unlock()
	taken := in.delivery
	in.delivery = empty
	return taken
}

// handOver gives a datagram to the shard that its connection ID names. The kernel
// brought it here because nobody tells it of connection IDs, or because it was
// sent before anybody did.
func (s *shard) handOver(to *shard, datagram []byte, from route) {
	if !to.inbox.handOver(datagram, from) {
		s.drop(from.peer, wire.DropQueueFull)
		return
	}
	s.counters.handedOver.Add(1)
}

// takeDelivery takes what other shards handed over as if it had come in through
// this one's socket, where answers leave as well: it has the same address.
func (s *shard) takeDelivery() {
	if len(s.group.shards) == 1 {
		return
	}
	s.delivery.reset()
	s.delivery = s.inbox.takeDelivery(s.delivery)
	for _, p := range s.delivery.parcels {
		s.dispatch(s.delivery.bytes[p.start:p.end], p.from)
	}
}
