package dtls

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A memNet is a network in memory, for tests in virtual time. Datagrams arrive
// at once and in order, unless a filter has them lost.
type memNet struct {
	mu      sync.Mutex
	sockets map[netip.AddrPort]*memSocket
	groups  map[netip.AddrPort]*memGroup
	lost    func(p packet) bool
}

type packet struct {
	from, to netip.AddrPort
	data     []byte
}

func newMemNet() *memNet {
	return &memNet{sockets: make(map[netip.AddrPort]*memSocket), groups: make(map[netip.AddrPort]*memGroup), lost: loseNone}
}

// lose has packets lost for which f is true.
func (n *memNet) lose(f func(p packet) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lost = f
}

// loseAll and loseNone are filters.
func loseAll(packet) bool  { return true }
func loseNone(packet) bool { return false }

// send delivers a datagram, whoever claims to have sent it. It reports false
// if nobody is there.
func (n *memNet) send(from, to netip.AddrPort, data []byte) bool {
	p := packet{from, to, append([]byte(nil), data...)}
	n.mu.Lock()
	s, lost := n.socketFor(p), n.lost
	n.mu.Unlock()
	if lost(p) {
		return true
	}
	if s == nil {
		return false
	}
	s.put(p)
	return true
}

// waitFor waits until somebody listens at an address.
func (n *memNet) waitFor(addr netip.AddrPort) {
	for {
		n.mu.Lock()
		s := n.sockets[addr]
		n.mu.Unlock()
		if s != nil {
			return
		}
		runtime.Gosched()
	}
}

// listen returns a socket at an address.
func (n *memNet) listen(address string) *memSocket {
	addr := netip.MustParseAddrPort(address)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.sockets[addr] != nil {
		panic("address in use: " + address)
	}
	s := &memSocket{net: n, addr: addr, arrived: make(chan struct{}, 1), gone: make(chan struct{})}
	n.sockets[addr] = s
	return s
}

// dial returns a connected socket.
func (n *memNet) dial(local, remote string) *memConn {
	return &memConn{memSocket: n.listen(local), peer: netip.MustParseAddrPort(remote)}
}

// A memSocket is a net.PacketConn.
type memSocket struct {
	net    *memNet
	addr   netip.AddrPort
	readBy deadline

	mu       sync.Mutex
	queue    []packet
	refused  bool // an ICMP message came
	arrived  chan struct{}
	gone     chan struct{}
	goneOnce sync.Once
}

func (s *memSocket) put(p packet) {
	s.mu.Lock()
	s.queue = append(s.queue, p)
	s.mu.Unlock()
	s.signal()
}

func (s *memSocket) signal() {
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

func (s *memSocket) refuse() {
	s.mu.Lock()
	s.refused = true
	s.mu.Unlock()
	s.signal()
}

func (s *memSocket) take() (packet, error, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused {
		s.refused = false
		return packet{}, &net.OpError{Op: "read", Net: "udp", Err: os.NewSyscallError("recvfrom", syscall.ECONNREFUSED)}, true
	}
	if len(s.queue) == 0 {
		return packet{}, nil, false
	}
	p := s.queue[0]
	s.queue = s.queue[1:]
	return p, nil, true
}

func (s *memSocket) next() (packet, error) {
	for {
		expired := s.readBy.wait()
		if isClosed(s.gone) {
			return packet{}, net.ErrClosed
		}
		if isClosed(expired) {
			return packet{}, os.ErrDeadlineExceeded
		}
		if p, err, ok := s.take(); ok {
			return p, err
		}
		select {
		case <-s.arrived:
		case <-s.gone:
		case <-expired:
		}
	}
}

func (s *memSocket) ReadFrom(b []byte) (int, net.Addr, error) {
	p, err := s.next()
	if err != nil {
		return 0, nil, err
	}
	return copy(b, p.data), net.UDPAddrFromAddrPort(p.from), nil
}

func (s *memSocket) WriteTo(b []byte, to net.Addr) (int, error) {
	if isClosed(s.gone) {
		return 0, net.ErrClosed
	}
	s.net.send(s.addr, to.(*net.UDPAddr).AddrPort(), b)
	return len(b), nil
}

func (s *memSocket) Close() error {
	s.goneOnce.Do(func() {
		s.net.mu.Lock()
		delete(s.net.sockets, s.addr)
		delete(s.net.groups, s.addr)
		s.net.mu.Unlock()
		close(s.gone)
	})
	return nil
}

func (s *memSocket) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(s.addr) }
func (s *memSocket) SetReadDeadline(t time.Time) error {
	s.readBy.set(t)
	return nil
}
func (s *memSocket) SetWriteDeadline(time.Time) error { return nil }
func (s *memSocket) SetDeadline(t time.Time) error    { return s.SetReadDeadline(t) }

// A memConn is a net.Conn: a socket with one peer, which hears when nobody is
// there.
type memConn struct {
	*memSocket
	peer netip.AddrPort
}

func (c *memConn) RemoteAddr() net.Addr { return net.UDPAddrFromAddrPort(c.peer) }

func (c *memConn) Read(b []byte) (int, error) {
	for {
		p, err := c.next()
		if err != nil {
			return 0, err
		}
		if p.from == c.peer {
			return copy(b, p.data), nil
		}
	}
}

func (c *memConn) Write(b []byte) (int, error) {
	if isClosed(c.gone) {
		return 0, net.ErrClosed
	}
	if !c.net.send(c.addr, c.peer, b) {
		c.refuse()
	}
	return len(b), nil
}

func TestMemNetIsANetwork(t *testing.T) {
	n := newMemNet()
	a, b := n.listen("192.0.2.1:1"), n.dial("192.0.2.2:2", "192.0.2.1:1")
	buf := make([]byte, 10)
	fmt.Fprint(b, "ping")
	size, from, err := a.ReadFrom(buf)
	if err != nil || string(buf[:size]) != "ping" || from.String() != "192.0.2.2:2" {
		t.Fatalf("got %q from %v, %v", buf[:size], from, err)
	}
	n.lose(loseAll)
	fmt.Fprint(b, "lost")
	a.SetReadDeadline(time.Unix(1, 0))
	if _, _, err := a.ReadFrom(buf); err != os.ErrDeadlineExceeded {
		t.Fatalf("read of a lost packet: %v", err)
	}
	a.Close()
	n.lose(loseNone)
	fmt.Fprint(b, "nobody there")
	if _, err := b.Read(buf); err == nil || err == io.EOF {
		t.Fatalf("read after refusal: %v", err)
	}
}
