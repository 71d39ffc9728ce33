package suite

import (
	"crypto"
	"crypto/aes"
	_ "crypto/sha256" // crypto.SHA256
	_ "crypto/sha512" // crypto.SHA384
	"slices"
	"strconv"
	"strings"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A Suite is one cipher suite of DTLS 1.2. Suites are shared and never change;
// compare them by pointer.
type Suite struct {
	ID          wire.CipherSuite
	Name        string      // in the IANA registry, "TLS_PSK_WITH_AES_128_GCM_SHA256"
	OpenSSLName string      // "PSK-AES128-GCM-SHA256", as OpenSSL and Qt print it
	KeyExchange KeyExchange // how the premaster secret comes to be
	Hash        crypto.Hash // of the PRF and of the handshake transcript

	bulk bulk
}

// Lookup returns the suite with the code point id, or nil.
func Lookup(id wire.CipherSuite) *Suite {
	for i := range suites {
		if suites[i].ID == id {
			return &suites[i]
		}
	}
	return nil
}

// ByName returns the suite that name means, or nil. The name may be that of
// IANA or of OpenSSL, or the code point in hexadecimal, "0xc02b" or "c02b".
// Case does not matter.
func ByName(name string) *Suite {
	for i := range suites {
		if strings.EqualFold(name, suites[i].Name) || strings.EqualFold(name, suites[i].OpenSSLName) {
			return &suites[i]
		}
	}
	id, ok := parseCodePoint(name)
	if !ok {
		return nil
	}
	return Lookup(id)
}

// parseCodePoint reads a code point in four hexadecimal digits, after "0x" or
// not.
func parseCodePoint(s string) (wire.CipherSuite, bool) {
	digits := strings.TrimPrefix(strings.ToLower(s), "0x")
	if len(digits) != 4 {
		return 0, false
	}
	id, err := strconv.ParseUint(digits, 16, 16)
	return wire.CipherSuite(id), err == nil
}

// All returns every suite, in order of preference. The slice is the caller's.
func All() []*Suite {
	all := make([]*Suite, len(suites))
	for i := range suites {
		all[i] = &suites[i]
	}
	return all
}

// Default returns the suites that are on without being asked for, in order of
// preference: all but those in CBC mode. The slice is the caller's.
func Default() []*Suite {
	return slices.DeleteFunc(All(), (*Suite).CBC)
}

// CBC reports whether s encrypts in CBC mode, and so needs encrypt-then-MAC to
// be safe (RFC 7366).
func (s *Suite) CBC() bool { return s.bulk.mode == modeCBC }

// String returns the IANA name.
func (s *Suite) String() string { return s.Name }

// KeysLen returns the length in bytes of the keys of one direction.
func (s *Suite) KeysLen() int { return s.bulk.keysLen() }

// Overhead returns the largest number of bytes that sealing adds to a plaintext,
// besides the record header. With a connection ID, the content type comes to them.
func (s *Suite) Overhead() int {
	switch s.bulk.mode {
	case modeCBC:
		return aes.BlockSize + s.bulk.macKey + aes.BlockSize
	case modeChaCha:
		return s.bulk.tagLen()
	default:
		return explicitNonceLen + s.bulk.tagLen()
	}
}
