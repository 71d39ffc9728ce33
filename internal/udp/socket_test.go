package udp

import (
	"bytes"
	"errors"
	"fmt"
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

// readOne reads one datagram within a second.
func readOne(t testing.TB, s Socket) Message {
	t.Helper()
	return readAll(t, s, 1)[0]
}

// readAll reads n datagrams within a second, in as many batches as it takes.
func readAll(t testing.TB, s Socket, n int) []Message {
	t.Helper()
	var all []Message
	s.SetReadDeadline(time.Now().Add(time.Second))
	for len(all) < n {
		batch, err := s.ReadBatch()
		if err != nil {
			t.Fatalf("after %d of %d datagrams: ReadBatch: %v", len(all), n, err)
		}
		for _, m := range batch {
			m.Buf = bytes.Clone(m.Buf)
			all = append(all, m)
		}
	}
	if len(all) > n {
		t.Fatalf("got %d datagrams, want %d", len(all), n)
	}
	return all
}

// loopback returns the address of a socket that is bound to every address.
func loopback(s Socket) netip.AddrPort {
	local, _ := AddrPort(s.LocalAddr())
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), local.Port())
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
				if m.Peer != want || !bytes.Equal(m.Buf, payload) || m.Truncated {
					t.Fatalf("got %d bytes from %v, truncated %v; want %d from %v", len(m.Buf), m.Peer, m.Truncated, len(payload), want)
				}
				if n, err := s.WriteBatch([]Message{{Buf: payload, Peer: m.Peer}, {Buf: []byte("second"), Peer: m.Peer}}); n != 2 || err != nil {
					t.Fatalf("WriteBatch = %d, %v", n, err)
				}
				back := NewConnected(c, want)
				got := readAll(t, back, 2)
				if !bytes.Equal(got[0].Buf, payload) || string(got[1].Buf) != "second" {
					t.Fatalf("got %d bytes back, want %d; then %q", len(got[0].Buf), len(payload), got[1].Buf)
				}
			}
		})
	}
}

// endless is a PacketConn whose datagrams fill every buffer.
type endless struct{ net.PacketConn }

func (endless) ReadFrom(b []byte) (int, net.Addr, error) {
	return len(b), &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1}, nil
}

func TestSocketTellsOfTruncation(t *testing.T) {
	batch, err := NewSocket(endless{}).ReadBatch()
	if err != nil || len(batch) != 1 || !batch[0].Truncated {
		t.Errorf("ReadBatch = %d messages, %v", len(batch), err)
	}
}

func TestAddressesAreUnmapped(t *testing.T) {
	s := NewSocket(listen(t, "udp", ":0")) // both families where there are two
	c := dial(t, loopback(s).String())
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
		_, err := s.ReadBatch()
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
		if _, err := s.ReadBatch(); !errors.Is(err, net.ErrClosed) {
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
	if _, err := s.ReadBatch(); !errors.Is(err, syscall.ECONNREFUSED) {
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

// An echo is a socket whose datagrams come back to a client.
type echo struct {
	client, server Socket
	back           []Message
}

func newEcho(t testing.TB, address string) *echo {
	server := NewSocket(listen(t, "udp", address))
	at := loopback(server)
	return &echo{client: NewConnected(dial(t, at.String()), at), server: server}
}

// turn sends datagrams to the server and waits until all are back.
func (e *echo) turn(t testing.TB, ms []Message) {
	if n, err := e.client.WriteBatch(ms); err != nil {
		t.Fatalf("WriteBatch = %d, %v", n, err)
	}
	for returned := 0; returned < len(ms); {
		batch, err := e.server.ReadBatch()
		if err != nil {
			t.Fatal(err)
		}
		e.back = append(e.back[:0], batch...)
		if n, err := e.server.WriteBatch(e.back); err != nil {
			t.Fatalf("WriteBatch = %d, %v", n, err)
		}
		for pending := len(batch); pending > 0; {
			batch, err := e.client.ReadBatch()
			if err != nil {
				t.Fatal(err)
			}
			pending -= len(batch)
			returned += len(batch)
		}
	}
}

// alike returns n datagrams of 64 bytes.
func alike(n int) []Message {
	ms := make([]Message, n)
	for i := range ms {
		ms[i].Buf = bytes.Repeat([]byte{byte(i)}, 64)
	}
	return ms
}

func TestSocketDoesNotAllocate(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::]:0"} {
		for _, n := range []int{1, 20} {
			e, ms := newEcho(t, address), alike(n)
			if allocs := testing.AllocsPerRun(100, func() { e.turn(t, ms) }); allocs != 0 {
				t.Errorf("%d datagrams on %s: %v allocations per echo", n, address, allocs)
			}
		}
	}
}

func BenchmarkEcho(b *testing.B) {
	for _, address := range []string{"127.0.0.1:0", "0.0.0.0:0"} {
		for _, n := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d", address, n), func(b *testing.B) {
				e, ms := newEcho(b, address), alike(n)
				b.ReportAllocs()
				for b.Loop() {
					e.turn(b, ms)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/datagram")
			})
		}
	}
}

func TestSinglesAreNeverTrains(t *testing.T) {
	s := NewSocketWith(listen(t, "udp", "127.0.0.1:0"), Options{Singles: true})
	if r := s.Report(); r.TrainsIn || r.TrainsOut {
		t.Errorf("asked for singles, the socket has %v", r)
	}
}
