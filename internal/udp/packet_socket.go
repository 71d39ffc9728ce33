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
	in   *single
}

func (s *packetSocket) ReadBatch() ([]Message, error) {
	n, addr, err := s.conn.ReadFrom(s.in.buf)
	if err != nil {
		return nil, err
	}
	peer, ok := AddrPort(addr)
	if !ok {
		return nil, fmt.Errorf("datagram from %v: %w", addr, errForeignAddr)
	}
	return s.in.batch(Message{Buf: s.in.buf[:n], Peer: peer}), nil
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
func (s *packetSocket) Report() Report                    { return Report{Batch: 1} }
func (s *packetSocket) LocalAddr() net.Addr               { return s.conn.LocalAddr() }
func (s *packetSocket) Close() error                      { return s.conn.Close() }
