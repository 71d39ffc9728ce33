package suite

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"sync"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

type testSigners struct {
	rsa     *rsa.PrivateKey
	p256    *ecdsa.PrivateKey
	p384    *ecdsa.PrivateKey
	ed25519 ed25519.PrivateKey
}

var makeTestSigners = sync.OnceValues(func() (s testSigners, err error) {
	if s.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return s, err
	}
	if s.p256, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return s, err
	}
	if s.p384, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader); err != nil {
		return s, err
	}
	_, s.ed25519, err = ed25519.GenerateKey(rand.Reader)
	return s, err
})

// newTestSigners returns one key of each kind, the same in every test.
func newTestSigners(t testing.TB) testSigners {
	t.Helper()
	s, err := makeTestSigners()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s testSigners) all() []crypto.Signer {
	return []crypto.Signer{s.rsa, s.p256, s.p384, s.ed25519}
}

// RFC 6979, Appendix A.2.5: the signature of "sample" with P-256 and SHA-256.
func TestECDSANeedsNoRandomness(t *testing.T) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), unhex(t, "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := Sign(key, wire.ECDSAWithP256AndSHA256, []byte("sample"))
	want := unhex(t, "3046"+
		"022100EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"+
		"022100F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8")
	if err != nil || !bytes.Equal(signature, want) {
		t.Errorf("signature %x, %v, want %x", signature, err, want)
	}
}

func TestVerifyAcceptsWhatSignMade(t *testing.T) {
	message := []byte("client random, server random, parameters")
	for _, signer := range newTestSigners(t).all() {
		schemes := SchemesFor(signer.Public())
		if len(schemes) == 0 {
			t.Errorf("%T signs with nothing", signer)
		}
		for _, scheme := range schemes {
			signature, err := Sign(signer, scheme, message)
			if err != nil {
				t.Errorf("%T cannot sign with %v: %v", signer, scheme, err)
				continue
			}
			if err := Verify(signer.Public(), scheme, message, signature); err != nil {
				t.Errorf("%T with %v: %v", signer, scheme, err)
			}
			if err := Verify(signer.Public(), scheme, message[1:], signature); err != ErrBadSignature {
				t.Errorf("%T with %v over another message: %v", signer, scheme, err)
			}
			signature[len(signature)-1] ^= 1
			if err := Verify(signer.Public(), scheme, message, signature); err != ErrBadSignature {
				t.Errorf("%T with %v, signature changed: %v", signer, scheme, err)
			}
			if err := Verify(signer.Public(), scheme, message, nil); err != ErrBadSignature {
				t.Errorf("%T with %v, no signature: %v", signer, scheme, err)
			}
		}
	}
}

func TestSchemeMustGoWithTheKey(t *testing.T) {
	every := append(DefaultSchemes(), wire.PKCS1WithSHA1, wire.ECDSAWithSHA1, wire.ECDSAWithP521AndSHA512, 0, 0xffff)
	for _, signer := range newTestSigners(t).all() {
		pub := signer.Public()
		for _, scheme := range every {
			if slices.Contains(SchemesFor(pub), scheme) {
				continue
			}
			if _, err := Sign(signer, scheme, nil); err == nil {
				t.Errorf("%T signs with %v", signer, scheme)
			}
			if err := Verify(pub, scheme, nil, make([]byte, 64)); err != ErrBadSignature {
				t.Errorf("%T verifies with %v: %v", pub, scheme, err)
			}
		}
	}
}

// In DTLS 1.2 a curve goes with either hash: RFC 8446, Section 4.2.3.
func TestECDSASchemesDoNotBindTheCurve(t *testing.T) {
	keys := newTestSigners(t)
	for _, key := range []*ecdsa.PrivateKey{keys.p256, keys.p384} {
		for _, scheme := range []wire.SignatureScheme{wire.ECDSAWithP256AndSHA256, wire.ECDSAWithP384AndSHA384} {
			if !slices.Contains(SchemesFor(key.Public()), scheme) {
				t.Errorf("%s does not sign with %v", key.Curve.Params().Name, scheme)
			}
		}
	}
	if first := SchemesFor(keys.p384.Public())[0]; first != wire.ECDSAWithP384AndSHA384 {
		t.Errorf("P-384 prefers %v", first)
	}
}

func TestNoSHA1IsOffered(t *testing.T) {
	for _, scheme := range DefaultSchemes() {
		if scheme == wire.PKCS1WithSHA1 || scheme == wire.ECDSAWithSHA1 {
			t.Errorf("%v is offered", scheme)
		}
	}
}

func TestRSAKeysOfBadSizeAreRefused(t *testing.T) {
	for _, bits := range []uint{0, 1024, 2047, 8193, 1 << 16} {
		pub := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), bits-min(bits, 1)), E: 65537}
		if err := Verify(pub, wire.PSSWithSHA256, nil, make([]byte, 128)); !errors.Is(err, ErrWeakKey) {
			t.Errorf("%d bits: %v", bits, err)
		}
		if got := SchemesFor(pub); got != nil {
			t.Errorf("%d bits sign with %v", bits, got)
		}
	}
	if err := Verify(&rsa.PublicKey{}, wire.PSSWithSHA256, nil, nil); !errors.Is(err, ErrWeakKey) {
		t.Errorf("empty key: %v", err)
	}
}

func TestBrokenPublicKeysDoNotVerify(t *testing.T) {
	tests := []struct {
		pub    crypto.PublicKey
		scheme wire.SignatureScheme
	}{
		{nil, wire.Ed25519},
		{ed25519.PublicKey(nil), wire.Ed25519},
		{make(ed25519.PublicKey, 31), wire.Ed25519},
		{&ecdsa.PublicKey{Curve: elliptic.P256()}, wire.ECDSAWithP256AndSHA256},
		{&ecdsa.PublicKey{Curve: elliptic.P521()}, wire.ECDSAWithP521AndSHA512},
	}
	for _, tt := range tests {
		if err := Verify(tt.pub, tt.scheme, nil, make([]byte, 64)); err != ErrBadSignature {
			t.Errorf("%T: %v", tt.pub, err)
		}
	}
}

// RFC 8032, Section 7.1, TEST 3.
func TestVerifyEd25519Vector(t *testing.T) {
	pub := ed25519.PublicKey(unhex(t, "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"))
	signature := unhex(t, "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"+
		"18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")
	if err := Verify(pub, wire.Ed25519, []byte{0xaf, 0x82}, signature); err != nil {
		t.Error(err)
	}
}

func TestSchemeSlicesBelongToTheCaller(t *testing.T) {
	pub := newTestSigners(t).rsa.Public()
	clear(SchemesFor(pub))
	clear(DefaultSchemes())
	if SchemesFor(pub)[0] != wire.PSSWithSHA256 || DefaultSchemes()[0] != wire.ECDSAWithP256AndSHA256 {
		t.Error("clearing a result changes the next one")
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
