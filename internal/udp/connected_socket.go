package udp

import (
	"net"
	"net/netip"
)

// A connectedSocket drives a conn with one peer, one datagram per batch.
type connectedSocket struct {
	net.Conn
	peer netip.AddrPort
	in   *single
}

func (s *connectedSocket) ReadBatch() ([]Message, error) {
	n, err := s.Read(s.in.buf)
	if err != nil {
		return nil, err
	}
	return s.in.batch(Message{Buf: s.in.buf[:n], Peer: s.peer}), nil
}

func (s *connectedSocket) WriteBatch(ms []Message) (int, error) {
	for i := range ms {
		if _, err := s.Write(ms[i].Buf); err != nil {
			return i, err
		}
	}
	return len(ms), nil
}

func (s *connectedSocket) Report() Report { return Report{Batch: 1} }
