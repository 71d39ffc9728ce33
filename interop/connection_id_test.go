package interop

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	pion "github.com/pion/dtls/v3"

	"github.com/dtlsd/dtlsd/dtls"
)

var cidKey = []byte{0x1a, 0x2b, 0x3c, 0x4d, 0x5e, 0x6f}

// A movingSocket is the socket of a client behind a gateway that gives it another port.
type movingSocket struct {
	net.PacketConn
	other atomic.Pointer[net.PacketConn] // nil before it moves
}

func (s *movingSocket) now() net.PacketConn {
	if other := s.other.Load(); other != nil {
		return *other
	}
	return s.PacketConn
}

func (s *movingSocket) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		socket := s.now()
		n, from, err := socket.ReadFrom(b)
		if err == nil || socket == s.now() {
			return n, from, err
		}
	}
}

func (s *movingSocket) WriteTo(b []byte, to net.Addr) (int, error) { return s.now().WriteTo(b, to) }

// move closes the port of before.
func (s *movingSocket) move(t *testing.T) {
	t.Helper()
	other := localSocket(t)
	s.other.Store(&other)
	s.PacketConn.Close()
}

func localSocket(t *testing.T) net.PacketConn {
	t.Helper()
	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	return socket
}

// wantCIDEcho sends a datagram and expects it back.
func wantCIDEcho(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	buf := make([]byte, 100)
	if n, err := c.Read(buf); err != nil || string(buf[:n]) != text {
		t.Fatalf("echo of %q: %q, %v", text, buf[:n], err)
	}
}

// pion knows connection IDs, but no return routability check.
func TestPionClientWithConnectionIDIsFollowed(t *testing.T) {
	for _, length := range []int{0, 5} {
		server := &dtls.Server{
			Config:  &dtls.Config{PSK: dtls.StaticPSK{"*": cidKey}},
			Handler: dtls.HandlerFunc(func(s *dtls.Session, b []byte) { s.Send(b) }),
		}
		socket := localSocket(t)
		go server.Serve(socket)
		defer server.Close()

		generator := pion.OnlySendCIDGenerator()
		if length > 0 {
			generator = pion.RandomCIDGenerator(length)
		}
		client := &movingSocket{PacketConn: localSocket(t)}
		c, err := pion.ClientWithOptions(client, socket.LocalAddr(), pion.WithConnectionIDGenerator(generator),
			pion.WithPSK(func([]byte) ([]byte, error) { return cidKey, nil }), pion.WithPSKIdentityHint([]byte("pion")),
			pion.WithCipherSuites(pion.TLS_PSK_WITH_AES_128_GCM_SHA256))
		if err != nil {
			t.Fatal(err)
		}
		wantCIDEcho(t, c, "from the old port")
		client.move(t)
		wantCIDEcho(t, c, "from the new port")
		wantCIDEcho(t, c, "once more")
		if got := server.Stats(); got.AddressChanges != 1 || got.HandshakesStarted != 1 {
			t.Errorf("stats: %+v", got)
		}
		state := server.Sessions()[0].State
		if len(state.ConnectionID) != dtls.DefaultConnectionIDLength || len(state.PeerConnectionID) != length || state.AddressChecks {
			t.Errorf("connection IDs %x and %x, checks: %v", state.ConnectionID, state.PeerConnectionID, state.AddressChecks)
		}
		c.Close()
	}
}

func TestPionServerFollowsOurClient(t *testing.T) {
	listener, err := pion.ListenWithOptions("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)},
		pion.WithConnectionIDGenerator(pion.RandomCIDGenerator(6)),
		pion.WithPSK(func([]byte) ([]byte, error) { return cidKey, nil }),
		pion.WithCipherSuites(pion.TLS_PSK_WITH_AES_128_GCM_SHA256))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		c, err := listener.Accept()
		if err != nil {
			return
		}
		buf := make([]byte, 100)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			c.Write(buf[:n])
		}
	}()
	address := listener.Addr().String()
	c, err := dtls.Dial("udp4", address, &dtls.Config{
		ClientPSK:     dtls.StaticClientPSK("ours", cidKey),
		ConnectionIDs: dtls.ConnectionIDsAsk,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	wantCIDEcho(t, c, "from the old port")
	socket, err := net.Dial("udp4", address)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Rebind(socket); err != nil {
		t.Fatal(err)
	}
	wantCIDEcho(t, c, "from the new port")
}
