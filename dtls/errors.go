package dtls

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/trust"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// Reasons why a session or connection is over. Each is a [net.Error] and
// matches [net.ErrClosed].
var (
	// ErrSessionClosed says that this side closed the session.
	ErrSessionClosed error = &endError{text: "session closed"}
	// ErrPeerClosed says that the peer closed the session with a
	// close_notify. [Conn.Read] reports it as [io.EOF].
	ErrPeerClosed error = &endError{text: "closed by the peer"}
	// ErrReplaced says that the peer made a new session from the same address
	// and port.
	ErrReplaced error = &endError{text: "replaced by a new session from the same address"}
	// ErrIdleTimeout says that nothing was received or sent for
	// Config.IdleTimeout.
	ErrIdleTimeout error = &endError{text: "idle for too long", timeout: true}
	// ErrEvicted says that the session made room for another: see EvictWhenFull.
	ErrEvicted error = &endError{text: "silent for longest, and its place was needed"}
	// ErrHandshakeTimeout says that the peer did not complete the handshake.
	ErrHandshakeTimeout error = &endError{text: "handshake timed out", timeout: true}
	// ErrUnacknowledged says that the peer acknowledged nothing any more of what
	// DTLS 1.3 has acknowledged: session tickets, and changes of keys.
	ErrUnacknowledged error = &endError{text: "the peer acknowledges nothing any more", timeout: true}
	// ErrNoPSK says that Config.ClientPSK has no key for a server that asks
	// for one.
	ErrNoPSK error = &endError{text: "no pre-shared key for this server"}
	// ErrSequenceExhausted says that the sequence numbers of the session's
	// keys are used up.
	ErrSequenceExhausted error = &endError{text: "record sequence numbers exhausted"}
	// ErrServerClosed is what Serve returns after Shutdown or Close, and the
	// reason of sessions that ended with the server.
	ErrServerClosed error = &endError{text: "server closed"}
)

// What a caller has to act on.
var (
	// ErrQueueFull says that too much waits to be sent already. The datagram
	// was not taken.
	ErrQueueFull = errors.New("dtls: send queue full")
	// ErrMessageTooLarge says that a datagram does not fit into one record;
	// see [Session.MaxPayload].
	ErrMessageTooLarge = errors.New("dtls: datagram too large for one record")
	// ErrUnknownIdentity is what a [PSKStore] answers when it has no key.
	ErrUnknownIdentity = errors.New("dtls: unknown PSK identity")
	// ErrNoKeyUpdate is returned by KeyUpdate for a session of DTLS 1.2, whose
	// keys are those of its handshake, and before a handshake is complete.
	ErrNoKeyUpdate = errors.New("dtls: keys cannot be updated in DTLS 1.2, nor during a handshake")
	// ErrWrongKey says that the two sides probably have different pre-shared
	// keys, or that the server does not know the client's identity: nobody
	// else can tell the two apart.
	ErrWrongKey = errors.New("dtls: the pre-shared keys of the two sides probably differ, or the identity is unknown")
)

// errFull is why a client is refused whose handshake is complete.
var errFull = errors.New("there are too many sessions, and all are in use")

// errNoSocket is about a socket that is nil.
var errNoSocket = errors.New("dtls: the socket is nil")

// An endError is the reason for which a session is over.
type endError struct {
	text    string
	timeout bool
}

func (e *endError) Error() string        { return "dtls: " + e.text }
func (e *endError) Is(target error) bool { return target == net.ErrClosed }

// Timeout and Temporary make it a [net.Error].
func (e *endError) Timeout() bool   { return e.timeout }
func (e *endError) Temporary() bool { return false }

// An AlertError is the fatal alert with which the peer ended a handshake or a
// session.
//
// Most alerts during a handshake, such as that of a server that has no suite or
// protocol in common with the client, are in plaintext, so that anyone can forge
// them. They end the handshake only if nothing better comes until the next
// timeout, usually Config.RetransmitInitial.
type AlertError struct {
	Alert uint8 // RFC 5246, Section 7.2
	// Authenticated is false for an alert in plaintext, which anyone may have
	// sent.
	Authenticated bool
	// Offered says, in words for whoever wrote the program, what a client
	// offered to a server that has nothing in common with it. It is empty where
	// that explains nothing.
	Offered string

	wrongKey bool // we proved to have a pre-shared key, and the server has another
}

func (e *AlertError) Error() string {
	text := fmt.Sprintf("dtls: the peer sent a fatal alert: %v", wire.AlertDescription(e.Alert))
	if e.Offered != "" {
		text += ": " + e.Offered
	}
	if e.wrongKey {
		text += ": " + plain(ErrWrongKey)
	}
	return text
}

// Is makes it match [net.ErrClosed], and [ErrWrongKey] where the alert is about
// that.
func (e *AlertError) Is(target error) bool {
	return target == net.ErrClosed || e.wrongKey && target == ErrWrongKey
}

// A ProtocolError is our reason to end a handshake or a session, and the alert
// with which the peer is told.
type ProtocolError struct {
	Alert uint8 // RFC 5246, Section 7.2
	Err   error
}

func (e *ProtocolError) Error() string { return "dtls: " + plain(e.Err) }
func (e *ProtocolError) Unwrap() error { return e.Err }

// Is makes it match [net.ErrClosed].
func (e *ProtocolError) Is(target error) bool { return target == net.ErrClosed }

// A CertificateError says why the peer's certificate, or its raw public key, is
// not trusted. It wraps an error of crypto/x509, or that of one of the functions in Config.
type CertificateError struct {
	Err error
}

func (e *CertificateError) Error() string { return "dtls: certificate not trusted: " + e.Err.Error() }
func (e *CertificateError) Unwrap() error { return e.Err }

// Is makes it match [net.ErrClosed].
func (e *CertificateError) Is(target error) bool { return target == net.ErrClosed }

// An UnreachableError says that the network has no way to the peer, as ICMP
// tells a connected socket.
type UnreachableError struct {
	Peer netip.AddrPort
	Err  error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("dtls: %v is unreachable: %v", e.Peer, rootCause(e.Err))
}
func (e *UnreachableError) Unwrap() error { return e.Err }

// rootCause returns the innermost error, such as "connection refused".
func rootCause(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// A timeoutError is a handshake timeout and what probably led to it.
type timeoutError struct {
	endError
	cause error
}

func (e *timeoutError) Is(target error) bool {
	return target == ErrHandshakeTimeout || target == e.cause || e.endError.Is(target)
}

// An impatienceError is a deadline that came before the end of a handshake, and
// what probably goes wrong in that.
type impatienceError struct {
	err   error
	cause error
}

func (e *impatienceError) Error() string   { return e.err.Error() + ": " + plain(e.cause) }
func (e *impatienceError) Unwrap() []error { return []error{e.err, e.cause} }

// Timeout and Temporary make it a [net.Error].
func (e *impatienceError) Timeout() bool {
	var err net.Error
	return errors.As(e.err, &err) && err.Timeout()
}
func (e *impatienceError) Temporary() bool { return false }

// A wrongKeyError is what shows that the peer has another pre-shared key.
type wrongKeyError struct{ err error }

func (e *wrongKeyError) Error() string   { return e.err.Error() }
func (e *wrongKeyError) Unwrap() []error { return []error{e.err, ErrWrongKey} }

// publicError is the one place where a reason of the engine becomes one that
// users see.
func publicError(err error) error {
	switch err {
	case engine.ErrClosed:
		return ErrSessionClosed
	case engine.ErrCloseNotify: // the usual end of a session
		return ErrPeerClosed
	}
	var (
		alert       *engine.AlertError
		certificate *trust.Error
		local       *engine.LocalError
	)
	switch {
	case errors.Is(err, engine.ErrSequenceExhausted):
		return ErrSequenceExhausted
	case errors.Is(err, engine.ErrHandshakeTimeout):
		return publicTimeout(err)
	case errors.Is(err, engine.ErrNoPSK):
		return ErrNoPSK
	case errors.Is(err, engine.ErrBinder):
		return &ProtocolError{uint8(engine.AlertFor(err)), &wrongKeyError{err}}
	case errors.As(err, &alert):
		return &AlertError{Alert: uint8(alert.Alert), Authenticated: alert.Authenticated}
	case errors.As(err, &certificate):
		return &CertificateError{certificate.Err}
	case errors.As(err, &local):
		return &ProtocolError{uint8(engine.AlertFor(err)), local.Err}
	case isPublic(err):
		return err
	default:
		return &ProtocolError{uint8(engine.AlertFor(err)), err}
	}
}

func publicTimeout(err error) error {
	e := &timeoutError{endError: endError{text: err.Error(), timeout: true}}
	if errors.Is(err, engine.ErrWrongKey) {
		e.cause = ErrWrongKey
	}
	return e
}

// isPublic reports whether err was made for users already.
func isPublic(err error) bool {
	var unreachable *UnreachableError
	return errors.Is(err, net.ErrClosed) || errors.As(err, &unreachable)
}
