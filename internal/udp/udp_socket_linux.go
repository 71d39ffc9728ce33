package udp

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A udpSocket drives a UDPConn with recvmmsg and sendmmsg, without allocation.
// The system calls never wait: that is left to the runtime, so that deadlines
// and Close work as ever.
type udpSocket struct {
	conn   *net.UDPConn
	raw    syscall.RawConn // nil if the conn was closed already
	in     receiver
	out    sender
	look   func(fd uintptr) // receive without waiting, once and for all
	report Report
}

func newUDPSocket(conn *net.UDPConn, o Options) Socket {
	return openUDPSocket(conn, netip.AddrPort{}, false, o)
}

func newConnectedUDPSocket(conn *net.UDPConn, peer netip.AddrPort) Socket {
	return openUDPSocket(conn, peer, true, Options{})
}

func openUDPSocket(conn *net.UDPConn, peer netip.AddrPort, connected bool, o Options) *udpSocket {
	conn.SetReadBuffer(bufferSize)
	conn.SetWriteBuffer(bufferSize)
	s := &udpSocket{conn: conn, report: Report{System: true, Batch: maxSlots}}
	s.in = receiver{recvmmsg: Recvmmsg, peer: peer, connected: connected, gatherer: gatherer{off: connected || o.Eager, pause: pause}}
	s.out = sender{sendmmsg: Sendmmsg, connected: connected}
	s.in.drive, s.out.drive = s.in.receive, s.out.transmit
	s.look = func(fd uintptr) { s.in.receive(fd) }
	if raw, err := conn.SyscallConn(); err == nil {
		s.raw = raw
		raw.Control(s.probe)
		if !o.Singles {
			raw.Control(s.probeTrains)
		}
	}
	return s
}

// probe asks the kernel for what it has. What it refuses is done without.
func (s *udpSocket) probe(fd uintptr) {
	in, out, r := &s.in, &s.out, &s.report
	domain, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN)
	out.ipv6 = domain == unix.AF_INET6
	local, ok := AddrPort(s.conn.LocalAddr())
	if ok && local.Addr().IsUnspecified() && !in.connected {
		r.PacketInfo = askPacketInfo(int(fd))
	}
	in.control = r.PacketInfo
	r.In = givenBuffer(int(fd), unix.SO_RCVBUF)
	r.Out = givenBuffer(int(fd), unix.SO_SNDBUF)
}

// probeTrains asks for trains, both ways.
func (s *udpSocket) probeTrains(fd uintptr) {
	s.report.TrainsIn = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1) == nil
	s.in.control = s.in.control || s.report.TrainsIn
	_, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT)
	s.out.trains.Store(err == nil)
}

// askPacketInfo asks for the address that each datagram was sent to.
func askPacketInfo(fd int) bool {
	err6 := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
	err4 := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
	return err4 == nil || err6 == nil
}

// givenBuffer returns the size of a buffer. The kernel doubles what it gives,
// to have room for its own overhead.
func givenBuffer(fd, option int) Buffer {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, option)
	if err != nil {
		return Buffer{}
	}
	return Buffer{Asked: bufferSize, Given: n / 2}
}

func (s *udpSocket) ReadBatch() ([]Message, error) {
	if s.raw == nil {
		return nil, net.ErrClosed
	}
	s.in.gatherer.before(len(s.in.messages))
	s.in.begin()
	if err := s.raw.Read(s.in.drive); err != nil {
		return nil, err
	}
	s.in.gatherer.after(len(s.in.messages), s.in.blocked)
	if len(s.in.messages) == 0 {
		return nil, s.failure("read", "recvmmsg", s.in.takeError())
	}
	return s.in.messages, nil
}

// Poll implements [Poller].
func (s *udpSocket) Poll() ([]Message, error) {
	if s.raw == nil {
		return nil, net.ErrClosed
	}
	s.in.begin()
	if err := s.raw.Control(s.look); err != nil {
		return nil, err
	}
	if errno := s.in.errno; errno != 0 && len(s.in.messages) == 0 {
		return nil, s.failure("read", "recvmmsg", s.in.takeError())
	}
	return s.in.messages, nil
}

func (s *udpSocket) WriteBatch(ms []Message) (int, error) {
	if s.raw == nil {
		return 0, net.ErrClosed
	}
	taken := 0
	for taken < len(ms) {
		rest := ms[taken:min(taken+maxPlan, len(ms))]
		s.out.plan(rest)
		err := s.raw.Write(s.out.drive)
		if n := s.out.taken(); n < len(rest) {
			s.out.rearrange(rest)
			rest = rest[:n]
		}
		taken += len(rest)
		s.out.trustTrains()
		errno := s.out.errno
		switch {
		case err != nil:
			return taken, err
		case errno != 0 && !s.out.giveUpTrains(errno):
			return taken, s.failure("write", "sendmmsg", errno)
		}
	}
	return taken, nil
}

func (s *udpSocket) failure(op, call string, errno syscall.Errno) error {
	return &net.OpError{Op: op, Net: "udp", Source: s.conn.LocalAddr(), Addr: s.conn.RemoteAddr(), Err: os.NewSyscallError(call, errno)}
}

func (s *udpSocket) Report() Report {
	r := s.report
	r.TrainsOut = s.out.trains.Load()
	if s.raw != nil {
		s.raw.Control(func(fd uintptr) { r.Overflows = overflows(fd) })
	}
	return r
}

func (s *udpSocket) SetReadDeadline(t time.Time) error { return s.conn.SetReadDeadline(t) }
func (s *udpSocket) LocalAddr() net.Addr               { return s.conn.LocalAddr() }
func (s *udpSocket) Close() error                      { return s.conn.Close() }
