package engine

import (
	"cmp"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// serverStart is a server until it has the client's hello, which decides the
// version.
type serverStart struct {
	*handshake
	hello       wire.ClientHello
	ext         wire.ClientExtensions
	credentials []Credential
	ownerKey    []byte // of the owner of a session that is resumed
	retry       *Retry // the HelloRetryRequest that the hello answers
}

var serverStartFlow = []row[*serverStart]{
	{awaitClientHello, wire.TypeClientHello, 0, (*serverStart).onClientHello},
}

// newServerStart begins where the hello does: RFC 6347, Section 4.2.2 has our
// message_seq follow that of the hello.
func newServerStart(a *Association, now time.Time, hello Hello) *handshake {
	h := newHandshake(a, now, awaitClientHello)
	h.role = &serverStart{handshake: h, retry: hello.Retry}
	h.sendSeq = uint32(hello.MessageSeq)
	h.budget = budget{unlimited: hello.Verified}
	h.budget.earn(hello.Received)
	h.reassembly.next = uint32(hello.MessageSeq)
	return h
}

func (s *serverStart) handle(now time.Time, m message) (state, error) {
	return dispatch(s, serverStartFlow, s.state, now, m)
}

func (s *serverStart) undecryptable() {}

func (s *serverStart) screen(uint64, wire.Fragment) wire.Drop { return wire.DropNone }

func (s *serverStart) unanswered(int) {}

func (s *serverStart) recover(time.Time, wire.AlertDescription) bool { return false }

func (s *serverStart) onClientHello(now time.Time, m message) (state, error) {
	if err := s.parse(m.body); err != nil {
		return s.state, err
	}
	version, err := suite.ChooseVersion(s.hello.Version, s.ext.SupportedVersions, s.a.cfg.Versions)
	if err != nil {
		return s.state, err
	}
	s.clientRandom = s.hello.Random
	s.result.ServerName = s.ext.ServerName
	switch {
	case version == wire.VersionDTLS13:
		role := &server13{serverStart: s, body: m.body}
		s.role = role
		return role.onHello(now)
	case s.retry != nil:
		return s.state, refuse(wire.AlertIllegalParameter, "client no longer offers DTLS 1.3, which the server chose")
	default:
		role := &server12{serverStart: s}
		s.role = role
		s.record(m)
		return role.onHello(now)
	}
}

// parse reads a hello as the newest of our versions has it.
func (s *serverStart) parse(body []byte) (err error) {
	if s.hello, err = wire.ParseClientHello(body); err != nil {
		return err
	}
	if s.a.cfg.speaks(wire.VersionDTLS13) {
		s.ext, err = wire.ParseClientExtensions13(s.hello.Extensions)
	} else {
		s.ext, err = wire.ParseClientExtensions(s.hello.Extensions)
	}
	return err
}

// askCredentials goes on with the certificates for this client.
func (s *serverStart) askCredentials(now time.Time, then func(now time.Time) (state, error)) (state, error) {
	if !s.a.cfg.SelectCredentials {
		s.credentials = s.a.cfg.Credentials
		return then(now)
	}
	return ask(s.handshake, Event{Kind: EventSelectCredentials, Hello: s.helloInfo()}, func(now time.Time, r Credentials) (state, error) {
		if r.Err != nil {
			return s.state, refuse(wire.AlertHandshakeFailure, "no certificate for this client: %w", r.Err)
		}
		s.credentials = r.List
		return then(now)
	})
}

// welcome asks whether the owner of a session would still be let in: whether the
// identity has the same key, or the certificate is still good.
func (s *serverStart) welcome(now time.Time, session *SessionState, then func(now time.Time, ok bool) (state, error)) (state, error) {
	switch {
	case session.usesPSK():
		e := Event{Kind: EventLookupPSK, Data: session.Identity, Resuming: true}
		return ask(s.handshake, e, func(now time.Time, r PSK) (state, error) {
			s.ownerKey = r.Key
			return then(now, session.proves(r.Key))
		})
	case len(session.PeerChain) > 0:
		return ask(s.handshake, session.verification(), func(now time.Time, r Verified) (state, error) {
			return then(now, r.Err == nil)
		})
	default:
		return then(now, true)
	}
}

// newServerRandom draws the random of a ServerHello of that version. A server
// that could speak a later one says so, which nobody on the way can change
// without being noticed.
//
// RFC 8446, Section 4.1.3.
func (s *serverStart) newServerRandom(v wire.Version) error {
	if err := s.random(s.serverRandom[:]); err != nil {
		return err
	}
	if v != wire.VersionDTLS13 && s.a.cfg.speaks(wire.VersionDTLS13) {
		copy(s.serverRandom[len(s.serverRandom)-len(wire.DowngradeDTLS12):], wire.DowngradeDTLS12)
	}
	return nil
}

// agreeOnRecordSize takes the limits of both sides, of which so many bytes are
// for what a record holds beside its content. RFC 8449, Section 5:
// record_size_limit makes max_fragment_length void.
func (s *serverStart) agreeOnRecordSize(extra uint16) {
	a := s.a
	if s.ext.RecordSizeLimit > 0 {
		a.peerRecordSize = min(s.ext.RecordSizeLimit-extra, wire.MaxPlaintext)
		a.ownRecordSize = uint16(min(cmp.Or(a.cfg.RecordSizeLimit, wire.MaxPlaintext), wire.MaxPlaintext))
	} else if n := s.ext.MaxFragmentLength; n > 0 {
		a.peerRecordSize = uint16(wire.MaxFragmentBytes(n))
		a.ownRecordSize = a.peerRecordSize
	}
}
