package console

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
)

// machineAddresses returns the addresses of this machine that a server may
// listen on: first those that stand for all of a family, then loopback, then
// the others. Link-local ones of IPv6 are left out, because they mean nothing
// without their interface.
func machineAddresses() []netip.Addr {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		interfaces = nil // what is left is right everywhere
	}
	all := []netip.Addr{netip.IPv4Unspecified(), netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	for _, i := range interfaces {
		prefix, err := netip.ParsePrefix(i.String())
		if a := prefix.Addr().Unmap(); err == nil && !(a.Is6() && a.IsLinkLocalUnicast()) {
			all = append(all, a)
		}
	}
	if slices.ContainsFunc(all, netip.Addr.Is6) {
		all = append(all, netip.IPv6Unspecified())
	}
	slices.SortFunc(all, func(a, b netip.Addr) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Compare(b))
	})
	return slices.Compact(all)
}

func rank(a netip.Addr) int {
	switch {
	case a.IsUnspecified():
		return 0
	case a.IsLoopback():
		return 1
	}
	return 2
}
