package main

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// parsed returns the settings of a test of DTLS with those flags as well.
func parsed(t *testing.T, c connection, args ...string) *settings {
	t.Helper()
	s, err := parseSettings(append([]string{"-dtls"}, args...), c)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return s
}

func TestTimersAndSizesThatTestsTakeForGranted(t *testing.T) {
	m, err := newMemory()
	if err != nil {
		t.Fatal(err)
	}
	cfg := parsed(t, initialConnection).config(m)
	if cfg.MTU != 1472 || !cfg.FixedMTU || cfg.RetransmitInitial != 400*time.Millisecond ||
		cfg.RetransmitMax != time.Minute || cfg.RetransmitLimit != 12 {
		t.Errorf("%+v", cfg)
	}
}

func TestLaterFlagOverridesAnEarlierOne(t *testing.T) {
	if got := parsed(t, initialConnection, "-mtu", "256", "-mtu", "512").mtu; got != 512 {
		t.Errorf("mtu is %d", got)
	}
}

func TestFlagOfOneConnectionIsForThatOneOnly(t *testing.T) {
	args := []string{"-on-resume-verify-fail", "-on-initial-host-name", "first", "-on-resume-host-name", ""}
	if s := parsed(t, initialConnection, args...); s.distrusts || s.serverName != "first" {
		t.Errorf("first connection: %+v", s)
	}
	if s := parsed(t, resumedConnection, args...); !s.distrusts || s.serverName != "" {
		t.Errorf("second connection: %+v", s)
	}
}

func TestFlagsOfACredentialBelongToTheOneBegunLast(t *testing.T) {
	s := parsed(t, initialConnection,
		"-cert-file", "default.pem", "-key-file", "default.key",
		"-new-x509-credential", "-cert-file", "a.pem", "-key-file", "a.key", "-signing-prefs", "2053", "-signing-prefs", "2052",
		"-new-x509-credential", "-cert-file", "b.pem", "-key-file", "b.key")
	var chains []string
	for _, f := range s.files {
		chains = append(chains, f.chain)
	}
	if !slices.Equal(chains, []string{"default.pem", "a.pem", "b.pem"}) {
		t.Errorf("chains are %q", chains)
	}
	if !slices.Equal(s.files[1].schemes, []wire.SignatureScheme{wire.PSSWithSHA384, wire.PSSWithSHA256}) || s.files[2].schemes != nil {
		t.Errorf("schemes are %v and %v", s.files[1].schemes, s.files[2].schemes)
	}
}

func TestProtocolsAreListsOfNamesWithLengths(t *testing.T) {
	s := parsed(t, initialConnection, "-advertise-alpn", "\x03foo\x06foobar")
	if got := s.protocols(); !slices.Equal(got, []string{"foo", "foobar"}) || joinProtocols(got) != s.alpnOffer {
		t.Errorf("protocols are %q", got)
	}
}

func TestWhatIsNotImplementedIsSaidBeforeTheFirstConnection(t *testing.T) {
	for _, args := range [][]string{
		{"-dtls", "-no-such-flag"},
		{"-dtls", "-on-resume-no-such-flag", "value"},
		{"-dtls", "argument"},
		{"-dtls", "-mtu", "many"},
		{"-dtls", "-curves", "70000"},
		{"-dtls", "-srtp-profiles", "SRTP_NULL_SHA1_80"},
		{"-dtls", "-no-tls12", "-no-tls13"},
		{"-dtls", "-no-tls13", "-on-resume-no-tls12"},
		{"-dtls", "-min-version", "65275"},
		{"-dtls", "-max-version", "65279"},
		{"-dtls", "-no-ticket"},
		{"-server"},
	} {
		if err := runConnections(args); !errors.Is(err, errUnimplemented) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestClientOffersTheTypesOfItsCertificates(t *testing.T) {
	for _, test := range []struct {
		args []string
		want []uint8
	}{
		{nil, nil},
		{[]string{"-new-x509-credential"}, nil},
		{[]string{"-new-rpk-credential"}, []uint8{wire.CertificateTypeRawPublicKey, wire.CertificateTypeX509}},
		{[]string{"-available-client-cert-types", "0", "-available-client-cert-types", "2"}, []uint8{0, 2}},
	} {
		s := parsed(t, initialConnection, test.args...)
		if got := s.policy().ClientCertificateTypes; !slices.Equal(got, test.want) {
			t.Errorf("%q: client offers %v, want %v", test.args, got, test.want)
		}
		s.server = true
		if got := s.policy().ClientCertificateTypes; got != nil {
			t.Errorf("%q: server takes %v", test.args, got)
		}
	}
}
