package main

import (
	"crypto"
	"errors"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/trust"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// errDistrusted is the verdict about every certificate in tests of what
// follows from it.
var errDistrusted = errors.New("certificate not trusted")

// reply answers a question of the association.
func (e *endpoint) reply(event engine.Event) engine.Result {
	switch event.Kind {
	case engine.EventCompute:
		return event.Job()
	case engine.EventLookupPSK:
		return e.lookUpPSK(string(event.Data))
	case engine.EventLookupSession:
		return engine.SessionFound{Session: e.memory.sessions[string(event.Data)]}
	case engine.EventSelectCredentials:
		return e.selectCredentials(event)
	case engine.EventVerify:
		return e.verify(event)
	default:
		panic("no answer to an event that asks for one")
	}
}

// lookUpPSK returns the test's key. In the tests the server's hint is the
// identity.
func (e *endpoint) lookUpPSK(name string) engine.PSK {
	s := e.settings
	switch {
	case name != s.pskIdentity:
		return engine.PSK{}
	case s.server:
		return engine.PSK{Key: []byte(s.psk)}
	default:
		return engine.PSK{Identity: []byte(s.pskIdentity), Key: []byte(s.psk)}
	}
}

// parsePeer reads a chain, or a key without certificate.
func parsePeer(event engine.Event) (*trust.Peer, error) {
	if event.KeyType == wire.CertificateTypeRawPublicKey {
		anyKey := func(crypto.PublicKey) error { return nil }
		return (&trust.RawKeyVerifier{Believe: anyKey}).Verify(event.Chain)
	}
	return (&trust.Verifier{SkipChain: true}).Verify(event.Chain)
}

// verify believes a peer's certificate or, in tests of what follows, does not.
func (e *endpoint) verify(event engine.Event) engine.Result {
	s := e.settings
	peer, err := parsePeer(event)
	var invalid *trust.Error
	switch {
	case errors.As(err, &invalid):
		return engine.Verified{Err: err, Alert: invalid.Alert}
	case !s.distrusts || event.Resuming && !s.verifiesAgain:
		return engine.Verified{PublicKey: peer.PublicKey()}
	case s.distrustIsUnknown:
		return engine.Verified{Err: errDistrusted, Alert: wire.AlertCertificateUnknown}
	default:
		return engine.Verified{Err: errDistrusted, Alert: wire.AlertHandshakeFailure}
	}
}
