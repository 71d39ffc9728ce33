package daemon

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writePEM writes a certificate that signed itself and its key, and returns
// the names of the two files.
func writePEM(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	return writePEMOn(t, elliptic.P256())
}

func writePEMOn(t *testing.T, curve elliptic.Curve) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	return writeBlock(t, dir, "cert.pem", "CERTIFICATE", der), writeBlock(t, dir, "key.pem", "PRIVATE KEY", pkcs8)
}

func writeBlock(t *testing.T, dir, name, kind string, der []byte) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestLoadCertificate(t *testing.T) {
	certFile, keyFile := writePEM(t)
	otherCert, otherKey := writePEM(t)
	unfitCert, unfitKey := writePEMOn(t, elliptic.P521())
	locked := writeBlock(t, t.TempDir(), "locked.pem", "ENCRYPTED PRIVATE KEY", []byte{0x30, 0})
	tests := []struct{ name, cert, key, want string }{
		{"good", certFile, keyFile, ""},
		{"key of another", certFile, otherKey, "does not match"},
		{"two certificates", certFile, otherCert, "certificate "},
		{"certificate missing", certFile + "x", keyFile, "no such file"},
		{"key missing", certFile, keyFile + "x", "no such file"},
		{"swapped", keyFile, certFile, "certificate "},
		{"curve that we do not sign on", unfitCert, unfitKey, "cannot be used"},
		{"password", certFile, locked, "is encrypted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := loadCertificate(tt.cert, tt.key)
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || hintOf(err) == ""):
				t.Errorf("got %v with hint %q, want %q", err, hintOf(err), tt.want)
			}
		})
	}
}

func TestLoadPool(t *testing.T) {
	certFile, keyFile := writePEM(t)
	if _, err := loadPool(certFile); err != nil {
		t.Error(err)
	}
	if _, err := loadPool(keyFile); err == nil || hintOf(err) == "" {
		t.Errorf("a private key as authorities: %v", err)
	}
}

func TestSelfSignedCertificateNamesWhatItListensOn(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	cert, err := selfSigned([]*net.UDPAddr{{IP: net.IPv4(192, 0, 2, 7)}, {IP: net.IPv4(127, 0, 0, 1)}}, now)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert.Leaf)
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "192.0.2.7"} {
		_, err := cert.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: pool, CurrentTime: now})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(cert.Leaf.IPAddresses); n != 3 {
		t.Errorf("%d addresses: %v", n, cert.Leaf.IPAddresses)
	}
}

func TestFingerprint(t *testing.T) {
	// SHA-256 of "abc": FIPS 180-4, example of one block.
	const want = "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD"
	if got := fingerprint(&tls.Certificate{Certificate: [][]byte{[]byte("abc")}}); got != want {
		t.Errorf("got %s", got)
	}
}
