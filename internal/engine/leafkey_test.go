package engine

import (
	"crypto"
	"crypto/x509"
)

// LeafKey returns the key in a certificate.
func LeafKey(certificate []byte) (crypto.PublicKey, error) {
	c, err := x509.ParseCertificate(certificate)
	if err != nil {
		return nil, err
	}
	return c.PublicKey, nil
}
