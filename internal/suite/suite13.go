package suite

import (
	"crypto"
	"slices"
	"strings"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A Suite13 is one cipher suite of DTLS 1.3, which says how records are
// protected and which hash everything is derived with, and nothing about keys
// or certificates. Suites are shared and never change; compare them by pointer.
type Suite13 struct {
	ID   wire.CipherSuite
	Name string      // in the IANA registry and in OpenSSL
	Hash crypto.Hash // of the key schedule and of the handshake transcript

	// SealLimit is how many records one key may protect, and OpenLimit how
	// many records may fail to open under one key, before an attacker's chances
	// grow. Keys are to be updated before either is reached.
	SealLimit, OpenLimit uint64

	bulk bulk
}

// The limits keep an attacker's advantage around 2^-57 or 2^-60. RFC 8446,
// Section 5.5 has those for encryption, and RFC 9147, Section 4.5.3 the one
// for CCM and those for decryption.
const (
	gcmSealLimit    = 23_726_566 // 2^24.5 records of full size
	ccmSealLimit    = 1 << 23
	chachaSealLimit = wire.MaxRecordSeq // the numbers run out first
	openLimit       = 1 << 36
	ccmOpenLimit    = 11_863_283 // 2^23.5

	// RFC 9147, Section 4.5.3: "Implementations MUST set usage limits for
	// AEAD_AES_128_CCM_8". A forger guesses a tag of 64 bits, so that 2^7
	// guesses leave him the 2^-57 that the other limits do.
	ccm8OpenLimit = 1 << 7
)

// suites13 lists every suite in order of preference, which is that of the modes
// in DTLS 1.2: RFC 8446, Appendix B.4.
var suites13 = [...]Suite13{
	{wire.TLS_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256", crypto.SHA256, gcmSealLimit, openLimit, bulk{mode: modeGCM, key: 16, iv: 12}},
	{wire.TLS_AES_256_GCM_SHA384, "TLS_AES_256_GCM_SHA384", crypto.SHA384, gcmSealLimit, openLimit, bulk{mode: modeGCM, key: 32, iv: 12}},
	{wire.TLS_CHACHA20_POLY1305_SHA256, "TLS_CHACHA20_POLY1305_SHA256", crypto.SHA256, chachaSealLimit, openLimit, bulk{mode: modeChaCha, key: 32, iv: 12}},
	{wire.TLS_AES_128_CCM_SHA256, "TLS_AES_128_CCM_SHA256", crypto.SHA256, ccmSealLimit, ccmOpenLimit, bulk{mode: modeCCM, key: 16, iv: 12, tag: 16}},
	{wire.TLS_AES_128_CCM_8_SHA256, "TLS_AES_128_CCM_8_SHA256", crypto.SHA256, ccmSealLimit, ccm8OpenLimit, bulk{mode: modeCCM, key: 16, iv: 12, tag: 8}},
}

// Lookup13 returns the suite of DTLS 1.3 with the code point id, or nil.
func Lookup13(id wire.CipherSuite) *Suite13 {
	for i := range suites13 {
		if suites13[i].ID == id {
			return &suites13[i]
		}
	}
	return nil
}

// ByName13 returns the suite of DTLS 1.3 that name means, or nil. The name may
// be that of IANA, or the code point in hexadecimal, "0x1301" or "1301". Case
// does not matter.
func ByName13(name string) *Suite13 {
	for i := range suites13 {
		if strings.EqualFold(name, suites13[i].Name) {
			return &suites13[i]
		}
	}
	id, ok := parseCodePoint(name)
	if !ok {
		return nil
	}
	return Lookup13(id)
}

// All13 returns every suite of DTLS 1.3, in order of preference. The slice is
// the caller's.
func All13() []*Suite13 {
	all := make([]*Suite13, len(suites13))
	for i := range suites13 {
		all[i] = &suites13[i]
	}
	return all
}

// Default13 returns the suites of DTLS 1.3 that are on without being asked for,
// in order of preference. The slice is the caller's.
//
// RFC 9147, Section 4.5.3: "TLS_AES_128_CCM_8_SHA256 MUST NOT be used in DTLS
// without additional safeguards against forgery."
func Default13() []*Suite13 {
	return slices.DeleteFunc(All13(), (*Suite13).ShortTag)
}

// ShortTag reports whether records carry a tag of 8 bytes instead of 16, which
// is easier to forge.
func (s *Suite13) ShortTag() bool { return s.bulk.tag == 8 }

// String returns the IANA name.
func (s *Suite13) String() string { return s.Name }

// KeysLen returns the length in bytes of the keys of one direction.
func (s *Suite13) KeysLen() int { return s.bulk.keysLen13() }

// Overhead returns the largest number of bytes that sealing adds to a plaintext,
// besides the record header.
func (s *Suite13) Overhead() int { return max(1+s.bulk.tagLen(), wire.MinCiphertext13) }
