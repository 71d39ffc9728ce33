package wire

import "fmt"

// A CipherSuite is the code point of a cipher suite. Package suite knows what it stands for.
type CipherSuite uint16

// The cipher suites that dtlsd knows, by their names in the IANA registry.
const (
	TLS_PSK_WITH_AES_128_GCM_SHA256       CipherSuite = 0x00a8 // RFC 5487, Section 2
	TLS_PSK_WITH_AES_256_GCM_SHA384       CipherSuite = 0x00a9 // RFC 5487, Section 2
	TLS_PSK_WITH_AES_128_CBC_SHA256       CipherSuite = 0x00ae // RFC 5487, Section 3.1
	TLS_PSK_WITH_AES_256_CBC_SHA384       CipherSuite = 0x00af // RFC 5487, Section 3.1
	TLS_PSK_WITH_AES_128_CCM              CipherSuite = 0xc0a4 // RFC 6655, Section 4
	TLS_PSK_WITH_AES_256_CCM              CipherSuite = 0xc0a5 // RFC 6655, Section 4
	TLS_PSK_WITH_AES_128_CCM_8            CipherSuite = 0xc0a8 // RFC 6655, Section 4
	TLS_PSK_WITH_AES_256_CCM_8            CipherSuite = 0xc0a9 // RFC 6655, Section 4
	TLS_PSK_WITH_CHACHA20_POLY1305_SHA256 CipherSuite = 0xccab // RFC 7905, Section 3

	TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256       CipherSuite = 0xc037 // RFC 5489, Section 3.2
	TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384       CipherSuite = 0xc038 // RFC 5489, Section 3.2
	TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256 CipherSuite = 0xccac // RFC 7905, Section 3
	TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256       CipherSuite = 0xd001 // RFC 8442, Section 3
	TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384       CipherSuite = 0xd002 // RFC 8442, Section 3
	TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256     CipherSuite = 0xd003 // RFC 8442, Section 3
	TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256       CipherSuite = 0xd005 // RFC 8442, Section 3

	TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256       CipherSuite = 0xc02b // RFC 5289, Section 3.2
	TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384       CipherSuite = 0xc02c // RFC 5289, Section 3.2
	TLS_ECDHE_ECDSA_WITH_AES_128_CCM              CipherSuite = 0xc0ac // RFC 7251, Section 2
	TLS_ECDHE_ECDSA_WITH_AES_256_CCM              CipherSuite = 0xc0ad // RFC 7251, Section 2
	TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8            CipherSuite = 0xc0ae // RFC 7251, Section 2
	TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8            CipherSuite = 0xc0af // RFC 7251, Section 2
	TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 CipherSuite = 0xcca9 // RFC 7905, Section 3

	TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256       CipherSuite = 0xc02f // RFC 5289, Section 3.2
	TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384       CipherSuite = 0xc030 // RFC 5289, Section 3.2
	TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 CipherSuite = 0xcca8 // RFC 7905, Section 3

	// Those of DTLS 1.3, which leave the key exchange open.

	TLS_AES_128_GCM_SHA256       CipherSuite = 0x1301 // RFC 8446, Appendix B.4
	TLS_AES_256_GCM_SHA384       CipherSuite = 0x1302 // RFC 8446, Appendix B.4
	TLS_CHACHA20_POLY1305_SHA256 CipherSuite = 0x1303 // RFC 8446, Appendix B.4
	TLS_AES_128_CCM_SHA256       CipherSuite = 0x1304 // RFC 8446, Appendix B.4
	TLS_AES_128_CCM_8_SHA256     CipherSuite = 0x1305 // RFC 8446, Appendix B.4

	// TLS_EMPTY_RENEGOTIATION_INFO_SCSV is no suite but a signal in the list of suites.
	TLS_EMPTY_RENEGOTIATION_INFO_SCSV CipherSuite = 0x00ff // RFC 5746, Section 3.3
)

// String returns the code point in hexadecimal.
func (c CipherSuite) String() string { return fmt.Sprintf("0x%04X", uint16(c)) }
