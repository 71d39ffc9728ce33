package interop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// ServerName is the name that server certificates are made for, besides the address 127.0.0.1.
const ServerName = "localhost"

// Certificates are the files of one run: for each kind of key an authority, a server and a client.
type Certificates struct {
	directory string
}

// A Pair names the two PEM files of a certificate and its key.
type Pair struct {
	Certificate, Key string
}

// Server returns the files of a server with that kind of key.
func (c Certificates) Server(k Credential) Pair { return c.pair(k, "server") }

// Client returns the files of a client with that kind of key.
func (c Certificates) Client(k Credential) Pair { return c.pair(k, "client") }

// Authority returns the PEM file of the certificate that signed server and client of that kind.
func (c Certificates) Authority(k Credential) string { return c.pair(k, "authority").Certificate }

func (c Certificates) pair(k Credential, who string) Pair {
	base := filepath.Join(c.directory, fmt.Sprintf("%d-%s", k, who))
	return Pair{Certificate: base + ".pem", Key: base + ".key"}
}

// MakeCertificates writes all files into directory. They are valid for a day.
func MakeCertificates(directory string) (Certificates, error) {
	c := Certificates{directory: directory}
	for _, kind := range []Credential{ECDSA, ECDSA384, Ed25519, RSA} {
		if err := c.makeKind(kind); err != nil {
			return c, fmt.Errorf("certificates of kind %v: %w", kind, err)
		}
	}
	return c, nil
}

func (c Certificates) makeKind(kind Credential) error {
	authorityKey, err := newKey(authorityKind(kind))
	if err != nil {
		return err
	}
	authority := template("authority of " + kind.String())
	authority.IsCA, authority.BasicConstraintsValid = true, true
	authority.KeyUsage = x509.KeyUsageCertSign
	if err := write(c.pair(kind, "authority"), authority, authority, authorityKey, authorityKey); err != nil {
		return err
	}
	server := template("server")
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.DNSNames = []string{ServerName}
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	client := template("client")
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	for who, leaf := range map[string]*x509.Certificate{"server": server, "client": client} {
		key, err := newKey(kind)
		if err != nil {
			return err
		}
		if err := write(c.pair(kind, who), leaf, authority, key, authorityKey); err != nil {
			return err
		}
	}
	return nil
}

// authorityKind is the kind of key that signs certificates of that kind. Authorities of Ed25519 do not exist because
// pion 4.0.1 takes no certificate that was signed with it: it compares two different code points for the algorithm.
func authorityKind(kind Credential) Credential {
	if kind == Ed25519 {
		return ECDSA
	}
	return kind
}

func newKey(kind Credential) (crypto.Signer, error) {
	switch kind {
	case ECDSA384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	case RSA:
		return rsa.GenerateKey(rand.Reader, 2048)
	default:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
}

func template(name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "dtlsd interop " + name},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

// write signs leaf and stores it with its key, both as PEM, the key as PKCS #8.
func write(to Pair, leaf, authority *x509.Certificate, key, authorityKey crypto.Signer) error {
	certificate, err := x509.CreateCertificate(rand.Reader, leaf, authority, key.Public(), authorityKey)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to.Certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o644); err != nil {
		return err
	}
	return os.WriteFile(to.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600)
}
