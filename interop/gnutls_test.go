package interop

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// gnuTLS drives gnutls-cli and gnutls-serv, version 3.7.9.
type gnuTLS struct{}

// gnuTLSSuites are those of `gnutls-cli --list` that we have too: all but ECDHE-PSK with GCM or CCM.
var gnuTLSSuites = suiteTable{
	0x00a8: "PSK_AES_128_GCM_SHA256",
	0x00a9: "PSK_AES_256_GCM_SHA384",
	0xccab: "PSK_CHACHA20_POLY1305",
	0xc0a4: "PSK_AES_128_CCM",
	0xc0a5: "PSK_AES_256_CCM",
	0xc0a8: "PSK_AES_128_CCM_8",
	0xc0a9: "PSK_AES_256_CCM_8",
	0x00ae: "PSK_AES_128_CBC_SHA256",
	0x00af: "PSK_AES_256_CBC_SHA384",
	0xccac: "ECDHE_PSK_CHACHA20_POLY1305",
	0xc037: "ECDHE_PSK_AES_128_CBC_SHA256",
	0xc038: "ECDHE_PSK_AES_256_CBC_SHA384",
	0xc02b: "ECDHE_ECDSA_AES_128_GCM_SHA256",
	0xc02c: "ECDHE_ECDSA_AES_256_GCM_SHA384",
	0xcca9: "ECDHE_ECDSA_CHACHA20_POLY1305",
	0xc0ac: "ECDHE_ECDSA_AES_128_CCM",
	0xc0ad: "ECDHE_ECDSA_AES_256_CCM",
	0xc0ae: "ECDHE_ECDSA_AES_128_CCM_8",
	0xc0af: "ECDHE_ECDSA_AES_256_CCM_8",
	0xc02f: "ECDHE_RSA_AES_128_GCM_SHA256",
	0xc030: "ECDHE_RSA_AES_256_GCM_SHA384",
	0xcca8: "ECDHE_RSA_CHACHA20_POLY1305",
}

// gnuTLSServerReports are lines of -d 5: without that gnutls-serv tells nothing about a DTLS session.
var gnuTLSServerReports = map[Fact]string{
	SuiteName:   `Selected cipher suite: GNUTLS_(\w+)$`,
	GroupName:   `Selected group (\w+)`,
	Protocol:    `Sending extension (ALPN)/`,
	Resumed:     `recording tls-unique CB \(send\)$`, // the server is the first to send its Finished
	ProfileName: `Sending extension (SRTP)/`,
	ClientName:  "subject `(CN=dtlsd interop client)'",
	Goodbye:     `Close notify - was received$`,
	Refusal:     `(?:^Error in handshake\(\): .*|Alert\[2\|\d+\] - .* - was received)$`,
}

var gnuTLSClientReports = map[Fact]string{
	SuiteName:   `HSK\[\w+\]: Selected cipher suite: GNUTLS_(\w+)$(?s:.*)^- Handshake was completed$`,
	GroupName:   `^- Description: .*\(ECDHE-(\w+)\)`,
	Protocol:    `^- Application protocol: (\S+)$`,
	ProfileName: `^- SRTP profile: (\S+)$`,
	Resumed:     `^\*\*\* This is a resumed session$`,
	Goodbye:     `^- Peer has closed the GnuTLS connection$`,
	Refusal:     `^\*\*\* (?:Received alert|Fatal error|Handshake has failed|PKI verification of server certificate failed).*$`,
}

var gnuTLSGroups = map[string]string{"X25519": "GROUP-X25519", "P-256": "GROUP-SECP256R1", "P-384": "GROUP-SECP384R1"}

func TestGnuTLS(t *testing.T) {
	matrix(t, gnuTLS{})
}

func (gnuTLS) Name() string { return "GnuTLS" }

func (gnuTLS) Suites(Role) suiteTable { return gnuTLSSuites }

func (gnuTLS) Authenticates(Role, Authentication) bool { return true }

// Serve implements Implementation. The server echoes, and always asks for a cookie.
func (g gnuTLS) Serve(s *Scenario) (Listener, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	args := append([]string{"--udp", "--echo", "-d", "5", "-p", strconv.Itoa(port)}, g.options(s)...)
	if s.Authentication.Server == PreSharedKey {
		passwords := filepath.Join(run.directory, "gnutls.psk")
		if err := os.WriteFile(passwords, []byte(s.Identity+":"+s.Key+"\n"), 0o600); err != nil {
			return nil, err
		}
		args = append(args, "--pskpasswd", passwords, "--pskhint", "interop")
	} else {
		pair := s.Certificates.Server(s.Authentication.Server)
		args = append(args, "--x509certfile", pair.Certificate, "--x509keyfile", pair.Key)
	}
	if authority := s.ServerTrusts(); authority != "" {
		args = append(args, "--require-client-cert", "--verify-client-cert", "--x509cafile", authority)
	} else {
		args = append(args, "--disable-client-cert")
	}
	p, err := Start(Command{Path: "gnutls-serv", Args: args, Env: g.environment(s, Server)})
	if err != nil {
		return nil, err
	}
	if _, err := p.Want("address", `^UDP Echo Server listening on IPv6 .*done$`); err != nil {
		p.Stop()
		return nil, err
	}
	end := programEnd{program: p, suites: gnuTLSSuites, reports: gnuTLSServerReports, received: `^\*\*\* Processing \d+ bytes command: `}
	address := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
	return &programListener{programEnd: end, address: address, echoes: true}, nil
}

// Connect implements Implementation.
func (g gnuTLS) Connect(s *Scenario, to netip.AddrPort) (End, error) {
	args := append([]string{"--udp", "-d", "5", "-p", strconv.Itoa(int(to.Port()))}, g.options(s)...)
	if s.Authentication.Server == PreSharedKey {
		args = append(args, "--pskusername", s.Identity, "--pskkey", s.ClientKey())
	} else {
		args = append(args, "--x509cafile", s.ClientTrusts(), "--sni-hostname", ServerName, "--verify-hostname", ServerName)
	}
	if shows, pair := s.ClientShows(); shows.isCertificate() {
		args = append(args, "--x509certfile", pair.Certificate, "--x509keyfile", pair.Key)
	}
	if s.Resume != NoResumption {
		args = append(args, "--resume")
	}
	env := g.environment(s, Client)
	if s.Suite.UsesPSK() && s.Suite.UsesECDHE() {
		username, err := run.build(gnuTLSUsername)
		if err != nil {
			return nil, err
		}
		env = append(env, "LD_PRELOAD="+username)
	}
	p, err := Start(Command{Path: "gnutls-cli", Args: append(args, to.Addr().String()), Env: env, Inside: s.Inside})
	if err != nil {
		return nil, err
	}
	return &programEnd{program: p, suites: gnuTLSSuites, reports: gnuTLSClientReports, received: "^"}, nil
}

// options are those that client and server have in common.
func (g gnuTLS) options(s *Scenario) []string {
	options := []string{"--priority", g.priority(s)}
	if s.ALPN != "" {
		options = append(options, "--alpn", s.ALPN)
	}
	if s.SRTP != "" {
		options = append(options, "--srtp-profiles", gnuTLSProfiles[s.SRTP])
	}
	if s.MTU != 0 {
		options = append(options, "--mtu", strconv.Itoa(s.MTU))
	}
	return options
}

func (gnuTLS) environment(s *Scenario, r Role) []string {
	log := s.keyLogOf(r)
	if log == "" {
		return nil
	}
	return []string{"SSLKEYLOGFILE=" + log}
}

// priority returns the priority string that allows one suite and nothing else. GnuTLS chooses key exchange, cipher and
// MAC separately, and its name of a suite is made of these.
func (gnuTLS) priority(s *Scenario) string {
	name := gnuTLSSuites[s.Suite]
	exchange := "PSK"
	for _, prefix := range []string{"ECDHE_PSK", "ECDHE_ECDSA", "ECDHE_RSA"} {
		if strings.HasPrefix(name, prefix) {
			exchange = prefix
		}
	}
	cipher, mac := strings.TrimPrefix(name, exchange+"_"), "AEAD"
	if base, hash, found := strings.Cut(cipher, "_SHA"); found {
		cipher = base
		if strings.HasSuffix(base, "CBC") {
			mac = "SHA" + hash
		}
	}
	groups := "GROUP-ALL"
	if s.Group != "" {
		groups = gnuTLSGroups[s.Group]
	}
	tickets := ""
	if s.Resume == BySessionID {
		tickets = ":%NO_TICKETS"
	}
	return fmt.Sprintf("NONE:+VERS-DTLS1.2:+COMP-NULL:+CTYPE-X509:+SIGN-ALL:+%s:+%s:+%s:+%s%s",
		groups, strings.ReplaceAll(exchange, "_", "-"), strings.ReplaceAll(cipher, "_", "-"), mac, tickets)
}

// freePort returns a UDP port that nobody uses, for programs that cannot tell which one they were given.
func freePort() (int, error) {
	socket, err := net.ListenUDP("udp", nil)
	if err != nil {
		return 0, err
	}
	defer socket.Close()
	return socket.LocalAddr().(*net.UDPAddr).Port, nil
}
