package dtls

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// The versions of DTLS as they stand on the wire, where they count down: the
// larger the number, the older the protocol.
const (
	VersionDTLS12 uint16 = uint16(wire.VersionDTLS12)
	VersionDTLS13 uint16 = uint16(wire.VersionDTLS13)
)

// VersionName returns the name of a version, such as "DTLS 1.2".
func VersionName(version uint16) string { return wire.Version(version).String() }

// versions returns the versions from MinVersion to MaxVersion, the newest first.
func (c *Config) versions() []wire.Version {
	oldest := wire.Version(cmp.Or(c.MinVersion, VersionDTLS12))
	newest := wire.Version(cmp.Or(c.MaxVersion, VersionDTLS13))
	var list []wire.Version
	for _, v := range []wire.Version{wire.VersionDTLS13, wire.VersionDTLS12} {
		if newest <= v && v <= oldest {
			list = append(list, v)
		}
	}
	return list
}

// checkVersions refuses bounds that are no versions of ours, or none between
// which there is one.
func (c *Config) checkVersions() error {
	if err := checkVersion(c.MinVersion); err != nil {
		return fmt.Errorf("MinVersion: %w", err)
	}
	if err := checkVersion(c.MaxVersion); err != nil {
		return fmt.Errorf("MaxVersion: %w", err)
	}
	if len(c.versions()) == 0 {
		return fmt.Errorf("MinVersion is %s, which is newer than MaxVersion, %s", VersionName(c.MinVersion), VersionName(c.MaxVersion))
	}
	return nil
}

func checkVersion(version uint16) error {
	switch wire.Version(version) {
	case 0, wire.VersionDTLS12, wire.VersionDTLS13:
		return nil
	case wire.VersionDTLS10:
		// RFC 8996, Section 5: it must not be used.
		return errors.New("DTLS 1.0 is obsolete and not implemented: leave it zero, or use VersionDTLS12")
	}
	switch version {
	case tls.VersionTLS12:
		return fmt.Errorf("%#04x is TLS 1.2, not a version of DTLS: use VersionDTLS12", version)
	case tls.VersionTLS13:
		return fmt.Errorf("%#04x is TLS 1.3, not a version of DTLS: use VersionDTLS13", version)
	}
	if version>>8 == 3 { // the first byte of every version of TLS
		return fmt.Errorf("%#04x is %s, not a version of DTLS: use VersionDTLS12 or VersionDTLS13", version, tls.VersionName(version))
	}
	return fmt.Errorf("unknown version %#04x: leave it zero, or use VersionDTLS12 or VersionDTLS13", version)
}
