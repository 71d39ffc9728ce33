package dtls

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"io"
	"sync"
	"time"

	"github.com/dtlsd/dtlsd/internal/gate"
)

// Defaults of [Config].
const (
	DefaultMTU               = 1200             // bytes
	DefaultIdleTimeout       = 30 * time.Minute // of a server
	DefaultHandshakeTimeout  = 60 * time.Second
	DefaultRetransmitInitial = time.Second
	DefaultRetransmitMax     = 60 * time.Second
	DefaultRetransmitLimit   = 6
	DefaultMaxHalfOpen       = 10_000
	DefaultMaxSessions       = 1 << 20
	DefaultHandshakeRate     = 500 // a second and network
	DefaultHandshakeBurst    = 5_000
	DefaultCookieRate        = gate.DefaultAnswerRate // a second and socket
	DefaultNetworkIPv4       = gate.DefaultBits4      // bits
	DefaultNetworkIPv6       = gate.DefaultBits6
	DefaultReadQueue         = 128 // datagrams
)

// A CookiePolicy says whether clients have to prove that they receive what is
// sent to their address before anything is kept of them.
type CookiePolicy uint8

const (
	// CookiesAlways asks every client for a cookie: RFC 6347, Section 4.2.1.
	CookiesAlways CookiePolicy = iota
	// CookiesNever is for owners of the socket who know the address to be the
	// peer's by other means, such as ICE.
	CookiesNever
	// CookiesUnderLoad asks clients for a cookie while there is load, which spares
	// them a round trip at other times. Load is an eighth of MaxHalfOpen in
	// progress, or more than 500 ClientHellos a second on a socket, and lasts for
	// 10 seconds after the last sign of it. Whoever begins anew at an address that
	// has a session is always asked. A client that was not asked is sent at most
	// three times the bytes that came from it before it completes its handshake.
	CookiesUnderLoad
)

// A FullPolicy says what a server does about a client when it has MaxSessions.
type FullPolicy uint8

const (
	// RefuseWhenFull lets nobody in until a session ends.
	RefuseWhenFull FullPolicy = iota
	// EvictWhenFull ends the session that has been silent for longest, or one of
	// those, with [ErrEvicted], when another client has completed its handshake on
	// the same socket. Its peer is told. A session that was in use within the last
	// 10 seconds is not ended: if there is no other, the client is refused.
	EvictWhenFull
)

// A Config configures a server, a listener or a client. Fields that have the
// name of one in [tls.Config] have its meaning too. The zero value of a field
// is its default.
//
// A Config must not be changed once it is in use, and may be used by many.
type Config struct {
	// Rand is the source of randoms, cookies and session IDs. Nil stands for
	// crypto/rand. Ephemeral keys and signatures always use the latter. A server
	// with several sockets or shards reads from it at the same time.
	Rand io.Reader
	// Time tells the time at which certificates must be valid. Nil stands for
	// time.Now.
	Time func() time.Time

	// Certificates are ours, the preferred one first. Where there are
	// several, a server prefers those that are for the name that the client
	// asks for.
	Certificates []tls.Certificate
	// GetCertificate returns a server's certificate for a client. If it
	// returns nil, Certificates are used. It has a goroutine of its own and
	// may take its time, unless LookupsInMemory is set.
	//
	// In the hello, SupportedVersions are those of TLS that the versions of
	// DTLS are derived from. Its Conn tells the addresses and no more, and it
	// has no Context.
	GetCertificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// GetClientCertificate returns a client's certificate for a server that
	// asks for one; one without a chain if there is none. It has a goroutine
	// of its own.
	GetClientCertificate func(*tls.CertificateRequestInfo) (*tls.Certificate, error)
	// RawPublicKeys are keys of ours that go without a certificate (RFC 7250),
	// the preferred one first, for peers that want them so. They come after
	// certificates.
	RawPublicKeys []crypto.Signer
	// GetConfigForClient returns the Config for a client; nil stands for this
	// one. Of the Config returned, what concerns the whole server is ignored:
	// cookies, limits, Shards, Observer, IdleTimeout, ConnectionIDLength and
	// AddressChange. It has a goroutine of its own and may take its time.
	//
	// It is asked once the client has shown its cookie. In DTLS 1.3 the version,
	// the suite and the group are chosen before that, from this Config, and the
	// handshake fails if they are not in the Config returned.
	GetConfigForClient func(*tls.ClientHelloInfo) (*Config, error)

	// ClientAuth is a server's policy about certificates of clients, which
	// are verified with ClientCAs.
	ClientAuth tls.ClientAuthType
	ClientCAs  *x509.CertPool
	// RootCAs are the authorities that a client believes. Nil stands for
	// those of the system.
	RootCAs *x509.CertPool
	// ServerName is the name that a client asks for and expects in the
	// server's certificate. Dial takes it from the address if it is empty.
	ServerName string
	// InsecureSkipVerify makes a client believe any certificate. Anybody can
	// then stand between the client and the server.
	InsecureSkipVerify bool
	// VerifyPeerCertificate, if set, is called after a peer's certificate was
	// verified, and may refuse it. Unlike that of crypto/tls it is called for
	// resumed sessions too, whose certificates are verified again. It runs
	// away from the socket and may take its time.
	VerifyPeerCertificate func(rawCerts [][]byte, verifiedChains [][]*x509.Certificate) error
	// VerifyRawPublicKey, if set, lets peers have a raw public key instead of a
	// certificate, and decides whether to believe it; [PinnedKeys] makes one. It
	// is called for resumed sessions too, runs away from the socket and may take
	// its time. Peers may still have a certificate where RootCAs or
	// InsecureSkipVerify is set, on a client, or ClientCAs, on a server; a server
	// that asks for neither does not call it.
	VerifyRawPublicKey func(key crypto.PublicKey) error
	// VerifyConnection, if set, is called at the end of each handshake, with
	// or without certificates, and may refuse the session: the peer gets the
	// alert access_denied. It runs on the goroutine that serves the socket and
	// must be quick.
	VerifyConnection func(ConnectionState) error

	// LookupsInMemory says that PSK and GetCertificate answer from memory and
	// never wait. Then they have no goroutine of their own but are called on the
	// one that serves the socket, which makes handshakes cheaper; the context of
	// a look-up of a key does not end.
	LookupsInMemory bool

	// PSK finds the pre-shared keys of a server's clients. Without it the
	// server accepts no suites with such keys.
	PSK PSKStore
	// PSKIdentityHint is what a server tells its clients before they choose
	// an identity, in DTLS 1.2 only. Without it nothing is sent.
	PSKIdentityHint []byte
	// ClientPSK returns a client's identity and key for a server that gave
	// that hint, which may be empty; [StaticClientPSK] makes one that is
	// always the same. An empty key gives up. It has a goroutine of its own
	// and may take its time; ctx ends with the handshake. A client that has it
	// offers suites with certificates only if RootCAs or InsecureSkipVerify is
	// set as well.
	//
	// DTLS 1.3 has no hint: it is called before the first ClientHello, with an
	// empty one, and again where the server turns out to speak DTLS 1.2. DTLS 1.3
	// has no empty identities either, and no keys of zeros only: a client with
	// such a key, or with none yet, offers DTLS 1.2 alone.
	ClientPSK func(ctx context.Context, hint []byte) (identity, key []byte, err error)

	// CipherSuites lists the suites to use, the preferred one first. Nil
	// stands for all that [CipherSuites] has as default. Unlike those of
	// crypto/tls it lists the suites of both versions, and a version of which it
	// has none is not spoken.
	CipherSuites []uint16
	// CurvePreferences lists the groups for key agreement, the preferred one
	// first. Nil stands for X25519MLKEM768, X25519, P-256 and P-384. DTLS 1.2
	// does without the first one, which quantum computers do not break.
	//
	// A client sends a key share of the first other group. A server that prefers
	// X25519MLKEM768 asks for its share together with the cookie.
	CurvePreferences []tls.CurveID
	// MinVersion and MaxVersion bound the versions to speak: [VersionDTLS12] and
	// [VersionDTLS13], which zeroes stand for. Numbers of crypto/tls are refused.
	MinVersion, MaxVersion uint16
	// NextProtos lists the application protocols, the preferred one first
	// (RFC 7301).
	NextProtos []string
	// SRTPProfiles lists the protection profiles for SRTP, the preferred one
	// first (RFC 5764).
	SRTPProfiles []uint16
	// RequireExtendedMasterSecret refuses peers without it (RFC 7627).
	RequireExtendedMasterSecret bool
	// InsecureMACThenEncrypt allows suites in CBC mode with peers that do not
	// know encrypt-then-MAC (RFC 7366). Such records have leaked plaintext
	// through timing time and again.
	InsecureMACThenEncrypt bool

	// SessionTicketsDisabled makes a server issue and accept no tickets. Keys
	// are made and rotated by the server unless SetSessionTicketKeys is used.
	SessionTicketsDisabled bool
	// SessionCache stores a server's sessions for resumption by session ID.
	// Nil stores none.
	SessionCache SessionCache
	// ClientSessionCache stores a client's sessions for resumption. Nil
	// stores none. Those of DTLS 1.3 are used once.
	ClientSessionCache ClientSessionCache

	// ConnectionIDs says whether connection IDs are negotiated (RFC 9146).
	ConnectionIDs ConnectionIDPolicy
	// ConnectionIDLength is the length, in bytes, of the connection IDs that
	// we give to peers, to be put into what they send. 0 stands for
	// DefaultConnectionIDLength on a server. On a client it stands for none: it
	// only puts the server's into what it sends, as it needs to where its own
	// address is the one that changes.
	ConnectionIDLength int
	// AddressChange says what happens when a peer with a connection ID sends
	// from another address.
	AddressChange AddressChangePolicy

	// KeyLogWriter gets the secrets of every session in NSS key log format.
	// Whoever reads them can decrypt everything.
	KeyLogWriter io.Writer

	// MTU is the largest datagram sent during a handshake, in bytes of UDP
	// payload; at least 256. Application data is not held to it: a datagram
	// leaves whole or not at all.
	MTU int
	// HandshakeTimeout bounds a handshake.
	HandshakeTimeout time.Duration
	// IdleTimeout ends a session over which nothing was received or sent for
	// that long, give or take an eighth. A negative value ends none. Clients
	// have none by default.
	IdleTimeout time.Duration
	// RetransmitInitial is the time after which an unanswered flight is
	// repeated. It doubles each time, up to RetransmitMax, and after
	// RetransmitLimit repetitions the handshake fails.
	RetransmitInitial time.Duration
	RetransmitMax     time.Duration
	RetransmitLimit   int

	// Cookies is a server's policy about cookies.
	Cookies CookiePolicy
	// CookieRate bounds how many ClientHellos a second without a good cookie are
	// answered, on each socket. Beyond it, those are answered first that come from
	// a network in which somebody has shown a cookie within a minute, and those that
	// come from a network that sends few. While the server does not keep up with
	// reading, the bound is a fraction of that. A negative value bounds nothing.
	CookieRate int
	// MaxHalfOpen bounds the handshakes that a server has in progress, and
	// with them the look-ups. One network may have a quarter of them, or 64 if
	// that is more; loopback may have all. MaxSessions bounds its sessions, those
	// included; a negative value does not. WhenFull says what happens then.
	MaxHalfOpen int
	MaxSessions int
	WhenFull    FullPolicy
	// HandshakeRate bounds the handshakes a second of one network, after
	// HandshakeBurst at once. Only clients with a good cookie count, and
	// loopback does not. A negative value bounds nothing.
	HandshakeRate  int
	HandshakeBurst int
	// Shards is how many goroutines, each with a socket and sessions of its own,
	// serve the address of [Server.ListenAndServe] and [Listen]; 0 stands for
	// [runtime.GOMAXPROCS], and [MaxShards] is the most. One is what a server
	// needs whose handler and hooks must not run at the same time. Only Linux
	// has more than one.
	Shards int
	// NetworkIPv4 and NetworkIPv6 are the lengths, in bits, of the prefixes of
	// what counts as one network.
	NetworkIPv4 int
	NetworkIPv6 int
	// ReadQueue is how many datagrams wait for [Conn.Read]; those that come
	// when it is full are dropped and counted.
	ReadQueue int

	// Observer watches.
	Observer *Observer

	mu         sync.Mutex // protects what follows
	profiles   [2]*profile
	ticketKeys *ticketKeys
}

// Clone returns a copy of c, which may be changed even while c is in use. It
// has ticket keys of its own, unless they were set.
func (c *Config) Clone() *Config {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	clone := &Config{
		Rand:                        c.Rand,
		Time:                        c.Time,
		Certificates:                c.Certificates,
		GetCertificate:              c.GetCertificate,
		GetClientCertificate:        c.GetClientCertificate,
		RawPublicKeys:               c.RawPublicKeys,
		GetConfigForClient:          c.GetConfigForClient,
		ClientAuth:                  c.ClientAuth,
		ClientCAs:                   c.ClientCAs,
		RootCAs:                     c.RootCAs,
		ServerName:                  c.ServerName,
		InsecureSkipVerify:          c.InsecureSkipVerify,
		VerifyPeerCertificate:       c.VerifyPeerCertificate,
		VerifyRawPublicKey:          c.VerifyRawPublicKey,
		VerifyConnection:            c.VerifyConnection,
		LookupsInMemory:             c.LookupsInMemory,
		PSK:                         c.PSK,
		PSKIdentityHint:             c.PSKIdentityHint,
		ClientPSK:                   c.ClientPSK,
		CipherSuites:                c.CipherSuites,
		CurvePreferences:            c.CurvePreferences,
		MinVersion:                  c.MinVersion,
		MaxVersion:                  c.MaxVersion,
		NextProtos:                  c.NextProtos,
		SRTPProfiles:                c.SRTPProfiles,
		RequireExtendedMasterSecret: c.RequireExtendedMasterSecret,
		InsecureMACThenEncrypt:      c.InsecureMACThenEncrypt,
		SessionTicketsDisabled:      c.SessionTicketsDisabled,
		SessionCache:                c.SessionCache,
		ClientSessionCache:          c.ClientSessionCache,
		ConnectionIDs:               c.ConnectionIDs,
		ConnectionIDLength:          c.ConnectionIDLength,
		AddressChange:               c.AddressChange,
		KeyLogWriter:                c.KeyLogWriter,
		MTU:                         c.MTU,
		HandshakeTimeout:            c.HandshakeTimeout,
		IdleTimeout:                 c.IdleTimeout,
		RetransmitInitial:           c.RetransmitInitial,
		RetransmitMax:               c.RetransmitMax,
		RetransmitLimit:             c.RetransmitLimit,
		Cookies:                     c.Cookies,
		CookieRate:                  c.CookieRate,
		MaxHalfOpen:                 c.MaxHalfOpen,
		MaxSessions:                 c.MaxSessions,
		WhenFull:                    c.WhenFull,
		HandshakeRate:               c.HandshakeRate,
		HandshakeBurst:              c.HandshakeBurst,
		Shards:                      c.Shards,
		NetworkIPv4:                 c.NetworkIPv4,
		NetworkIPv6:                 c.NetworkIPv6,
		ReadQueue:                   c.ReadQueue,
		Observer:                    c.Observer,
	}
	if c.ticketKeys.isPinned() {
		clone.ticketKeys = c.ticketKeys
	}
	return clone
}

// SetSessionTicketKeys sets the keys of session tickets, for servers that
// accept each other's tickets. The first one seals new tickets; all of them
// open. It may be called while the Config is in use; whoever calls it is in
// charge of rotation. It panics if keys is empty.
func (c *Config) SetSessionTicketKeys(keys [][32]byte) {
	if len(keys) == 0 {
		panic("dtls: SetSessionTicketKeys needs a key")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ticketKeysLocked().set(keys)
}

// ticketKeysLocked returns the ticket keys of c, which are made on first use.
func (c *Config) ticketKeysLocked() *ticketKeys {
	if c.ticketKeys == nil {
		c.ticketKeys = newTicketKeys(c.rand())
	}
	return c.ticketKeys
}

// networks returns which addresses count as one network.
func (c *Config) networks() gate.Networks {
	return gate.Networks{Bits4: c.NetworkIPv4, Bits6: c.NetworkIPv6}
}

// or returns value, or def if it is zero.
func or[T int | time.Duration](value, def T) T {
	if value == 0 {
		return def
	}
	return value
}
