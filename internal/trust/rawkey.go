package trust

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"

	"github.com/dtlsd/dtlsd/internal/wire"
)

var (
	errNoRawKey      = errors.New("no raw public key")
	errNotPinned     = errors.New("the raw public key is not one of those that are pinned")
	errRawKeyAtLarge = errors.New("nobody says which raw public keys to believe")
)

// NewRawKey returns the credential of a key that has no certificate (RFC 7250).
// The errors say what is wrong with the key.
func NewRawKey(key crypto.Signer) (Credential, error) {
	if key == nil {
		return Credential{}, errors.New("the key is nil")
	}
	if err := usableKey(key.Public()); err != nil {
		return Credential{}, err
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return Credential{}, err
	}
	return Credential{KeyType: wire.CertificateTypeRawPublicKey, Chain: [][]byte{spki}, Signer: key}, nil
}

// A RawKeyVerifier verifies the raw public keys that peers present. It is safe
// for concurrent use.
type RawKeyVerifier struct {
	// Believe decides about a key. Without it, none is believed.
	Believe func(key crypto.PublicKey) error
}

// Verify verifies a chain that is a SubjectPublicKeyInfo alone, in DER. The error
// is an [*Error].
func (v *RawKeyVerifier) Verify(chain [][]byte) (*Peer, error) {
	if len(chain) != 1 {
		return nil, &Error{wire.AlertBadCertificate, errNoRawKey}
	}
	key, err := x509.ParsePKIXPublicKey(chain[0])
	if err != nil {
		return nil, &Error{wire.AlertBadCertificate, err}
	}
	if err := usableKey(key); err != nil {
		return nil, &Error{wire.AlertUnsupportedCertificate, err}
	}
	if v.Believe == nil {
		return nil, &Error{wire.AlertCertificateUnknown, errRawKeyAtLarge}
	}
	if err := v.Believe(key); err != nil {
		return nil, &Error{wire.AlertCertificateUnknown, err}
	}
	return &Peer{RawPublicKey: key}, nil
}

// A Pin is the SHA-256 hash of a key's SubjectPublicKeyInfo in DER.
type Pin = [sha256.Size]byte

// PinOf returns the pin of a key.
func PinOf(key crypto.PublicKey) (Pin, error) {
	spki, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return Pin{}, err
	}
	return sha256.Sum256(spki), nil
}

// Pins is a set of keys to believe.
type Pins map[Pin]struct{}

// NewPins returns the set of those pins.
func NewPins(list ...Pin) Pins {
	pins := make(Pins, len(list))
	for _, pin := range list {
		pins[pin] = struct{}{}
	}
	return pins
}

// Believe refuses a key that is not in the set.
func (p Pins) Believe(key crypto.PublicKey) error {
	pin, err := PinOf(key)
	if err != nil {
		return err
	}
	if _, ok := p[pin]; !ok {
		return errNotPinned
	}
	return nil
}
