package udp

import (
	"net"
	"net/netip"
)

// A connectedSocket drives a conn with one peer, one datagram per batch.
type connectedSocket struct {
	net.Conn
	peer netip.AddrPort
}

func (s *connectedSocket) ReadBatch(ms []Message) (int, error) {
	m := &ms[0]
	n, err := s.Read(m.Buf)
	if err != nil {
		return 0, err
	}
	m.N, m.Peer, m.Truncated = n, s.peer, n == len(m.Buf)
	return 1, nil
}

func (s *connectedSocket) WriteBatch(ms []Message) (int, error) {
	for i := range ms {
		if _, err := s.Write(ms[i].Buf); err != nil {
			return i, err
		}
	}
	return len(ms), nil
}
