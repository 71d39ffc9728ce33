package daemon

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"time"

	"github.com/dtlsd/dtlsd/internal/trust"
)

// loadCertificate reads a certificate chain and its private key from PEM
// files, which may be one and the same.
func loadCertificate(certFile, keyFile string) (*tls.Certificate, error) {
	chain, err := readFile(certFile)
	if err != nil {
		return nil, err
	}
	key, err := readFile(keyFile)
	if err != nil {
		return nil, err
	}
	if encryptedPEM(key) {
		return nil, runFault("decrypt it: openssl pkey -in "+shellQuote(keyFile)+" -out FILE", "%s: the private key is encrypted", keyFile)
	}
	cert, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, runFault("both are PEM, the chain with the leaf first; the private key must be that of the leaf",
			"certificate %s with key %s: %w", certFile, keyFile, err)
	}
	if _, err := trust.NewCredential(&cert); err != nil {
		return nil, runFault("ECDSA on P-256 or P-384, Ed25519, and RSA from 2048 bits on are good", "%s: %w", certFile, err)
	}
	return &cert, nil
}

// encryptedPEM tells whether a private key needs a password, in the form of
// PKCS #8 (RFC 7468, Section 11) or in OpenSSL's old one.
func encryptedPEM(content []byte) bool {
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			return true
		}
	}
	return false
}

// loadPool reads the certificates of authorities from a PEM file.
func loadPool(name string) (*x509.CertPool, error) {
	content, err := readFile(name)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, runFault("a file of authorities holds their certificates in PEM", "%s holds no certificate", name)
	}
	return pool, nil
}

// selfSignedLife is long enough for a test rig and too short to be forgotten.
const selfSignedLife = 30 * 24 * time.Hour

// selfSigned makes a certificate for the machine and the addresses that it
// listens on. Nobody else vouches for it.
func selfSigned(addresses []*net.UDPAddr, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "dtlsd"},
		DNSNames:     hostNames(),
		IPAddresses:  certifiedIPs(addresses),
		NotBefore:    now.Add(-time.Hour), // for clocks that are slow
		NotAfter:     now.Add(selfSignedLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

func hostNames() []string {
	names := []string{"localhost"}
	if host, err := os.Hostname(); err == nil && host != "localhost" {
		names = append(names, host)
	}
	return names
}

// certifiedIPs are the loopback addresses and those listened on; of a
// wildcard, those of every interface.
func certifiedIPs(addresses []*net.UDPAddr) []net.IP {
	ips := []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	for _, a := range addresses {
		if a.IP != nil && !a.IP.IsUnspecified() {
			ips = append(ips, a.IP)
			continue
		}
		local, err := net.InterfaceAddrs()
		if err != nil {
			continue // the certificate serves without them
		}
		for _, l := range local {
			if n, ok := l.(*net.IPNet); ok {
				ips = append(ips, n.IP)
			}
		}
	}
	return distinct(ips)
}

func distinct(ips []net.IP) []net.IP {
	seen := make(map[string]bool)
	kept := ips[:0]
	for _, ip := range ips {
		if text := ip.String(); !seen[text] {
			seen[text] = true
			kept = append(kept, ip)
		}
	}
	return kept
}

// fingerprint is the SHA-256 of a certificate as people compare it.
func fingerprint(cert *tls.Certificate) string {
	sum := sha256.Sum256(cert.Certificate[0])
	return string(bytes.ReplaceAll(bytes.ToUpper(appendSpacedHex(nil, sum[:])), []byte(" "), []byte(":")))
}
