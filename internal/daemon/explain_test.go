package daemon

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/dtlsd/dtlsd/dtls"
)

func TestFailuresToConnectComeWithAdvice(t *testing.T) {
	plain := ConnectSettings{}
	withPSK := ConnectSettings{PSK: "a:00"}
	withCert := ConnectSettings{Cert: "c.pem"}
	tests := []struct {
		name     string
		err      error
		settings ConnectSettings
		text     string
		hint     string
	}{
		{"unknown name", &net.DNSError{Err: "no such host", Name: "x"}, plain, "lookup x", "check the name"},
		{"ICMP", &dtls.UnreachableError{Peer: netip.MustParseAddrPort("127.0.0.1:9"), Err: syscall.ECONNREFUSED}, plain,
			"127.0.0.1:9 is unreachable: connection refused", "nothing listens"},
		{"certificate", &dtls.CertificateError{Err: errors.New("expired")}, plain, "certificate not trusted: expired", "--ca FILE"},
		{"wrong key", dtls.ErrWrongKey, withPSK, "the pre-shared keys", "compare identity and key"},
		{"silence", dtls.ErrHandshakeTimeout, withPSK, "handshake timed out", "--timeout"},
		{"nothing in common", &dtls.AlertError{Alert: alertHandshakeFailure}, plain, "handshake_failure", "--psk"},
		{"no suite in common", &dtls.AlertError{Alert: alertHandshakeFailure}, withPSK, "handshake_failure", "--ciphers"},
		{"no group in common", &dtls.AlertError{Alert: alertHandshakeFailure}, plain, "handshake_failure", "--groups"},
		{"what programmers want to know", &dtls.AlertError{Alert: alertHandshakeFailure, Offered: "Config.ClientPSK"}, plain, "handshake_failure", "--psk"},
		{"our certificate", &dtls.AlertError{Alert: alertUnknownCA}, withCert, "unknown_ca", "--cert"},
		{"unknown identity", &dtls.AlertError{Alert: alertUnknownPSK}, withPSK, "unknown_psk_identity", "compare identity and key"},
		{"ALPN", &dtls.AlertError{Alert: alertNoApplicationProt}, plain, "no_application_protocol", "--alpn"},
		{"no key for it", dtls.ErrNoPSK, plain, "no pre-shared key", "--psk"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &client{settings: &tt.settings}
			err := c.explain(t.Context(), tt.err)
			if !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "Config.") || strings.HasPrefix(err.Error(), "dtls:") || !strings.Contains(hintOf(err), tt.hint) {
				t.Errorf("error %q, hint %q", err, hintOf(err))
			}
			if !errors.Is(err, tt.err) {
				t.Error("the cause is lost")
			}
		})
	}
}

func TestAnswersOfTheServerShapeTheAdvice(t *testing.T) {
	tests := []struct {
		name  string
		heard dtls.HandshakeEvent
		hint  string
	}{
		{"nothing", dtls.HandshakeEvent{Sent: true, Message: "client_hello"}, "a firewall"},
		{"half a handshake", dtls.HandshakeEvent{Message: "server_hello_done"}, "the server answered"},
		{"an echo", dtls.HandshakeEvent{Message: "client_hello"}, "not a DTLS server"},
	}
	for _, tt := range tests {
		c := &client{settings: &ConnectSettings{}}
		c.hear(tt.heard)
		if err := c.explain(t.Context(), dtls.ErrHandshakeTimeout); !strings.Contains(hintOf(err), tt.hint) {
			t.Errorf("%s: hint %q", tt.name, hintOf(err))
		}
	}
}

func TestInterruptedHandshakeIsNotATimeout(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := &client{settings: &ConnectSettings{}}
	if err := c.explain(ctx, dtls.ErrHandshakeTimeout); err.Error() != "interrupted during the handshake" {
		t.Error(err)
	}
}
