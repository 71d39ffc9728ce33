package load

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// places are the addresses that clients send from, numbered. Each socket of a
// worker has the same ones behind it, and a port that tells them apart.
type places struct {
	first   netip.Addr // the zero Addr where the kernel chooses the one
	each    int        // addresses behind a socket
	sockets int
	seats   int // clients at a time
	total   int // places in use: a multiple of seats
}

// maxEach bounds the addresses behind one socket.
const maxEach = 1 << 24

// newPlaces finds places for a number of clients at a time among the addresses
// of a network of ours, or on sockets of their own where there is none.
func newPlaces(network netip.Prefix, seats int) (places, error) {
	p := places{seats: seats, each: 1}
	if network.IsValid() {
		p.first, p.each = hosts(network)
	}
	p.sockets = (seats + p.each - 1) / p.each
	if p.sockets > maxSockets {
		return p, fmt.Errorf("%d clients at a time need %d sockets, and %d are possible: see --sources", seats, p.sockets, maxSockets)
	}
	p.total = p.sockets * p.each / seats * seats
	return p, nil
}

// maxSockets is how many sockets a worker has at most.
const maxSockets = 20_000

// hosts returns the first address of a network that a host may have, and how
// many there are.
func hosts(network netip.Prefix) (first netip.Addr, n int) {
	network = network.Masked()
	free := network.Addr().BitLen() - network.Bits()
	n = maxEach
	if free < 24 {
		n = 1 << free
	}
	if network.Addr().Is4() && free >= 2 {
		// The first address is that of the network, the last one reaches all.
		return network.Addr().Next(), n - 2
	}
	return network.Addr(), n
}

// at returns the socket and the address of a place.
func (p *places) at(number int) (socket int, source netip.Addr) {
	if !p.first.IsValid() {
		return number, netip.Addr{}
	}
	return number / p.each, offset(p.first, number%p.each)
}

// number is the inverse of at. It reports false for an address that is none of
// the places.
func (p *places) number(socket int, source netip.Addr) (int, bool) {
	if !p.first.IsValid() {
		return socket, true
	}
	if source.BitLen() != p.first.BitLen() {
		return 0, false
	}
	n := socket*p.each + int(tail(source)-tail(p.first))
	return n, n < p.total
}

// offset returns the n-th address after a.
func offset(a netip.Addr, n int) netip.Addr {
	if a.Is4() {
		b := a.As4()
		binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])+uint32(n))
		return netip.AddrFrom4(b)
	}
	b := a.As16()
	binary.BigEndian.PutUint32(b[12:], binary.BigEndian.Uint32(b[12:])+uint32(n))
	return netip.AddrFrom16(b)
}

// tail returns the last four bytes of an address.
func tail(a netip.Addr) uint32 {
	if a.Is4() {
		b := a.As4()
		return binary.BigEndian.Uint32(b[:])
	}
	b := a.As16()
	return binary.BigEndian.Uint32(b[12:])
}
