package suite

import (
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// ErrBadKeyShare says that a peer's public key is not a valid one of its group
// or leads to a shared secret that anybody knows. The alert is
// illegal_parameter.
var ErrBadKeyShare = errors.New("invalid public key in key exchange")

// A PrivateKey is one side's ephemeral key, for one handshake.
type PrivateKey interface {
	// PublicKey returns the public half as it travels: an uncompressed point
	// for the NIST curves (RFC 8422, Section 5.4.1), 32 bytes for X25519. It is
	// the share of whoever speaks first; to answer one, use Respond.
	PublicKey() []byte

	// SharedSecret returns what this key and the peer's public key, or answer
	// to ours, agree on. The only error is ErrBadKeyShare.
	SharedSecret(peer []byte) ([]byte, error)

	// Respond returns the answer to the peer's public key, and what both agree
	// on. On a curve the answer is PublicKey; a key encapsulation makes it from
	// the peer's key. The only error is ErrBadKeyShare.
	Respond(peer []byte) (share, secret []byte, err error)
}

// A KeySource makes ephemeral keys. It is injected so that tests can repeat a
// handshake byte by byte.
type KeySource interface {
	// GenerateKey returns a fresh key, or an error if g is not in
	// DefaultGroups13.
	GenerateKey(g wire.Group) (PrivateKey, error)
}

// DefaultGroups returns the groups that DTLS 1.2 associations agree on keys
// in, in order of preference. The slice is the caller's.
func DefaultGroups() []wire.Group {
	return []wire.Group{wire.GroupX25519, wire.GroupP256, wire.GroupP384}
}

// DefaultGroups13 returns the groups that DTLS 1.3 associations agree on keys
// in, in order of preference. The slice is the caller's.
func DefaultGroups13() []wire.Group { return slices.Clone(groups13[:]) }

var groups13 = [...]wire.Group{wire.GroupX25519MLKEM768, wire.GroupX25519, wire.GroupP256, wire.GroupP384}

// SystemKeys is the KeySource that draws from the operating system.
type SystemKeys struct{}

// GenerateKey implements KeySource.
func (SystemKeys) GenerateKey(g wire.Group) (PrivateKey, error) {
	if g == wire.GroupX25519MLKEM768 {
		return generateHybridKey()
	}
	curve, err := curveOf(g)
	if err != nil {
		return nil, err
	}
	key, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return ecdhKey{key}, nil
}

// NewPrivateKey returns the key of group g with the given secret scalar, 32
// bytes or, for P-384, 48; keys of X25519MLKEM768 come from [NewHybridKey]. It is
// for key sources of tests; a key used in two handshakes has no forward secrecy.
func NewPrivateKey(g wire.Group, secret []byte) (PrivateKey, error) {
	curve, err := curveOf(g)
	if err != nil {
		return nil, err
	}
	key, err := curve.NewPrivateKey(secret)
	if err != nil {
		return nil, err
	}
	return ecdhKey{key}, nil
}

func curveOf(g wire.Group) (ecdh.Curve, error) {
	switch g {
	case wire.GroupX25519:
		return ecdh.X25519(), nil
	case wire.GroupP256:
		return ecdh.P256(), nil
	case wire.GroupP384:
		return ecdh.P384(), nil
	default:
		return nil, fmt.Errorf("no key agreement in %v", g)
	}
}

// ecdhKey is a PrivateKey on an elliptic curve.
type ecdhKey struct{ private *ecdh.PrivateKey }

func (k ecdhKey) PublicKey() []byte { return k.private.PublicKey().Bytes() }

func (k ecdhKey) SharedSecret(peer []byte) ([]byte, error) {
	public, err := k.private.Curve().NewPublicKey(peer)
	if err != nil {
		return nil, ErrBadKeyShare
	}
	// Fails when X25519 ends at zero, which RFC 8422, Section 5.11 says to
	// check for.
	secret, err := k.private.ECDH(public)
	if err != nil {
		return nil, ErrBadKeyShare
	}
	return secret, nil
}

func (k ecdhKey) Respond(peer []byte) (share, secret []byte, err error) {
	if secret, err = k.SharedSecret(peer); err != nil {
		return nil, nil, err
	}
	return k.PublicKey(), secret, nil
}
