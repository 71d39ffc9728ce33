package dtls

import (
	"fmt"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// The cipher suites that this package implements, for Config.CipherSuites, by
// their names in the IANA registry. The first ones are of DTLS 1.3, the others of
// DTLS 1.2. Those in CBC mode, and TLS_AES_128_CCM_8_SHA256, are used only if they
// are listed there.
const (
	TLS_AES_128_GCM_SHA256       = uint16(wire.TLS_AES_128_GCM_SHA256)
	TLS_AES_256_GCM_SHA384       = uint16(wire.TLS_AES_256_GCM_SHA384)
	TLS_CHACHA20_POLY1305_SHA256 = uint16(wire.TLS_CHACHA20_POLY1305_SHA256)
	TLS_AES_128_CCM_SHA256       = uint16(wire.TLS_AES_128_CCM_SHA256)
	TLS_AES_128_CCM_8_SHA256     = uint16(wire.TLS_AES_128_CCM_8_SHA256)

	TLS_PSK_WITH_AES_128_GCM_SHA256       = uint16(wire.TLS_PSK_WITH_AES_128_GCM_SHA256)
	TLS_PSK_WITH_AES_256_GCM_SHA384       = uint16(wire.TLS_PSK_WITH_AES_256_GCM_SHA384)
	TLS_PSK_WITH_AES_128_CBC_SHA256       = uint16(wire.TLS_PSK_WITH_AES_128_CBC_SHA256)
	TLS_PSK_WITH_AES_256_CBC_SHA384       = uint16(wire.TLS_PSK_WITH_AES_256_CBC_SHA384)
	TLS_PSK_WITH_AES_128_CCM              = uint16(wire.TLS_PSK_WITH_AES_128_CCM)
	TLS_PSK_WITH_AES_256_CCM              = uint16(wire.TLS_PSK_WITH_AES_256_CCM)
	TLS_PSK_WITH_AES_128_CCM_8            = uint16(wire.TLS_PSK_WITH_AES_128_CCM_8)
	TLS_PSK_WITH_AES_256_CCM_8            = uint16(wire.TLS_PSK_WITH_AES_256_CCM_8)
	TLS_PSK_WITH_CHACHA20_POLY1305_SHA256 = uint16(wire.TLS_PSK_WITH_CHACHA20_POLY1305_SHA256)

	TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256       = uint16(wire.TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256)
	TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384       = uint16(wire.TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384)
	TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256 = uint16(wire.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256)
	TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256       = uint16(wire.TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256)
	TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384       = uint16(wire.TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384)
	TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256     = uint16(wire.TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256)
	TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256       = uint16(wire.TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256)

	TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256       = uint16(wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
	TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384       = uint16(wire.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384)
	TLS_ECDHE_ECDSA_WITH_AES_128_CCM              = uint16(wire.TLS_ECDHE_ECDSA_WITH_AES_128_CCM)
	TLS_ECDHE_ECDSA_WITH_AES_256_CCM              = uint16(wire.TLS_ECDHE_ECDSA_WITH_AES_256_CCM)
	TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8            = uint16(wire.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8)
	TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8            = uint16(wire.TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8)
	TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 = uint16(wire.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256)

	TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256       = uint16(wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)
	TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384       = uint16(wire.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384)
	TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = uint16(wire.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256)
)

// A CipherSuite is a cipher suite and its names.
type CipherSuite struct {
	ID          uint16
	Name        string // in the IANA registry
	OpenSSLName string // as OpenSSL and Qt call it
	Version     uint16 // of DTLS, the only one that has it
	// Default is false for suites that are used only if Config.CipherSuites
	// lists them.
	Default bool
}

// CipherSuites returns the suites that this package implements, in order of
// preference. Those of DTLS 1.3 come first.
func CipherSuites() []CipherSuite {
	var list []CipherSuite
	for _, s := range suite.All13() {
		list = append(list, publicSuite13(s))
	}
	for _, s := range suite.All() {
		list = append(list, publicSuite(s))
	}
	return list
}

// CipherSuiteName returns the name of a suite in the IANA registry, or its number
// if it is not implemented.
func CipherSuiteName(id uint16) string {
	if s := suiteOf(wire.CipherSuite(id)); s.Name != "" {
		return s.Name
	}
	return fmt.Sprintf("0x%04X", id)
}

// CipherSuiteByName returns the suite with a name of IANA's or OpenSSL's, or
// a code point such as "0xc02b". Case does not matter.
func CipherSuiteByName(name string) (CipherSuite, error) {
	if s := suite.ByName(name); s != nil {
		return publicSuite(s), nil
	}
	if s := suite.ByName13(name); s != nil {
		return publicSuite13(s), nil
	}
	return CipherSuite{}, fmt.Errorf("dtls: unknown cipher suite %q", name)
}

// suiteOf returns the suite of either version, or the zero value.
func suiteOf(id wire.CipherSuite) CipherSuite {
	if s := suite.Lookup13(id); s != nil {
		return publicSuite13(s)
	}
	if s := suite.Lookup(id); s != nil {
		return publicSuite(s)
	}
	return CipherSuite{}
}

func publicSuite(s *suite.Suite) CipherSuite {
	return CipherSuite{ID: uint16(s.ID), Name: s.Name, OpenSSLName: s.OpenSSLName, Version: VersionDTLS12, Default: !s.CBC()}
}

// publicSuite13 has one name: in OpenSSL it is that of the registry.
func publicSuite13(s *suite.Suite13) CipherSuite {
	return CipherSuite{ID: uint16(s.ID), Name: s.Name, OpenSSLName: s.Name, Version: VersionDTLS13, Default: !s.ShortTag()}
}
