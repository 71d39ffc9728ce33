package load

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"github.com/dtlsd/dtlsd/internal/udp"
)

// A line is a socket to the server and what waits to be sent on it. Its reader
// and whoever holds its worker's lock are two.
type line struct {
	number int
	socket udp.Socket
	conn   *net.UDPConn // below the socket
	out    []udp.Message
}

// maxBatch is how many datagrams are read or sent together.
const maxBatch = 64

// openLine opens a socket to the server: on every address where its clients
// have one each, or on the one that the kernel takes.
func openLine(ctx context.Context, g *generator, p *places, number int) (*line, error) {
	own := netip.IPv4Unspecified()
	if g.server.Addr().Is6() {
		own = netip.IPv6Unspecified()
	}
	if !p.first.IsValid() {
		var err error
		if own, err = ownAddress(ctx, g.server); err != nil {
			return nil, err
		}
	}
	network := "udp4"
	if own.Is6() {
		network = "udp6"
	}
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(own, 0)))
	if err != nil {
		return nil, err
	}
	socket := udp.NewSocketWith(conn, udp.Options{Singles: !g.trains})
	return &line{number: number, socket: socket, conn: conn}, nil
}

// ownAddress returns the address that we have on the way to the server.
func ownAddress(ctx context.Context, server netip.AddrPort) (netip.Addr, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", server.String())
	if err != nil {
		return netip.Addr{}, err
	}
	defer conn.Close()
	own, ok := udp.AddrPort(conn.LocalAddr())
	if !ok {
		return netip.Addr{}, errors.New("no address of our own")
	}
	return own.Addr(), nil
}

// deafen has the kernel drop what comes for the socket, at the smallest cost.
func (l *line) deafen() {
	if raw, err := l.conn.SyscallConn(); err == nil && dropAll(raw) == nil {
		return
	}
	l.conn.SetReadBuffer(1) // the kernel's minimum
}

// flush sends what waits. What a full queue has no room for is lost, as on a
// network.
func (l *line) flush() (lost int) {
	for rest := l.out; len(rest) > 0; {
		n, err := l.socket.WriteBatch(rest)
		if rest = rest[n:]; err != nil && len(rest) > 0 {
			rest = rest[1:]
			lost++
		}
	}
	l.out = l.out[:0]
	return lost
}
