package interop

import (
	"net/netip"
	"testing"
)

// wolfSSL drives wolfssl/library.c, built with Debian's wolfSSL 5.5.
type wolfSSL struct{}

// wolfSSLSuites are those of wolfSSL_get_ciphers that we have too. Debian builds it without plain PSK except for
// ChaCha20, and without CCM for ECDHE-PSK; it is the only peer here with ECDHE-PSK and GCM.
var wolfSSLSuites = suiteTable{
	0xccab: "PSK-CHACHA20-POLY1305",
	0xd001: "ECDHE-PSK-AES128-GCM-SHA256",
	0xccac: "ECDHE-PSK-CHACHA20-POLY1305",
	0xc037: "ECDHE-PSK-AES128-CBC-SHA256",
	0xc02b: "ECDHE-ECDSA-AES128-GCM-SHA256",
	0xc02c: "ECDHE-ECDSA-AES256-GCM-SHA384",
	0xcca9: "ECDHE-ECDSA-CHACHA20-POLY1305",
	0xc0ac: "ECDHE-ECDSA-AES128-CCM",
	0xc0ae: "ECDHE-ECDSA-AES128-CCM-8",
	0xc0af: "ECDHE-ECDSA-AES256-CCM-8",
	0xc02f: "ECDHE-RSA-AES128-GCM-SHA256",
	0xc030: "ECDHE-RSA-AES256-GCM-SHA384",
	0xcca8: "ECDHE-RSA-CHACHA20-POLY1305",
}

func TestWolfSSL(t *testing.T) {
	matrix(t, wolfSSL{})
}

func (wolfSSL) Name() string { return "wolfSSL" }

func (wolfSSL) Suites(Role) suiteTable { return wolfSSLSuites }

// Authenticates says no to Ed25519, which Debian leaves out, and to client certificates of RSA, on which wolfSSL fails
// with Mbed TLS as well as with OpenSSL at the other end, in both roles.
func (wolfSSL) Authenticates(_ Role, a Authentication) bool {
	return a.Server != Ed25519 && a.Client != Ed25519 && a.Client != RSA
}

// Serve implements Implementation. The server asks for a cookie and ends after its first client.
func (w wolfSSL) Serve(s *Scenario) (Listener, error) {
	return serveCPeer(wolfSSLPeer, wolfSSLSuites, s, w.options(s))
}

// Connect implements Implementation.
func (w wolfSSL) Connect(s *Scenario, to netip.AddrPort) (End, error) {
	return connectCPeer(wolfSSLPeer, wolfSSLSuites, s, to, w.options(s))
}

// options restricts ECDHE-PSK to P-256: the client offers X25519 there, but cannot use the server's share.
func (wolfSSL) options(s *Scenario) []string {
	group := s.Group
	if group == "" && s.Suite.UsesPSK() && s.Suite.UsesECDHE() {
		group = "P-256"
	}
	if group == "" {
		return nil
	}
	return []string{"group=" + group}
}
