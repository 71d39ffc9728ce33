package trust

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

var testTime = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// An authority signs certificates for tests.
type authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  crypto.Signer
}

func newAuthority(t testing.TB) *authority {
	key := newECDSA(t, elliptic.P256())
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "test authority"},
		NotBefore:             testTime.AddDate(-1, 0, 0),
		NotAfter:              testTime.AddDate(1, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	return &authority{t, sign(t, template, template, key.Public(), key), key}
}

func newECDSA(t testing.TB, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// leaf returns the certificate of a server named device.example at
// 192.0.2.1 and 2001:db8::1, changed by change.
func (a *authority) leaf(pub crypto.PublicKey, change func(*x509.Certificate)) *x509.Certificate {
	a.t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "device"},
		NotBefore:    testTime.Add(-time.Hour),
		NotAfter:     testTime.Add(time.Hour),
		DNSNames:     []string{"device.example"},
		IPAddresses:  []net.IP{net.ParseIP("192.0.2.1"), net.ParseIP("fe80::1")},
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(template)
	}
	return sign(a.t, template, a.cert, pub, a.key)
}

func (a *authority) verifier(name string) *Verifier {
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	return &Verifier{Roots: roots, Usage: x509.ExtKeyUsageServerAuth, Name: name, Now: func() time.Time { return testTime }}
}

func TestVerifierAnswersWithTheAlertThatFits(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	pub := newECDSA(t, elliptic.P256()).Public()
	type certificate = x509.Certificate
	for _, test := range []struct {
		name   string
		change func(*certificate)
		host   string
		ca     *authority
		want   wire.AlertDescription // 0 for a trusted certificate
	}{
		{name: "no name asked for"},
		{name: "host name", host: "device.example"},
		{name: "host name with a dot at the end", host: "device.example."},
		{name: "IPv4 address", host: "192.0.2.1"},
		{name: "IPv6 address with zone", host: "fe80::1%eth0"},
		{name: "without key usage", change: func(c *certificate) { c.KeyUsage = 0 }},
		{name: "without extended key usage", change: func(c *certificate) { c.ExtKeyUsage = nil }},

		{name: "another host", host: "other.example", want: wire.AlertBadCertificate},
		{name: "another address", host: "192.0.2.2", want: wire.AlertBadCertificate},
		{name: "another authority", ca: other, want: wire.AlertUnknownCA},
		{name: "expired", change: func(c *certificate) { c.NotAfter = testTime.Add(-time.Second) }, want: wire.AlertCertificateExpired},
		{name: "not yet valid", change: func(c *certificate) { c.NotBefore = testTime.Add(time.Second) }, want: wire.AlertCertificateExpired},
		{name: "for clients", change: func(c *certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, want: wire.AlertUnsupportedCertificate},
		{name: "for encryption", change: func(c *certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }, want: wire.AlertUnsupportedCertificate},
		{name: "critical extension", change: func(c *certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
		}, want: wire.AlertUnsupportedCertificate},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.ca == nil {
				test.ca = ca
			}
			leaf := test.ca.leaf(pub, test.change)
			peer, err := ca.verifier(test.host).Verify([][]byte{leaf.Raw})
			checkVerdict(t, peer, err, test.want)
		})
	}
}

func checkVerdict(t *testing.T, peer *Peer, err error, want wire.AlertDescription) {
	t.Helper()
	var refused *Error
	switch {
	case want == 0 && err != nil:
		t.Errorf("not trusted: %v", err)
	case want == 0 && (len(peer.Certificates) == 0 || len(peer.VerifiedChains) == 0 || peer.PublicKey() == nil):
		t.Errorf("trusted, but the answer is %+v", peer)
	case want != 0 && !errors.As(err, &refused):
		t.Errorf("error %v, want alert %v", err, want)
	case want != 0 && refused.Alert != want:
		t.Errorf("alert %v, want %v, for: %v", refused.Alert, want, err)
	}
}

func TestVerifierUsesIntermediates(t *testing.T) {
	ca := newAuthority(t)
	middle := newAuthority(t)
	middle.cert = sign(t, middle.cert, ca.cert, middle.key.Public(), ca.key)
	leaf := middle.leaf(newECDSA(t, elliptic.P256()).Public(), nil)
	v := ca.verifier("")
	peer, err := v.Verify([][]byte{leaf.Raw, middle.cert.Raw})
	checkVerdict(t, peer, err, 0)
	_, err = v.Verify([][]byte{leaf.Raw})
	checkVerdict(t, nil, err, wire.AlertUnknownCA)
}

func TestVerifierRefusesWhatItCannotRead(t *testing.T) {
	ca := newAuthority(t)
	v := ca.verifier("")
	v.SkipChain = true
	leaf := ca.leaf(newECDSA(t, elliptic.P256()).Public(), nil)
	for name, chain := range map[string][][]byte{
		"no certificate":        nil,
		"empty certificate":     {{}},
		"truncated certificate": {leaf.Raw[:len(leaf.Raw)-1]},
		"trailing byte":         {append(leaf.Raw[:len(leaf.Raw):len(leaf.Raw)], 0)},
		"bad intermediate":      {leaf.Raw, {1, 2, 3}},
	} {
		if _, err := v.Verify(chain); err == nil {
			t.Errorf("%s: trusted", name)
		} else {
			checkVerdict(t, nil, err, wire.AlertBadCertificate)
		}
	}
}

func TestVerifierRefusesKeysThatProveNothing(t *testing.T) {
	ca := newAuthority(t)
	v := ca.verifier("")
	v.SkipChain = true // not even then
	small := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 1023, 1), E: 65537}
	_, err := v.Verify([][]byte{ca.leaf(small, nil).Raw})
	checkVerdict(t, nil, err, wire.AlertUnsupportedCertificate)
	if !errors.Is(err, suite.ErrWeakKey) {
		t.Errorf("short RSA key: %v", err)
	}
	_, err = v.Verify([][]byte{ca.leaf(newECDSA(t, elliptic.P224()).Public(), nil).Raw})
	checkVerdict(t, nil, err, wire.AlertUnsupportedCertificate)
}

func TestSkipChainBelievesAnyone(t *testing.T) {
	v := newAuthority(t).verifier("someone.example")
	v.SkipChain = true
	leaf := newAuthority(t).leaf(newECDSA(t, elliptic.P384()).Public(), nil)
	peer, err := v.Verify([][]byte{leaf.Raw})
	if err != nil || peer.VerifiedChains != nil {
		t.Fatalf("Verify = %+v, %v", peer, err)
	}
}

func TestAlsoHasTheLastWord(t *testing.T) {
	ca := newAuthority(t)
	leaf := ca.leaf(newECDSA(t, elliptic.P256()).Public(), nil)
	v := ca.verifier("device.example")
	refusal := errors.New("device is on the list of stolen ones")
	asked := 0
	v.Also = func(raw [][]byte, chains [][]*x509.Certificate) error {
		asked++
		if len(raw) != 1 || len(chains) != 1 {
			t.Errorf("called with %d certificates and %d chains", len(raw), len(chains))
		}
		return refusal
	}
	_, err := v.Verify([][]byte{leaf.Raw})
	checkVerdict(t, nil, err, wire.AlertBadCertificate)
	if !errors.Is(err, refusal) {
		t.Errorf("error %v does not wrap the refusal", err)
	}
	v.Name = "other.example"
	v.Verify([][]byte{leaf.Raw})
	if asked != 1 {
		t.Errorf("asked %d times; a chain that does not verify must not get there", asked)
	}
}
