package dtls

import (
	"net/netip"
	"time"
)

// An Observer watches what a server, listener or client does. Every hook is
// optional.
//
// Hooks are called on the goroutine that serves the socket: they must be
// quick, must not wait for anything, and must not keep a slice they are given.
// They may call methods of [Server] and [Session], except those that wait.
type Observer struct {
	// Name is what the lines of a client call it; "client" if empty.
	Name string
	// Log gets one line for each thing that a person would want to know.
	// Lines about peers that have not proven anything come at most five a
	// second.
	Log func(Entry)
	// Datagram gets each datagram with application data.
	Datagram func(Datagram)
	// Handshake gets each handshake message, repeated flight and alert.
	Handshake func(HandshakeEvent)
	// Drop gets each discarded datagram or record, however many there are.
	Drop func(Drop)
}

// A Level says how serious an entry is.
type Level uint8

// The levels.
const (
	Info Level = iota
	Warning
	Error
)

func (l Level) String() string {
	switch l {
	case Info:
		return "info"
	case Warning:
		return "warning"
	default:
		return "error"
	}
}

// A Kind says what an entry is about.
type Kind string

// The kinds of entries.
const (
	KindListening     Kind = "listening"     // the socket is open
	KindNotAccepting  Kind = "not_accepting" // new sessions are refused from now on
	KindUnverified    Kind = "unverified"    // a datagram of a peer without session or cookie
	KindStarted       Kind = "started"       // a handshake begins
	KindProgress      Kind = "progress"      // a datagram did not complete the handshake
	KindIdentity      Kind = "identity"      // a PSK identity was received or presented
	KindEstablished   Kind = "established"   // a session is established
	KindShutdown      Kind = "shutdown"      // the peer closed the session
	KindClosed        Kind = "closed"        // a session ended for a reason of ours
	KindFailed        Kind = "failed"        // a handshake failed
	KindStray         Kind = "stray"         // an empty record in a session
	KindEmpty         Kind = "empty"         // a datagram without a byte
	KindSocket        Kind = "socket"        // the socket reported an error
	KindUnreachable   Kind = "unreachable"   // the network has no way to the peer
	KindRetransmitted Kind = "retransmitted" // a flight was repeated
	KindAlert         Kind = "alert"         // the peer sent a fatal alert during the handshake
	KindWrongKey      Kind = "wrong_key"     // the PSKs of the two sides probably differ
	KindCredentials   Kind = "credentials"   // a look-up of credentials failed
	KindKeyLog        Kind = "keylog"        // secrets are being written to Config.KeyLogWriter
	KindSuppressed    Kind = "suppressed"    // lines were not shown
)

// An Entry is a line of the log.
type Entry struct {
	Time  time.Time
	Level Level
	Kind  Kind
	Peer  netip.AddrPort // the zero value if it is about no peer
	Text  string         // without newline; what a peer sent is escaped
	Err   error          // the reason, if there is one
	// State is that of the session for KindEstablished, and nil otherwise.
	State *ConnectionState
}

// A Datagram is a datagram that carried application data.
type Datagram struct {
	Time       time.Time
	Session    uint64 // [Session.ID]
	Peer       netip.AddrPort
	Sent       bool
	Ciphertext []byte // the payload of the UDP datagram
	Plaintext  []byte
}

// A HandshakeEvent is a step of a handshake. One of Message, Alert and
// Retransmission is set.
type HandshakeEvent struct {
	Time    time.Time
	Session uint64 // [Session.ID]; the session may be in its handshake still
	Peer    netip.AddrPort
	Sent    bool

	Message string // the RFC's name, such as "client_hello"
	Seq     uint16 // message_seq
	Length  int    // bytes of its body

	Alert string // such as "fatal handshake_failure"

	Retransmission int // the flight was repeated for the n-th time
}

// A Drop is a discarded datagram or record.
type Drop struct {
	Time   time.Time
	Peer   netip.AddrPort // the zero value if it is not known
	Reason DropReason
}
