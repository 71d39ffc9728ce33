package udp

import (
	"net/netip"
	"syscall"
	"testing"
)

// The whole of 127.0.0.0/8 is on the loopback interface, so a socket bound to
// every address has many to answer from.
func TestAnswerLeavesFromTheAddressThatWasAsked(t *testing.T) {
	for _, bind := range []struct{ network, address string }{{"udp4", "0.0.0.0:0"}, {"udp", "[::]:0"}} {
		s := NewSocket(listen(t, bind.network, bind.address))
		local, _ := AddrPort(s.LocalAddr())
		asked := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), local.Port())
		c := dial(t, asked.String())
		c.Write([]byte("who are you?"))
		m := readOne(t, s)
		if m.Local != asked.Addr() {
			t.Fatalf("on %s: datagram to %v says %v", bind.address, asked.Addr(), m.Local)
		}
		if _, err := s.WriteBatch([]Message{{Buf: []byte("me"), Peer: m.Peer, Local: m.Local}}); err != nil {
			t.Fatal(err)
		}
		// A connected socket takes nothing from another address.
		readOne(t, NewConnected(c, asked))
	}
}

func TestLocalAddrOfIPv6Peer(t *testing.T) {
	s := NewSocket(listen(t, "udp", "[::]:0"))
	local, _ := AddrPort(s.LocalAddr())
	c := dial(t, netip.AddrPortFrom(netip.IPv6Loopback(), local.Port()).String())
	c.Write([]byte("v6"))
	m := readOne(t, s)
	if m.Local != netip.IPv6Loopback() {
		t.Fatalf("local address %v", m.Local)
	}
	if _, err := s.WriteBatch([]Message{{Buf: []byte("back"), Peer: m.Peer, Local: m.Local}}); err != nil {
		t.Fatal(err)
	}
	readOne(t, NewConnected(c, local))
}

func FuzzLocalAddr(f *testing.F) {
	p := &packetInfo{out: make([]byte, syscall.CmsgSpace(info6Len))}
	for _, addr := range []string{"192.0.2.1", "2001:db8::1", "ff02::1"} {
		f.Add(append([]byte(nil), p.control(netip.MustParseAddr(addr))...))
	}
	f.Fuzz(func(t *testing.T, control []byte) {
		// Whatever the kernel says: no panic, and the address is of use.
		if addr := localAddr(control); addr.Is4In6() || addr.Is6() && addr.IsMulticast() {
			t.Errorf("localAddr(%x) = %v", control, addr)
		}
	})
}

func TestControlMessageRoundTrip(t *testing.T) {
	p := &packetInfo{out: make([]byte, syscall.CmsgSpace(info6Len))}
	for _, want := range []string{"192.0.2.1", "2001:db8::1"} {
		if got := localAddr(p.control(netip.MustParseAddr(want))); got.String() != want {
			t.Errorf("localAddr(control(%s)) = %v", want, got)
		}
	}
}
