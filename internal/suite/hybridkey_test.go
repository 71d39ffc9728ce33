package suite

import (
	"bytes"
	"crypto/mlkem"
	"crypto/mlkem/mlkemtest"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A server's share and what it leads to, as OpenSSL made them for the key of
// testHybridKey.
const (
	hybridServerShare = "35ccfaf728eeb1b4096345449fe2dd28d8475cd49fcc4923975d75ff38f8e854aa927aebf1cf7645c83a7168a27ec45f" +
		"85c2c3b72aebc795cda012fc1cb5cdfe33dd0e7bcda36f60ea03e9457563ad17ca72c61c945e6f50cab6ffd7bd82299c" +
		"deae0883cff023f726d57b3644bfbfc6a1af94a4dd6f9f4f9b515f5f3a05bd22a6ec187a7588caa1b8726ba711c51a2e" +
		"43d130444f8cf5f0e983d4cdb1dc614e0577ffa6eec9778e2fe7cb04cf6984542509d17299d5a443abcd3773669bf5c8" +
		"54a80ced9ab76d0049e5f3ae169d2e53f8198598a6c1b00e8a8d6962630929beade4bb3fabcc483cbb430a1dbfdb1367" +
		"92167ec7958e5d7c3388ecd2e6076996a7577de5357d2cb2b3f5072b9a4bae2f46913bd372b3a5115e2f84cd1430590f" +
		"95448ec497fcfbca15dbc5de6453a809c8afd80aa2283de2ec4fca17985332dfd83104bee8d3a0a9b52ed11fdb308994" +
		"d464f486650b3aa9b7e6be38cad5aa4f5fd1132b62070ec32ce094dfeeff37c15184ad7eef36ca0270baf3a20efa74f2" +
		"016e07eccb5b59be6b056f4659df1b8b33bb9497a78b55b568adb87f97f0404b8d788120719ded83e155bb07d075325d" +
		"086f8bce13a725f1ebdd5716a5cc9526a43d0218df13af9ac85786523946abb18cd23b32d48471302bcd66d097c080d8" +
		"60e7885d685d4b20f1de107da5af719d52f2d46b9db4f6e17b3d69a3baa800ba71bd054a3eab41b2a4e5e4a66d03e947" +
		"363b2bc73467b528864e053b02ea366dd197cf12f8c2347477c5b3e692be2d2e0214f71ff94e297731d91e3879328354" +
		"fe1b3da8cdcbcc98257dd9bb44deb1502de1f7632cd00b0c5fe2bae5ee01417d6e20bb2910a1a1d7563ad29ac51c0dc6" +
		"fde92a2ed4672dd32a3edfac809e94f68434b61d1bc34036705a703514409aa52cca4e8d9ace75f8dd254d8cc6935215" +
		"bb6a852d72b9ef25033a0450ba3fc5866db8688b633e9a0b753f14c44784d02f2f04c9fed37730c59f85b45556553c4c" +
		"bc151364b9d752f7c29a1121f6dc87e831c50705a42dba3baa001c9b47effea38f279a5072af15ae8095f13ba2e78e2d" +
		"20ed254db34ae0cf6a3bb187a22b757655ed897f3f37be97045e56fa7009dbc2f16008233611b2d8931cfa968269363d" +
		"cedb5babe591002f3a9f4e419d753c139c1d5bd1e4f5a021330416694b385c96dfc4254a41a866125cc3b8ec4d0ccaa1" +
		"9b75412cca057cfc653e6e499fbb37021f0cd15cb80e93ab34eae25f99fff2f32d9cc265a7ba021a3165727dd0337bdd" +
		"b4d734d75aa0891fac48fefa1754b1ba257f8c0fbdf99eac0ac673d0a40c27885c09e99b8858c5b8f6492c4206b156a7" +
		"a2ae9b7c1b68c4b86fb6ba8024098af2e1c82f91f5d8a3c2a5b1744c9f861faed55a060074d3bbc5a4159705df315efb" +
		"2c469720f8f1960b876bff0863f3d142e4f160e8574a1ea745c5ff1f0375be68674b403b4243858eb2835a9777c8a206" +
		"d9dae92d1a2b594cdf99d2f184a21c2b7dfd226f30be72f9135596f199891f848f40c5adb68f25624ae5b214ea767a6e" +
		"c94d829d3d7b5e1ad1ba6f3e2138285f"
	hybridSecret = "a09c33a0f8747702a230bdf0a0c2624a53381f9b209e9a55394c5b035ceae416" +
		"5bf220d670c94b8d70bc5ede1cffb85d6c4b7c9d8717bbb5eb90c02583862007"
	// the SHA-256 of the client's share
	hybridClientShare = "86861a628e1a44bde5a2a295155e2a83fe7159d6080d59796e7a6dc50674d2a7"
)

// testHybridKey returns a key whose every byte is fixed, those of its responses
// too.
func testHybridKey(t testing.TB) PrivateKey {
	t.Helper()
	scalar := unhex(t, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
	key, err := NewHybridKey(scalar, count(0, mlkem.SeedSize), func(to *mlkem.EncapsulationKey768) (sharedKey, ciphertext []byte) {
		sharedKey, ciphertext, err := mlkemtest.Encapsulate768(to, count(100, 32))
		if err != nil {
			t.Fatal(err)
		}
		return sharedKey, ciphertext
	})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestHybridVector(t *testing.T) {
	key := testHybridKey(t)
	if got := sha256Of(key.PublicKey()); !bytes.Equal(got, unhex(t, hybridClientShare)) {
		t.Errorf("the hash of the client's share is %x, want %s", got, hybridClientShare)
	}
	if got, err := key.SharedSecret(unhex(t, hybridServerShare)); err != nil || !bytes.Equal(got, unhex(t, hybridSecret)) {
		t.Errorf("the secret is %x, %v, want %s", got, err, hybridSecret)
	}
}

// draft-ietf-tls-ecdhe-mlkem: ML-KEM comes first, and lengths are
// 1216, 1120 and 64 bytes.
func TestHybridSharesAndSecretsHaveTheirOrder(t *testing.T) {
	client, server := generateKey(t, wire.GroupX25519MLKEM768), generateKey(t, wire.GroupX25519MLKEM768)
	offer := client.PublicKey()
	share, secret, err := server.Respond(offer)
	if err != nil {
		t.Fatal(err)
	}
	if len(offer) != 1216 || len(share) != 1120 || len(secret) != 64 {
		t.Errorf("shares of %d and %d bytes, a secret of %d", len(offer), len(share), len(secret))
	}
	if got, err := client.SharedSecret(share); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("secrets are %x and %x, %v", secret, got, err)
	}
	classical, err := client.(*hybridKey).classical.SharedSecret(share[len(share)-32:])
	if err != nil || !bytes.Equal(secret[32:], classical) {
		t.Errorf("the secret ends in %x, %v, want %x", secret[32:], err, classical)
	}
	if !bytes.Equal(offer[1184:], client.(*hybridKey).classical.PublicKey()) {
		t.Error("the client's share does not end in a key of X25519")
	}
}

func TestHybridKeysAreFresh(t *testing.T) {
	client := generateKey(t, wire.GroupX25519MLKEM768)
	seen := map[string]bool{}
	for range 20 {
		key := generateKey(t, wire.GroupX25519MLKEM768)
		share, secret, err := key.Respond(client.PublicKey())
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range [][]byte{key.PublicKey()[:1184], key.PublicKey()[1184:], share[:1088], secret[:32], secret[32:]} {
			if seen[string(b)] {
				t.Errorf("%x repeats", b)
			}
			seen[string(b)] = true
		}
	}
}

// What a test chose decides everything, so that it can repeat a handshake.
func TestHybridKeysOfTestsRepeat(t *testing.T) {
	offer := generateKey(t, wire.GroupX25519MLKEM768).PublicKey()
	share, secret, err := testHybridKey(t).Respond(offer)
	if err != nil {
		t.Fatal(err)
	}
	again, secretAgain, err := testHybridKey(t).Respond(offer)
	if err != nil || !bytes.Equal(share, again) || !bytes.Equal(secret, secretAgain) {
		t.Errorf("the second response differs, %v", err)
	}
	for _, tt := range []struct{ scalar, seed int }{{31, 64}, {33, 64}, {32, 63}, {32, 65}, {0, 0}} {
		if key, err := NewHybridKey(count(1, tt.scalar), count(1, tt.seed), nil); err == nil || key != nil {
			t.Errorf("a key of %d and %d bytes: %v, %v", tt.scalar, tt.seed, key, err)
		}
	}
}

func TestBadHybridSharesAreRefused(t *testing.T) {
	client, server := generateKey(t, wire.GroupX25519MLKEM768), generateKey(t, wire.GroupX25519MLKEM768)
	offer := client.PublicKey()
	share, _, err := server.Respond(offer)
	if err != nil {
		t.Fatal(err)
	}
	change := func(b []byte, at int, with ...byte) []byte {
		b = bytes.Clone(b)
		copy(b[at:], with)
		return b
	}
	for name, bad := range map[string][]byte{
		"empty":                         nil,
		"X25519 alone":                  offer[1184:],
		"ML-KEM alone":                  offer[:1184],
		"one byte short":                offer[:1215],
		"one byte long":                 append(bytes.Clone(offer), 0),
		"as long as an answer":          offer[:1120],
		"X25519 key of small order":     change(offer, 1184, make([]byte, 32)...),
		"ML-KEM coefficient above q":    change(offer, 0, 0xff, 0xff, 0xff),
		"halves in the other order":     append(bytes.Clone(offer[1184:]), offer[:1184]...),
		"ML-KEM coefficient equal to q": change(offer, 0, 0x01, 0x0d), // 3329 in the lower 12 bits
	} {
		if share, secret, err := server.Respond(bad); err != ErrBadKeyShare || share != nil || secret != nil {
			t.Errorf("client's share, %s: %x, %x, %v", name, share, secret, err)
		}
	}
	for name, bad := range map[string][]byte{
		"empty":                     nil,
		"X25519 alone":              share[1088:],
		"ML-KEM alone":              share[:1088],
		"one byte short":            share[:1119],
		"one byte long":             append(bytes.Clone(share), 0),
		"a client's share":          offer,
		"X25519 key of small order": change(share, 1088, make([]byte, 32)...),
	} {
		if secret, err := client.SharedSecret(bad); err != ErrBadKeyShare || secret != nil {
			t.Errorf("server's share, %s: %x, %v", name, secret, err)
		}
	}
}

// FIPS 203, Section 6.3: a changed ciphertext is not told from a right one, but
// leads elsewhere.
func TestChangedHybridCiphertextLeadsToAnotherSecret(t *testing.T) {
	client := generateKey(t, wire.GroupX25519MLKEM768)
	share, secret, err := generateKey(t, wire.GroupX25519MLKEM768).Respond(client.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	share[0] ^= 1
	got, err := client.SharedSecret(share)
	if err != nil || bytes.Equal(got[:32], secret[:32]) || !bytes.Equal(got[32:], secret[32:]) {
		t.Errorf("secrets are %x and %x, %v", secret, got, err)
	}
}

// Both shares come from an unauthenticated peer.
func FuzzHybridShares(f *testing.F) {
	client := testHybridKey(f)
	f.Add(client.PublicKey())
	f.Add(unhex(f, hybridServerShare))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, peer []byte) {
		share, secret, err := client.Respond(peer)
		if err != nil && err != ErrBadKeyShare || err == nil && (len(share) != 1120 || len(secret) != 64) {
			t.Fatalf("response of %d bytes, secret of %d, %v", len(share), len(secret), err)
		}
		secret, err = client.SharedSecret(peer)
		if err != nil && err != ErrBadKeyShare || err == nil && len(secret) != 64 {
			t.Fatalf("secret of %d bytes, %v", len(secret), err)
		}
	})
}
