package wire

import "fmt"

// A SignatureScheme is RFC 8446's reading of the two bytes that RFC 5246 calls
// SignatureAndHashAlgorithm. In DTLS 1.2 the ECDSA schemes name the hash only, not the curve.
type SignatureScheme uint16

// The signature schemes of the registry that dtlsd names.
const (
	PKCS1WithSHA1          SignatureScheme = 0x0201 // RFC 5246, Section 7.4.1.4.1
	ECDSAWithSHA1          SignatureScheme = 0x0203 // RFC 5246, Section 7.4.1.4.1
	PKCS1WithSHA256        SignatureScheme = 0x0401 // RFC 8446, Section 4.2.3
	ECDSAWithP256AndSHA256 SignatureScheme = 0x0403 // RFC 8446, Section 4.2.3
	PKCS1WithSHA384        SignatureScheme = 0x0501 // RFC 8446, Section 4.2.3
	ECDSAWithP384AndSHA384 SignatureScheme = 0x0503 // RFC 8446, Section 4.2.3
	PKCS1WithSHA512        SignatureScheme = 0x0601 // RFC 8446, Section 4.2.3
	ECDSAWithP521AndSHA512 SignatureScheme = 0x0603 // RFC 8446, Section 4.2.3
	PSSWithSHA256          SignatureScheme = 0x0804 // RFC 8446, Section 4.2.3, with an rsaEncryption key
	PSSWithSHA384          SignatureScheme = 0x0805 // RFC 8446, Section 4.2.3, with an rsaEncryption key
	PSSWithSHA512          SignatureScheme = 0x0806 // RFC 8446, Section 4.2.3, with an rsaEncryption key
	Ed25519                SignatureScheme = 0x0807 // RFC 8422, Section 5.1.3
)

func (s SignatureScheme) String() string {
	switch s {
	case PKCS1WithSHA1:
		return "rsa_pkcs1_sha1"
	case ECDSAWithSHA1:
		return "ecdsa_sha1"
	case PKCS1WithSHA256:
		return "rsa_pkcs1_sha256"
	case ECDSAWithP256AndSHA256:
		return "ecdsa_secp256r1_sha256"
	case PKCS1WithSHA384:
		return "rsa_pkcs1_sha384"
	case ECDSAWithP384AndSHA384:
		return "ecdsa_secp384r1_sha384"
	case PKCS1WithSHA512:
		return "rsa_pkcs1_sha512"
	case ECDSAWithP521AndSHA512:
		return "ecdsa_secp521r1_sha512"
	case PSSWithSHA256:
		return "rsa_pss_rsae_sha256"
	case PSSWithSHA384:
		return "rsa_pss_rsae_sha384"
	case PSSWithSHA512:
		return "rsa_pss_rsae_sha512"
	case Ed25519:
		return "ed25519"
	}
	return fmt.Sprintf("signature_scheme 0x%04x", uint16(s))
}
