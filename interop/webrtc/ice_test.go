package webrtc

import (
	"bytes"
	"context"
	"crypto/rand"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/pion/stun/v3"
)

// An iceLite is the transport to one peer, whose addresses it learns as an ICE lite agent: RFC 8445, Section 2.5. To
// whoever reads from it, the peer has one address and DTLS is all that arrives.
type iceLite struct {
	*net.UDPConn
	ufrag, password string
	path            atomic.Pointer[netip.AddrPort] // nil: there is none yet
	hello           recording
	audio           chan []byte // the first packet of RTP
}

// peer stands for the peer at whatever address it has.
var peer = net.UDPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.1:9"))

func newICELite(t *testing.T) *iceLite {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &iceLite{UDPConn: conn, ufrag: rand.Text()[:8], password: rand.Text(), audio: make(chan []byte, 1)}
}

// ReadFrom returns the next datagram of DTLS. The others are told apart as in RFC 7983, Section 7.
func (i *iceLite) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := i.ReadFromUDPAddrPort(b)
		if err != nil {
			return 0, nil, err
		}
		switch {
		case n == 0:
		case b[0] <= 3:
			i.check(b[:n], from)
		case 20 <= b[0] && b[0] <= 63:
			i.hello.add(b[:n])
			return n, peer, nil
		case 128 <= b[0] && b[0] <= 191 && n >= rtpMin && !isRTCP(b):
			select {
			case i.audio <- bytes.Clone(b[:n]):
			default: // one will do
			}
		}
	}
}

// rtpMin is the length of what is taken for RTP: a header and a tag.
const rtpMin = 12 + 16

// isRTCP tells the two apart: RFC 5761, Section 4.
func isRTCP(b []byte) bool {
	kind := b[1] & 0x7f
	return 64 <= kind && kind <= 95
}

// WriteTo writes to the peer. Without a path the datagram is lost.
func (i *iceLite) WriteTo(b []byte, _ net.Addr) (int, error) {
	if to := i.path.Load(); to != nil {
		return i.WriteToUDPAddrPort(b, *to)
	}
	return len(b), nil
}

// find waits until there is a path. What comes of DTLS until then is lost.
func (i *iceLite) find(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { i.Close() })()
	b := make([]byte, 2048)
	for i.path.Load() == nil {
		n, from, err := i.ReadFromUDPAddrPort(b)
		if err != nil {
			return err
		}
		i.check(b[:n], from)
	}
	return nil
}

// check answers a connectivity check. What is none, or not from who knows our password, is passed over.
func (i *iceLite) check(datagram []byte, from netip.AddrPort) {
	request := &stun.Message{Raw: bytes.Clone(datagram)}
	integrity := stun.NewShortTermIntegrity(i.password)
	if request.Decode() != nil || request.Type != stun.BindingRequest || integrity.Check(request) != nil {
		return
	}
	// The path nominated last is selected: RFC 8445, Section 7.3.2. Before that, one that was checked will do.
	if i.path.Load() == nil || request.Contains(stun.AttrUseCandidate) {
		i.path.Store(&from)
	}
	response, err := stun.Build(
		stun.NewTransactionIDSetter(request.TransactionID),
		stun.BindingSuccess,
		&stun.XORMappedAddress{IP: from.Addr().AsSlice(), Port: int(from.Port())},
		integrity,
		stun.Fingerprint,
	)
	if err == nil {
		i.WriteToUDPAddrPort(response.Raw, from) // if it is lost, the check comes again
	}
}
