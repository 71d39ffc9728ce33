package udp

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"
)

// listen binds a UDP socket that is closed with the test.
func listen(t testing.TB, network, address string) *net.UDPConn {
	t.Helper()
	pc, err := net.ListenPacket(network, address)
	if err != nil {
		t.Fatalf("listen on %s %s: %v", network, address, err)
	}
	t.Cleanup(func() { pc.Close() })
	return pc.(*net.UDPConn)
}

// dial connects a UDP socket that is closed with the test.
func dial(t testing.TB, address string) *net.UDPConn {
	t.Helper()
	conn, err := net.Dial("udp", address)
	if err != nil {
		t.Fatalf("dial %s: %v", address, err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.UDPConn)
}

// plain hides the type of a UDPConn.
type plain struct{ net.PacketConn }

func messages() []Message { return []Message{{Buf: make([]byte, MaxDatagram)}} }

// readOne reads one datagram within a second.
func readOne(t testing.TB, s Socket) Message {
	t.Helper()
	ms := messages()
	s.SetReadDeadline(time.Now().Add(time.Second))
	n, err := s.ReadBatch(ms)
	if n != 1 || err != nil {
		t.Fatalf("ReadBatch = %d, %v", n, err)
	}
	return ms[0]
}

func TestSocketCarriesDatagramsBothWays(t *testing.T) {
	sockets := map[string]func(*net.UDPConn) Socket{
		"UDPConn":    func(c *net.UDPConn) Socket { return NewSocket(c) },
		"PacketConn": func(c *net.UDPConn) Socket { return NewSocket(plain{c}) },
	}
	for name, newSocket := range sockets {
		t.Run(name, func(t *testing.T) {
			s := newSocket(listen(t, "udp", "127.0.0.1:0"))
			c := dial(t, s.LocalAddr().String())
			want, _ := AddrPort(c.LocalAddr())
			for _, payload := range [][]byte{[]byte("a datagram"), {}, bytes.Repeat([]byte("x"), 65507)} {
				if _, err := c.Write(payload); err != nil {
					t.Fatal(err)
				}
				m := readOne(t, s)
				if m.Peer != want || !bytes.Equal(m.Buf[:m.N], payload) || m.Truncated {
					t.Fatalf("got %d bytes from %v, truncated %v; want %d from %v", m.N, m.Peer, m.Truncated, len(payload), want)
				}
				if n, err := s.WriteBatch([]Message{{Buf: payload, Peer: m.Peer}, {Buf: []byte("second"), Peer: m.Peer}}); n != 2 || err != nil {
					t.Fatalf("WriteBatch = %d, %v", n, err)
				}
				back := NewConnected(c, want)
				if m := readOne(t, back); !bytes.Equal(m.Buf[:m.N], payload) {
					t.Fatalf("got %d bytes back, want %d", m.N, len(payload))
				}
				if m := readOne(t, back); string(m.Buf[:m.N]) != "second" {
					t.Fatalf("second datagram is %q", m.Buf[:m.N])
				}
			}
		})
	}
}

func TestSocketTellsOfTruncation(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "0.0.0.0:0"} {
		s := NewSocket(listen(t, "udp4", address))
		local, _ := AddrPort(s.LocalAddr())
		c := dial(t, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), local.Port()).String())
		c.Write([]byte("0123456789"))
		ms := []Message{{Buf: make([]byte, 4)}}
		if n, err := s.ReadBatch(ms); n != 1 || err != nil || !ms[0].Truncated || ms[0].N != 4 {
			t.Errorf("on %s: ReadBatch = %d, %v with %+v", address, n, err, ms[0])
		}
	}
}

func TestAddressesAreUnmapped(t *testing.T) {
	s := NewSocket(listen(t, "udp", ":0")) // both families where there are two
	local, _ := AddrPort(s.LocalAddr())
	c := dial(t, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), local.Port()).String())
	c.Write([]byte("v4"))
	m := readOne(t, s)
	if !m.Peer.Addr().Is4() || m.Local.IsValid() && !m.Local.Is4() {
		t.Fatalf("peer %v, local %v", m.Peer, m.Local)
	}
	if _, err := s.WriteBatch([]Message{{Buf: []byte("back"), Peer: m.Peer, Local: m.Local}}); err != nil {
		t.Fatal(err)
	}
	readOne(t, NewConnected(c, m.Peer))
}

func TestKickEndsRead(t *testing.T) {
	s := NewSocket(listen(t, "udp", "127.0.0.1:0"))
	done := make(chan error, 1)
	go func() {
		_, err := s.ReadBatch(messages())
		done <- err
	}()
	s.SetReadDeadline(time.Unix(1, 0))
	if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("ReadBatch after a deadline in the past: %v", err)
	}
}

func TestClosedSocketSaysSo(t *testing.T) {
	for name, s := range map[string]Socket{
		"UDPConn":    NewSocket(listen(t, "udp", "127.0.0.1:0")),
		"wildcard":   NewSocket(listen(t, "udp4", "0.0.0.0:0")),
		"PacketConn": NewSocket(plain{listen(t, "udp", "127.0.0.1:0")}),
		"Conn":       NewConnected(dial(t, "127.0.0.1:9"), netip.AddrPort{}),
	} {
		s.Close()
		if _, err := s.ReadBatch(messages()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: ReadBatch: %v", name, err)
		}
		to := netip.MustParseAddrPort("127.0.0.1:9")
		if n, err := s.WriteBatch([]Message{{Buf: []byte("x"), Peer: to}}); n != 0 || !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: WriteBatch: %d, %v", name, n, err)
		}
	}
}

func TestConnectedSocketHearsOfUnreachablePort(t *testing.T) {
	dead := listen(t, "udp", "127.0.0.1:0")
	c := dial(t, dead.LocalAddr().String())
	dead.Close()
	s := NewConnected(c, netip.AddrPort{})
	if _, err := s.WriteBatch([]Message{{Buf: []byte("anyone?")}}); err != nil {
		t.Fatal(err)
	}
	s.SetReadDeadline(time.Now().Add(time.Second))
	if _, err := s.ReadBatch(messages()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatalf("ReadBatch: %v", err)
	}
}

func TestWriteErrorConcernsOneMessage(t *testing.T) {
	s := NewSocket(listen(t, "udp4", "127.0.0.1:0"))
	good := listen(t, "udp4", "127.0.0.1:0")
	to, _ := AddrPort(good.LocalAddr())
	n, err := s.WriteBatch([]Message{
		{Buf: []byte("fits"), Peer: to},
		{Buf: make([]byte, 65536), Peer: to},
		{Buf: []byte("not reached"), Peer: to},
	})
	if n != 1 || !errors.Is(err, syscall.EMSGSIZE) {
		t.Fatalf("WriteBatch = %d, %v", n, err)
	}
}

// foreign is an address that no IP socket has.
type foreign struct{}

func (foreign) Network() string { return "foreign" }
func (foreign) String() string  { return "somewhere else" }

// text is an address of an IP host that is not a UDPAddr.
type text string

func (text) Network() string  { return "text" }
func (a text) String() string { return string(a) }

func TestAddrPort(t *testing.T) {
	for _, test := range []struct {
		in   net.Addr
		want string // empty if there is none
	}{
		{&net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5}, "192.0.2.1:5"}, // 16 bytes, mapped
		{&net.UDPAddr{IP: net.ParseIP("2001:db8::1"), Port: 6}, "[2001:db8::1]:6"},
		{&net.UDPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0", Port: 7}, "[fe80::1%eth0]:7"},
		{&net.UDPAddr{Port: 8}, ""},
		{text("[::ffff:192.0.2.1]:9"), "192.0.2.1:9"},
		{foreign{}, ""},
		{nil, ""},
	} {
		got, ok := AddrPort(test.in)
		if ok != (test.want != "") || ok && got.String() != test.want {
			t.Errorf("AddrPort(%v) = %v, %v; want %q", test.in, got, ok, test.want)
		}
	}
}

func TestSocketDoesNotAllocate(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::]:0"} {
		s := NewSocket(listen(t, "udp", address))
		local, _ := AddrPort(s.LocalAddr())
		c := dial(t, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), local.Port()).String())
		back := NewConnected(c, local)
		ms, reply := messages(), make([]Message, 1)
		ping := []Message{{Buf: []byte("ping")}}
		allocs := testing.AllocsPerRun(100, func() {
			back.WriteBatch(ping)
			s.ReadBatch(ms)
			reply[0] = Message{Buf: ms[0].Buf[:ms[0].N], Peer: ms[0].Peer, Local: ms[0].Local}
			s.WriteBatch(reply)
			back.ReadBatch(ms)
		})
		if allocs != 0 {
			t.Errorf("on %s: %v allocations per echo", address, allocs)
		}
	}
}

func BenchmarkEcho(b *testing.B) {
	for _, address := range []string{"127.0.0.1:0", "0.0.0.0:0"} {
		b.Run(address, func(b *testing.B) {
			s := NewSocket(listen(b, "udp", address))
			local, _ := AddrPort(s.LocalAddr())
			c := NewConnected(dial(b, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), local.Port()).String()), local)
			in, out := messages(), make([]Message, 1)
			ping := []Message{{Buf: make([]byte, 64)}}
			b.ReportAllocs()
			for b.Loop() {
				c.WriteBatch(ping)
				s.ReadBatch(in)
				out[0] = Message{Buf: in[0].Buf[:in[0].N], Peer: in[0].Peer, Local: in[0].Local}
				s.WriteBatch(out)
				c.ReadBatch(in)
			}
		})
	}
}
