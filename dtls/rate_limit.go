package dtls

import (
	"net/netip"
	"sync"
	"time"
)

// A rateLimit holds the handshakes of each network to a rate. It is charged
// after a good cookie only, so that nobody can use up the share of others.
type rateLimit struct {
	rate  float64 // handshakes a second
	burst float64

	mu      sync.Mutex
	buckets map[netip.Prefix]bucket
	sweep   int // number of buckets at which those that are full again go
}

// A bucket has room for one burst and fills with time.
type bucket struct {
	tokens float64
	at     time.Time
}

// The networks that share a bucket: what one site usually has.
const (
	prefixBits4 = 24
	prefixBits6 = 48
)

const minBuckets = 1024

// newRateLimit returns nil, which limits nothing, for a negative rate.
func newRateLimit(rate, burst int) *rateLimit {
	if rate < 0 {
		return nil
	}
	return &rateLimit{
		rate:    float64(rate),
		burst:   float64(burst),
		buckets: make(map[netip.Prefix]bucket),
		sweep:   minBuckets,
	}
}

// allow charges the network of addr for a handshake, and reports whether it
// could pay.
func (l *rateLimit) allow(now time.Time, addr netip.Addr) bool {
	if l == nil || addr.IsLoopback() || !addr.IsValid() {
		return true
	}
	network := networkOf(addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.level(network, now)
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	l.buckets[network] = b
	if len(l.buckets) >= l.sweep {
		l.forgetFull(now)
	}
	return true
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
	l.sweep = max(2*len(l.buckets), minBuckets)
}

func networkOf(addr netip.Addr) netip.Prefix {
	bits := prefixBits6
	if addr.Is4() {
		bits = prefixBits4
	}
	network, err := addr.WithZone("").Prefix(bits)
	if err != nil {
		panic("dtls: " + err.Error()) // every address of a family has that many bits
	}
	return network
}
