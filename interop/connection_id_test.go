package interop

import (
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	pion "github.com/pion/dtls/v4"
	"github.com/pion/dtls/v4/pkg/crypto/ciphersuite"

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

// wantCIDEcho sends a datagram until it comes back, at most so many times. After a move that takes more than one: what
// the other side answered before it had checked the new address went to the old one, or comes late.
func wantCIDEcho(t *testing.T, c net.Conn, text string, sendings int) {
	t.Helper()
	var err error
	for range sendings {
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		c.SetReadDeadline(time.Now().Add(5 * time.Second / time.Duration(sendings)))
		buf := make([]byte, 100)
		for err = nil; err == nil; {
			var n int
			if n, err = c.Read(buf); err == nil && string(buf[:n]) == text {
				return
			}
		}
	}
	t.Fatalf("no echo of %q: %v", text, err)
}

// pionCIDOptions are those of both roles: connection IDs of that length for what pion receives, and a key.
func pionCIDOptions(length int, c cidCase) []pion.Option {
	generator := pion.OnlySendCIDGenerator()
	if length > 0 {
		generator = pion.RandomCIDGenerator(length)
	}
	return []pion.Option{
		pion.WithConnectionID(generator, c.policy), pionPSK("interop", cidKey),
		pion.WithMinVersion(pionVersions[c.suite.Version()]), pion.WithMaxVersion(pionVersions[c.suite.Version()]),
		pion.WithCipherSuites(ciphersuite.ID(c.suite)),
	}
}

// A cidCase is pion without or with the return routability check.
type cidCase struct {
	name   string
	suite  Suite
	policy pion.CIDPathMigrationPolicy
	checks bool
}

var cidCases = []cidCase{
	{"DTLS 1.2, unchecked", 0x00a8, pion.CIDPathMigrationUnsafe, false},
	{"DTLS 1.2, checked", 0x00a8, pion.CIDPathMigrationRRC, true},
	{"DTLS 1.3, unchecked", 0x1301, pion.CIDPathMigrationUnsafe, false},
	{"DTLS 1.3, checked", 0x1301, pion.CIDPathMigrationRRC, true},
}

func TestPionClientWithConnectionIDIsFollowed(t *testing.T) {
	for _, length := range []int{0, 5} {
		for _, c := range cidCases {
			t.Run(fmt.Sprintf("%s/%d bytes", c.name, length), func(t *testing.T) {
				followPion(t, pionCIDOptions(length, c), length, c.checks)
			})
		}
	}
}

// followPion has pion's client move away from under our server.
func followPion(t *testing.T, options []pion.Option, length int, checks bool) {
	server := &dtls.Server{
		Config:  &dtls.Config{PSK: dtls.StaticPSK{"*": cidKey}},
		Handler: dtls.HandlerFunc(func(s *dtls.Session, b []byte) { s.Send(b) }),
	}
	socket := localSocket(t)
	go server.Serve(socket)
	defer server.Close()

	var own []pion.ClientOption
	for _, o := range options {
		own = append(own, o)
	}
	client := &movingSocket{PacketConn: localSocket(t)}
	c, err := pion.Client(client, socket.LocalAddr(), own...)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	wantCIDEcho(t, c, "from the old port", 1)
	client.move(t)
	wantCIDEcho(t, c, "from the new port", 10)
	wantCIDEcho(t, c, "once more", 1)
	if got := server.Stats(); got.AddressChanges != 1 || got.HandshakesStarted != 1 {
		t.Errorf("stats: %+v", got)
	}
	state := server.Sessions()[0].State
	if len(state.ConnectionID) != dtls.DefaultConnectionIDLength || len(state.PeerConnectionID) != length || state.AddressChecks != checks {
		t.Errorf("connection IDs %x and %x, checks: %v", state.ConnectionID, state.PeerConnectionID, state.AddressChecks)
	}
}

func TestPionServerFollowsOurClient(t *testing.T) {
	for _, c := range cidCases {
		t.Run(c.name, func(t *testing.T) { bePionFollowed(t, pionCIDOptions(6, c), c.checks) })
	}
}

// bePionFollowed has our client move away from under pion's server.
func bePionFollowed(t *testing.T, options []pion.Option, checks bool) {
	var own []pion.ServerOption
	for _, o := range options {
		own = append(own, o)
	}
	listener, err := pion.ListenAddr("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, own...)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go echoOne(listener)
	address := listener.Addr().String()
	c, err := dtls.Dial("udp4", address, &dtls.Config{
		ClientPSK:     dtls.StaticClientPSK("interop", cidKey),
		ConnectionIDs: dtls.ConnectionIDsAsk,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	wantCIDEcho(t, c, "from the old port", 1)
	socket, err := net.Dial("udp4", address)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Rebind(socket); err != nil {
		t.Fatal(err)
	}
	wantCIDEcho(t, c, "from the new port", 10)
	wantCIDEcho(t, c, "once more", 1)
	if state := c.ConnectionState(); len(state.PeerConnectionID) != 6 || state.AddressChecks != checks {
		t.Errorf("connection ID %x, checks: %v", state.PeerConnectionID, state.AddressChecks)
	}
}

// echoOne accepts one connection and returns what it gets.
func echoOne(listener net.Listener) {
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
}
