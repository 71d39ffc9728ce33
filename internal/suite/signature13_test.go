package suite

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"errors"
	"math/big"
	"slices"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// RFC 8446, Section 4.4.3: the example of a transcript hash of 32 bytes 01.
func TestSignedContentVector(t *testing.T) {
	want := unhex(t, "2020202020202020202020202020202020202020202020202020202020202020"+
		"2020202020202020202020202020202020202020202020202020202020202020"+
		"544c5320312e332c207365727665722043657274696669636174655665726966"+
		"79"+"00"+
		"0101010101010101010101010101010101010101010101010101010101010101")
	if got := signedContent(false, bytes.Repeat([]byte{1}, 32)); !bytes.Equal(got, want) {
		t.Errorf("signed is %q, want %q", got, want)
	}
}

// RFC 8448, Section 3. Its RSA key has 1024 bits, which Verify13 takes from
// nobody.
func TestRFC8448CertificateVerify(t *testing.T) {
	const verifyLen = 136
	flight := unhex(t, simpleServerFlight)
	verify := flight[len(flight)-verifyLen:]
	hash := sha256Of(unhex(t, simpleClientHello), unhex(t, simpleServerHello), flight[:len(flight)-verifyLen])
	pub := &rsa.PublicKey{E: 65537, N: new(big.Int).SetBytes(unhex(t, "b4bb498f8279303d980836399b36c6988c0c68de55e1bdb826d3901a2461eafd"+
		"2de49a91d015abbc9a95137ace6c1af19eaa6af98c7ced43120998e187a80ee0ccb0524b1b018c3e0b63264d449a6d38e22a5fda430846748030530ef0461c8c"+
		"a9d9efbfae8ea6d1d03e2bd193eff0ab9a8002c47428a6d35a8d88d79f7f1e3f"))}
	opts := signerOpts(wire.PSSWithSHA256)
	if !verifyDigest(pub, opts, digest(opts.HashFunc(), signedContent(false, hash)), verify[8:]) {
		t.Error("the server's signature does not verify")
	}
	if err := Verify13(pub, wire.PSSWithSHA256, false, hash, verify[8:]); err != ErrWeakKey {
		t.Errorf("a key of 1024 bits: %v", err)
	}
}

func TestVerify13AcceptsWhatSign13Made(t *testing.T) {
	hash := count(1, 32)
	for _, signer := range newTestSigners(t).all() {
		schemes := SchemesFor13(signer.Public())
		if len(schemes) == 0 {
			t.Errorf("%T signs with nothing", signer)
		}
		for _, scheme := range schemes {
			for _, client := range []bool{false, true} {
				signature, err := Sign13(signer, scheme, client, hash)
				if err != nil {
					t.Errorf("%T cannot sign with %v: %v", signer, scheme, err)
					continue
				}
				for _, tt := range []struct {
					name      string
					client    bool
					hash, sig []byte
					want      error
				}{
					{"as made", client, hash, signature, nil},
					{"other side", !client, hash, signature, ErrBadSignature},
					{"other transcript", client, count(2, 32), signature, ErrBadSignature},
					{"no signature", client, hash, nil, ErrBadSignature},
				} {
					if err := Verify13(signer.Public(), scheme, tt.client, tt.hash, tt.sig); err != tt.want {
						t.Errorf("%T with %v, client %v, %s: %v", signer, scheme, client, tt.name, err)
					}
				}
				if err := Verify(signer.Public(), scheme, hash, signature); err != ErrBadSignature {
					t.Errorf("%T with %v: the signature is one of DTLS 1.2 too", signer, scheme)
				}
			}
		}
	}
}

// RFC 8446, Section 4.2.3.
func TestSchemesOf13(t *testing.T) {
	keys := newTestSigners(t)
	tests := []struct {
		signer crypto.Signer
		want   []wire.SignatureScheme
	}{
		{keys.rsa, []wire.SignatureScheme{wire.PSSWithSHA256, wire.PSSWithSHA384, wire.PSSWithSHA512}},
		{keys.p256, []wire.SignatureScheme{wire.ECDSAWithP256AndSHA256}},
		{keys.p384, []wire.SignatureScheme{wire.ECDSAWithP384AndSHA384}},
		{keys.ed25519, []wire.SignatureScheme{wire.Ed25519}},
	}
	every := append(DefaultSchemes(), wire.PKCS1WithSHA1, wire.ECDSAWithSHA1, wire.ECDSAWithP521AndSHA512, 0, 0xffff)
	var all []wire.SignatureScheme
	for _, tt := range tests {
		pub := tt.signer.Public()
		if got := SchemesFor13(pub); !slices.Equal(got, tt.want) {
			t.Errorf("%T signs with %v, want %v", pub, got, tt.want)
		}
		all = append(all, tt.want...)
		for _, scheme := range every {
			if slices.Contains(tt.want, scheme) {
				continue
			}
			if _, err := Sign13(tt.signer, scheme, true, count(1, 32)); err == nil {
				t.Errorf("%T signs with %v", pub, scheme)
			}
			// What DTLS 1.2 allows with this key is signed right all the same.
			signature := make([]byte, 64)
			if slices.Contains(SchemesFor(pub), scheme) {
				var err error
				if signature, err = Sign(tt.signer, scheme, signedContent(true, count(1, 32))); err != nil {
					t.Fatal(err)
				}
			}
			if err := Verify13(pub, scheme, true, count(1, 32), signature); err != ErrBadSignature {
				t.Errorf("%T verifies with %v: %v", pub, scheme, err)
			}
		}
	}
	offered := DefaultSchemes13()
	slices.Sort(all)
	slices.Sort(offered)
	if !slices.Equal(offered, all) {
		t.Errorf("offered are %v, want %v", offered, all)
	}
}

func TestKeysOfNoUseIn13(t *testing.T) {
	for _, pub := range []crypto.PublicKey{nil, &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}, "key"} {
		if got := SchemesFor13(pub); got != nil {
			t.Errorf("%T signs with %v", pub, got)
		}
		if err := Verify13(pub, wire.PSSWithSHA256, true, count(1, 32), make([]byte, 128)); !errors.Is(err, ErrWeakKey) && !errors.Is(err, ErrBadSignature) {
			t.Errorf("%T: %v", pub, err)
		}
	}
}

func TestScheme13SlicesBelongToTheCaller(t *testing.T) {
	pub := newTestSigners(t).rsa.Public()
	clear(SchemesFor13(pub))
	clear(DefaultSchemes13())
	if SchemesFor13(pub)[0] != wire.PSSWithSHA256 || DefaultSchemes13()[0] != wire.ECDSAWithP256AndSHA256 {
		t.Error("clearing a result changes the next one")
	}
}
