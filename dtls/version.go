package dtls

import (
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// VersionDTLS12 is DTLS 1.2 as it stands on the wire. Versions of DTLS count
// down: the larger the number, the older the protocol.
const VersionDTLS12 uint16 = uint16(wire.VersionDTLS12)

// VersionName returns the name of a version, such as "DTLS 1.2".
func VersionName(version uint16) string { return wire.Version(version).String() }

// checkVersions refuses every bound but the only version that there is.
func (c *Config) checkVersions() error {
	if err := checkVersion(c.MinVersion); err != nil {
		return fmt.Errorf("MinVersion: %w", err)
	}
	if err := checkVersion(c.MaxVersion); err != nil {
		return fmt.Errorf("MaxVersion: %w", err)
	}
	return nil
}

func checkVersion(version uint16) error {
	switch wire.Version(version) {
	case 0, wire.VersionDTLS12:
		return nil
	case wire.VersionDTLS10:
		// RFC 8996, Section 5: it must not be used.
		return errors.New("DTLS 1.0 is obsolete and not implemented: leave it zero, or use VersionDTLS12")
	case wire.VersionDTLS13:
		return errors.New("DTLS 1.3 is not implemented yet: leave it zero, or use VersionDTLS12")
	}
	if version>>8 == 3 { // the first byte of every version of TLS
		return fmt.Errorf("%#04x is %s, not a version of DTLS: use VersionDTLS12", version, tls.VersionName(version))
	}
	return fmt.Errorf("unknown version %#04x: leave it zero, or use VersionDTLS12", version)
}
