package console

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// A network is one in memory, for tests in virtual time. Datagrams arrive at
// once and in order, unless a filter has them lost.
type network struct {
	mu      sync.Mutex
	sockets map[netip.AddrPort]*socket
	lost    func(datagram) bool
}

type datagram struct {
	from, to netip.AddrPort
	payload  []byte
}

func newNetwork() *network { return &network{sockets: make(map[netip.AddrPort]*socket)} }

// lose has the datagrams lost for which f is true; nil loses none.
func (n *network) lose(f func(datagram) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lost = f
}

// send delivers a datagram, whoever claims to have sent it.
func (n *network) send(from, to netip.AddrPort, payload []byte) {
	d := datagram{from, to, bytes.Clone(payload)}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lost != nil && n.lost(d) {
		return
	}
	if s := n.sockets[to]; s != nil {
		s.put(d)
	}
}

// listen returns a socket at an address.
func (n *network) listen(at netip.AddrPort) *socket {
	s := &socket{network: n, addr: at}
	s.changed.L = &s.mu
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sockets[at] = s
	return s
}

// A socket is a [net.PacketConn], and for a client a [net.Conn] to peer.
type socket struct {
	network    *network
	addr, peer netip.AddrPort

	mu      sync.Mutex
	changed sync.Cond
	queue   []datagram
	readBy  time.Time
	closed  bool
}

func (s *socket) put(d datagram) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, d)
	s.changed.Broadcast()
}

func (s *socket) next() (datagram, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.closed:
			return datagram{}, net.ErrClosed
		case !s.readBy.IsZero() && !time.Now().Before(s.readBy):
			return datagram{}, os.ErrDeadlineExceeded
		case len(s.queue) > 0:
			d := s.queue[0]
			s.queue = s.queue[1:]
			return d, nil
		}
		s.changed.Wait()
	}
}

func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	d, err := s.next()
	if err != nil {
		return 0, nil, err
	}
	return copy(b, d.payload), net.UDPAddrFromAddrPort(d.from), nil
}

func (s *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	s.network.send(s.addr, to.(*net.UDPAddr).AddrPort(), b)
	return len(b), nil
}

func (s *socket) Read(b []byte) (int, error) {
	n, _, err := s.ReadFrom(b)
	return n, err
}

func (s *socket) Write(b []byte) (int, error) { return s.WriteTo(b, s.RemoteAddr()) }

func (s *socket) Close() error {
	s.network.mu.Lock()
	if s.network.sockets[s.addr] == s {
		delete(s.network.sockets, s.addr)
	}
	s.network.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.changed.Broadcast()
	return nil
}

func (s *socket) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readBy = t
	s.changed.Broadcast()
	if !t.IsZero() {
		time.AfterFunc(time.Until(t), s.changed.Broadcast)
	}
	return nil
}

func (s *socket) SetDeadline(t time.Time) error    { return s.SetReadDeadline(t) }
func (s *socket) SetWriteDeadline(time.Time) error { return nil }
func (s *socket) LocalAddr() net.Addr              { return net.UDPAddrFromAddrPort(s.addr) }
func (s *socket) RemoteAddr() net.Addr             { return net.UDPAddrFromAddrPort(s.peer) }
