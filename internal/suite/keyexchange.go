package suite

import (
	"crypto"
	"fmt"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A KeyExchange is the way in which a cipher suite agrees on the premaster
// secret and authenticates the server.
type KeyExchange uint8

// The key exchanges of the suites in this package.
const (
	// PSK is a pre-shared key alone (RFC 4279, Section 2). No forward secrecy.
	PSK KeyExchange = iota + 1
	// ECDHEPSK mixes a pre-shared key with an ephemeral key agreement
	// (RFC 5489, Section 2).
	ECDHEPSK
	// ECDHEECDSA signs an ephemeral key with an ECDSA or EdDSA certificate
	// (RFC 8422, Section 2.1).
	ECDHEECDSA
	// ECDHERSA signs an ephemeral key with an RSA certificate
	// (RFC 8422, Section 2.2).
	ECDHERSA
)

// UsesPSK reports whether both sides need the same pre-shared key.
func (k KeyExchange) UsesPSK() bool { return k == PSK || k == ECDHEPSK }

// UsesECDHE reports whether the exchange is ephemeral, hence forward secret.
func (k KeyExchange) UsesECDHE() bool { return k == ECDHEPSK || k.UsesCertificate() }

// UsesCertificate reports whether the server sends a certificate.
func (k KeyExchange) UsesCertificate() bool { return k == ECDHEECDSA || k == ECDHERSA }

// Form returns the shape that the key exchange messages of k have on the wire.
func (k KeyExchange) Form() wire.KeyExchangeForm {
	switch k {
	case PSK:
		return wire.FormPSK
	case ECDHEPSK:
		return wire.FormPSK | wire.FormECDHE
	case ECDHEECDSA, ECDHERSA:
		return wire.FormECDHE | wire.FormSigned
	default:
		return 0
	}
}

// Accepts reports whether a certificate with the public key pub can
// authenticate the server in the exchange k.
//
// Ed25519 certificates belong to the ECDHE_ECDSA suites: RFC 8422,
// Section 2.1.
func (k KeyExchange) Accepts(pub crypto.PublicKey) bool {
	switch kindOf(pub) {
	case rsaKey:
		return k == ECDHERSA
	case ecdsaP256Key, ecdsaP384Key, ed25519Key:
		return k == ECDHEECDSA
	default:
		return false
	}
}

// String returns the name that IANA suite names use, such as "ECDHE_PSK".
func (k KeyExchange) String() string {
	switch k {
	case PSK:
		return "PSK"
	case ECDHEPSK:
		return "ECDHE_PSK"
	case ECDHEECDSA:
		return "ECDHE_ECDSA"
	case ECDHERSA:
		return "ECDHE_RSA"
	default:
		return fmt.Sprintf("KeyExchange(%d)", uint8(k))
	}
}
