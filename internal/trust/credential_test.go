package trust

import (
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"slices"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestNewCredential(t *testing.T) {
	ca := newAuthority(t)
	p256, p224 := newECDSA(t, elliptic.P256()), newECDSA(t, elliptic.P224())
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	chain := func(key crypto.Signer) [][]byte { return [][]byte{ca.leaf(key.Public(), nil).Raw, ca.cert.Raw} }
	for _, test := range []struct {
		name string
		cert tls.Certificate
		ok   bool
	}{
		{"ECDSA", tls.Certificate{Certificate: chain(p256), PrivateKey: p256}, true},
		{"Ed25519", tls.Certificate{Certificate: chain(ed), PrivateKey: ed}, true},
		{"with a parsed leaf", tls.Certificate{Certificate: chain(p256), PrivateKey: p256, Leaf: ca.leaf(p256.Public(), nil)}, true},
		{"empty", tls.Certificate{}, false},
		{"unreadable", tls.Certificate{Certificate: [][]byte{{1}}, PrivateKey: p256}, false},
		{"no key", tls.Certificate{Certificate: chain(p256)}, false},
		{"key of another certificate", tls.Certificate{Certificate: chain(p256), PrivateKey: ed}, false},
		{"curve that cannot be used", tls.Certificate{Certificate: chain(p224), PrivateKey: p224}, false},
	} {
		c, err := NewCredential(&test.cert)
		if (err == nil) != test.ok || test.ok && (len(c.Chain) != 2 || c.Signer == nil) {
			t.Errorf("%s: %+v, %v", test.name, c, err)
		}
	}
}

func TestCredentialKnowsWhomItIsFor(t *testing.T) {
	ca, key := newAuthority(t), newECDSA(t, elliptic.P256())
	c, err := NewCredential(&tls.Certificate{Certificate: [][]byte{ca.leaf(key.Public(), nil).Raw}, PrivateKey: key})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"device.example": true, "DEVICE.example": true, "other.example": false, "": false} {
		if got := c.IsFor(name); got != want {
			t.Errorf("IsFor(%q) = %v", name, got)
		}
	}
}

func TestCredentialKeepsToTheSchemesOfItsCertificate(t *testing.T) {
	key := newECDSA(t, elliptic.P256())
	cert := tls.Certificate{
		Certificate:                  [][]byte{newAuthority(t).leaf(key.Public(), nil).Raw},
		PrivateKey:                   key,
		SupportedSignatureAlgorithms: []tls.SignatureScheme{tls.ECDSAWithP384AndSHA384, tls.ECDSAWithP256AndSHA256},
	}
	c, err := NewCredential(&cert)
	if want := []wire.SignatureScheme{wire.ECDSAWithP384AndSHA384, wire.ECDSAWithP256AndSHA256}; err != nil || !slices.Equal(c.Schemes, want) {
		t.Errorf("schemes are %v, %v, want %v", c.Schemes, err, want)
	}
	cert.SupportedSignatureAlgorithms = nil
	if c, err = NewCredential(&cert); err != nil || c.Schemes != nil {
		t.Errorf("without a limit, schemes are %v, %v", c.Schemes, err)
	}
}

func TestAuthoritiesNamesThePool(t *testing.T) {
	if got := Authorities(nil); got != nil {
		t.Errorf("Authorities(nil) = %x", got)
	}
	ca := newAuthority(t)
	if got := Authorities(ca.verifier("").Roots); len(got) != 1 || string(got[0]) != string(ca.cert.RawSubject) {
		t.Errorf("Authorities = %x, want %x", got, ca.cert.RawSubject)
	}
}
