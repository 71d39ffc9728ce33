package engine_test

import (
	"slices"
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// handshakeTypes are all that exist, and two that do not.
var handshakeTypes = []wire.HandshakeType{
	wire.TypeHelloRequest, wire.TypeClientHello, wire.TypeServerHello, wire.TypeHelloVerifyRequest,
	wire.TypeNewSessionTicket, wire.TypeCertificate, wire.TypeServerKeyExchange, wire.TypeCertificateRequest,
	wire.TypeServerHelloDone, wire.TypeCertificateVerify, wire.TypeClientKeyExchange, wire.TypeFinished,
	wire.TypeCertificateStatus, 5, 255,
}

// A station is a state of a handshake, and how to get there.
type station struct {
	state   string
	side    engine.Side
	options []dtlstest.Option
	legal   []wire.HandshakeType // whose contents are looked at
}

// oneByOne has every message travel in a record of its own.
var oneByOne = both(func(cfg *engine.Config) {
	cfg.Packing = engine.PackNone
	cfg.MTU = 1 << 14
})

func stations(t *testing.T) []station {
	certificates := []dtlstest.Option{oneByOne, only(ecdsa), server(func(cfg *engine.Config) { cfg.ClientAuth = engine.RequestClientCert })}
	psk := []dtlstest.Option{oneByOne, only(plainPSK)}
	tickets := append(psk, client(func(cfg *engine.Config) { cfg.SessionCache = true }),
		server(func(cfg *engine.Config) { cfg.Tickets = sealer(t, 1) }))
	return []station{
		{"await server_hello", engine.Client, psk, []wire.HandshakeType{wire.TypeServerHello, wire.TypeHelloVerifyRequest}},
		{"await certificate", engine.Client, certificates, []wire.HandshakeType{wire.TypeCertificate}},
		{"await server_key_exchange", engine.Client, certificates, []wire.HandshakeType{wire.TypeServerKeyExchange}},
		{"await certificate_request or server_hello_done", engine.Client, certificates, []wire.HandshakeType{wire.TypeCertificateRequest, wire.TypeServerHelloDone}},
		{"await server_hello_done", engine.Client, certificates, []wire.HandshakeType{wire.TypeServerHelloDone}},
		{"await server_key_exchange or server_hello_done", engine.Client, psk, []wire.HandshakeType{wire.TypeServerKeyExchange, wire.TypeServerHelloDone}},
		{"await new_session_ticket", engine.Client, tickets, []wire.HandshakeType{wire.TypeNewSessionTicket}},
		{"await finished", engine.Client, psk, nil},
		{"await certificate", engine.Server, certificates, []wire.HandshakeType{wire.TypeCertificate}},
		{"await client_key_exchange", engine.Server, psk, []wire.HandshakeType{wire.TypeClientKeyExchange}},
		{"await certificate_verify", engine.Server, certificates, []wire.HandshakeType{wire.TypeCertificateVerify}},
		{"await finished", engine.Server, psk, nil},
	}
}

// walk takes a pair to the station, and returns the message_seq that the
// endpoint there expects next. What the peer would send is still to come.
func (s station) walk(t *testing.T) (p *dtlstest.Pair, e *dtlstest.Endpoint, next uint16) {
	t.Helper()
	p = dtlstest.NewPair(t, 1, s.options...)
	for range 10 {
		for _, datagram := range pieces(t, p.Client.Take()...) {
			if s.side == engine.Server && p.Server != nil && p.Server.Awaits() == s.state {
				return p, p.Server, next
			}
			if s.side == engine.Server {
				next = after(t, next, datagram)
			}
			p.ToServer(datagram)
		}
		for _, datagram := range pieces(t, p.Server.Take()...) {
			if s.side == engine.Client && p.Client.Awaits() == s.state {
				return p, p.Client, next
			}
			if s.side == engine.Client {
				next = after(t, next, datagram)
			}
			p.Client.Receive(p.Now, datagram)
		}
	}
	t.Fatalf("no handshake comes to %q", s.state)
	return nil, nil, 0
}

// start is walk for the state in which a client begins.
func (s station) start(t *testing.T) (*dtlstest.Pair, *dtlstest.Endpoint, uint16) {
	t.Helper()
	if s.state == "await server_hello" {
		p := dtlstest.NewPair(t, 1, s.options...)
		p.Client.Take()
		return p, p.Client, 0
	}
	return s.walk(t)
}

// after returns the message_seq that follows those in a datagram.
func after(t *testing.T, next uint16, datagram []byte) uint16 {
	t.Helper()
	for _, f := range fragments(t, datagram) {
		next = f.Seq + 1
	}
	return next
}

// tooShort is where every message ends too early, and server_hello_done too
// late.
var tooShort = []byte{3}

func TestR14OnlyListedMessagesAreLookedAt(t *testing.T) {
	for _, s := range stations(t) {
		t.Run(s.side.String()+" "+s.state, func(t *testing.T) {
			for _, typ := range handshakeTypes {
				_, e, next := s.start(t)
				e.Take()
				e.Receive(dtlstest.Epoch, message(typ, next, tooShort))
				sentence := typ.String() + " in its turn"
				want := wire.AlertUnexpectedMessage
				if slices.Contains(s.legal, typ) {
					want = wire.AlertDecodeError
				}
				switch {
				case typ == wire.TypeHelloRequest:
					if e.Over || e.Drops[wire.DropUnexpectedMessage] != 1 || e.Awaits() != s.state {
						t.Errorf("%s is not dropped: %v", sentence, e.Err)
					}
				case s.keysInUse():
					wantPrivatelyRefused(t, e, sentence)
				default:
					wantRefused(t, e, want, sentence)
				}
			}
		})
	}
}

// keysInUse reports whether what is sent in the state is protected, alerts as
// well.
func (s station) keysInUse() bool {
	return s.side == engine.Client && (s.state == "await finished" || s.state == "await new_session_ticket")
}

func TestR14NothingButFinishedIsProtected(t *testing.T) {
	for _, typ := range handshakeTypes {
		p, e, next := station{state: "await finished", side: engine.Client, options: []dtlstest.Option{only(plainPSK)}}.walk(t)
		f := wire.Fragment{Type: typ, Length: 12, Seq: next, Body: make([]byte, 12)}
		e.Take()
		e.Receive(p.Now, p.Server.SealAs(wire.ContentHandshake, f.AppendTo(nil)))
		switch {
		case typ == wire.TypeHelloRequest:
			wantDrop(t, e, wire.DropUnexpectedMessage, 1, "a request for what is under way")
		default:
			wantPrivatelyRefused(t, e, "a protected "+typ.String())
		}
	}
}

func TestR14NoMessageChangesAnEstablishedAssociation(t *testing.T) {
	for _, typ := range handshakeTypes {
		p := connected(t, only(plainPSK))
		for seq := range uint16(10) {
			f := wire.Fragment{Type: typ, Length: 8, Seq: seq, Body: []byte("anything")}
			for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
				e.Receive(p.Now, message(typ, seq, []byte("anything")))
				if peer := peerOf(p, e); seq < e.PeerSeq() {
					e.Receive(p.Now, peer.SealAs(wire.ContentHandshake, f.AppendTo(nil)))
				}
			}
		}
		wantAlive(t, p, "after "+typ.String())
	}
}

func TestMessagesOutOfTurnAreDropped(t *testing.T) {
	for _, s := range stations(t) {
		t.Run(s.side.String()+" "+s.state, func(t *testing.T) {
			_, e, next := s.start(t)
			e.Take()
			drops := e.Drops
			past := 0
			if next > 0 {
				past = 1
				e.Receive(dtlstest.Epoch, message(wire.TypeCertificateStatus, next-1, nil))
			}
			e.Receive(dtlstest.Epoch, message(wire.TypeCertificateStatus, next+1, nil))
			e.Receive(dtlstest.Epoch, message(wire.TypeCertificateStatus, next+100, nil))
			if e.Over || e.Awaits() != s.state {
				t.Fatalf("%v: now %q", e.Err, e.Awaits())
			}
			wantDrop(t, e, wire.DropDuplicateMessage, drops[wire.DropDuplicateMessage]+past, "a message whose turn is over")
			wantDrop(t, e, wire.DropFutureMessage, drops[wire.DropFutureMessage]+1, "a message far ahead")
			wantSilent(t, e, "what is out of turn has no answer")
		})
	}
}
