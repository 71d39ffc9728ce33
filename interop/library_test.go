package interop

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"os"
	"time"

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
	output := newTranscript()
	config, closeLog, err := l.serverConfig(s, output)
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
	end := programEnd{program: startInProcess("library server", output, accept, l.describe), suites: dtlsdSuites, reports: libraryReports, received: "^received "}
	return &programListener{programEnd: end, address: listener.Addr().(*net.UDPAddr).AddrPort()}, nil
}

// Connect implements Implementation.
func (l library) Connect(s *Scenario, to netip.AddrPort) (End, error) {
	if s.Inside != nil {
		return nil, ErrNotOffered
	}
	shows, pair := s.ClientShows()
	output := newTranscript()
	config, closeLog, err := l.config(s, Client, shows, pair, output)
	if err != nil {
		return nil, err
	}
	cache := &watchedCache{ClientSessionCache: dtls.NewClientSessionCache(16), stored: make(chan struct{}, 16)}
	config.ServerName, config.ClientSessionCache = ServerName, cache
	if s.Authentication.Server == PreSharedKey {
		key, err := hex.DecodeString(s.ClientKey())
		if err != nil {
			return nil, err
		}
		config.ClientPSK = func(context.Context, []byte) ([]byte, []byte, error) { return []byte(s.ClientIdentity()), key, nil }
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
			err = cache.await(ctx)
			first.Close()
			if err != nil {
				return nil, err
			}
		}
		return dtls.DialContext(ctx, "udp4", to.String(), config)
	}
	return &programEnd{program: startInProcess("library client", output, dial, l.describe), suites: dtlsdSuites, reports: libraryReports, received: "^received "}, nil
}

// A watchedCache is a session cache that tells when it has something. In DTLS 1.3 a ticket comes after the handshake.
type watchedCache struct {
	dtls.ClientSessionCache
	stored chan struct{}
}

// Put implements dtls.ClientSessionCache.
func (c *watchedCache) Put(server string, session *dtls.ClientSession) {
	c.ClientSessionCache.Put(server, session)
	if session != nil {
		c.stored <- struct{}{}
	}
}

// await waits for a session.
func (c *watchedCache) await(ctx context.Context) error {
	select {
	case <-c.stored:
		return nil
	case <-time.After(patience):
		return errors.New("there is nothing to resume")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// serverConfig returns the configuration of a server, and the function that closes its key log.
func (l library) serverConfig(s *Scenario, output *transcript) (*dtls.Config, func(), error) {
	config, closeLog, err := l.config(s, Server, s.Authentication.Server, s.Certificates.Server(s.Authentication.Server), output)
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
func (library) config(s *Scenario, r Role, own Credential, pair Pair, output *transcript) (*dtls.Config, func(), error) {
	config := &dtls.Config{
		CipherSuites:           []uint16{uint16(s.SuiteOf(r))},
		InsecureMACThenEncrypt: s.MACThenEncrypt,
		MTU:                    s.MTU,
		Observer:               libraryObserver(output),
	}
	closeLog := func() {}
	if own != NoCredential && own != PreSharedKey {
		certificate, err := tls.LoadX509KeyPair(pair.Certificate, pair.Key)
		if err != nil {
			return nil, nil, err
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	for _, group := range s.GroupsOf(r) {
		config.CurvePreferences = append(config.CurvePreferences, libraryGroups[group])
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

// libraryObserver prints what is not to be seen of a connection.
func libraryObserver(output *transcript) *dtls.Observer {
	return &dtls.Observer{
		Log: func(e dtls.Entry) {
			switch e.Kind {
			case dtls.KindRefused, dtls.KindFailed, dtls.KindWrongKey, dtls.KindCredentials:
				fmt.Fprintf(output, "error %s\n", e.Text)
			}
		},
		KeyUpdate: func(u dtls.KeyUpdate) {
			if u.Sent {
				fmt.Fprintln(output, "new keys")
			} else {
				fmt.Fprintln(output, "new keys of the peer")
			}
		},
	}
}

// libraryReports are the lines of the library, and those of pion where it has them.
var libraryReports = func() map[Fact]string {
	reports := maps.Clone(cPeerReports)
	reports[GroupName], reports[Retried] = `^group (\S+)$`, `^retried$`
	reports[NewKeys], reports[PeersNewKeys] = `^new keys$`, `^new keys of the peer$`
	return reports
}()

var libraryGroups = map[string]tls.CurveID{
	"X25519": tls.X25519, "P-256": tls.CurveP256, "P-384": tls.CurveP384, "X25519MLKEM768": tls.X25519MLKEM768,
}

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
	if state.HelloRetryRequest {
		lines = append(lines, "retried")
	}
	for name, group := range libraryGroups {
		if group == state.Group {
			lines = append(lines, "group "+name)
		}
	}
	return append(lines, "suite "+state.CipherSuite.OpenSSLName)
}
