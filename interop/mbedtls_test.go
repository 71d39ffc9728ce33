package interop

import (
	"fmt"
	"net/netip"
	"strconv"
	"testing"
)

// mbedTLS drives mbedtls/library.c, built with Debian's Mbed TLS 2.28.
type mbedTLS struct{}

// mbedTLSSuites are those of mbedtls_ssl_list_ciphersuites that we have too: all but ECDHE-PSK with GCM or CCM.
var mbedTLSSuites = suiteTable{
	0x00a8: "TLS-PSK-WITH-AES-128-GCM-SHA256",
	0x00a9: "TLS-PSK-WITH-AES-256-GCM-SHA384",
	0xccab: "TLS-PSK-WITH-CHACHA20-POLY1305-SHA256",
	0xc0a4: "TLS-PSK-WITH-AES-128-CCM",
	0xc0a5: "TLS-PSK-WITH-AES-256-CCM",
	0xc0a8: "TLS-PSK-WITH-AES-128-CCM-8",
	0xc0a9: "TLS-PSK-WITH-AES-256-CCM-8",
	0x00ae: "TLS-PSK-WITH-AES-128-CBC-SHA256",
	0x00af: "TLS-PSK-WITH-AES-256-CBC-SHA384",
	0xccac: "TLS-ECDHE-PSK-WITH-CHACHA20-POLY1305-SHA256",
	0xc037: "TLS-ECDHE-PSK-WITH-AES-128-CBC-SHA256",
	0xc038: "TLS-ECDHE-PSK-WITH-AES-256-CBC-SHA384",
	0xc02b: "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256",
	0xc02c: "TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384",
	0xcca9: "TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256",
	0xc0ac: "TLS-ECDHE-ECDSA-WITH-AES-128-CCM",
	0xc0ad: "TLS-ECDHE-ECDSA-WITH-AES-256-CCM",
	0xc0ae: "TLS-ECDHE-ECDSA-WITH-AES-128-CCM-8",
	0xc0af: "TLS-ECDHE-ECDSA-WITH-AES-256-CCM-8",
	0xc02f: "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256",
	0xc030: "TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384",
	0xcca8: "TLS-ECDHE-RSA-WITH-CHACHA20-POLY1305-SHA256",
}

// cPeerReports are the lines of peer/main.c and of the libraries linked to it.
var cPeerReports = map[Fact]string{
	SuiteName:   `^suite (\S+)$`,
	Protocol:    `^alpn (\S+)$`,
	ProfileName: `^srtp (\S+)$`,
	ClientName:  `^client (.*)$`,
	Resumed:     `^resumed$`,
	Goodbye:     `^goodbye$`,
	Refusal:     `^error .*$`,
}

var mbedTLSGroups = map[string]string{"X25519": "x25519", "P-256": "secp256r1", "P-384": "secp384r1"}

func TestMbedTLS(t *testing.T) {
	matrix(t, mbedTLS{})
}

func (mbedTLS) Name() string { return "Mbed TLS" }

func (mbedTLS) Suites(Role) suiteTable { return mbedTLSSuites }

// Authenticates says no to Ed25519, which Mbed TLS has not.
func (mbedTLS) Authenticates(_ Role, a Authentication) bool {
	return a.Server != Ed25519 && a.Client != Ed25519
}

// Serve implements Implementation. The server asks for a cookie and ends after its first client.
func (m mbedTLS) Serve(s *Scenario) (Listener, error) {
	return serveCPeer(mbedTLSPeer, mbedTLSSuites, s, m.options(s))
}

// Connect implements Implementation.
func (m mbedTLS) Connect(s *Scenario, to netip.AddrPort) (End, error) {
	return connectCPeer(mbedTLSPeer, mbedTLSSuites, s, to, m.options(s))
}

func (mbedTLS) options(s *Scenario) []string {
	var options []string
	if s.Group != "" {
		options = append(options, "group="+mbedTLSGroups[s.Group])
	}
	if s.SRTP != "" {
		options = append(options, "srtp="+mbedTLSProfiles[s.SRTP])
	}
	return options
}

// serveCPeer starts one of the programs in this repository as a server.
func serveCPeer(program artifact, suites suiteTable, s *Scenario, options []string) (Listener, error) {
	args := append([]string{"server", "127.0.0.1:0"}, cPeerOptions(suites, s)...)
	if s.Authentication.Server == PreSharedKey {
		args = append(args, "psk="+s.Key, "identity="+s.Identity)
	} else {
		pair := s.Certificates.Server(s.Authentication.Server)
		args = append(args, "cert="+pair.Certificate, "key="+pair.Key)
	}
	if authority := s.ServerTrusts(); authority != "" {
		args = append(args, "ca="+authority)
	}
	end, err := startCPeer(program, suites, append(args, options...), nil)
	if err != nil {
		return nil, err
	}
	groups, err := end.Want("address", `^listening (\S+)$`)
	if err != nil {
		end.Stop()
		return nil, err
	}
	return &programListener{programEnd: *end, address: netip.MustParseAddrPort(groups[1])}, nil
}

// connectCPeer starts one of the programs in this repository as a client.
func connectCPeer(program artifact, suites suiteTable, s *Scenario, to netip.AddrPort, options []string) (End, error) {
	args := append([]string{"client", to.String()}, cPeerOptions(suites, s)...)
	if s.Authentication.Server == PreSharedKey {
		args = append(args, "psk="+s.ClientKey(), "identity="+s.Identity)
	} else {
		args = append(args, "ca="+s.ClientTrusts(), "name="+ServerName)
	}
	if shows, pair := s.ClientShows(); shows.isCertificate() {
		args = append(args, "cert="+pair.Certificate, "key="+pair.Key)
	}
	return startCPeer(program, suites, append(args, options...), s.Inside)
}

// cPeerOptions are those that client and server, and both programs, have in common.
func cPeerOptions(suites suiteTable, s *Scenario) []string {
	options := []string{"suite=" + suites[s.Suite]}
	if s.ALPN != "" {
		options = append(options, "alpn="+s.ALPN)
	}
	if s.MTU != 0 {
		options = append(options, "mtu="+strconv.Itoa(s.MTU))
	}
	return options
}

func startCPeer(program artifact, suites suiteTable, args []string, inside *Namespace) (*programEnd, error) {
	path, err := run.build(program)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	p, err := Start(Command{Path: path, Args: args, Inside: inside})
	if err != nil {
		return nil, err
	}
	return &programEnd{program: p, suites: suites, reports: cPeerReports, received: "^received "}, nil
}
