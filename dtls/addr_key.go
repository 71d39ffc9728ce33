package dtls

import "net/netip"

// An addrKey is an address and port without a pointer, to find a session by.
type addrKey struct {
	addr [16]byte
	port uint16
	zone uint16 // or one of the kinds below
}

// The kinds of addresses without a zone. Zones come after them.
const (
	addrInvalid = iota
	addrIPv4
	addrIPv6
	firstZone
)

// zones are the zones of addresses in use, by number: the names of interfaces,
// of which there are few.
type zones map[string]uint16

// find returns the key of an address, and false if nobody has an address of its
// zone.
func (z zones) find(a netip.AddrPort) (addrKey, bool) {
	key, name := keyOf(a)
	if name == "" {
		return key, true
	}
	zone, ok := z[name]
	key.zone = zone
	return key, ok
}

// key returns the key of an address that is to be found from now on.
func (z *zones) key(a netip.AddrPort) addrKey {
	key, name := keyOf(a)
	if name == "" {
		return key
	}
	zone, known := (*z)[name]
	if !known {
		if *z == nil {
			*z = make(zones)
		}
		zone = uint16(firstZone + len(*z))
		(*z)[name] = zone
	}
	key.zone = zone
	return key
}

// keyOf returns the key of an address, which is complete if it has no zone.
func keyOf(a netip.AddrPort) (key addrKey, zone string) {
	addr := a.Addr()
	key.port = a.Port()
	switch {
	case addr.Is4():
		key.zone = addrIPv4
	case addr.IsValid():
		key.zone = addrIPv6
		zone = addr.Zone()
	default:
		return key, ""
	}
	key.addr = addr.As16()
	return key, zone
}
