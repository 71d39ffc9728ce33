package udp

import (
	"net"
	"net/netip"
	"time"
)

// A udpSocket drives a UDPConn, one datagram per batch and without
// allocation.
type udpSocket struct {
	conn *net.UDPConn
	info *packetInfo // nil for a socket bound to one address
}

// bufferSize is what we ask the kernel to hold for a socket each way, in
// bytes. Its default is a few hundred datagrams, which clients that all speak
// at once exceed. It may give less: that is no error.
const bufferSize = 4 << 20

func newUDPSocket(conn *net.UDPConn) *udpSocket {
	conn.SetReadBuffer(bufferSize)
	conn.SetWriteBuffer(bufferSize)
	s := &udpSocket{conn: conn}
	local, ok := AddrPort(conn.LocalAddr())
	if ok && local.Addr().IsUnspecified() {
		s.info = newPacketInfo(conn)
	}
	return s
}

func (s *udpSocket) ReadBatch(ms []Message) (int, error) {
	m := &ms[0]
	var err error
	if s.info != nil {
		err = s.info.read(s.conn, m)
	} else {
		m.N, m.Peer, err = s.conn.ReadFromUDPAddrPort(m.Buf)
		m.Local, m.Truncated = netip.Addr{}, m.N == len(m.Buf)
	}
	if err != nil {
		return 0, err
	}
	m.Peer = unmap(m.Peer)
	return 1, nil
}

func (s *udpSocket) WriteBatch(ms []Message) (int, error) {
	for i := range ms {
		if err := s.write(&ms[i]); err != nil {
			return i, err
		}
	}
	return len(ms), nil
}

func (s *udpSocket) write(m *Message) error {
	if s.info != nil && m.Local.IsValid() {
		return s.info.write(s.conn, m)
	}
	_, err := s.conn.WriteToUDPAddrPort(m.Buf, m.Peer)
	return err
}

func (s *udpSocket) SetReadDeadline(t time.Time) error { return s.conn.SetReadDeadline(t) }
func (s *udpSocket) LocalAddr() net.Addr               { return s.conn.LocalAddr() }
func (s *udpSocket) Close() error                      { return s.conn.Close() }
