package dtls

import (
	"net/netip"
	"time"
)

// An Observer watches what a server, listener or client does. Every hook is
// optional.
//
// Hooks are called on the goroutines that serve the sockets: they must be
// quick, must not wait for anything, and must not keep a slice they are given.
// They may call methods of [Server] and [Session], except those that wait.
//
// Where there are several sockets, or several shards at one address, a hook may
// run on several goroutines at the same time. What concerns one session comes
// in order; what concerns several comes in no order.
type Observer struct {
	// Name is what the lines of a client call it; "client" if empty.
	Name string
	// Log gets one line for each thing that a person would want to know.
	// Lines about peers that have not proven anything come at most five a
	// second.
	Log func(Entry)
	// LogLevel is the least level of which Log gets lines; none below it is even
	// put together.
	LogLevel Level
	// Datagram gets each datagram with application data.
	Datagram func(Datagram)
	// WantsDatagrams, if set, is asked again and again whether Datagram is to be
	// called. While it is not, datagrams cost nothing but their count in [Stats].
	WantsDatagrams func(now time.Time) bool
	// Handshake gets each handshake message, part of a message, repeated flight
	// and alert. Of clients that have not shown a cookie it gets a sample.
	Handshake func(HandshakeEvent)
	// Drop gets each discarded datagram or record, however many there are.
	Drop func(Drop)
	// AddressChange gets each change of the address of a peer.
	AddressChange func(AddressChange)
	// KeyUpdate gets each change of keys of an established session.
	KeyUpdate func(KeyUpdate)
	// Packet gets each datagram of a session, from its handshake on, as it is on
	// the network.
	Packet func(Packet)
	// Secret gets the secrets of each session, as lines of NSS key log format.
	// Whoever reads them can decrypt everything.
	Secret func(Secret)
}

// Observers returns an observer that tells each of several in turn. Its name is
// that of the first one.
//
// Where one of them wants lines of a lower level than the others, these get them
// too.
func Observers(several ...*Observer) *Observer {
	joined := &Observer{}
	for i, o := range several {
		if i == 0 {
			joined.Name = o.Name
		}
		joined.LogLevel = joinLevels(joined, o)
		joined.Log = join(joined.Log, o.Log)
		joined.WantsDatagrams = joinWants(joined, o)
		joined.Datagram = join(joined.Datagram, o.Datagram)
		joined.Handshake = join(joined.Handshake, o.Handshake)
		joined.Drop = join(joined.Drop, o.Drop)
		joined.AddressChange = join(joined.AddressChange, o.AddressChange)
		joined.KeyUpdate = join(joined.KeyUpdate, o.KeyUpdate)
		joined.Packet = join(joined.Packet, o.Packet)
		joined.Secret = join(joined.Secret, o.Secret)
	}
	return joined
}

// joinLevels returns the lower one of the levels of two who want lines.
func joinLevels(first, second *Observer) Level {
	switch {
	case first.Log == nil:
		return second.LogLevel
	case second.Log == nil:
		return first.LogLevel
	default:
		return min(first.LogLevel, second.LogLevel)
	}
}

// logs reports whether lines of that level are wanted.
func (o *Observer) logs(level Level) bool { return o.Log != nil && level >= o.LogLevel }

// joinWants returns what says whether one of two wants datagrams, or nil if one
// of them always does, or neither ever.
func joinWants(first, second *Observer) func(time.Time) bool {
	switch {
	case first.Datagram == nil:
		return second.WantsDatagrams
	case second.Datagram == nil:
		return first.WantsDatagrams
	case first.WantsDatagrams == nil || second.WantsDatagrams == nil:
		return nil
	}
	one, other := first.WantsDatagrams, second.WantsDatagrams
	return func(now time.Time) bool { return one(now) || other(now) }
}

// wantsDatagrams reports whether the hook for datagrams is to be called.
func (o *Observer) wantsDatagrams(now time.Time) bool {
	return o.Datagram != nil && (o.WantsDatagrams == nil || o.WantsDatagrams(now))
}

// join returns a hook that calls two, each of which may be nil.
func join[T any](first, second func(T)) func(T) {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(v T) {
		first(v)
		second(v)
	}
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
	KindSockets       Kind = "sockets"       // how the sockets are driven, and what they lack
	KindNotAccepting  Kind = "not_accepting" // new sessions are refused from now on
	KindUnverified    Kind = "unverified"    // a datagram of a peer without session or cookie
	KindRefused       Kind = "refused"       // a hello that cannot lead to a session, or with a bad cookie
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
	KindMoved         Kind = "moved"         // the address of the peer changed
	KindKeyUpdate     Kind = "key_update"    // one side goes on with new keys
	KindNotMoved      Kind = "not_moved"     // a datagram from elsewhere was no sign of such a change
	KindSuppressed    Kind = "suppressed"    // lines were not shown
	KindUnanswered    Kind = "unanswered"    // a client never answered the cookie; known of a sample only
)

// An Entry is a line of the log.
type Entry struct {
	Time  time.Time
	Level Level
	Kind  Kind
	Peer  netip.AddrPort // the zero value if it is about no peer
	// Session is [Session.ID]; 0 if the entry is about none. The session may be
	// in its handshake still.
	Session uint64
	Text    string // without newline; what a peer sent is escaped
	Err     error  // the reason, if there is one
	// Elapsed is how long the handshake took, of KindEstablished and KindFailed.
	Elapsed time.Duration
	// Identity is the PSK identity of KindIdentity, on a server.
	Identity []byte
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

// A HandshakeEvent is a step of a handshake. One of Message, Alert,
// Retransmission and Unanswered is set.
type HandshakeEvent struct {
	Time    time.Time
	Session uint64 // [Session.ID], of a handshake too; 0 before the cookie
	Peer    netip.AddrPort
	Sent    bool

	Message string // the RFC's name, such as "client_hello"
	Type    uint8  // its handshake type
	Seq     uint16 // message_seq
	Length  int    // bytes of its body
	Body    []byte // nil for a part of a message

	// Offset and Fragment are where a part of a message begins, and its bytes.
	// Fragment is 0 for a whole message.
	Offset, Fragment int

	Alert string // such as "fatal handshake_failure"
	// Err says why a hello was refused with that alert before there was a
	// session. It is nil otherwise, and good as long as the hook runs.
	Err error

	Retransmission int // the flight was repeated for the n-th time

	Unanswered bool // the client never answered the cookie; known of a sample only
}

// A Drop is a discarded datagram or record.
type Drop struct {
	Time    time.Time
	Peer    netip.AddrPort // the zero value if it is not known
	Session uint64         // [Session.ID]; 0 if it was for none
	Reason  DropReason
}

// An AddressChange says that the peer of a session has another address. It has a
// connection ID, by which it was known again.
type AddressChange struct {
	Time     time.Time
	Session  uint64 // [Session.ID]
	From, To netip.AddrPort
	Checked  bool // the peer proved that it receives what is sent to the new address
}

// A KeyUpdate says that one side of a session goes on with new keys, in
// DTLS 1.3.
type KeyUpdate struct {
	Time    time.Time
	Session uint64 // [Session.ID]
	Peer    netip.AddrPort
	Sent    bool // those for what we send, or else for what the peer sends
}

// A Packet is a datagram on the network.
type Packet struct {
	Time    time.Time
	Session uint64 // [Session.ID], of a handshake too
	Peer    netip.AddrPort
	Local   netip.AddrPort
	Sent    bool
	Payload []byte // of UDP
}

// A Secret is a secret of a session.
type Secret struct {
	Session uint64 // [Session.ID]
	Line    []byte // of NSS key log format, with its newline
}
