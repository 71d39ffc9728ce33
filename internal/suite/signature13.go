package suite

import (
	"crypto"
	"slices"
	"strings"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// The schemes of each kind of key in DTLS 1.3, in order of preference. An ECDSA
// scheme names the curve too, and PKCS #1 v1.5 remains for certificates alone.
//
// RFC 8446, Section 4.2.3.
var (
	rsaSchemes13       = rsaSchemes[:3]
	ecdsaP256Schemes13 = ecdsaP256Schemes[:1]
	ecdsaP384Schemes13 = ecdsaP384Schemes[:1]
)

// DefaultSchemes13 returns the schemes of CertificateVerify messages that we
// offer to verify, in order of preference. The slice is the caller's.
func DefaultSchemes13() []wire.SignatureScheme {
	return slices.Concat(ecdsaP256Schemes13, ecdsaP384Schemes13, ed25519Schemes, rsaSchemes13)
}

// SchemesFor13 returns the schemes that a key with the public half pub can sign
// with in DTLS 1.3, in order of preference, or nil when it is of no use here.
// The slice is the caller's.
func SchemesFor13(pub crypto.PublicKey) []wire.SignatureScheme {
	return slices.Clone(schemesFor13(pub))
}

func schemesFor13(pub crypto.PublicKey) []wire.SignatureScheme {
	switch kindOf(pub) {
	case rsaKey:
		if badRSASize(pub) {
			return nil
		}
		return rsaSchemes13
	case ecdsaP256Key:
		return ecdsaP256Schemes13
	case ecdsaP384Key:
		return ecdsaP384Schemes13
	case ed25519Key:
		return ed25519Schemes
	default:
		return nil
	}
}

// Sign13 makes the signature of a CertificateVerify message that the client, or
// else the server, sends. The hash is that of the messages up to Certificate.
// The error is that of signer, or says that scheme does not go with its key.
func Sign13(signer crypto.Signer, scheme wire.SignatureScheme, client bool, transcriptHash []byte) ([]byte, error) {
	if !slices.Contains(schemesFor13(signer.Public()), scheme) {
		return nil, wrongScheme(signer.Public(), scheme)
	}
	return Sign(signer, scheme, signedContent(client, transcriptHash))
}

// Verify13 checks the signature of a CertificateVerify message that the client,
// or else the server, sent. It returns ErrWeakKey for RSA keys of unfit size and
// ErrBadSignature for all else that is wrong, such as a scheme that does not go
// with the key.
func Verify13(pub crypto.PublicKey, scheme wire.SignatureScheme, client bool, transcriptHash, signature []byte) error {
	if badRSASize(pub) {
		return ErrWeakKey
	}
	if !slices.Contains(schemesFor13(pub), scheme) {
		return ErrBadSignature
	}
	return Verify(pub, scheme, signedContent(client, transcriptHash), signature)
}

// signedContent puts the hash of a transcript behind what says for whom it is,
// so that no signature can serve in another place: 64 spaces for what older
// versions sign, and a context that ends in a zero.
//
// RFC 8446, Section 4.4.3.
func signedContent(client bool, transcriptHash []byte) []byte {
	context := "TLS 1.3, server CertificateVerify\x00"
	if client {
		context = "TLS 1.3, client CertificateVerify\x00"
	}
	return slices.Concat([]byte(strings.Repeat(" ", 64)+context), transcriptHash)
}
