package gate

import "net/netip"

// The lengths of the prefixes of networks where nothing else is configured: what one site usually has.
const (
	DefaultBits4 = 24
	DefaultBits6 = 56
)

// Networks say which addresses belong together. Zeroes stand for the defaults.
type Networks struct {
	Bits4, Bits6 int // length of the prefix, of IPv4 and of IPv6
}

// Of returns the network of an address, or the zero Prefix if there is no address.
func (n Networks) Of(addr netip.Addr) netip.Prefix {
	bits := n.Bits6
	switch addr = addr.Unmap(); {
	case addr.Is4() && n.Bits4 == 0:
		bits = DefaultBits4
	case addr.Is4():
		bits = n.Bits4
	case bits == 0:
		bits = DefaultBits6
	}
	network, _ := addr.WithZone("").Prefix(bits)
	return network
}
