package suite

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// Errors of Verify and Sign.
var (
	// ErrBadSignature says that a signature does not verify, or that its
	// scheme does not go with the key.
	ErrBadSignature = errors.New("invalid signature")
	// ErrWeakKey says that an RSA key is unfit: too short to prove anything,
	// or so long that each verification would be a burden.
	ErrWeakKey = errors.New("RSA key has fewer than 2048 or more than 8192 bits")
)

// The lengths of RSA keys that we use and believe.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

// keyKind sorts public keys by the schemes they go with.
type keyKind uint8

const (
	unusableKey keyKind = iota
	rsaKey
	ecdsaP256Key
	ecdsaP384Key
	ed25519Key
)

func kindOf(pub crypto.PublicKey) keyKind {
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		return rsaKey
	case *ecdsa.PublicKey:
		switch pub.Curve {
		case elliptic.P256():
			return ecdsaP256Key
		case elliptic.P384():
			return ecdsaP384Key
		}
	case ed25519.PublicKey:
		return ed25519Key
	}
	return unusableKey
}

// The schemes of each kind of key, in order of preference. In DTLS 1.2 an
// ECDSA scheme names the hash and leaves the curve to the certificate
// (RFC 8446, Section 4.2.3), so that either curve goes with either hash.
var (
	rsaSchemes = []wire.SignatureScheme{
		wire.PSSWithSHA256, wire.PSSWithSHA384, wire.PSSWithSHA512,
		wire.PKCS1WithSHA256, wire.PKCS1WithSHA384, wire.PKCS1WithSHA512,
	}
	ecdsaP256Schemes = []wire.SignatureScheme{wire.ECDSAWithP256AndSHA256, wire.ECDSAWithP384AndSHA384}
	ecdsaP384Schemes = []wire.SignatureScheme{wire.ECDSAWithP384AndSHA384, wire.ECDSAWithP256AndSHA256}
	ed25519Schemes   = []wire.SignatureScheme{wire.Ed25519}
	defaultSchemes   = slices.Concat(ecdsaP256Schemes, ed25519Schemes, rsaSchemes)
)

// DefaultSchemes returns the schemes that we offer to verify, in order of
// preference. The slice is the caller's.
func DefaultSchemes() []wire.SignatureScheme { return slices.Clone(defaultSchemes) }

// SchemesFor returns the schemes that a key with the public half pub can sign
// with in DTLS 1.2, in order of preference, or nil when it is of no use here.
// The slice is the caller's.
func SchemesFor(pub crypto.PublicKey) []wire.SignatureScheme { return slices.Clone(schemesFor(pub)) }

func schemesFor(pub crypto.PublicKey) []wire.SignatureScheme {
	switch kindOf(pub) {
	case rsaKey:
		if badRSASize(pub) {
			return nil
		}
		return rsaSchemes
	case ecdsaP256Key:
		return ecdsaP256Schemes
	case ecdsaP384Key:
		return ecdsaP384Schemes
	case ed25519Key:
		return ed25519Schemes
	default:
		return nil
	}
}

func badRSASize(pub crypto.PublicKey) bool {
	key, ok := pub.(*rsa.PublicKey)
	return ok && (key.N == nil || key.N.BitLen() < minRSABits || key.N.BitLen() > maxRSABits)
}

// Sign signs message, hashing it first where scheme says so. The error is that
// of signer, or says that scheme does not go with its key.
func Sign(signer crypto.Signer, scheme wire.SignatureScheme, message []byte) ([]byte, error) {
	if !slices.Contains(schemesFor(signer.Public()), scheme) {
		return nil, wrongScheme(signer.Public(), scheme)
	}
	opts := signerOpts(scheme)
	return signer.Sign(randomnessFor(signer), digest(opts.HashFunc(), message), opts)
}

// randomnessFor returns what a signature draws from. An ECDSA key of package ecdsa
// needs nothing: its nonces then come from the key and the message, which no bad
// source of randomness can spoil and which takes a quarter less time (RFC 6979,
// Section 3.2). That is no help to those who disturb the computation, as they would need
// the same message signed twice: what a handshake signs has the randoms of both
// sides in it.
func randomnessFor(signer crypto.Signer) io.Reader {
	if _, ok := signer.(*ecdsa.PrivateKey); ok {
		return nil
	}
	return rand.Reader
}

func wrongScheme(pub crypto.PublicKey, scheme wire.SignatureScheme) error {
	return fmt.Errorf("a %T cannot sign with %v", pub, scheme)
}

// Verify checks the signature of message under pub. It returns ErrWeakKey for
// RSA keys of unfit size and ErrBadSignature for all else that is wrong, such
// as a scheme that does not go with the key.
func Verify(pub crypto.PublicKey, scheme wire.SignatureScheme, message, signature []byte) error {
	if badRSASize(pub) {
		return ErrWeakKey
	}
	if !slices.Contains(schemesFor(pub), scheme) {
		return ErrBadSignature
	}
	opts := signerOpts(scheme)
	if !verifyDigest(pub, opts, digest(opts.HashFunc(), message), signature) {
		return ErrBadSignature
	}
	return nil
}

func verifyDigest(pub crypto.PublicKey, opts crypto.SignerOpts, digest, signature []byte) bool {
	switch pub := pub.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(pub, digest, signature)
	case ed25519.PublicKey:
		return len(pub) == ed25519.PublicKeySize && ed25519.Verify(pub, digest, signature)
	case *rsa.PublicKey:
		if pss, ok := opts.(*rsa.PSSOptions); ok {
			return rsa.VerifyPSS(pub, pss.Hash, digest, signature, pss) == nil
		}
		return rsa.VerifyPKCS1v15(pub, opts.HashFunc(), digest, signature) == nil
	default:
		return false
	}
}

// signerOpts returns the hash of a scheme, 0 for Ed25519, and its padding.
func signerOpts(scheme wire.SignatureScheme) crypto.SignerOpts {
	switch scheme {
	case wire.PSSWithSHA256, wire.PSSWithSHA384, wire.PSSWithSHA512:
		return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hashOf(scheme)}
	default:
		return hashOf(scheme)
	}
}

func hashOf(scheme wire.SignatureScheme) crypto.Hash {
	switch scheme {
	case wire.PKCS1WithSHA256, wire.ECDSAWithP256AndSHA256, wire.PSSWithSHA256:
		return crypto.SHA256
	case wire.PKCS1WithSHA384, wire.ECDSAWithP384AndSHA384, wire.PSSWithSHA384:
		return crypto.SHA384
	case wire.PKCS1WithSHA512, wire.PSSWithSHA512:
		return crypto.SHA512
	default:
		return 0
	}
}

// digest returns the hash of message, or message itself for schemes that hash
// on their own.
func digest(h crypto.Hash, message []byte) []byte {
	if h == 0 {
		return message
	}
	hash := h.New()
	hash.Write(message)
	return hash.Sum(nil)
}
