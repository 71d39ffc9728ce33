package dtls

import (
	"crypto"
	"fmt"
	"slices"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/trust"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// KeyPin returns the SHA-256 hash of a public key in its usual encoding, the
// SubjectPublicKeyInfo in DER:
//
//	openssl pkey -in key.pem -pubout -outform DER | sha256sum
func KeyPin(key crypto.PublicKey) ([32]byte, error) {
	pin, err := trust.PinOf(key)
	if err != nil {
		return pin, fmt.Errorf("dtls: %w", err)
	}
	return pin, nil
}

// PinnedKeys returns a function for Config.VerifyRawPublicKey that believes the
// keys with those pins, and no others. [KeyPin] makes pins.
func PinnedKeys(pins ...[32]byte) func(key crypto.PublicKey) error {
	return trust.NewPins(pins...).Believe
}

// addRawKeys adds the keys that go without certificate to the credentials.
func (p *profile) addRawKeys() error {
	for i, key := range p.config.RawPublicKeys {
		credential, err := trust.NewRawKey(key)
		if err != nil {
			return fmt.Errorf("raw public key %d: %w", i, err)
		}
		p.credentials = append(p.credentials, credential)
	}
	return nil
}

// rawCredentials returns the credentials that are keys without certificate.
func (p *profile) rawCredentials() []trust.Credential {
	return p.credentials[len(p.config.Certificates):]
}

// signs reports whether a server has keys to sign with, with certificates or
// without.
func (c *Config) signs() bool {
	return len(c.Certificates) > 0 || c.GetCertificate != nil || len(c.RawPublicKeys) > 0
}

// offersSignatures reports whether a client takes servers with certificates or
// with raw public keys.
func (c *Config) offersSignatures() bool {
	return c.offersCertificates() || c.VerifyRawPublicKey != nil
}

// certificateTypes returns the types of a server's certificates and of a client's
// that a side has or takes, the preferred one first; none where the default will
// do.
func (c *Config) certificateTypes(side engine.Side) (server, client []uint8) {
	if side == engine.Client {
		return types(c.VerifyRawPublicKey != nil, c.offersCertificates()), c.ownTypes(c.GetClientCertificate != nil)
	}
	server = c.ownTypes(c.GetCertificate != nil)
	if c.VerifyRawPublicKey != nil && clientAuth(c.ClientAuth) != engine.NoClientCert {
		client = types(true, c.ClientCAs != nil)
	}
	return server, client
}

// ownTypes returns the types of our certificates, where get says that there is a
// function that finds some.
func (c *Config) ownTypes(get bool) []uint8 {
	list := types(len(c.RawPublicKeys) > 0, get || len(c.Certificates) > 0)
	slices.Reverse(list)
	return list
}

func types(raw, x509 bool) []uint8 {
	var list []uint8
	if raw {
		list = append(list, wire.CertificateTypeRawPublicKey)
	}
	if x509 {
		list = append(list, wire.CertificateTypeX509)
	}
	return list
}

// verifierOf returns what verifies chains of a type, and whether code of the
// user's may wait in it.
func (p *profile) verifierOf(keyType uint8) (verify func(chain [][]byte) (*trust.Peer, error), waits bool) {
	if keyType == wire.CertificateTypeRawPublicKey {
		return p.rawKeys.Verify, true
	}
	verifier := p.verifier
	return verifier.Verify, verifier.Also != nil
}
