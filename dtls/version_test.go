package dtls

import (
	"crypto/tls"
	"slices"
	"testing"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestVersionsThatAreTaken(t *testing.T) {
	for _, test := range []struct {
		version uint16
		want    string // empty if it is taken
	}{
		{0, ""},
		{VersionDTLS12, ""},
		{VersionDTLS13, ""},
		{0xfeff, "DTLS 1.0 is obsolete and not implemented: leave it zero, or use VersionDTLS12"},
		{tls.VersionTLS10, "0x0301 is TLS 1.0, not a version of DTLS: use VersionDTLS12 or VersionDTLS13"},
		{tls.VersionTLS12, "0x0303 is TLS 1.2, not a version of DTLS: use VersionDTLS12"},
		{tls.VersionTLS13, "0x0304 is TLS 1.3, not a version of DTLS: use VersionDTLS13"},
		{0xfefe, "unknown version 0xfefe: leave it zero, or use VersionDTLS12 or VersionDTLS13"},
		{1, "unknown version 0x0001: leave it zero, or use VersionDTLS12 or VersionDTLS13"},
	} {
		for _, bound := range []string{"MinVersion", "MaxVersion"} {
			c := clientConfig()
			if bound == "MinVersion" {
				c.MinVersion = test.version
			} else {
				c.MaxVersion = test.version
			}
			_, err := c.profile(engine.Client)
			if test.want == "" && err != nil || test.want != "" && (err == nil || err.Error() != "dtls: "+bound+": "+test.want) {
				t.Errorf("%s %#04x: %v, want %q", bound, test.version, err, test.want)
			}
		}
	}
	if got := VersionName(VersionDTLS12) + ", " + VersionName(VersionDTLS13); got != "DTLS 1.2, DTLS 1.3" {
		t.Errorf("VersionName = %q", got)
	}
}

// What is spoken depends on the suites that are listed, too.
func TestVersionsThatAreSpoken(t *testing.T) {
	only12, only13 := []wire.Version{wire.VersionDTLS12}, []wire.Version{wire.VersionDTLS13}
	both := []wire.Version{wire.VersionDTLS13, wire.VersionDTLS12}
	for _, test := range []struct {
		lowest, highest uint16
		suites          []uint16
		want            []wire.Version
		err             string
	}{
		{0, 0, nil, both, ""},
		{VersionDTLS12, VersionDTLS13, nil, both, ""},
		{VersionDTLS12, VersionDTLS12, nil, only12, ""},
		{0, VersionDTLS12, nil, only12, ""},
		{VersionDTLS13, 0, nil, only13, ""},
		{0, 0, []uint16{TLS_PSK_WITH_AES_128_CCM_8}, only12, ""},
		{0, 0, []uint16{TLS_AES_128_CCM_8_SHA256}, only13, ""},
		{0, 0, []uint16{TLS_AES_128_CCM_8_SHA256, TLS_PSK_WITH_AES_128_CCM_8}, both, ""},
		{VersionDTLS13, VersionDTLS12, nil, nil, "dtls: MinVersion is DTLS 1.3, which is newer than MaxVersion, DTLS 1.2"},
		{VersionDTLS13, 0, []uint16{TLS_PSK_WITH_AES_128_CCM_8}, nil, "dtls: none of CipherSuites is of a version between MinVersion and MaxVersion: DTLS 1.3"},
	} {
		c := clientConfig()
		c.MinVersion, c.MaxVersion, c.CipherSuites = test.lowest, test.highest, test.suites
		p, err := c.profile(engine.Client)
		switch {
		case test.err != "" && (err == nil || err.Error() != test.err):
			t.Errorf("%+v: %v", test, err)
		case test.err == "" && (err != nil || !slices.Equal(p.engine.Versions, test.want)):
			t.Errorf("%+v: %+v, %v", test, p, err)
		}
	}
}
