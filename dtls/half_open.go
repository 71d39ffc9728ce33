package dtls

import (
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/dtlsd/dtlsd/internal/gate"
)

// halfOpen counts the handshakes in progress, in all and of each network, so
// that one network cannot take the places of all others.
type halfOpen struct {
	networks gate.Networks
	total    atomic.Int64
	lookups  atomic.Int64 // in progress, of handshakes that may be over by now
	limit    int64
	share    int // of one network
	mu       sync.Mutex
	begun    map[netip.Prefix]int // no more than there are handshakes
}

// One network may have a part of all handshakes in progress: a carrier's
// gateway has many clients, but not all of them. A few it may have in any case.
const (
	networkShare  = 4
	leastForShare = 64
)

// crowdedPart is the part of all handshakes whose being in progress is load.
const crowdedPart = 8

func newHalfOpen(limit int64, networks gate.Networks) *halfOpen {
	return &halfOpen{
		networks: networks,
		limit:    limit,
		share:    int(max(limit/networkShare, leastForShare)),
		begun:    make(map[netip.Prefix]int),
	}
}

// crowded reports whether so many handshakes are in progress that it is time to
// be careful.
func (h *halfOpen) crowded() bool { return h.total.Load() >= max(h.limit/crowdedPart, 1) }

// full reports whether there is no place for another handshake from addr.
// Look-ups that outlive their handshake count as well.
func (h *halfOpen) full(addr netip.Addr) bool {
	if h.total.Load() >= h.limit || h.lookups.Load() >= h.limit {
		return true
	}
	if addr.IsLoopback() || !addr.IsValid() {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.begun[h.networks.Of(addr)] >= h.share
}

// begin counts a handshake from addr, and end forgets it.
func (h *halfOpen) begin(addr netip.Addr) {
	h.total.Add(1)
	h.count(addr, 1)
}

func (h *halfOpen) end(addr netip.Addr) {
	h.total.Add(-1)
	h.count(addr, -1)
}

func (h *halfOpen) count(addr netip.Addr, change int) {
	if addr.IsLoopback() || !addr.IsValid() {
		return
	}
	network := h.networks.Of(addr)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.begun[network] += change; h.begun[network] == 0 {
		delete(h.begun, network)
	}
}

// lookUp runs f on a goroutine of its own and counts it for as long as it
// takes.
func (h *halfOpen) lookUp(f func()) {
	h.lookups.Add(1)
	go func() {
		defer h.lookups.Add(-1)
		f()
	}()
}
