package interop

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"

	"github.com/dtlsd/dtlsd/dtls"
)

// library drives the library of this repository in the process of the tests. It stands in for dtlsd where the other
// end is a library in this process too, or where the program has no option for what is tried.
type library struct{}

func (library) Name() string { return "dtls library" }

func (library) Suites(Role) suiteTable { return dtlsdSuites }

func (library) Authenticates(Role, Authentication) bool { return true }

// Serve implements Implementation. The server asks for a cookie.
func (l library) Serve(s *Scenario) (Listener, error) {
	config, closeLog, err := l.serverConfig(s)
	if err != nil {
		return nil, err
	}
	listener, err := dtls.Listen("udp4", "127.0.0.1:0", config)
	if err != nil {
		return nil, err
	}
	accept := func(ctx context.Context) (net.Conn, error) {
		defer closeLog()
		defer context.AfterFunc(ctx, func() { listener.Close() })()
		conn, err := listener.Accept()
		if err == nil && s.Resume != NoResumption {
			io.Copy(io.Discard, conn) // until the client says goodbye
			conn, err = listener.Accept()
		}
		return conn, err
	}
	end := programEnd{program: startInProcess("library server", accept, l.describe), suites: dtlsdSuites, reports: cPeerReports, received: "^received "}
	return &programListener{programEnd: end, address: listener.Addr().(*net.UDPAddr).AddrPort()}, nil
}

// Connect implements Implementation.
func (l library) Connect(s *Scenario, to netip.AddrPort) (End, error) {
	if s.Inside != nil {
		return nil, ErrNotOffered
	}
	shows, pair := s.ClientShows()
	config, closeLog, err := l.config(s, Client, shows, pair)
	if err != nil {
		return nil, err
	}
	config.ServerName, config.ClientSessionCache = ServerName, dtls.NewClientSessionCache(16)
	if s.Authentication.Server == PreSharedKey {
		key, err := hex.DecodeString(s.ClientKey())
		if err != nil {
			return nil, err
		}
		config.ClientPSK = func(context.Context, []byte) ([]byte, []byte, error) { return []byte(s.Identity), key, nil }
	} else if config.RootCAs, err = certificatePool(s.ClientTrusts()); err != nil {
		return nil, err
	}
	dial := func(ctx context.Context) (net.Conn, error) {
		defer closeLog()
		if s.Resume != NoResumption {
			first, err := dtls.DialContext(ctx, "udp4", to.String(), config)
			if err != nil {
				return nil, err
			}
			first.Close()
		}
		return dtls.DialContext(ctx, "udp4", to.String(), config)
	}
	return &programEnd{program: startInProcess("library client", dial, l.describe), suites: dtlsdSuites, reports: cPeerReports, received: "^received "}, nil
}

// serverConfig returns the configuration of a server, and the function that closes its key log.
func (l library) serverConfig(s *Scenario) (*dtls.Config, func(), error) {
	config, closeLog, err := l.config(s, Server, s.Authentication.Server, s.Certificates.Server(s.Authentication.Server))
	if err != nil {
		return nil, nil, err
	}
	if s.Authentication.Server == PreSharedKey {
		key, err := hex.DecodeString(s.Key)
		if err != nil {
			return nil, nil, err
		}
		config.PSK, config.PSKIdentityHint = dtls.StaticPSK{s.Identity: key}, []byte("interop")
	}
	if authority := s.ServerTrusts(); authority != "" {
		config.ClientAuth = tls.RequireAndVerifyClientCert
		if config.ClientCAs, err = certificatePool(authority); err != nil {
			return nil, nil, err
		}
	}
	if s.Resume == BySessionID {
		config.SessionCache, config.SessionTicketsDisabled = dtls.NewSessionCache(16), true
	}
	return config, closeLog, nil
}

// config returns what client and server have in common; the certificate is that of the one that asks. The function
// that comes with it closes the key log.
func (library) config(s *Scenario, r Role, own Credential, pair Pair) (*dtls.Config, func(), error) {
	config := &dtls.Config{
		CipherSuites:           []uint16{uint16(s.Suite)},
		InsecureMACThenEncrypt: s.MACThenEncrypt,
		MTU:                    s.MTU,
	}
	closeLog := func() {}
	if own != NoCredential && own != PreSharedKey {
		certificate, err := tls.LoadX509KeyPair(pair.Certificate, pair.Key)
		if err != nil {
			return nil, nil, err
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	if s.Group != "" {
		config.CurvePreferences = []tls.CurveID{libraryGroups[s.Group]}
	}
	if s.ALPN != "" {
		config.NextProtos = []string{s.ALPN}
	}
	if s.SRTP != "" {
		config.SRTPProfiles = []uint16{srtpProfileID}
	}
	if log := s.keyLogOf(r); log != "" {
		file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, err
		}
		config.KeyLogWriter, closeLog = file, func() { file.Close() }
	}
	return config, closeLog, nil
}

var libraryGroups = map[string]tls.CurveID{"X25519": tls.X25519, "P-256": tls.CurveP256, "P-384": tls.CurveP384}

// describe returns the lines that tell of a connection.
func (library) describe(conn net.Conn) []string {
	state := conn.(*dtls.Conn).ConnectionState()
	var lines []string
	if state.NegotiatedProtocol != "" {
		lines = append(lines, "alpn "+state.NegotiatedProtocol)
	}
	if state.SRTPProfile != 0 {
		lines = append(lines, fmt.Sprintf("srtp 0x%04x", state.SRTPProfile))
	}
	if len(state.PeerCertificates) > 0 {
		lines = append(lines, "client "+state.PeerCertificates[0].Subject.String())
	}
	if state.DidResume {
		lines = append(lines, "resumed")
	}
	return append(lines, "suite "+state.CipherSuite.OpenSSLName)
}
