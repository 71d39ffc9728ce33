package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
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

func TestLinkLocalPeersKeepTheirZone(t *testing.T) {
	at := linkLocal(t)
	s := NewSocket(listen(t, "udp6", netip.AddrPortFrom(at, 0).String()))
	c := dial(t, s.LocalAddr().String())
	c.Write([]byte("from the link"))
	m := readOne(t, s)
	if m.Peer.Addr() != at {
		t.Fatalf("peer %v, want %v", m.Peer, at)
	}
	if _, err := s.WriteBatch([]Message{{Buf: []byte("back"), Peer: m.Peer, Local: m.Local}}); err != nil {
		t.Fatal(err)
	}
	readOne(t, NewConnected(c, m.Peer))
}

// linkLocal returns a link-local address of this machine.
func linkLocal(t *testing.T) netip.Addr {
	interfaces, _ := net.Interfaces()
	for _, ifi := range interfaces {
		addrs, _ := ifi.Addrs()
		for _, a := range addrs {
			prefix, err := netip.ParsePrefix(a.String())
			if err == nil && prefix.Addr().IsLinkLocalUnicast() && prefix.Addr().Is6() {
				return prefix.Addr().WithZone(ifi.Name)
			}
		}
	}
	t.Skip("no interface has a link-local address")
	return netip.Addr{}
}

// bodies returns the bytes of messages as text.
func bodies(ms []Message) []string {
	var all []string
	for _, m := range ms {
		all = append(all, string(m.Buf))
	}
	return all
}

// Peers without UDP_GRO get the datagrams of a train one by one, like any other.
func TestTrainsArriveInOrder(t *testing.T) {
	for _, bind := range []struct{ network, address, from string }{
		{"udp4", "0.0.0.0:0", "127.0.0.3"},
		{"udp", "[::]:0", "127.0.0.3"},
		{"udp6", "[::]:0", "::1"},
	} {
		s := NewSocket(listen(t, bind.network, bind.address))
		if !s.Report().TrainsOut {
			t.Skip("the kernel cuts no trains")
		}
		from := netip.MustParseAddr(bind.from)
		var peers [3]Socket
		for i := range peers {
			peers[i] = NewSocket(plain{listen(t, "udp", netip.AddrPortFrom(from, 0).String())})
		}
		var ms []Message
		var want [3][]string
		for i := range 3 * 200 {
			// Trains of one length, interrupted by shorter and longer datagrams.
			text := fmt.Sprintf("%03d%s", i, strings.Repeat(".", 20+i%50/40+i%70/60*1000))
			to, _ := AddrPort(peers[i%3].LocalAddr())
			ms = append(ms, Message{Buf: []byte(text), Peer: to, Local: from})
			want[i%3] = append(want[i%3], text)
		}
		if n, err := s.WriteBatch(ms); n != len(ms) || err != nil {
			t.Fatalf("WriteBatch = %d, %v", n, err)
		}
		for i, peer := range peers {
			got := readAll(t, peer, 200)
			if !slices.Equal(bodies(got), want[i]) {
				t.Fatalf("on %s: peer %d got %q, want %q", bind.address, i, bodies(got), want[i])
			}
			if got[0].Peer.Addr() != from {
				t.Errorf("on %s: sent from %v, want %v", bind.address, got[0].Peer, from)
			}
		}
	}
}

func TestTrainsAreCutBeforeTheyAreSeen(t *testing.T) {
	s := NewSocket(listen(t, "udp4", "0.0.0.0:0"))
	at := loopback(s)
	c := NewConnected(dial(t, at.String()), at)
	var ms []Message
	for i := range 150 {
		ms = append(ms, Message{Buf: fmt.Appendf(nil, "datagram %03d", i)})
	}
	ms = append(ms, Message{Buf: []byte("the last")})
	if n, err := c.WriteBatch(ms); n != len(ms) || err != nil {
		t.Fatalf("WriteBatch = %d, %v", n, err)
	}
	got := readAll(t, s, len(ms))
	if !slices.Equal(bodies(got), bodies(ms)) {
		t.Fatalf("got %q", bodies(got))
	}
	for _, m := range got {
		if m.Local != at.Addr() || m.Peer != got[0].Peer || m.Truncated {
			t.Fatalf("%q came as %+v", m.Buf, m)
		}
	}
}

func TestBatchHoldsAllThatThereIs(t *testing.T) {
	s := NewSocket(listen(t, "udp4", "127.0.0.1:0"))
	for round := range 3 {
		for i := range maxSlots {
			// Each from a peer of its own, so that they make no train.
			dial(t, s.LocalAddr().String()).Write([]byte{byte(i)})
		}
		batch, err := s.ReadBatch()
		if err != nil || len(batch) != maxSlots {
			t.Fatalf("round %d: ReadBatch = %d messages, %v; want %d", round, len(batch), err, maxSlots)
		}
		for i, m := range batch {
			if m.Buf[0] != byte(i) {
				t.Fatalf("round %d: datagram %d is %d", round, i, m.Buf[0])
			}
		}
	}
}

func TestPollDoesNotWait(t *testing.T) {
	s := NewSocket(listen(t, "udp4", "127.0.0.1:0")).(Poller)
	to, _ := AddrPort(s.LocalAddr())
	if ms, err := s.Poll(); len(ms) != 0 || err != nil {
		t.Fatalf("nothing was sent: %v, %v", ms, err)
	}
	peer := NewSocket(listen(t, "udp4", "127.0.0.1:0"))
	if n, err := peer.WriteBatch([]Message{{Buf: []byte("one"), Peer: to}, {Buf: []byte("two"), Peer: to}}); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	s.SetReadDeadline(time.Unix(1, 0)) // which is none of its concern
	if ms, err := s.Poll(); !slices.Equal(bodies(ms), []string{"one", "two"}) || err != nil {
		t.Errorf("%q, %v", bodies(ms), err)
	}
	s.Close()
	if _, err := s.Poll(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
