package dtls

import (
	"fmt"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// The cipher suites that this package implements, for Config.CipherSuites, by
// their names in the IANA registry. Those in CBC mode are used only if they are
// listed there.
const (
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
