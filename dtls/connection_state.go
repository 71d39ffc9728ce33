package dtls

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// A ConnectionState is what both sides of a session agreed on, and what is
// known of the peer. The zero value is that of a handshake in progress.
type ConnectionState struct {
	HandshakeComplete bool

	Version     uint16
	CipherSuite CipherSuite
	Group       tls.CurveID // of the key agreement; 0 without one
	DidResume   bool

	// HelloRetryRequest says whether the server asked for a second ClientHello,
	// for its cookie or for a key share of another group. Servers that ask every
	// client for a cookie always do, in DTLS 1.3; in DTLS 1.2 it is false.
	HelloRetryRequest bool

	// Of DTLS 1.2: in DTLS 1.3 there is no need for them.
	ExtendedMasterSecret bool
	EncryptThenMAC       bool

	// PSKIdentity is the identity with which the client authenticated, and
	// PSKIdentityHint what the server told it before. Both are bytes, of no
	// particular encoding.
	PSKIdentity     []byte
	PSKIdentityHint []byte

	// PeerCertificates are those that the peer sent, its own first.
	// VerifiedChains lead from it to an authority; there are none where
	// verification was skipped. A resumed session has both: its certificates
	// are verified again.
	PeerCertificates []*x509.Certificate
	VerifiedChains   [][]*x509.Certificate

	// PeerPublicKey is the key that the peer has proven to have: that of its
	// certificate, or a raw public key without one.
	PeerPublicKey crypto.PublicKey

	NegotiatedProtocol string // ALPN
	ServerName         string // that the client asked for
	SRTPProfile        uint16 // 0 for none

	// ConnectionID is what the peer puts into its records for us to know the
	// session again, and PeerConnectionID what we put into ours. Either may be
	// empty. AddressChecks says whether both sides know the return routability
	// check, by which a peer proves that it has moved.
	ConnectionID, PeerConnectionID []byte
	AddressChecks                  bool

	session *Session
}

// newConnectionState describes an established session, which has that state.
func newConnectionState(s *Session, state *engine.State) ConnectionState {
	if state == nil {
		return ConnectionState{}
	}
	c := ConnectionState{
		HandshakeComplete:    true,
		Version:              uint16(state.Version),
		CipherSuite:          suiteOf(state.CipherSuite()),
		Group:                tls.CurveID(state.Group),
		DidResume:            state.Resumed,
		HelloRetryRequest:    state.Retried,
		ExtendedMasterSecret: state.ExtendedMasterSecret,
		EncryptThenMAC:       state.EncryptThenMAC,
		PSKIdentity:          state.Identity,
		PSKIdentityHint:      state.Hint,
		NegotiatedProtocol:   state.ALPN,
		ServerName:           state.ServerName,
		SRTPProfile:          state.SRTPProfile,
		ConnectionID:         state.LocalCID,
		PeerConnectionID:     state.RemoteCID,
		AddressChecks:        state.RRC,
		session:              s,
	}
	if peer := s.verified(); peer != nil {
		c.PeerCertificates = peer.Certificates
		c.VerifiedChains = peer.VerifiedChains
		c.PeerPublicKey = peer.PublicKey()
	}
	return c
}

// ExportKeyingMaterial derives length bytes of keys for another protocol, such
// as SRTP, from those of the session (RFC 5705). A nil context is none, which in
// DTLS 1.2 is not the same as an empty one. It fails once the session has ended.
func (c ConnectionState) ExportKeyingMaterial(label string, context []byte, length int) ([]byte, error) {
	if c.session == nil {
		return nil, ErrSessionClosed
	}
	return c.session.shard.export(c.session, label, context, length)
}
