package udp

import (
	"net"
	"net/netip"
	"time"
)

// MaxDatagram is a buffer size in bytes that holds any UDP payload.
const MaxDatagram = 1 << 16

// A Message is a datagram on its way in or out.
type Message struct {
	// Buf is the room for a datagram to be read, or all of a datagram to be
	// written.
	Buf []byte
	// N is how many bytes of Buf were read.
	N int
	// Peer is the address at the other end.
	Peer netip.AddrPort
	// Local is the address that the peer wrote to, and that an answer should
	// leave from. It is the zero Addr where the socket has only one, or where
	// the platform does not tell.
	Local netip.Addr
	// Truncated says that the datagram may have been longer than Buf.
	Truncated bool
}

// A Socket reads and writes datagrams in batches. One goroutine reads and
// writes; SetReadDeadline and Close may be called from any.
type Socket interface {
	// ReadBatch waits until there is a datagram, fills as many messages as
	// can be had without waiting again, and returns their number. An error
	// concerns the socket, never a peer, and comes with no message. After
	// Close it is [net.ErrClosed]; after the deadline, [os.ErrDeadlineExceeded].
	ReadBatch(ms []Message) (int, error)
	// WriteBatch sends the messages in order and returns how many were taken.
	// If that is fewer than all, the error is about the first that was not.
	WriteBatch(ms []Message) (int, error)
	// SetReadDeadline ends the ReadBatch in progress, and every later one, at
	// t. A time in the past ends it at once.
	SetReadDeadline(t time.Time) error
	LocalAddr() net.Addr
	Close() error
}

// NewSocket returns the best Socket for pc, which belongs to it from then on.
// pc must not be connected.
func NewSocket(pc net.PacketConn) Socket {
	if conn, ok := pc.(*net.UDPConn); ok {
		return newUDPSocket(conn)
	}
	return &packetSocket{conn: pc}
}

// NewConnected returns a Socket over conn, which has one peer and belongs to
// the socket from then on. Messages read carry peer as their address; that of
// messages written is ignored.
func NewConnected(conn net.Conn, peer netip.AddrPort) Socket {
	return &connectedSocket{Conn: conn, peer: peer}
}

// AddrPort returns addr as a netip value. It reports false for an address
// that is not one of an IP host and a port.
func AddrPort(addr net.Addr) (netip.AddrPort, bool) {
	if a, ok := addr.(*net.UDPAddr); ok {
		return valid(a.AddrPort())
	}
	if addr == nil {
		return netip.AddrPort{}, false
	}
	a, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return netip.AddrPort{}, false
	}
	return valid(a)
}

func valid(a netip.AddrPort) (netip.AddrPort, bool) { return unmap(a), a.IsValid() }

// unmap returns a with an IPv4-mapped IPv6 address replaced by the IPv4 one.
func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
