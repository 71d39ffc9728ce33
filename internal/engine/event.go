package engine

import (
	"crypto"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// An EventKind tells which fields of an [Event] are set.
type EventKind uint8

const (
	// EventNone says that there is nothing left to do until the next verb.
	EventNone EventKind = iota
	// EventSend asks the owner to send Data to the peer as one datagram.
	EventSend
	// EventData delivers Data, the plaintext of one record.
	EventData
	// EventEstablished says that both sides have proven to know the keys.
	// [Association.State] tells what was negotiated.
	EventEstablished
	// EventClosed is the last event of an association. Err says why it ended:
	// [ErrClosed] after Close, [ErrCloseNotify] after the peer's
	// close_notify, or what went wrong.
	EventClosed
	// EventLookupPSK asks for a pre-shared key, to be answered with [PSK]. A
	// server finds the client's identity in Data, a client the server's hint.
	// With Resuming, the identity is that of the session to be resumed, which
	// is possible only for as long as it has the same key. With Ticket, what the
	// client offers is probably no identity but a ticket that is not known here.
	EventLookupPSK
	// EventLookupSession asks a server's cache for the session whose ID is
	// Data, to be answered with [SessionFound].
	EventLookupSession
	// EventStoreSession offers Session for resumption. A server stores it
	// under the session ID in Data; a client under the server's name.
	EventStoreSession
	// EventSelectCredentials asks for the certificates of this handshake, to
	// be answered with [Credentials]. A server finds what the client said in
	// Hello; a client finds what the server asks for in Request.
	EventSelectCredentials
	// EventVerify asks whether the peer's certificate chain in Chain, leaf
	// first, in DER, is to be trusted, to be answered with [Verified]. Where
	// KeyType is wire.CertificateTypeRawPublicKey, Chain has one element, which
	// is no certificate but a SubjectPublicKeyInfo. With
	// Resuming, the chain is that of the session to be resumed, which was
	// trusted once: a refusal has a server fall back to a full handshake, and
	// ends the handshake of a client.
	EventVerify
	// EventCompute asks for Job to be run, on any goroutine, and for its
	// result to be handed to Resolve.
	EventCompute
	// EventSecret carries in Data a line with the master secret for the key
	// log. Raised only where Config.KeyLog asks for it.
	EventSecret
	// EventDrop says that a record was discarded, and why in Drop.
	EventDrop
	// EventMessage says that the handshake message in Message was received
	// or sent. Raised only where Config.Trace asks for it.
	EventMessage
	// EventFragment says that a part of the handshake message in Message was
	// received and kept, or sent. Messages that travel whole have none. Raised
	// only where Config.Trace asks for it.
	EventFragment
	// EventRetransmit says that the flight was repeated for the n-th time,
	// which is Message.Attempt.
	EventRetransmit
	// EventAlert says that the peer sent the alert in Alert. Nothing follows
	// from it yet: during a handshake nobody can tell who sent it.
	EventAlert
	// EventAlertSent says that the alert in Alert was sent. Raised only where
	// Config.Trace asks for it.
	EventAlertSent
	// EventKeyUpdate says that new keys are in use: ours if Message.Sent, or
	// else the peer's.
	EventKeyUpdate
	// EventCIDIssued says that the peer may use the connection ID in Data as
	// well, and EventCIDRetired that it no longer may.
	EventCIDIssued
	EventCIDRetired
	// EventWarning tells in Err what probably goes wrong while the handshake
	// still waits, such as [ErrWrongKey], or what went wrong without ending it.
	EventWarning
	// EventRoutabilityCheck delivers the return_routability_check in Check. A
	// path_challenge is answered by the EventSend that follows, which goes to
	// where the challenge came from.
	EventRoutabilityCheck
)

// An Event is something that the owner of an association has to do or may
// want to know. Data points into the received datagram or into the
// [Workspace]: it is good until the next verb of any association that shares
// the workspace.
type Event struct {
	Kind     EventKind
	Drop     wire.Drop
	Alert    wire.Alert
	Token    Token
	Data     []byte
	Chain    [][]byte
	KeyType  uint8 // of Chain
	Resuming bool
	Ticket   bool
	Job      Job
	Hello    *HelloInfo
	Request  *CertificateRequestInfo
	Session  *SessionState
	Message  Message
	Check    wire.ReturnRoutabilityCheck
	Err      error
}

// A Message describes a handshake message or an alert for those who watch.
type Message struct {
	Sent    bool
	Type    wire.HandshakeType
	Seq     uint16
	Length  int // bytes of the body
	Attempt int // how often its flight was repeated before; 0 the first time
	Body    []byte

	Offset, Fragment int // of an EventFragment: where the part begins, and its bytes
}

// HelloInfo is what a server knows of a client when it has to choose a
// certificate.
type HelloInfo struct {
	ServerName        string
	ALPN              []string
	CipherSuites      []wire.CipherSuite
	Groups            []wire.Group
	SignatureSchemes  []wire.SignatureScheme
	SupportedVersions []wire.Version
	CertificateTypes  []uint8 // those that the client takes from a server; nil for X.509 alone
}

// CertificateRequestInfo is what a server's CertificateRequest asks for.
type CertificateRequestInfo struct {
	Authorities      [][]byte // distinguished names in DER
	SignatureSchemes []wire.SignatureScheme
	KeyType          uint8 // the CertificateType that was negotiated

	is13   bool
	types  []uint8                // of DTLS 1.2
	theirs wire.Uint16List        // SignatureSchemes
	ours   []wire.SignatureScheme // those of our policy
}

// Version returns the version in which the request was made.
func (r *CertificateRequestInfo) Version() wire.Version {
	if r.is13 {
		return wire.VersionDTLS13
	}
	return wire.VersionDTLS12
}

// A Token ties an answer to its question. Zero is no question.
type Token uint32

// A Job is a computation that touches nothing but its own copies.
type Job func() Result

// A Result answers an event that carries a [Token]: a [PSK],
// [SessionFound], [Credentials] or [Verified], or what a [Job] returned.
type Result interface{ result() }

// PSK answers [EventLookupPSK]. An empty Key says that there is none: a
// server goes on with a random key, so that an unknown identity cannot be
// told from a wrong key, and a client gives up.
type PSK struct {
	Identity []byte // what a client presents; a server leaves it empty
	Key      []byte
}

// SessionFound answers [EventLookupSession]; nil says that there is none.
type SessionFound struct{ Session *SessionState }

// Credentials answers [EventSelectCredentials], in order of preference. Err
// ends the handshake.
type Credentials struct {
	List []Credential
	Err  error
}

// A Credential is a certificate chain, leaf first, in DER, with the private
// key of its leaf. Where KeyType is wire.CertificateTypeRawPublicKey, the chain
// is the SubjectPublicKeyInfo of that key alone.
type Credential struct {
	KeyType uint8 // a CertificateType
	Chain   [][]byte
	Signer  crypto.Signer
	Schemes []wire.SignatureScheme // to sign with, the preferred one first; nil for all that go with the key
	Staple  []byte                 // an OCSP response, in DER, for those who ask; may be nil
}

// Verified answers [EventVerify]. With Err set, the handshake ends with
// Alert (bad_certificate if zero).
type Verified struct {
	PublicKey crypto.PublicKey
	Err       error
	Alert     wire.AlertDescription
}

func (PSK) result()          {}
func (SessionFound) result() {}
func (Credentials) result()  {}
func (Verified) result()     {}
