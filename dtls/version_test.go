package dtls

import (
	"crypto/tls"
	"testing"

	"github.com/dtlsd/dtlsd/internal/engine"
)

func TestOnlyDTLS12IsAVersion(t *testing.T) {
	for _, test := range []struct {
		version uint16
		want    string // empty if it is taken
	}{
		{0, ""},
		{VersionDTLS12, ""},
		{0xfeff, "DTLS 1.0 is obsolete and not implemented: leave it zero, or use VersionDTLS12"},
		{0xfefc, "DTLS 1.3 is not implemented yet: leave it zero, or use VersionDTLS12"},
		{tls.VersionTLS12, "0x0303 is TLS 1.2, not a version of DTLS: use VersionDTLS12"},
		{tls.VersionTLS13, "0x0304 is TLS 1.3, not a version of DTLS: use VersionDTLS12"},
		{0xfefe, "unknown version 0xfefe: leave it zero, or use VersionDTLS12"},
		{1, "unknown version 0x0001: leave it zero, or use VersionDTLS12"},
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
	if got := VersionName(VersionDTLS12); got != "DTLS 1.2" {
		t.Errorf("VersionName = %q", got)
	}
}
