package interop

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// openSSL drives openssl s_client and s_server, version 3.0.
type openSSL struct{}

// openSSLSuites are those of `openssl ciphers -v ALL:PSK:@SECLEVEL=0` that we have too. OpenSSL knows no ECDHE-PSK
// with GCM or CCM.
var openSSLSuites = openSSLNames(
	0x00a8, 0x00a9, 0xccab, 0xc0a4, 0xc0a5, 0xc0a8, 0xc0a9, 0x00ae, 0x00af,
	0xccac, 0xc037, 0xc038,
	0xc02b, 0xc02c, 0xcca9, 0xc0ac, 0xc0ad, 0xc0ae, 0xc0af,
	0xc02f, 0xc030, 0xcca8,
)

var openSSLServerReports = map[Fact]string{
	SuiteName:   `^CIPHER is (\S+)$`,
	Protocol:    `^ALPN protocols selected: (\S+)$`,
	ProfileName: `^SRTP Extension negotiated, profile=(\S+)$`,
	ClientName:  `^depth=0 (.*)$`,
	Resumed:     `^Reused session-id$`,
	Goodbye:     `^CONNECTION CLOSED$`,
	Refusal:     `:SSL routines:.*$`,
}

var openSSLClientReports = map[Fact]string{
	SuiteName:   `^(?:New|Reused), TLSv1\.\d, Cipher is ([\w-]+)$`,
	GroupName:   `^Server Temp Key: (?:ECDH, )?(\w+)`,
	Protocol:    `^ALPN protocol: (\S+)$`,
	ProfileName: `^SRTP Extension negotiated, profile=(\S+)$`,
	Resumed:     `^Reused, `,
	Goodbye:     `^(?:closed|DONE)$`,
	Refusal:     `:SSL routines:.*$`,
}

func TestOpenSSL(t *testing.T) {
	matrix(t, openSSL{})
}

func (openSSL) Name() string { return "OpenSSL" }

func (openSSL) Suites(Role) suiteTable { return openSSLSuites }

// Authenticates says no to Ed25519: OpenSSL 3.0 has it for TLS 1.2, but over DTLS 1.2 a server with such a certificate
// finds no shared cipher, and a client does not take it either.
func (openSSL) Authenticates(_ Role, a Authentication) bool {
	return a.Server != Ed25519 && a.Client != Ed25519
}

// Serve implements Implementation. The server ends after its last client; until then it prints no goodbye.
func (o openSSL) Serve(s *Scenario) (Listener, error) {
	args := append([]string{"s_server", "-dtls1_2", "-accept", "127.0.0.1:0"}, o.options(s, Server)...)
	if s.Resume == NoResumption {
		args = append(args, "-naccept", "1")
	} else {
		args = append(args, "-naccept", "2")
	}
	if s.MTU == 0 && s.Resume == NoResumption {
		// This asks for a cookie. It refuses a ClientHello in fragments, and serves one client only.
		args = append(args, "-listen")
	}
	if s.Authentication.Server == PreSharedKey {
		args = append(args, "-nocert", "-psk", s.Key, "-psk_identity", s.Identity, "-psk_hint", "interop")
	} else {
		pair := s.Certificates.Server(s.Authentication.Server)
		args = append(args, "-cert", pair.Certificate, "-key", pair.Key)
	}
	if authority := s.ServerTrusts(); authority != "" {
		args = append(args, "-Verify", "1", "-verify_return_error", "-CAfile", authority)
	}
	p, err := Start(Command{Path: "openssl", Args: args})
	if err != nil {
		return nil, err
	}
	groups, err := p.Want("address", `^ACCEPT (127\.0\.0\.1:\d+)$`)
	if err != nil {
		p.Stop()
		return nil, err
	}
	end := programEnd{program: p, suites: openSSLSuites, reports: openSSLServerReports, received: "^"}
	return &programListener{programEnd: end, address: netip.MustParseAddrPort(groups[1])}, nil
}

// Connect implements Implementation.
func (o openSSL) Connect(s *Scenario, to netip.AddrPort) (End, error) {
	args := append([]string{"s_client", "-dtls1_2", "-connect", to.String(), "-servername", ServerName}, o.options(s, Client)...)
	if s.Authentication.Server == PreSharedKey {
		args = append(args, "-psk", s.ClientKey(), "-psk_identity", s.Identity)
	} else {
		args = append(args, "-CAfile", s.ClientTrusts(), "-verify_return_error", "-verify_hostname", ServerName)
	}
	if shows, pair := s.ClientShows(); shows.isCertificate() {
		args = append(args, "-cert", pair.Certificate, "-key", pair.Key)
	}
	if s.Resume == NoResumption {
		return o.connect(s, args)
	}
	return o.resume(s, args)
}

// resume connects, says goodbye, and connects again with the session that the first connection left in a file.
func (o openSSL) resume(s *Scenario, args []string) (End, error) {
	directory, err := os.MkdirTemp("", "dtlsd-interop-session-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(directory)
	session := filepath.Join(directory, "session.pem")
	first, err := o.connect(s, append(args, "-sess_out", session))
	if err != nil {
		return nil, err
	}
	defer first.Stop()
	if err := wantSuite(s.Suite, first); err != nil {
		return nil, err
	}
	if err := first.Close(); err != nil {
		return nil, err
	}
	if _, err := first.Report(Goodbye); err != nil {
		return nil, err
	}
	second, err := o.connect(s, append(args, "-sess_in", session))
	if err != nil {
		return nil, err
	}
	// The file may go only when it has been read.
	if _, err := second.Report(SuiteName); err != nil {
		second.Stop()
		return nil, err
	}
	return second, nil
}

func (openSSL) connect(s *Scenario, args []string) (*programEnd, error) {
	p, err := Start(Command{Path: "openssl", Args: args, Inside: s.Inside})
	if err != nil {
		return nil, err
	}
	return &programEnd{program: p, suites: openSSLSuites, reports: openSSLClientReports, received: "^"}, nil
}

// options are those that client and server have in common. The security level 0 lets the suites with a tag of eight
// bytes pass, which level 1 counts as too weak.
func (openSSL) options(s *Scenario, r Role) []string {
	options := []string{"-cipher", s.Suite.OpenSSL() + ":@SECLEVEL=0"}
	if s.Group != "" {
		options = append(options, "-groups", s.Group)
	}
	if s.ALPN != "" {
		options = append(options, "-alpn", s.ALPN)
	}
	if s.SRTP != "" {
		options = append(options, "-use_srtp", s.SRTP)
	}
	if s.MTU != 0 {
		options = append(options, "-mtu", strconv.Itoa(s.MTU))
	}
	if s.Resume == BySessionID {
		options = append(options, "-no_ticket")
	}
	if log := s.keyLogOf(r); log != "" {
		options = append(options, "-keylogfile", log)
	}
	return options
}
