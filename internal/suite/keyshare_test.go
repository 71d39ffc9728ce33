package suite

import (
	"bytes"
	"slices"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestSharedSecretVectors(t *testing.T) {
	tests := []struct {
		name                         string
		group                        wire.Group
		secret, public, peer, shared string
	}{
		{
			"RFC 7748, Section 6.1", wire.GroupX25519,
			"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
			"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
			"de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
			"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
		},
		{
			"RFC 5903, Section 8.1", wire.GroupP256,
			"c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
			"04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180" +
				"5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
			"04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63" +
				"56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
			"d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de",
		},
		{
			"RFC 5903, Section 8.2", wire.GroupP384,
			"099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194",
			"04667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa" +
				"9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c",
			"04e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571" +
				"dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
			"11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746",
		},
	}
	for _, tt := range tests {
		key, err := NewPrivateKey(tt.group, unhex(t, tt.secret))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := key.PublicKey(); !bytes.Equal(got, unhex(t, tt.public)) {
			t.Errorf("%s: public key is %x", tt.name, got)
		}
		shared, err := key.SharedSecret(unhex(t, tt.peer))
		if err != nil || !bytes.Equal(shared, unhex(t, tt.shared)) {
			t.Errorf("%s: shared secret is %x, %v", tt.name, shared, err)
		}
	}
}

func TestGeneratedKeysAgreeAndDiffer(t *testing.T) {
	lengths := map[wire.Group]int{wire.GroupX25519: 32, wire.GroupP256: 65, wire.GroupP384: 97}
	for _, g := range DefaultGroups() {
		ours, theirs := generateKey(t, g), generateKey(t, g)
		if n := len(ours.PublicKey()); n != lengths[g] {
			t.Errorf("%v: public key of %d bytes, want %d", g, n, lengths[g])
		}
		if bytes.Equal(ours.PublicKey(), theirs.PublicKey()) {
			t.Errorf("%v: the same key twice", g)
		}
		a, errA := ours.SharedSecret(theirs.PublicKey())
		b, errB := theirs.SharedSecret(ours.PublicKey())
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%v: secrets %x and %x, %v, %v", g, a, b, errA, errB)
		}
	}
}

func TestResponderOnACurveSendsItsPublicKey(t *testing.T) {
	for _, g := range DefaultGroups() {
		ours, theirs := generateKey(t, g), generateKey(t, g)
		share, secret, err := ours.Respond(theirs.PublicKey())
		if err != nil || !bytes.Equal(share, ours.PublicKey()) {
			t.Errorf("%v: the answer is %x, %v, want %x", g, share, err, ours.PublicKey())
		}
		if got, err := theirs.SharedSecret(share); err != nil || !bytes.Equal(got, secret) {
			t.Errorf("%v: secrets %x and %x, %v", g, secret, got, err)
		}
		if share, secret, err := ours.Respond(nil); err != ErrBadKeyShare || share != nil || secret != nil {
			t.Errorf("%v: to nothing the answer is %x, %x, %v", g, share, secret, err)
		}
	}
}

func TestHybridGroupIsPreferredIn13Alone(t *testing.T) {
	want := []wire.Group{wire.GroupX25519MLKEM768, wire.GroupX25519, wire.GroupP256, wire.GroupP384}
	if !slices.Equal(DefaultGroups13(), want) {
		t.Errorf("groups of DTLS 1.3 are %v, want %v", DefaultGroups13(), want)
	}
	if slices.Contains(DefaultGroups(), wire.GroupX25519MLKEM768) {
		t.Error("DTLS 1.2 offers a hybrid group")
	}
}

func TestBadKeySharesAreRefused(t *testing.T) {
	tests := []struct {
		name  string
		group wire.Group
		peer  []byte
	}{
		{"X25519 point of small order", wire.GroupX25519, make([]byte, 32)},
		{"X25519 point of order 4", wire.GroupX25519, append([]byte{1}, make([]byte, 31)...)},
		{"X25519 one byte short", wire.GroupX25519, count(9, 31)},
		{"X25519 one byte long", wire.GroupX25519, count(9, 33)},
		{"P-256 off the curve", wire.GroupP256, append([]byte{4}, count(1, 64)...)},
		{"P-256 point at infinity", wire.GroupP256, []byte{0}},
		{"P-256 compressed", wire.GroupP256, append([]byte{2}, generateKey(t, wire.GroupP256).PublicKey()[1:33]...)},
		{"P-256 hybrid form", wire.GroupP256, append([]byte{6}, generateKey(t, wire.GroupP256).PublicKey()[1:]...)},
		{"P-384 with a point of P-256", wire.GroupP384, generateKey(t, wire.GroupP256).PublicKey()},
		{"P-384 empty", wire.GroupP384, nil},
	}
	for _, tt := range tests {
		if secret, err := generateKey(t, tt.group).SharedSecret(tt.peer); err != ErrBadKeyShare {
			t.Errorf("%s: %x, %v", tt.name, secret, err)
		}
	}
}

func TestUnknownGroupsHaveNoKeys(t *testing.T) {
	for _, g := range []wire.Group{0, wire.GroupP521, wire.GroupX448} {
		if _, err := (SystemKeys{}).GenerateKey(g); err == nil {
			t.Errorf("%v: generated a key", g)
		}
		if _, err := NewPrivateKey(g, count(1, 32)); err == nil {
			t.Errorf("%v: made a key", g)
		}
	}
	if _, err := NewPrivateKey(wire.GroupX25519MLKEM768, count(1, 96)); err == nil {
		t.Error("a hybrid key was made from one secret")
	}
	for _, secret := range [][]byte{nil, make([]byte, 32), count(1, 31)} {
		if _, err := NewPrivateKey(wire.GroupP256, secret); err == nil {
			t.Errorf("P-256: made a key from %x", secret)
		}
	}
}

func generateKey(t testing.TB, g wire.Group) PrivateKey {
	t.Helper()
	key, err := SystemKeys{}.GenerateKey(g)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// A public key comes from an unauthenticated peer.
func FuzzSharedSecret(f *testing.F) {
	for _, g := range DefaultGroups() {
		f.Add(uint16(g), generateKey(f, g).PublicKey())
		f.Add(uint16(g), []byte{})
	}
	f.Fuzz(func(t *testing.T, group uint16, peer []byte) {
		key, err := SystemKeys{}.GenerateKey(wire.Group(group))
		if err != nil {
			return
		}
		secret, err := key.SharedSecret(peer)
		if err != nil && err != ErrBadKeyShare {
			t.Fatalf("%v: unexpected error %v", wire.Group(group), err)
		}
		if err == nil && (len(secret) < 32 || bytes.Equal(secret, make([]byte, len(secret)))) {
			t.Fatalf("%v: secret %x", wire.Group(group), secret)
		}
	})
}

func BenchmarkRespond(b *testing.B) {
	for _, g := range DefaultGroups13() {
		b.Run(g.String(), func(b *testing.B) {
			peer := generateKey(b, g).PublicKey()
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := generateKey(b, g).Respond(peer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSharedSecret(b *testing.B) {
	for _, g := range DefaultGroups() {
		b.Run(g.String(), func(b *testing.B) {
			peer := generateKey(b, g).PublicKey()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := generateKey(b, g).SharedSecret(peer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
