package dtls

import (
	"net/netip"
	"testing"
)

func TestAddressesHaveKeysOfTheirOwn(t *testing.T) {
	var z zones
	seen := make(map[addrKey]netip.AddrPort)
	for _, text := range []string{
		"192.0.2.1:1", "192.0.2.1:2", "192.0.2.2:1", "[::ffff:192.0.2.1]:1", "[::]:1", "[::1]:1", "0.0.0.0:1",
		"[fe80::1]:1", "[fe80::1%eth0]:1", "[fe80::1%eth1]:1", "[fe80::1%1]:1",
	} {
		addr := netip.MustParseAddrPort(text)
		key := z.key(addr)
		if other, taken := seen[key]; taken {
			t.Errorf("%v has the key of %v", addr, other)
		}
		seen[key] = addr
		if again, ok := z.find(addr); !ok || again != key || z.key(addr) != key {
			t.Errorf("%v is not found by its key", addr)
		}
	}
	if key, ok := z.find(netip.AddrPort{}); !ok || key != (addrKey{}) {
		t.Errorf("no address has key %v, %t", key, ok)
	}
	if _, ok := z.find(netip.MustParseAddrPort("[fe80::1%eth9]:1")); ok || len(z) != 3 {
		t.Errorf("a zone is known that nobody has: %v", z)
	}
}

func TestAddressIsFoundWithoutAllocation(t *testing.T) {
	table := newTable()
	s := sessionAt(7)
	table.put(s)
	peer := s.peer()
	if n := testing.AllocsPerRun(100, func() {
		if table.get(peer) != s {
			t.Error("it is not found")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
