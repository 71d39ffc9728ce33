package dtlstest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"io"
	"sync"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// The kinds of key that a credential can have.
const (
	ECDSAP256 = "ecdsa-p256"
	ECDSAP384 = "ecdsa-p384"
	Ed25519   = "ed25519"
	RSA       = "rsa"
)

// NewCredential returns the credential of that kind. Its certificate is no
// more than a name with padding, which is all that the engine sees of one;
// [PublicKey] knows the key to it.
func NewCredential(kind string) engine.Credential {
	leaf := bytes.Repeat([]byte(kind+"."), 60)
	return engine.Credential{Chain: [][]byte{leaf}, Signer: steady{signer(kind)}}
}

// PublicKey returns the key in a certificate of [NewCredential].
func PublicKey(certificate []byte) (crypto.PublicKey, error) {
	for _, kind := range []string{ECDSAP256, ECDSAP384, Ed25519, RSA} {
		if bytes.HasPrefix(certificate, []byte(kind+".")) {
			return signer(kind).Public(), nil
		}
	}
	return nil, errors.New("not a certificate of this package")
}

// NewRawKey returns the credential of the same key without a certificate. What
// stands for its encoding is known to [RawPublicKey] alone.
func NewRawKey(kind string) engine.Credential {
	c := NewCredential(kind)
	c.KeyType = wire.CertificateTypeRawPublicKey
	c.Chain = [][]byte{[]byte("key " + kind)}
	return c
}

// RawPublicKey returns the key in a chain of [NewRawKey].
func RawPublicKey(spki []byte) (crypto.PublicKey, error) {
	kind, ok := bytes.CutPrefix(spki, []byte("key "))
	if _, known := signers[string(kind)]; !ok || !known {
		return nil, errors.New("not a raw public key of this package")
	}
	return signer(string(kind)).Public(), nil
}

// steady signs without randomness, so that a seed repeats every byte.
type steady struct{ crypto.Signer }

func (s steady) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if _, ok := opts.(*rsa.PSSOptions); ok {
		return s.Signer.Sign(NewRand(0), digest, opts)
	}
	return s.Signer.Sign(nil, digest, opts)
}

// signers are the keys of all credentials, made once.
var signers = map[string]func() crypto.Signer{
	ECDSAP256: sync.OnceValue(func() crypto.Signer { return ecdsaKey(elliptic.P256(), 32) }),
	ECDSAP384: sync.OnceValue(func() crypto.Signer { return ecdsaKey(elliptic.P384(), 48) }),
	Ed25519: sync.OnceValue(func() crypto.Signer {
		return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	}),
	RSA: rsaKey,
}

func signer(kind string) crypto.Signer {
	key, ok := signers[kind]
	if !ok {
		panic("dtlstest: no key of kind " + kind)
	}
	return key()
}

func ecdsaKey(curve elliptic.Curve, size int) crypto.Signer {
	key, err := ecdsa.ParseRawPrivateKey(curve, bytes.Repeat([]byte{7}, size))
	if err != nil {
		panic(err)
	}
	return key
}
