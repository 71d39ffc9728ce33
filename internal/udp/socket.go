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
	// Buf is the datagram.
	Buf []byte
	// Peer is the address at the other end.
	Peer netip.AddrPort
	// Local is the address that the peer wrote to, and that an answer should
	// leave from. It is the zero Addr where the socket has only one, or where
	// the platform does not tell.
	Local netip.Addr
	// Truncated says that the datagram read may have been longer.
	Truncated bool
}

// A Socket reads and writes datagrams in batches. One goroutine reads and one
// writes; the other methods may be called from any.
type Socket interface {
	// ReadBatch waits until there is a datagram, and returns all that can be
	// had without waiting again, within reason. They are good until the next
	// call; the caller may change the bytes. An error concerns the socket,
	// never a peer, and comes with no message. After Close it is
	// [net.ErrClosed]; after the deadline, [os.ErrDeadlineExceeded].
	ReadBatch() ([]Message, error)
	// WriteBatch sends the messages, those to one peer in their order, and
	// returns how many were taken. If that is fewer than all, the messages
	// were put into another order: those that were taken come first, and the
	// error is about the one after them.
	WriteBatch(ms []Message) (int, error)
	// SetReadDeadline ends the ReadBatch in progress, and every later one, at
	// t. A time in the past ends it at once.
	SetReadDeadline(t time.Time) error
	// Report says how the socket is driven, which may change as it is used.
	Report() Report
	LocalAddr() net.Addr
	Close() error
}

// A Poller is a Socket that can be read without waiting.
type Poller interface {
	Socket
	// Poll is ReadBatch with what is there already, which may be nothing. There
	// is no deadline.
	Poll() ([]Message, error)
}

// NewSocket returns the best Socket for pc, which belongs to it from then on.
// pc must not be connected.
func NewSocket(pc net.PacketConn) Socket { return NewSocketWith(pc, Options{}) }

// Options say how a socket is not to be driven.
type Options struct {
	// Singles has datagrams leave and arrive one by one, never in trains, as those
	// of many peers do.
	Singles bool
	// Eager has every read take what there is at once, even where many peers send
	// and fewer reads would do.
	Eager bool
}

// NewSocketWith is [NewSocket] with options.
func NewSocketWith(pc net.PacketConn, o Options) Socket {
	if conn, ok := pc.(*net.UDPConn); ok {
		return newUDPSocket(conn, o)
	}
	return &packetSocket{conn: pc, in: newSingle()}
}

// NewConnected returns a Socket over conn, which has one peer and belongs to
// the socket from then on. Messages read carry peer as their address; both
// addresses of messages written are ignored.
func NewConnected(conn net.Conn, peer netip.AddrPort) Socket {
	if conn, ok := conn.(*net.UDPConn); ok {
		return newConnectedUDPSocket(conn, peer)
	}
	return &connectedSocket{Conn: conn, peer: peer, in: newSingle()}
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
