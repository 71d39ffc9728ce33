package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A pki is an authority, a server and a client that it signed.
type pki struct {
	authority, server, client party
}

// A party is a certificate and its key in PEM files, and what they contain.
type party struct {
	certificate, key string

	leaf   *x509.Certificate
	signer crypto.Signer
}

// newPKI makes a pki whose files last for a test.
func newPKI(t *testing.T) pki {
	t.Helper()
	dir := t.TempDir()
	var p pki
	p.authority = p.authority.sign(t, dir, &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	p.server = p.authority.sign(t, dir, &x509.Certificate{
		Subject: pkix.Name{CommonName: "server"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	})
	p.client = p.authority.sign(t, dir, &x509.Certificate{
		Subject: pkix.Name{CommonName: "sensor-8"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return p
}

// sign makes a party with the certificate of a template. The zero value signs
// what is its own authority.
func (p party) sign(t *testing.T, dir string, template *x509.Certificate) party {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if p.signer == nil {
		p = party{leaf: template, signer: key}
	}
	now := time.Now()
	template.SerialNumber = big.NewInt(now.UnixNano())
	template.NotBefore, template.NotAfter = now.Add(-time.Hour), now.Add(time.Hour)
	certificate, err := x509.CreateCertificate(rand.Reader, template, p.leaf, key.Public(), p.signer)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(dir, template.Subject.CommonName)
	signed := party{certificate: base + ".pem", key: base + ".key", leaf: template, signer: key}
	writePEM(t, signed.certificate, "CERTIFICATE", certificate)
	writePEM(t, signed.key, "PRIVATE KEY", private)
	return signed
}

func writePEM(t *testing.T, file, kind string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
		t.Fatal(err)
	}
}
