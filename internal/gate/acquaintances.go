package gate

import (
	"hash/maphash"
	"net/netip"
	"time"
)

// The sizes of a set of acquaintances.
const (
	acquaintanceBits = 1 << 17 // of a generation
	acquaintanceMost = 1 << 13 // networks of a generation: of strange ones, one in 75 seems to be known
	acquaintanceTime = time.Minute
)

// Acquaintances are the networks from which good cookies came lately: somebody is there. They are kept in two
// Bloom filters, of which the older one is emptied in turn, so that their memory is fixed. A strange network may
// be taken for an acquaintance, but not the other way round for as long as a generation lasts. An address of
// IPv6 would say little: one host has as many as it likes, and could push all others out.
type acquaintances struct {
	seed     maphash.Seed
	young    *generation
	old      *generation
	since    time.Time // the young one
	newcomer int       // networks in the young one
}

type generation [acquaintanceBits / 64]uint64

func newAcquaintances(seed maphash.Seed) acquaintances {
	return acquaintances{seed: seed, young: new(generation), old: new(generation)}
}

// add makes a network known.
func (a *acquaintances) add(now time.Time, network netip.Addr) {
	if now.Sub(a.since) >= acquaintanceTime || a.newcomer >= acquaintanceMost {
		a.young, a.old = a.old, a.young
		*a.young = generation{}
		a.since, a.newcomer = now, 0
	}
	h := a.hash(network)
	if !a.young.has(h) {
		a.young.add(h)
		a.newcomer++
	}
}

// know reports whether a network is known.
func (a *acquaintances) know(network netip.Addr) bool {
	h := a.hash(network)
	return a.young.has(h) || a.old.has(h)
}

func (a *acquaintances) hash(network netip.Addr) uint64 {
	bytes := network.As16()
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
