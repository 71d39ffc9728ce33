package wire

import "fmt"

// A Group is a NamedCurve of RFC 8422, which RFC 8446 calls NamedGroup.
type Group uint16

// The groups of the TLS Supported Groups registry that dtlsd names.
const (
	GroupP256           Group = 23   // secp256r1: RFC 8422, Section 5.1.1
	GroupP384           Group = 24   // secp384r1: RFC 8422, Section 5.1.1
	GroupP521           Group = 25   // secp521r1: RFC 8422, Section 5.1.1
	GroupX25519         Group = 29   // RFC 8422, Section 5.1.1
	GroupX448           Group = 30   // RFC 8422, Section 5.1.1
	GroupX25519MLKEM768 Group = 4588 // draft-ietf-tls-ecdhe-mlkem
)

func (g Group) String() string {
	switch g {
	case GroupP256:
		return "P-256"
	case GroupP384:
		return "P-384"
	case GroupP521:
		return "P-521"
	case GroupX25519:
		return "X25519"
	case GroupX448:
		return "X448"
	case GroupX25519MLKEM768:
		return "X25519MLKEM768"
	}
	return fmt.Sprintf("group 0x%04x", uint16(g))
}
