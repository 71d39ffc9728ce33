package gate

import (
	"hash/maphash"
	"net/netip"
	"time"
)

// The sizes of a set of acquaintances.
const (
	acquaintanceBits = 1 << 17 // of a generation
	acquaintanceMost = 1 << 13 // addresses of a generation: of strangers, one in 75 seems to be known
	acquaintanceTime = time.Minute
)

// Acquaintances are the addresses from which good cookies came lately: somebody is there. They are kept in
// two Bloom filters, of which the older one is emptied in turn, so that their memory is fixed. A stranger
// may be taken for an acquaintance, but not the other way round for as long as a generation lasts.
type acquaintances struct {
	seed     maphash.Seed
	young    *generation
	old      *generation
	since    time.Time // the young one
	newcomer int       // addresses in the young one
}

type generation [acquaintanceBits / 64]uint64

func newAcquaintances(seed maphash.Seed) acquaintances {
	return acquaintances{seed: seed, young: new(generation), old: new(generation)}
}

// add makes an address known.
func (a *acquaintances) add(now time.Time, addr netip.Addr) {
	if now.Sub(a.since) >= acquaintanceTime || a.newcomer >= acquaintanceMost {
		a.young, a.old = a.old, a.young
		*a.young = generation{}
		a.since, a.newcomer = now, 0
	}
	h := a.hash(addr)
	if !a.young.has(h) {
		a.young.add(h)
		a.newcomer++
	}
}

// know reports whether an address is known.
func (a *acquaintances) know(addr netip.Addr) bool {
	h := a.hash(addr)
	return a.young.has(h) || a.old.has(h)
}

func (a *acquaintances) hash(addr netip.Addr) uint64 {
	bytes := addr.As16()
	return maphash.Bytes(a.seed, bytes[:])
}

// places returns the two bits of a hash.
func places(h uint64) (uint64, uint64) { return h % acquaintanceBits, h >> 32 % acquaintanceBits }

func (g *generation) add(h uint64) {
	a, b := places(h)
	g[a/64] |= 1 << (a % 64)
	g[b/64] |= 1 << (b % 64)
}

func (g *generation) has(h uint64) bool {
	a, b := places(h)
	return g[a/64]&(1<<(a%64)) != 0 && g[b/64]&(1<<(b%64)) != 0
}
