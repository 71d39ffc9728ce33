package udp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// zones knows the names of network interfaces, which are the zones of
// link-local addresses; the kernel has numbers for them. Names are kept, as
// asking for them is slow.
type zones struct {
	names   map[uint32]netip.Addr // any address with the zone, which keeps it at hand
	numbers map[string]uint32
}

// maxZones is how many names are kept. Interfaces that come and go have new
// numbers each time.
const maxZones = 1024

// name returns the zone with that number.
func (z *zones) name(number uint32) string {
	if addr, ok := z.names[number]; ok {
		return addr.Zone()
	}
	name := strconv.Itoa(int(number))
	if ifi, err := net.InterfaceByIndex(int(number)); err == nil {
		name = ifi.Name
	}
	z.learn(name, number)
	return name
}

// number returns that of a zone, or 0 if there is none.
func (z *zones) number(name string) uint32 {
	if number, ok := z.numbers[name]; ok {
		return number
	}
	var number uint32
	if ifi, err := net.InterfaceByName(name); err == nil {
		number = uint32(ifi.Index)
	} else if n, err := strconv.ParseUint(name, 10, 32); err == nil {
		number = uint32(n)
	} else {
		return 0 // it may come later
	}
	z.learn(name, number)
	return number
}

func (z *zones) learn(name string, number uint32) {
	if len(z.names) == 0 || len(z.names) >= maxZones || len(z.numbers) >= maxZones {
		z.names, z.numbers = make(map[uint32]netip.Addr), make(map[string]uint32)
	}
	z.names[number], z.numbers[name] = netip.IPv6LinkLocalAllNodes().WithZone(name), number
}

// The kernel reads and writes addresses of both families in the same place.
// That of an IPv4 address is laid out like RawSockaddrInet4, which is shorter
// than RawSockaddrInet6 and begins alike.
func inet4(sa *unix.RawSockaddrInet6) *unix.RawSockaddrInet4 {
	return (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
}

// Ports are in the order of the network.
func swapPort(p uint16) uint16 {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], p)
	return binary.BigEndian.Uint16(b[:])
}

// addrPort returns an address that the kernel wrote, never an IPv4 one in its
// IPv6-mapped form.
func (z *zones) addrPort(sa *unix.RawSockaddrInet6) netip.AddrPort {
	switch sa.Family {
	case unix.AF_INET:
		sa4 := inet4(sa)
		return netip.AddrPortFrom(netip.AddrFrom4(sa4.Addr), swapPort(sa4.Port))
	case unix.AF_INET6:
		addr := netip.AddrFrom16(sa.Addr).Unmap()
		if sa.Scope_id != 0 && addr.Is6() {
			addr = addr.WithZone(z.name(sa.Scope_id))
		}
		return netip.AddrPortFrom(addr, swapPort(sa.Port))
	}
	return netip.AddrPort{}
}

// put writes an address for the kernel, for a socket of IPv6 or of IPv4, and
// returns its length. An IPv6 socket has IPv4 addresses in their mapped form.
func (z *zones) put(sa *unix.RawSockaddrInet6, a netip.AddrPort, ipv6 bool) uint32 {
	addr := a.Addr()
	if addr.Is4() && !ipv6 {
		*inet4(sa) = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: swapPort(a.Port()), Addr: addr.As4()}
		return unix.SizeofSockaddrInet4
	}
	*sa = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: swapPort(a.Port()), Addr: addr.As16()}
	if zone := addr.Zone(); zone != "" {
		sa.Scope_id = z.number(zone)
	}
	return unix.SizeofSockaddrInet6
}
