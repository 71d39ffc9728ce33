package dtls

import (
	"net/netip"
	"sync"
	"time"

	"github.com/dtlsd/dtlsd/internal/gate"
)

// A rateLimit holds the handshakes of each network to a rate. It is charged
// after a good cookie only, so that nobody can use up the share of others.
type rateLimit struct {
	networks gate.Networks
	rate     float64 // handshakes a second
	burst    float64

	mu      sync.Mutex
	buckets map[netip.Prefix]bucket
	sweep   int       // number of buckets at which those that are full again go
	swept   time.Time // when they last went
}

// A bucket has room for one burst and fills with time.
type bucket struct {
	tokens float64
	at     time.Time
}

// The numbers of buckets. Networks beyond the most share one.
const (
	minBuckets = 1024
	maxBuckets = 1 << 16
	sweepPause = time.Second // between looking for those that are full when there are the most
)

// newRateLimit returns nil, which limits nothing, for a negative rate.
func newRateLimit(rate, burst int, networks gate.Networks) *rateLimit {
	if rate < 0 {
		return nil
	}
	return &rateLimit{
		networks: networks,
		rate:     float64(rate),
		burst:    float64(burst),
		buckets:  make(map[netip.Prefix]bucket),
		sweep:    minBuckets,
	}
}

// allow charges the network of addr for a handshake, and reports whether it
// could pay.
func (l *rateLimit) allow(now time.Time, addr netip.Addr) bool {
	if l == nil || addr.IsLoopback() || !addr.IsValid() {
		return true
	}
	network := l.networks.Of(addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.makeRoom(now)
	if _, ok := l.buckets[network]; !ok && len(l.buckets) >= maxBuckets {
		network = netip.Prefix{}
	}
	b := l.level(network, now)
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	l.buckets[network] = b
	return true
}

// makeRoom keeps the number of buckets in bounds.
func (l *rateLimit) makeRoom(now time.Time) {
	if n := len(l.buckets); n < l.sweep || n >= maxBuckets && now.Sub(l.swept) < sweepPause {
		return
	}
	l.swept = now
	l.forgetFull(now)
}

// level returns the bucket of a network as it is now.
func (l *rateLimit) level(network netip.Prefix, now time.Time) bucket {
	b, ok := l.buckets[network]
	if !ok {
		return bucket{l.burst, now}
	}
	filled := max(now.Sub(b.at), 0).Seconds() * l.rate
	return bucket{min(b.tokens+filled, l.burst), now}
}

// forgetFull forgets the buckets that are as good as new. Those that are left
// belong to networks with handshakes in the last few seconds, each from an
// address that is its own.
func (l *rateLimit) forgetFull(now time.Time) {
	for network := range l.buckets {
		if l.level(network, now).tokens >= l.burst {
			delete(l.buckets, network)
		}
	}
	l.sweep = min(max(2*len(l.buckets), minBuckets), maxBuckets)
}
