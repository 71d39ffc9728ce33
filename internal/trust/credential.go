package trust

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A Credential is a certificate of ours, or a key without one, ready for use.
type Credential struct {
	KeyType uint8    // a CertificateType
	Chain   [][]byte // DER, leaf first; the SubjectPublicKeyInfo alone of a key without certificate
	Signer  crypto.Signer
	Schemes []wire.SignatureScheme // that the key may sign with, the preferred one first; nil for all that go with it
	Staple  []byte                 // an OCSP response, in DER; may be nil
	leaf    *x509.Certificate
}

// IsFor reports whether the certificate is for a server of that name. A key
// without certificate is for none in particular.
func (c Credential) IsFor(name string) bool {
	return c.leaf != nil && c.leaf.VerifyHostname(name) == nil
}

// NewCredential checks that cert can be used to authenticate. The errors say
// what is wrong with it.
func NewCredential(cert *tls.Certificate) (Credential, error) {
	leaf, err := leafOf(cert)
	if err != nil {
		return Credential{}, err
	}
	if err := usableKey(leaf.PublicKey); err != nil {
		return Credential{}, fmt.Errorf("certificate for %q cannot be used: %w", leaf.Subject, err)
	}
	signer, ok := cert.PrivateKey.(crypto.Signer)
	if !ok {
		return Credential{}, fmt.Errorf("certificate for %q needs a private key that can sign; this is a %T", leaf.Subject, cert.PrivateKey)
	}
	public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(leaf.PublicKey) {
		return Credential{}, fmt.Errorf("the private key is not that of the certificate for %q", leaf.Subject)
	}
	return Credential{
		Chain:   cert.Certificate,
		Signer:  signer,
		Schemes: schemes(cert.SupportedSignatureAlgorithms),
		Staple:  cert.OCSPStaple,
		leaf:    leaf,
	}, nil
}

// schemes returns a list of crypto/tls as one of ours: the numbers are those
// of the registry.
func schemes(list []tls.SignatureScheme) []wire.SignatureScheme {
	var out []wire.SignatureScheme
	for _, scheme := range list {
		out = append(out, wire.SignatureScheme(scheme))
	}
	return out
}

func leafOf(cert *tls.Certificate) (*x509.Certificate, error) {
	if len(cert.Certificate) == 0 {
		return nil, errors.New("the certificate is empty")
	}
	if cert.Leaf != nil {
		return cert.Leaf, nil
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("the certificate does not parse: %w", err)
	}
	return leaf, nil
}

// Authorities returns the distinguished names in DER that tell a client which
// authorities a server believes.
func Authorities(pool *x509.CertPool) [][]byte {
	if pool == nil {
		return nil
	}
	//lint:ignore SA1019 The names of the system's roots are missing, and would be far too many to send.
	return pool.Subjects()
}
