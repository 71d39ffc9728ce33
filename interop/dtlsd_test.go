package interop

import (
	"net/netip"
	"strconv"
	"strings"
)

// dtlsd drives the program of this repository, as a user runs it.
type dtlsd struct{}

// dtlsdSuites are all suites of the table.
var dtlsdSuites = func() suiteTable {
	var all []Suite
	for _, row := range suites {
		all = append(all, row.id)
	}
	return openSSLNames(all...)
}()

// dtlsdListening is the line by which the server tells its address and port.
const dtlsdListening = `^Server is listening on address (\S+) and port (\d+)$`

var dtlsdServerReports = map[Fact]string{
	SuiteName: `^Connection with \(.*\) encrypted\. Session cipher: (\S+); session protocol: DTLS 1\.2\.$`,
	Goodbye:   `^\(.*\): The DTLS connection has been shutdown$`,
	Refusal:   `^\(.*\): ((?:received the alert|the peer's Finished cannot be decrypted|Error during SSL handshake).*)$`,
}

var dtlsdClientReports = map[Fact]string{
	SuiteName: `: session cipher: (\S+); session protocol: DTLS 1\.2$`,
	Goodbye:   `(?i)shutdown alert received`,
	Refusal:   `(?:^dtlsd: error: |client: |interop: )((?:received the alert|the server answered but never|certificate not trusted|.*unreachable).*)$`,
}

func (dtlsd) Name() string { return "dtlsd" }

func (dtlsd) Suites(Role) suiteTable { return dtlsdSuites }

func (dtlsd) Authenticates(Role, Authentication) bool { return true }

// Serve implements Implementation. The server asks for a cookie and echoes.
func (d dtlsd) Serve(s *Scenario) (Listener, error) {
	args := append([]string{"serve", "--console", "off", "--listen", "127.0.0.1:0", "--reply", "echo"}, d.options(s, Server)...)
	if s.Authentication.Server == PreSharedKey {
		args = append(args, "--psk", s.Identity+":"+s.Key, "--psk-hint", "interop")
	} else {
		pair := s.Certificates.Server(s.Authentication.Server)
		args = append(args, "--cert", pair.Certificate, "--key", pair.Key)
	}
	if authority := s.ServerTrusts(); authority != "" {
		args = append(args, "--client-ca", authority)
	}
	end, err := d.start(args, dtlsdServerReports, `^As plain text:\n `, nil)
	if err != nil {
		return nil, err
	}
	groups, err := end.Want("address", dtlsdListening)
	if err != nil {
		end.Stop()
		return nil, err
	}
	return &programListener{programEnd: *end, address: netip.MustParseAddrPort(groups[1] + ":" + groups[2]), echoes: true}, nil
}

// Connect implements Implementation.
func (d dtlsd) Connect(s *Scenario, to netip.AddrPort) (End, error) {
	args := append([]string{"connect", to.String(), "-v"}, d.options(s, Client)...)
	if s.Authentication.Server == PreSharedKey {
		args = append(args, "--psk", s.ClientIdentity()+":"+s.ClientKey())
	} else {
		args = append(args, "--ca", s.ClientTrusts(), "--server-name", ServerName)
	}
	if shows, pair := s.ClientShows(); shows.isCertificate() {
		args = append(args, "--cert", pair.Certificate, "--key", pair.Key)
	}
	return d.start(args, dtlsdClientReports, "^", s.Inside)
}

// options are those that client and server have in common.
func (dtlsd) options(s *Scenario, r Role) []string {
	options := []string{"--ciphers", s.SuiteOf(r).String()}
	if groups := s.GroupsOf(r); len(groups) > 0 {
		options = append(options, "--groups", strings.Join(groups, ","))
	}
	if s.ALPN != "" {
		options = append(options, "--alpn", s.ALPN)
	}
	if s.MTU != 0 {
		options = append(options, "--mtu", strconv.Itoa(s.MTU))
	}
	if log := s.keyLogOf(r); log != "" {
		options = append(options, "--keylog", log)
	}
	return options
}

func (dtlsd) start(args []string, reports map[Fact]string, received string, inside *Namespace) (*programEnd, error) {
	path, err := run.build(dtlsdProgram)
	if err != nil {
		return nil, err
	}
	p, err := Start(Command{Path: path, Args: args, Inside: inside})
	if err != nil {
		return nil, err
	}
	return &programEnd{program: p, suites: dtlsdSuites, reports: reports, received: received}, nil
}
