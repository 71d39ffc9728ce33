package dtls

import (
	"net/netip"
	"sync"
	"sync/atomic"
)

// halfOpen counts the handshakes in progress, in all and of each network, so
// that one network cannot take the places of all others.
type halfOpen struct {
	total    atomic.Int64
	lookups  atomic.Int64 // in progress, of handshakes that may be over by now
	limit    int64
	share    int // of one network
	mu       sync.Mutex
	networks map[netip.Prefix]int
}

// One network may have a part of all handshakes in progress: a carrier's
// gateway has many clients, but not all of them. A few it may have in any case.
const (
	networkShare  = 4
	leastForShare = 64
)

func newHalfOpen(limit int64) *halfOpen {
	return &halfOpen{
		limit:    limit,
		share:    int(max(limit/networkShare, leastForShare)),
		networks: make(map[netip.Prefix]int),
	}
}

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
	return h.networks[networkOf(addr)] >= h.share
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
	network := networkOf(addr)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.networks[network] += change; h.networks[network] == 0 {
		delete(h.networks, network)
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
