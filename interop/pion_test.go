package interop

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v4"
	"github.com/pion/dtls/v4/pkg/crypto/ciphersuite"
	"github.com/pion/dtls/v4/pkg/crypto/elliptic"
	"github.com/pion/dtls/v4/pkg/protocol"
)

// pionDTLS drives pion/dtls v4 in the process of the tests.
type pionDTLS struct{}

// pionSuites are those of pion's ciphersuite.ID that we have too.
var pionSuites = suiteTable{
	0x00a8: "TLS_PSK_WITH_AES_128_GCM_SHA256",
	0xccab: "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256",
	0xc0a4: "TLS_PSK_WITH_AES_128_CCM",
	0xc0a8: "TLS_PSK_WITH_AES_128_CCM_8",
	0xc0a9: "TLS_PSK_WITH_AES_256_CCM_8",
	0x00ae: "TLS_PSK_WITH_AES_128_CBC_SHA256",
	0xccac: "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256",
	0xc037: "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256",
	0xc02b: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	0xc02c: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	0xcca9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	0xc0ac: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
	0xc0ae: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
	0xc02f: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	0xc030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	0xcca8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
	0x1301: "TLS_AES_128_GCM_SHA256",
	0x1302: "TLS_AES_256_GCM_SHA384",
	0x1303: "TLS_CHACHA20_POLY1305_SHA256",
}

var pionCurves = map[string]elliptic.Curve{
	"X25519": elliptic.X25519, "P-256": elliptic.P256, "P-384": elliptic.P384, "X25519MLKEM768": elliptic.X25519MLKEM768,
}

var pionVersions = map[Version]protocol.Version{DTLS12: protocol.Version1_2, DTLS13: protocol.Version1_3}

func TestPion(t *testing.T) {
	matrix(t, pionDTLS{})
}

func (pionDTLS) Name() string { return "pion/dtls" }

func (pionDTLS) Suites(Role) suiteTable { return pionSuites }

func (pionDTLS) Authenticates(Role, Authentication) bool { return true }

// Serve implements Implementation. The server asks for a cookie.
func (d pionDTLS) Serve(s *Scenario) (Listener, error) {
	sessions := newPionSessions()
	shared, err := d.options(s, Server, sessions, s.Authentication.Server, s.Certificates.Server(s.Authentication.Server))
	if err != nil {
		return nil, err
	}
	var options []dtls.ServerOption
	for _, o := range shared {
		options = append(options, o)
	}
	if authority := s.ServerTrusts(); authority != "" {
		pool, err := certificatePool(authority)
		if err != nil {
			return nil, err
		}
		options = append(options, dtls.WithClientAuth(dtls.RequireAndVerifyClientCert), dtls.WithClientCAs(pool))
	}
	listener, err := dtls.ListenAddr("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, options...)
	if err != nil {
		return nil, err
	}
	accept := func(ctx context.Context) (*dtls.Conn, error) {
		conn, err := listener.Accept()
		if err != nil {
			return nil, err
		}
		return conn.(*dtls.Conn), conn.(*dtls.Conn).HandshakeContext(ctx)
	}
	program := d.start("pion server", s, sessions, accept)
	context.AfterFunc(program.ctx, func() { listener.Close() })
	end := programEnd{program: program, suites: pionSuites, reports: cPeerReports, received: "^received "}
	return &programListener{programEnd: end, address: listener.Addr().(*net.UDPAddr).AddrPort()}, nil
}

// Connect implements Implementation.
func (d pionDTLS) Connect(s *Scenario, to netip.AddrPort) (End, error) {
	if s.Inside != nil {
		return nil, ErrNotOffered
	}
	shows, pair := s.ClientShows()
	sessions := newPionSessions()
	shared, err := d.options(s, Client, sessions, shows, pair)
	if err != nil {
		return nil, err
	}
	var options []dtls.ClientOption
	for _, o := range shared {
		options = append(options, o)
	}
	if s.Authentication.Server != PreSharedKey {
		pool, err := certificatePool(s.ClientTrusts())
		if err != nil {
			return nil, err
		}
		options = append(options, dtls.WithRootCAs(pool), dtls.WithServerName(ServerName))
	}
	dial := func(ctx context.Context) (*dtls.Conn, error) {
		conn, err := dtls.Dial("udp4", net.UDPAddrFromAddrPort(to), options...)
		if err != nil {
			return nil, err
		}
		return conn, conn.HandshakeContext(ctx)
	}
	return &programEnd{program: d.start("pion client", s, sessions, dial), suites: pionSuites, reports: cPeerReports, received: "^received "}, nil
}

// options are those that client and server have in common; the credential is that of the one that asks.
func (pionDTLS) options(s *Scenario, r Role, sessions *pionSessions, own Credential, pair Pair) ([]dtls.Option, error) {
	suite := s.SuiteOf(r)
	version := pionVersions[suite.Version()]
	options := []dtls.Option{
		dtls.WithMinVersion(version), dtls.WithMaxVersion(version), dtls.WithCipherSuites(ciphersuite.ID(suite)),
	}
	switch own {
	case NoCredential:
	case PreSharedKey:
		identity, key := s.Identity, s.Key
		if r == Client {
			identity, key = s.ClientIdentity(), s.ClientKey()
		}
		secret, err := hex.DecodeString(key)
		if err != nil {
			return nil, err
		}
		options = append(options, pionPSK(identity, secret))
	default:
		certificate, err := tls.LoadX509KeyPair(pair.Certificate, pair.Key)
		if err != nil {
			return nil, err
		}
		options = append(options, dtls.WithCertificates(certificate))
	}
	var curves []elliptic.Curve
	for _, group := range s.GroupsOf(r) {
		curves = append(curves, pionCurves[group])
	}
	if len(curves) > 0 {
		options = append(options, dtls.WithEllipticCurves(curves...))
	}
	if s.ALPN != "" {
		options = append(options, dtls.WithSupportedProtocols(s.ALPN))
	}
	if s.SRTP != "" {
		options = append(options, dtls.WithSRTPProtectionProfiles(dtls.SRTP_AES128_CM_HMAC_SHA1_80))
	}
	if s.MTU != 0 {
		options = append(options, dtls.WithMTU(s.MTU))
	}
	if s.Resume != NoResumption {
		options = append(options, dtls.WithSessionStore(sessions))
	}
	return options, nil
}

// pionPSK makes a client offer one key, and a server know it.
func pionPSK(identity string, key []byte) dtls.Option {
	psk := dtls.PSK{Identity: []byte(identity), Key: key}
	offer := func() ([]dtls.PSK, error) { return []dtls.PSK{psk}, nil }
	choose := func(identities [][]byte) (*dtls.PSK, error) {
		if slices.ContainsFunc(identities, func(i []byte) bool { return string(i) == identity }) {
			return &psk, nil
		}
		return nil, nil
	}
	return dtls.WithPSK(offer, choose)
}

// start makes one connection, or two where the first is there to be resumed, and shows the last.
func (d pionDTLS) start(name string, s *Scenario, sessions *pionSessions, connect func(context.Context) (*dtls.Conn, error)) *inProcess {
	connectAgain := func(ctx context.Context) (net.Conn, error) {
		if s.Resume == NoResumption {
			return connect(ctx)
		}
		conn, err := connect(ctx)
		if err != nil {
			return nil, err
		}
		if name == "pion server" {
			io.Copy(io.Discard, conn) // until the client says goodbye
		} else if err := sessions.await(ctx); err != nil {
			return nil, err
		}
		state, _ := conn.ConnectionState()
		sessions.first = state.SessionID
		conn.Close()
		return connect(ctx)
	}
	describe := func(conn net.Conn) []string { return d.describe(conn.(*dtls.Conn), sessions) }
	return startInProcess(name, newTranscript(), connectAgain, describe)
}

// describe returns the lines that tell of a connection.
func (pionDTLS) describe(c *dtls.Conn, sessions *pionSessions) []string {
	state, _ := c.ConnectionState()
	var lines []string
	if sessions.resumed(&state) {
		lines = append(lines, "resumed")
	}
	if state.NegotiatedProtocol != "" {
		lines = append(lines, "alpn "+state.NegotiatedProtocol)
	}
	if profile, chosen := c.SelectedSRTPProtectionProfile(); chosen {
		lines = append(lines, fmt.Sprintf("srtp 0x%04x", uint16(profile)))
	}
	if len(state.PeerCertificates) > 0 {
		if certificate, err := x509.ParseCertificate(state.PeerCertificates[0]); err == nil {
			lines = append(lines, "client "+certificate.Subject.String())
		}
	}
	return append(lines, "suite "+state.CipherSuiteID.String())
}

// pionSessions is a session store that forgets nothing.
type pionSessions struct {
	byKey  sync.Map
	stored chan struct{} // closed with the first session
	once   sync.Once

	first  []byte      // the ID of the first session, in DTLS 1.2
	ticket atomic.Bool // a ticket was looked up and found
}

func newPionSessions() *pionSessions { return &pionSessions{stored: make(chan struct{})} }

// Set implements dtls.SessionStore.
func (p *pionSessions) Set(key []byte, s dtls.Session) error {
	p.byKey.Store(string(key), s)
	p.once.Do(func() { close(p.stored) })
	return nil
}

// Get implements dtls.SessionStore.
func (p *pionSessions) Get(key []byte) (dtls.Session, error) {
	s, _ := p.byKey.Load(string(key))
	session, _ := s.(dtls.Session)
	if session.Ticket != nil {
		p.ticket.Store(true)
	}
	return session, nil
}

// resumed reports whether a connection is no longer the first. In DTLS 1.3 pion tells only that it found a ticket.
func (p *pionSessions) resumed(state *dtls.State) bool {
	if state.NegotiatedVersion() == protocol.Version1_3 {
		return p.ticket.Load()
	}
	return len(p.first) > 0 && bytes.Equal(state.SessionID, p.first)
}

// Del implements dtls.SessionStore.
func (p *pionSessions) Del(key []byte) error {
	p.byKey.Delete(string(key))
	return nil
}

// await waits for something to resume.
func (p *pionSessions) await(ctx context.Context) error {
	select {
	case <-p.stored:
		return nil
	case <-time.After(patience):
		return errors.New("there is nothing to resume")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// certificatePool reads the certificates of a PEM file.
func certificatePool(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return pool, nil
}
