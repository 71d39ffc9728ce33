package dtls

import (
	"net"
	"net/netip"
	"testing"

	"github.com/dtlsd/dtlsd/internal/udp"
)

// A unixSocket has no IP address.
type unixSocket struct{ *memSocket }

func (unixSocket) LocalAddr() net.Addr { return &net.UnixAddr{Name: "/run/socket", Net: "unixgram"} }

func TestSessionKnowsTheAddressThatItsPeerUses(t *testing.T) {
	n := newMemNet()
	wildcard, unix := n.listen("[::]:22334"), unixSocket{n.listen("192.0.2.9:1")}
	for _, test := range []struct {
		socket net.PacketConn
		told   netip.Addr
		want   netip.AddrPort
		text   string
	}{
		{wildcard, serverPeer.Addr(), serverPeer, serverAddress},
		{wildcard, netip.Addr{}, netip.MustParseAddrPort("[::]:22334"), "[::]:22334"},
		{unix, netip.Addr{}, netip.AddrPort{}, "/run/socket"},
	} {
		sess := &Session{shard: &shard{socket: udp.NewSocket(test.socket)}, local: internLocal(test.told)}
		if got := sess.LocalAddr(); got != test.want {
			t.Errorf("LocalAddr = %v, want %v", got, test.want)
		}
		if got := sess.localNetAddr(); got.String() != test.text {
			t.Errorf("localNetAddr = %v, want %v", got, test.text)
		}
	}
}
