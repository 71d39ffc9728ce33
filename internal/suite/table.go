package suite

import (
	"crypto"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// mode says how the block or stream cipher of a suite is used.
type mode uint8

const (
	modeGCM mode = iota + 1
	modeChaCha
	modeCCM
	modeCBC
)

// bulk describes the record protection of a suite: its mode, and the lengths
// in bytes of what it takes from the key block.
type bulk struct {
	mode   mode
	macKey int // 0 for an AEAD
	key    int
	iv     int // the fixed part; in CBC mode each record has its own IV
	tag    int // in CCM mode, the only one with a choice
}

// keysLen is the length of one direction's share of the key block.
func (b bulk) keysLen() int { return b.macKey + b.key + b.iv }

// keysLen13 is the length of the keys of one direction in DTLS 1.3, where one
// more hides record numbers.
func (b bulk) keysLen13() int { return b.key + b.iv + b.key }

// tagLen is the length of an AEAD's tag.
func (b bulk) tagLen() int {
	if b.mode == modeCCM {
		return b.tag
	}
	return 16
}

var (
	aes128GCM    = bulk{mode: modeGCM, key: 16, iv: 4} // RFC 5288, Section 3
	aes256GCM    = bulk{mode: modeGCM, key: 32, iv: 4}
	chachaPoly   = bulk{mode: modeChaCha, key: 32, iv: 12}      // RFC 7905, Section 2
	aes128CCM    = bulk{mode: modeCCM, key: 16, iv: 4, tag: 16} // RFC 6655, Section 3
	aes256CCM    = bulk{mode: modeCCM, key: 32, iv: 4, tag: 16}
	aes128CCM8   = bulk{mode: modeCCM, key: 16, iv: 4, tag: 8} // RFC 6655, Section 6.1
	aes256CCM8   = bulk{mode: modeCCM, key: 32, iv: 4, tag: 8}
	aes128SHA256 = bulk{mode: modeCBC, macKey: 32, key: 16} // RFC 5246, Appendix C
	aes256SHA384 = bulk{mode: modeCBC, macKey: 48, key: 32} // RFC 5487, Section 3.1
)

// suites lists every suite in order of preference.
//
// Forward secrecy comes first. A client that offers pre-shared keys was given
// one on purpose, while certificate suites are in everybody's default list, so
// ECDHE_PSK comes before the certificates. Within a key exchange the order is
// AES-128-GCM, AES-256-GCM, ChaCha20-Poly1305, CCM, CCM with short tags. The
// CBC suites are last and off unless asked for.
//
// Where a row says "vectors only", none of the implementations that the
// interoperability tests run against has the suite: known answers and round
// trips are all that stands behind it.
var suites = [...]Suite{
	// RFC 8442, Section 3, and RFC 7905, Section 2.
	{wire.TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256, "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256", "ECDHE-PSK-AES128-GCM-SHA256", ECDHEPSK, crypto.SHA256, aes128GCM}, // vectors only
	{wire.TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384, "TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384", "ECDHE-PSK-AES256-GCM-SHA384", ECDHEPSK, crypto.SHA384, aes256GCM}, // vectors only
	{wire.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-PSK-CHACHA20-POLY1305", ECDHEPSK, crypto.SHA256, chachaPoly},
	{wire.TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256", "ECDHE-PSK-AES128-CCM", ECDHEPSK, crypto.SHA256, aes128CCM},       // vectors only
	{wire.TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256, "TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256", "ECDHE-PSK-AES128-CCM8", ECDHEPSK, crypto.SHA256, aes128CCM8}, // vectors only

	// RFC 5289, Section 3.2, RFC 7905, Section 2, and RFC 7251, Section 2.
	{wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", ECDHEECDSA, crypto.SHA256, aes128GCM},
	{wire.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", ECDHEECDSA, crypto.SHA384, aes256GCM},
	{wire.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", ECDHEECDSA, crypto.SHA256, chachaPoly},
	{wire.TLS_ECDHE_ECDSA_WITH_AES_128_CCM, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "ECDHE-ECDSA-AES128-CCM", ECDHEECDSA, crypto.SHA256, aes128CCM},
	{wire.TLS_ECDHE_ECDSA_WITH_AES_256_CCM, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM", "ECDHE-ECDSA-AES256-CCM", ECDHEECDSA, crypto.SHA256, aes256CCM},
	{wire.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "ECDHE-ECDSA-AES128-CCM8", ECDHEECDSA, crypto.SHA256, aes128CCM8},
	{wire.TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", "ECDHE-ECDSA-AES256-CCM8", ECDHEECDSA, crypto.SHA256, aes256CCM8},

	// RFC 5289, Section 3.2, and RFC 7905, Section 2.
	{wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", ECDHERSA, crypto.SHA256, aes128GCM},
	{wire.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", ECDHERSA, crypto.SHA384, aes256GCM},
	{wire.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", ECDHERSA, crypto.SHA256, chachaPoly},

	// RFC 5487, Section 2, RFC 7905, Section 2, and RFC 6655, Section 4.
	{wire.TLS_PSK_WITH_AES_128_GCM_SHA256, "TLS_PSK_WITH_AES_128_GCM_SHA256", "PSK-AES128-GCM-SHA256", PSK, crypto.SHA256, aes128GCM},
	{wire.TLS_PSK_WITH_AES_256_GCM_SHA384, "TLS_PSK_WITH_AES_256_GCM_SHA384", "PSK-AES256-GCM-SHA384", PSK, crypto.SHA384, aes256GCM},
	{wire.TLS_PSK_WITH_CHACHA20_POLY1305_SHA256, "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256", "PSK-CHACHA20-POLY1305", PSK, crypto.SHA256, chachaPoly},
	{wire.TLS_PSK_WITH_AES_128_CCM, "TLS_PSK_WITH_AES_128_CCM", "PSK-AES128-CCM", PSK, crypto.SHA256, aes128CCM},
	{wire.TLS_PSK_WITH_AES_256_CCM, "TLS_PSK_WITH_AES_256_CCM", "PSK-AES256-CCM", PSK, crypto.SHA256, aes256CCM},
	{wire.TLS_PSK_WITH_AES_128_CCM_8, "TLS_PSK_WITH_AES_128_CCM_8", "PSK-AES128-CCM8", PSK, crypto.SHA256, aes128CCM8},
	{wire.TLS_PSK_WITH_AES_256_CCM_8, "TLS_PSK_WITH_AES_256_CCM_8", "PSK-AES256-CCM8", PSK, crypto.SHA256, aes256CCM8},

	// RFC 5489, Section 3.2, and RFC 5487, Section 3.1.
	{wire.TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256", "ECDHE-PSK-AES128-CBC-SHA256", ECDHEPSK, crypto.SHA256, aes128SHA256},
	{wire.TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384, "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384", "ECDHE-PSK-AES256-CBC-SHA384", ECDHEPSK, crypto.SHA384, aes256SHA384},
	{wire.TLS_PSK_WITH_AES_128_CBC_SHA256, "TLS_PSK_WITH_AES_128_CBC_SHA256", "PSK-AES128-CBC-SHA256", PSK, crypto.SHA256, aes128SHA256},
	{wire.TLS_PSK_WITH_AES_256_CBC_SHA384, "TLS_PSK_WITH_AES_256_CBC_SHA384", "PSK-AES256-CBC-SHA384", PSK, crypto.SHA384, aes256SHA384},
}
