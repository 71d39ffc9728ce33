package dtls

import (
	"fmt"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// Versions of DTLS, as they stand on the wire.
const (
	VersionDTLS12 uint16 = uint16(wire.VersionDTLS12)
)

// VersionName returns the name of a version, such as "DTLS 1.2".
func VersionName(version uint16) string { return wire.Version(version).String() }

// A CipherSuite is a cipher suite and its names.
type CipherSuite struct {
	ID          uint16
	Name        string // in the IANA registry
	OpenSSLName string // as OpenSSL and Qt call it
	// Default is false for suites that are used only if Config.CipherSuites
	// lists them.
	Default bool
}

// CipherSuites returns the suites that this package implements, in order of
// preference.
func CipherSuites() []CipherSuite {
	all := suite.All()
	list := make([]CipherSuite, len(all))
	for i, s := range all {
		list[i] = publicSuite(s)
	}
	return list
}

// CipherSuiteByName returns the suite with a name of IANA's or OpenSSL's, or
// a code point such as "0xc02b". Case does not matter.
func CipherSuiteByName(name string) (CipherSuite, error) {
	s := suite.ByName(name)
	if s == nil {
		return CipherSuite{}, fmt.Errorf("dtls: unknown cipher suite %q", name)
	}
	return publicSuite(s), nil
}

func publicSuite(s *suite.Suite) CipherSuite {
	return CipherSuite{ID: uint16(s.ID), Name: s.Name, OpenSSLName: s.OpenSSLName, Default: !s.CBC()}
}
