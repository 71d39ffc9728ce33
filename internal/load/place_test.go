package load

import (
	"net/netip"
	"testing"
)

func TestEachPlaceHasItsAddress(t *testing.T) {
	for _, test := range []struct {
		network        string
		seats          int
		sockets, total int
		first, last    string
	}{
		{"127.0.0.0/8", 1000, 1, 16_777_000, "127.0.0.1", "127.255.255.40"},
		{"10.9.0.0/24", 100, 1, 200, "10.9.0.1", "10.9.0.200"},
		{"10.9.0.0/24", 254, 1, 254, "10.9.0.1", "10.9.0.254"},
		{"10.9.0.7/24", 300, 2, 300, "10.9.0.1", "10.9.0.46"},
		{"10.9.0.7/32", 3, 3, 3, "10.9.0.7", "10.9.0.7"},
		{"fd00::/120", 16, 1, 256, "fd00::", "fd00::ff"},
		{"fd00::/64", 16, 1, 1 << 24, "fd00::", "fd00::ff:ffff"},
	} {
		p, err := newPlaces(netip.MustParsePrefix(test.network), test.seats)
		if err != nil || p.sockets != test.sockets || p.total != test.total {
			t.Errorf("%s for %d: %d sockets, %d places, %v", test.network, test.seats, p.sockets, p.total, err)
			continue
		}
		if _, source := p.at(0); source.String() != test.first {
			t.Errorf("%s: the first is %v", test.network, source)
		}
		for number := 0; number < p.total; number += 1 + p.total/1000 {
			checkPlace(t, &p, number)
		}
		if socket, source := p.at(p.total - 1); source.String() != test.last || socket != p.sockets-1 {
			t.Errorf("%s: the last is %v behind socket %d", test.network, source, socket)
		}
	}
}

func checkPlace(t *testing.T, p *places, number int) {
	t.Helper()
	socket, source := p.at(number)
	if got, ok := p.number(socket, source); got != number || !ok {
		t.Fatalf("place %d is at %v behind %d, where place %d is, %v", number, source, socket, got, ok)
	}
}

func TestStrangeAddressIsNoPlace(t *testing.T) {
	p, err := newPlaces(netip.MustParsePrefix("10.9.0.0/24"), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, stranger := range []string{"10.9.1.200", "10.9.0.0", "9.255.255.255", "fd00::1"} {
		if n, ok := p.number(0, netip.MustParseAddr(stranger)); ok {
			t.Errorf("%s is place %d", stranger, n)
		}
	}
	if _, ok := p.number(0, netip.Addr{}); ok {
		t.Error("no address is a place")
	}
}

func TestWithoutANetworkEachHasASocket(t *testing.T) {
	p, err := newPlaces(netip.Prefix{}, 5)
	if err != nil || p.sockets != 5 || p.total != 5 {
		t.Fatalf("%+v, %v", p, err)
	}
	if socket, source := p.at(3); socket != 3 || source.IsValid() {
		t.Errorf("place 3 is at %v behind %d", source, socket)
	}
	if n, ok := p.number(3, netip.MustParseAddr("192.0.2.1")); n != 3 || !ok {
		t.Errorf("behind socket 3 is place %d, %v", n, ok)
	}
	if _, err := newPlaces(netip.Prefix{}, maxIdle); err == nil {
		t.Error("a million sockets are thought possible")
	}
}
