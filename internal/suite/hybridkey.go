package suite

import (
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/rand"
	"slices"
)

// x25519Len is the length of an X25519 public key, in bytes.
const x25519Len = 32

// hybridKey is a PrivateKey of X25519MLKEM768, which is safe as long as one of
// its halves is. In both shares and in the secret the half of ML-KEM comes first.
//
// draft-ietf-tls-ecdhe-mlkem.
type hybridKey struct {
	classical ecdhKey

	// The key of ML-KEM is expanded when its public half is asked for: who
	// responds does not need it, and would spend half of the time on it.
	seed     []byte
	expanded *mlkem.DecapsulationKey768

	encapsulate Encapsulation
}

// An Encapsulation makes a secret and hides it from all but the owner of a key.
// That of the system is the method [mlkem.EncapsulationKey768.Encapsulate].
type Encapsulation func(*mlkem.EncapsulationKey768) (sharedKey, ciphertext []byte)

// NewHybridKey returns the key of X25519MLKEM768 with the given scalar of X25519,
// 32 bytes, and the given seed of ML-KEM, 64 bytes. It is for key sources of
// tests, which choose what is random in Respond too.
func NewHybridKey(scalar, seed []byte, encapsulate Encapsulation) (PrivateKey, error) {
	classical, err := ecdh.X25519().NewPrivateKey(scalar)
	if err != nil {
		return nil, err
	}
	key := &hybridKey{classical: ecdhKey{classical}, seed: slices.Clone(seed), encapsulate: encapsulate}
	if err := key.expand(); err != nil {
		return nil, err
	}
	return key, nil
}

func generateHybridKey() (PrivateKey, error) {
	classical, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	seed := make([]byte, mlkem.SeedSize)
	rand.Read(seed)
	return &hybridKey{
		classical:   ecdhKey{classical},
		seed:        seed,
		encapsulate: (*mlkem.EncapsulationKey768).Encapsulate,
	}, nil
}

func (k *hybridKey) expand() (err error) {
	if k.expanded == nil {
		k.expanded, err = mlkem.NewDecapsulationKey768(k.seed)
	}
	return err
}

func (k *hybridKey) PublicKey() []byte {
	if err := k.expand(); err != nil {
		panic("suite: " + err.Error()) // for seeds of another length
	}
	return append(k.expanded.EncapsulationKey().Bytes(), k.classical.PublicKey()...)
}

// SharedSecret takes the answer to PublicKey: a ciphertext, and a public key.
// A ciphertext that was not made for this key leads to a secret that nobody else
// has, as FIPS 203 wants it.
func (k *hybridKey) SharedSecret(peer []byte) ([]byte, error) {
	if len(peer) != mlkem.CiphertextSize768+x25519Len || k.expand() != nil {
		return nil, ErrBadKeyShare
	}
	secret, err := k.expanded.Decapsulate(peer[:mlkem.CiphertextSize768])
	if err != nil {
		return nil, ErrBadKeyShare
	}
	return k.complete(secret, peer[mlkem.CiphertextSize768:])
}

// Respond takes a PublicKey of the peer: a key to encapsulate to, and a public
// key.
func (k *hybridKey) Respond(peer []byte) (share, secret []byte, err error) {
	if len(peer) != mlkem.EncapsulationKeySize768+x25519Len {
		return nil, nil, ErrBadKeyShare
	}
	// The check of FIPS 203, Section 7.2 is in here. The draft says that a key
	// that fails it is illegal_parameter.
	to, err := mlkem.NewEncapsulationKey768(peer[:mlkem.EncapsulationKeySize768])
	if err != nil {
		return nil, nil, ErrBadKeyShare
	}
	secret, share = k.encapsulate(to)
	if secret, err = k.complete(secret, peer[mlkem.EncapsulationKeySize768:]); err != nil {
		return nil, nil, err
	}
	return append(share, k.classical.PublicKey()...), secret, nil
}

// complete appends what X25519 agrees on to the secret of ML-KEM. It refuses a
// public key that leads to zero, although the other half would still be secret.
func (k *hybridKey) complete(secret, peer []byte) ([]byte, error) {
	classical, err := k.classical.SharedSecret(peer)
	if err != nil {
		return nil, err
	}
	return append(secret, classical...), nil
}
