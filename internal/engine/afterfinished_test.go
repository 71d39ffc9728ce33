package engine_test

import (
	"errors"
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

func peerOf(p *dtlstest.Pair, e *dtlstest.Endpoint) *dtlstest.Endpoint {
	if e == p.Client {
		return p.Server
	}
	return p.Client
}

// surplus returns a message that belongs to no handshake.
func surplus(seq uint16) wire.Fragment {
	return wire.Fragment{Type: wire.TypeFinished, Length: 12, Seq: seq, Body: make([]byte, 12)}
}

func TestMessageAfterTheHandshakeEndsTheAssociation(t *testing.T) {
	for _, side := range []engine.Side{engine.Client, engine.Server} {
		p := connected(t)
		e := p.Client
		if side == engine.Server {
			e = p.Server
		}
		peer := peerOf(p, e)
		e.Receive(p.Now, peer.SealAs(wire.ContentHandshake, surplus(e.PeerSeq()).AppendTo(nil)))
		for _, datagram := range e.Take() {
			peer.Receive(p.Now, datagram)
		}
		want := engine.AlertError{Alert: wire.AlertUnexpectedMessage, Authenticated: true}
		wantEndedByAlert(t, peer, want, side.String()+" gets one message too many")
	}
}

func TestMessageBehindFinishedStopsTheHandshake(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(plainPSK))
	rest, finished := lastFlight(t, p)
	for _, datagram := range rest {
		p.ToServer(datagram)
	}
	extra := p.Client.SealAs(wire.ContentHandshake, surplus(3).AppendTo(nil))
	p.ToServer(extra)
	p.ToServer(finished)
	wantRefused(t, p.Server, wire.AlertUnexpectedMessage, "a message that came before the finished it follows")
	if p.Server.Established {
		t.Error("the server says that it is established")
	}
}

func TestFinishedOfAnotherLengthDoesNotMatch(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(plainPSK))
	rest, _ := lastFlight(t, p)
	for _, datagram := range rest {
		p.ToServer(datagram)
	}
	f := wire.Fragment{Type: wire.TypeFinished, Length: 13, Seq: 2, Body: make([]byte, 13)}
	p.ToServer(p.Client.SealAs(wire.ContentHandshake, f.AppendTo(nil)))
	wantRefused(t, p.Server, wire.AlertDecryptError, "a finished of 13 bytes")
}

func TestMessageInTheWrongEpochIsRefused(t *testing.T) {
	for _, s := range stations(t) {
		if s.state != "await certificate_verify" && s.state != "await new_session_ticket" {
			continue
		}
		p, e, next := s.walk(t)
		e.Take()
		// It would be malformed in the right epoch, and never gets that far.
		f := wire.Fragment{Type: s.legal[0], Length: 1, Seq: next, Body: tooShort}
		e.Receive(p.Now, peerOf(p, e).SealAs(wire.ContentHandshake, f.AppendTo(nil)))
		var refused *engine.LocalError
		if !e.Over || !errors.As(e.Err, &refused) || refused.Alert != wire.AlertUnexpectedMessage {
			t.Errorf("%v: a protected %v leads to %v", s.state, f.Type, e.Err)
		}
	}
}
