package daemon

import (
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/dtls"
)

func TestCommandsToPaste(t *testing.T) {
	p := PSK{Identity: []byte("guest 1"), Key: []byte{0x1a, 0x2b}}
	got := pskCommands(&net.UDPAddr{IP: net.IPv4zero, Port: 22334}, p, true)
	want := []string{
		program() + " connect 127.0.0.1:22334 --psk 'guest 1:1a2b'",
		"openssl s_client -dtls1_2 -connect 127.0.0.1:22334 -psk_identity 'guest 1' -psk 1a2b",
		"gnutls-cli --udp --port 22334 --pskusername 'guest 1' --pskkey 1a2b --priority NORMAL:-KX-ALL:+PSK:-VERS-ALL:+VERS-DTLS1.2 127.0.0.1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	got = certificateCommands(&net.UDPAddr{IP: net.IPv6loopback, Port: 1}, true)
	want = []string{
		program() + " connect '[::1]:1' --insecure",
		"openssl s_client -dtls1_2 -connect '[::1]:1'",
		"gnutls-cli --udp --port 1 --insecure --priority NORMAL:-VERS-ALL:+VERS-DTLS1.2 ::1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Other programs cannot talk to a server of DTLS 1.3.
func TestCommandsForDTLS13(t *testing.T) {
	address := &net.UDPAddr{IP: net.IPv4zero, Port: 22334}
	for _, got := range [][]string{pskCommands(address, newGuest(), false), certificateCommands(address, false)} {
		if len(got) != 1 || !strings.HasPrefix(got[0], program()+" connect ") {
			t.Errorf("%q", got)
		}
	}
	for _, test := range []struct {
		versions Versions
		suites   []uint16
		want     bool
	}{
		{BothVersions, nil, true},
		{"1.2", nil, true},
		{"1.3", nil, false},
		{BothVersions, []uint16{dtls.TLS_AES_128_GCM_SHA256}, false},
		{BothVersions, []uint16{dtls.TLS_AES_128_GCM_SHA256, dtls.TLS_PSK_WITH_AES_128_CCM_8}, true},
	} {
		c := &dtls.Config{CipherSuites: test.suites}
		test.versions.apply(c)
		if got := speaksDTLS12(c); got != test.want {
			t.Errorf("%+v: %t", test, got)
		}
	}
}

func TestWildcardIsReachedThroughLoopback(t *testing.T) {
	tests := []struct {
		wildcard net.IP
		want     string
	}{
		{net.IPv4zero, "127.0.0.1"},
		{net.IPv6unspecified, "::1"},
		{nil, "127.0.0.1"},
	}
	for _, tt := range tests {
		if host, port := reachable(&net.UDPAddr{IP: tt.wildcard, Port: 7}); host != tt.want || port != "7" {
			t.Errorf("%v: got %s, %s", tt.wildcard, host, port)
		}
	}
}

func TestGuestsAreRandomAndPlain(t *testing.T) {
	a, b := newGuest(), newGuest()
	if string(a.Identity) == string(b.Identity) || string(a.Key) == string(b.Key) {
		t.Errorf("%+v twice", a)
	}
	if !plainIdentity(a.Identity) || len(a.Key) != 16 {
		t.Errorf("%+v", a)
	}
}
