package udp

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// errForeignAddr is wrapped in the error about a peer whose address is not of
// an IP host and a port.
var errForeignAddr = errors.New("not the address of an IP host and a port")

// A packetSocket drives any PacketConn, one datagram per batch.
type packetSocket struct {
	conn net.PacketConn
}

func (s *packetSocket) ReadBatch(ms []Message) (int, error) {
	m := &ms[0]
	n, addr, err := s.conn.ReadFrom(m.Buf)
	if err != nil {
		return 0, err
	}
	peer, ok := AddrPort(addr)
	if !ok {
		return 0, fmt.Errorf("datagram from %v: %w", addr, errForeignAddr)
	}
	m.N, m.Peer, m.Truncated = n, peer, n == len(m.Buf)
	return 1, nil
}

func (s *packetSocket) WriteBatch(ms []Message) (int, error) {
	for i := range ms {
		if _, err := s.conn.WriteTo(ms[i].Buf, net.UDPAddrFromAddrPort(ms[i].Peer)); err != nil {
			return i, err
		}
	}
	return len(ms), nil
}

func (s *packetSocket) SetReadDeadline(t time.Time) error { return s.conn.SetReadDeadline(t) }
func (s *packetSocket) LocalAddr() net.Addr               { return s.conn.LocalAddr() }
func (s *packetSocket) Close() error                      { return s.conn.Close() }
