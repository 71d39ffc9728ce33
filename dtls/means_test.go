package dtls

import (
	"errors"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A server says no more than handshake_failure. The client knows what it left
// out.
func TestClientSaysWhatItOfferedInVain(t *testing.T) {
	about(t, VersionDTLS12)
	ca := newAuthority(t)
	both := func(suites ...uint16) *Config {
		c := ca.trusting()
		c.ClientPSK = StaticClientPSK("client", testKey)
		c.CipherSuites = suites
		return c
	}
	certified := withCertificate(ca.issue(t, "ecdsa", serverName))
	for _, test := range []struct {
		name   string
		server func(*Server)
		client *Config
		want   string
	}{
		{"a server with keys", nil, ca.trusting(), ": we offered certificates only: Config.ClientPSK is not set"},
		{"the same, and suites with certificates", nil, both(TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
			": we offered certificates only: Config.CipherSuites has nothing else"},
		{"a server with a certificate", certified, clientConfig(), ": we offered pre-shared keys only: Config.RootCAs is not set"},
		{"the same, and suites with keys", certified, both(TLS_PSK_WITH_AES_128_CCM_8),
			": we offered pre-shared keys only: Config.CipherSuites has nothing else"},
		{"a server with another suite", func(s *Server) { s.Config.CipherSuites = []uint16{TLS_PSK_WITH_AES_128_CCM_8} },
			both(TLS_PSK_WITH_AES_256_CCM_8, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256), ""},
	} {
		var log logBook
		test.client.Observer = log.observer("")
		inWorld(t, test.server, func(w *world) {
			_, err := w.tryDial(clientAddress, test.client)
			var alert *AlertError
			if !errors.As(err, &alert) || alert.Alert != uint8(wire.AlertHandshakeFailure) {
				t.Fatalf("%s: %v", test.name, err)
			}
			if got, want := err.Error(), "dtls: the peer sent a fatal alert: handshake_failure"+test.want; got != want {
				t.Errorf("%s: %q, want %q", test.name, got, want)
			}
		})
		if lines := strings.Join(log.lines(), "\n"); strings.Contains(lines, "Config") {
			t.Errorf("%s: the log speaks to programmers:\n%s", test.name, lines)
		}
	}
}
