//go:build !linux

package udp

import (
	"net"
	"net/netip"
	"time"
)

// A udpSocket drives a UDPConn, one datagram per batch and without
// allocation. It does not know which address a peer wrote to: answers leave
// from the one that the kernel picks.
type udpSocket struct {
	conn *net.UDPConn
	in   *single
}

func newUDPSocket(conn *net.UDPConn, _ Options) Socket {
	conn.SetReadBuffer(bufferSize)
	conn.SetWriteBuffer(bufferSize)
	return &udpSocket{conn: conn, in: newSingle()}
}

func newConnectedUDPSocket(conn *net.UDPConn, peer netip.AddrPort) Socket {
	return &connectedSocket{Conn: conn, peer: peer, in: newSingle()}
}

func (s *udpSocket) ReadBatch() ([]Message, error) {
	n, peer, err := s.conn.ReadFromUDPAddrPort(s.in.buf)
	if err != nil {
		return nil, err
	}
	return s.in.batch(Message{Buf: s.in.buf[:n], Peer: unmap(peer)}), nil
}

func (s *udpSocket) WriteBatch(ms []Message) (int, error) {
	for i := range ms {
		if _, err := s.conn.WriteToUDPAddrPort(ms[i].Buf, ms[i].Peer); err != nil {
			return i, err
		}
	}
	return len(ms), nil
}

func (s *udpSocket) SetReadDeadline(t time.Time) error { return s.conn.SetReadDeadline(t) }
func (s *udpSocket) Report() Report                    { return Report{Batch: 1, System: true} }
func (s *udpSocket) LocalAddr() net.Addr               { return s.conn.LocalAddr() }
func (s *udpSocket) Close() error                      { return s.conn.Close() }
