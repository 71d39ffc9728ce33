package engine

import (
	"io"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A Side is one of the two ends of an association.
type Side uint8

const (
	Client Side = iota
	Server
)

// Peer returns the other end.
func (s Side) Peer() Side { return 1 - s }

func (s Side) String() string {
	if s == Client {
		return "client"
	}
	return "server"
}

// ClientAuth says what a server wants of a client's certificate.
type ClientAuth uint8

const (
	// NoClientCert asks for none.
	NoClientCert ClientAuth = iota
	// RequestClientCert asks for one and goes on without.
	RequestClientCert
	// RequireClientCert ends the handshake of a client that has none.
	RequireClientCert
)

// A Packing says what of a handshake may be together in a record. Records are
// always together in a datagram, as far as they fit.
type Packing uint8

const (
	// PackWhole fills a record with whole messages. A fragment has a record of
	// its own: Mbed TLS loses what follows one.
	PackWhole Packing = iota
	// PackAll fills a record with whatever comes.
	PackAll
	// PackNone gives each message a record of its own.
	PackNone
)

// Defaults of [Config], and what they come from.
const (
	// DefaultMTU is the largest datagram sent during a handshake, in bytes of
	// UDP payload: what IPv6 and nearly every tunnel carry.
	DefaultMTU = 1200
	// MinMTU is the smallest MTU that is taken or backed off to, in bytes.
	MinMTU = 256
	// DefaultRetransmitInitial and DefaultRetransmitMax are the timer values
	// of RFC 6347, Section 4.2.4.1.
	DefaultRetransmitInitial = time.Second
	DefaultRetransmitMax     = 60 * time.Second
	// DefaultRetransmitLimit repeats a flight for about two minutes.
	DefaultRetransmitLimit = 6
	// DefaultReassemblyLimit bounds what is kept of a peer's unfinished
	// handshake, in bytes.
	DefaultReassemblyLimit = 64 << 10
	// DefaultTicketCount is how many tickets a server issues at a time.
	DefaultTicketCount = 1
	// MaxTicketCount bounds it: each has a nonce of its own, which is a byte.
	MaxTicketCount = 255
	// DefaultMaxMessage bounds one handshake message, in bytes.
	DefaultMaxMessage = 32 << 10
)

// Config is what the associations of one owner have in common. It is read
// only from the first association on; [Config.Complete] fills in defaults.
type Config struct {
	Rand io.Reader       // randoms, session IDs, CBC IVs; required
	Keys suite.KeySource // ephemeral keys; required

	Policy suite.Policy // what we offer or accept, in order of preference

	Versions    []wire.Version // that we speak, the preferred one first; nil stands for DTLS 1.2 alone
	ShareGroups []wire.Group   // client, DTLS 1.3: groups to send key shares of; nil for what the policy prefers

	// Credentials are our certificates in order of preference. With
	// SelectCredentials, EventSelectCredentials asks for them instead.
	Credentials       []Credential
	SelectCredentials bool

	ClientAuth  ClientAuth // server
	ClientCAs   [][]byte   // server: distinguished names for CertificateRequest
	PSKHint     []byte     // server: identity hint; none is sent if empty
	Certificate bool       // client: offer suites with server certificates

	// AcknowledgeName has a server answer a server_name with the empty extension of
	// RFC 6066, Section 3. It tells clients nothing that they could use, and
	// those of pion drop a hello that has it.
	AcknowledgeName bool

	// CIDs makes the connection IDs that peers put into what they send us; without
	// it none are negotiated. With RRC, the return routability check of RFC 9853
	// is negotiated wherever connection IDs are.
	CIDs CIDSource
	RRC  bool

	Tickets      Sealer        // server: seals session tickets; none are issued or taken without
	TicketCount  int           // server, DTLS 1.3: tickets after a handshake
	SessionCache bool          // server: resume by session ID, EventLookupSession; client: offer and store sessions
	SessionLife  time.Duration // how long a session may be resumed

	MTU               int           // bytes of UDP payload
	RetransmitInitial time.Duration // the first timeout
	RetransmitMax     time.Duration // the timeout stops doubling here
	RetransmitLimit   int           // repetitions before giving up
	HandshakeTimeout  time.Duration // bound of a whole handshake; 0 for none
	ReassemblyLimit   int           // bytes kept of an unfinished handshake
	MaxMessage        int           // bytes of the largest handshake message taken
	RecordSizeLimit   int           // bytes of plaintext that we take per record, sent as record_size_limit; 0 sends none
	FixedMTU          bool          // do not try smaller datagrams when a flight stays unanswered
	Packing           Packing       // how handshake messages share records

	KeyLog bool // raise EventSecret
	Trace  bool // raise EventMessage, EventFragment and EventAlertSent
}

// Complete returns a copy of c in which every zero limit or timer has its
// default, and those that are out of bounds are at the bound.
func (c Config) Complete() *Config {
	setDefault(&c.MTU, DefaultMTU)
	setDefault(&c.RetransmitInitial, DefaultRetransmitInitial)
	setDefault(&c.RetransmitMax, DefaultRetransmitMax)
	setDefault(&c.RetransmitLimit, DefaultRetransmitLimit)
	setDefault(&c.ReassemblyLimit, DefaultReassemblyLimit)
	setDefault(&c.MaxMessage, DefaultMaxMessage)
	setDefault(&c.SessionLife, DefaultSessionLife)
	setDefault(&c.TicketCount, DefaultTicketCount)
	c.TicketCount = min(c.TicketCount, MaxTicketCount)
	if c.Versions == nil {
		c.Versions = []wire.Version{wire.VersionDTLS12}
	}
	c.MTU = max(c.MTU, MinMTU)
	return &c
}

// speaks reports whether v is one of our versions.
func (c *Config) speaks(v wire.Version) bool { return slices.Contains(c.Versions, v) }

func setDefault[T int | time.Duration](v *T, def T) {
	if *v == 0 {
		*v = def
	}
}

// A Hello is the ClientHello from which a server's association starts. Without
// a body it is still to come, whole or in fragments, as for an owner that
// knows its peer by other means than a cookie.
type Hello struct {
	Body       []byte // of the whole message; nil if it is still to come
	MessageSeq uint16
	RecordSeq  uint64
	// Verified says that the peer's address is proven, by a cookie or by the
	// owner's policy. Without it the server sends at most three times the
	// bytes that it received.
	Verified bool
	Received int // bytes of the datagrams that carried the hello
	// Retry is the HelloRetryRequest that the hello answers, and whose cookie
	// the owner has verified; nil without one.
	Retry *Retry
}

// A Retry is what a HelloRetryRequest said, and the hash of the ClientHello that
// it answered: all that its sender has to know again.
type Retry struct {
	Suite     *suite.Suite13
	Group     wire.Group // of the key agreement; 0 without one
	Share     bool       // it asked for a share of Group
	HelloHash []byte     // of the message with its header of DTLS 1.3, by the suite's hash
	Cookie    []byte
}

// A Target is what a client's association needs to know of its server.
type Target struct {
	ServerName string        // for SNI; none is sent if empty
	Session    *SessionState // to resume; nil for a full handshake
}

// State is what both sides of an established association agreed on.
type State struct {
	Version              wire.Version
	Suite                *suite.Suite   // of DTLS 1.2
	Suite13              *suite.Suite13 // of DTLS 1.3
	Retried              bool           // there was a HelloRetryRequest
	Group                wire.Group     // 0 without a key exchange
	Resumed              bool
	ExtendedMasterSecret bool
	EncryptThenMAC       bool
	HasCID               bool   // connection IDs were negotiated
	RRC                  bool   // the return routability check was negotiated
	Identity             []byte // the PSK identity as the client sent it
	Hint                 []byte // the server's PSK identity hint, as sent
	ServerName           string
	ALPN                 string
	SRTPProfile          uint16   // 0 for none
	PeerChain            [][]byte // DER, leaf first
	PeerKeyType          uint8    // the CertificateType of PeerChain
	LocalCID             []byte   // our connection ID, in what the peer sends; empty for none
	RemoteCID            []byte   // the peer's, in what we send; empty for none
}

// CipherSuite returns the suite of either version.
func (s *State) CipherSuite() wire.CipherSuite {
	if s.Suite13 != nil {
		return s.Suite13.ID
	}
	return s.Suite.ID
}
