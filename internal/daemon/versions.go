package daemon

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dtlsd/dtlsd/dtls"
)

// Versions are the versions of DTLS to speak, with commas between them.
type Versions string

// BothVersions are DTLS 1.2, RFC 6347, and DTLS 1.3, RFC 9147.
const BothVersions Versions = "1.2,1.3"

// UnmarshalText implements [encoding.TextUnmarshaler].
func (v *Versions) UnmarshalText(text []byte) error {
	var list []string
	for _, name := range splitNames(string(text)) {
		switch name {
		case "1.0":
			// RFC 8996, Section 5: it must not be used.
			return fmt.Errorf("DTLS 1.0 is obsolete and not spoken here")
		case "1.2", "1.3":
			list = append(list, name)
		default:
			return fmt.Errorf("%q is not one of 1.2, 1.3", name)
		}
	}
	if len(list) == 0 {
		return fmt.Errorf("%q is not one of 1.2, 1.3", text)
	}
	slices.Sort(list)
	*v = Versions(strings.Join(slices.Compact(list), ","))
	return nil
}

// MarshalText implements [encoding.TextMarshaler].
func (v Versions) MarshalText() ([]byte, error) { return []byte(v), nil }

// apply says so to the library.
func (v Versions) apply(c *dtls.Config) {
	c.MinVersion, c.MaxVersion = dtls.VersionDTLS12, dtls.VersionDTLS13
	switch v {
	case "1.2":
		c.MaxVersion = dtls.VersionDTLS12
	case "1.3":
		c.MinVersion = dtls.VersionDTLS13
	}
}

// speaksDTLS12 tells whether a server with this configuration does, to a client
// that has every cipher suite.
func speaksDTLS12(c *dtls.Config) bool {
	if c.MinVersion == dtls.VersionDTLS13 {
		return false
	}
	return c.CipherSuites == nil || slices.ContainsFunc(dtls.CipherSuites(), func(s dtls.CipherSuite) bool {
		return s.Version == dtls.VersionDTLS12 && slices.Contains(c.CipherSuites, s.ID)
	})
}
