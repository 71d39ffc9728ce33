package trust

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestNewRawKey(t *testing.T) {
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	for _, key := range []crypto.Signer{newECDSA(t, elliptic.P256()), newECDSA(t, elliptic.P384()), ed} {
		c, err := NewRawKey(key)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := x509.MarshalPKIXPublicKey(key.Public())
		if c.KeyType != wire.CertificateTypeRawPublicKey || len(c.Chain) != 1 || string(c.Chain[0]) != string(want) || c.Signer == nil || c.IsFor("device.example") {
			t.Errorf("%T: %+v", key, c)
		}
	}
	for _, bad := range []crypto.Signer{nil, newECDSA(t, elliptic.P224())} {
		if c, err := NewRawKey(bad); err == nil {
			t.Errorf("%T: %+v", bad, c)
		}
	}
}

func TestRawKeyVerifierAnswersWithTheAlertThatFits(t *testing.T) {
	key, other := newECDSA(t, elliptic.P256()).Public(), newECDSA(t, elliptic.P256()).Public()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	exchange, _ := ecdh.X25519().GenerateKey(rand.Reader)
	pin, err := PinOf(key)
	if err != nil {
		t.Fatal(err)
	}
	pinned := NewPins(pin).Believe
	for _, test := range []struct {
		name    string
		chain   [][]byte
		believe func(crypto.PublicKey) error
		want    wire.AlertDescription // 0 for a key that is believed
	}{
		{"pinned", [][]byte{spkiOf(t, key)}, pinned, 0},
		{"another", [][]byte{spkiOf(t, other)}, pinned, wire.AlertCertificateUnknown},
		{"none pinned", [][]byte{spkiOf(t, key)}, NewPins().Believe, wire.AlertCertificateUnknown},
		{"nobody to ask", [][]byte{spkiOf(t, key)}, nil, wire.AlertCertificateUnknown},
		{"nothing", nil, pinned, wire.AlertBadCertificate},
		{"two keys", [][]byte{spkiOf(t, key), spkiOf(t, key)}, pinned, wire.AlertBadCertificate},
		{"a certificate", [][]byte{newAuthority(t).cert.Raw}, pinned, wire.AlertBadCertificate},
		{"something behind the key", [][]byte{append(spkiOf(t, key), 0)}, pinned, wire.AlertBadCertificate},
		{"weak key", [][]byte{spkiOf(t, small.Public())}, pinned, wire.AlertUnsupportedCertificate},
		{"key that cannot sign", [][]byte{spkiOf(t, exchange.PublicKey())}, pinned, wire.AlertUnsupportedCertificate},
	} {
		peer, err := (&RawKeyVerifier{Believe: test.believe}).Verify(test.chain)
		var refused *Error
		switch {
		case test.want == 0 && (err != nil || !key.(interface{ Equal(crypto.PublicKey) bool }).Equal(peer.PublicKey())):
			t.Errorf("%s: %+v, %v", test.name, peer, err)
		case test.want != 0 && (!errors.As(err, &refused) || refused.Alert != test.want):
			t.Errorf("%s: error %v, want %v", test.name, err, test.want)
		}
	}
}

func spkiOf(t *testing.T, key crypto.PublicKey) []byte {
	t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return spki
}

func TestPinIsTheHashOfTheEncodedKey(t *testing.T) {
	key := newECDSA(t, elliptic.P384()).Public()
	if got, err := PinOf(key); err != nil || got != sha256.Sum256(spkiOf(t, key)) {
		t.Errorf("PinOf = %x, %v", got, err)
	}
	if _, err := PinOf("no key"); err == nil {
		t.Error("a string has a pin")
	}
	if NewPins().Believe("no key") == nil {
		t.Error("a string is believed")
	}
}
