package suite

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

func sha256Suite() *Suite { return Lookup(wire.TLS_PSK_WITH_AES_128_GCM_SHA256) }
func sha384Suite() *Suite { return Lookup(wire.TLS_PSK_WITH_AES_256_GCM_SHA384) }

// count returns n bytes that count up from first.
func count(first byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = first + byte(i)
	}
	return b
}

// The vectors that the TLS working group's mailing list settled on for the PRF
// of TLS 1.2, www.ietf.org/mail-archive/web/tls/current/msg03416.html.
func TestPRFVectors(t *testing.T) {
	tests := []struct {
		suite              *Suite
		secret, seed, want string
	}{
		{
			sha256Suite(), "9bbe436ba940f017b17652849a71db35", "a0ba9f936cda311827a6f796ffd5198c",
			"e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17" +
				"abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66",
		},
		{
			sha384Suite(), "b80b733d6ceefcdc71566ea48e5567df", "cd665cf6a8447dd6ff8b27555edb7465",
			"7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700" +
				"884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d31e2dec479e4f1a2" +
				"6066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f",
		},
	}
	for _, tt := range tests {
		secret, seed, want := unhex(t, tt.secret), unhex(t, tt.seed), unhex(t, tt.want)
		for n := range len(want) + 1 {
			got := make([]byte, n)
			tt.suite.PRF(got, secret, "test label", seed)
			if !bytes.Equal(got, want[:n]) {
				t.Fatalf("%v: %d bytes are %x, want %x", tt.suite.Hash, n, got, want[:n])
			}
		}
		split := make([]byte, len(want))
		tt.suite.PRF(split, secret, "test ", []byte("label"), seed[:5], nil, seed[5:])
		if !bytes.Equal(split, want) {
			t.Errorf("%v: splitting the seed changes the output", tt.suite.Hash)
		}
	}
}

// The expected values come from OpenSSL's TLS1-PRF.
func TestDerivedSecrets(t *testing.T) {
	clientRandom, serverRandom := [32]byte(count(0, 32)), [32]byte(count(32, 32))
	secret, hash := count(64, 48), count(0, 32)
	tests := []struct {
		suite                                            *Suite
		master, extended, clientFinished, serverFinished string
		client, server                                   string
	}{
		{
			sha256Suite(),
			"b7276583292f1c56bdad491e16167fb49309b0ec6bec9eb056534d90deebf7f14c877b04f4d04bba8d69693b4e06d36e",
			"886214cd6b95ccb37dcd5937bba1110eef8f8fbd241e60d751aec43bc16f1e96a12fb71768cb4487e868f6ca55d10f99",
			"15578b29be14c6f2190abcae", "10140ec4797460f4e07d4fc4",
			"f32875e0a2d0d4cdb7085fc48be6ac3d" + "cb728357", "3bbb753b2b859331a3bf156c51b814bc" + "7e043d44",
		},
		{
			sha384Suite(),
			"318f1538f383c73abd78027c0fa723a4e577d92aa4863f45039532a42f6b70b5c14b0a6da5168543fac8c0875dff411f",
			"e0ec33197e221d2a74e129323dd6b1180f2be34081954a6eb7cfbd034b6fd0ee556d3db6acb851e1865eeae022717409",
			"5964a3ab7fee3a0d7c32f1b3", "278edb005decc626057df2ea",
			"", "",
		},
	}
	for _, tt := range tests {
		master := tt.suite.MasterSecret(secret, &clientRandom, &serverRandom)
		extended := tt.suite.ExtendedMasterSecret(secret, hash)
		clientFinished := tt.suite.NewPRF(secret).VerifyData(true, hash)
		serverFinished := tt.suite.NewPRF(secret).VerifyData(false, hash)
		for _, c := range []struct {
			name, want string
			got        []byte
		}{
			{"master secret", tt.master, master[:]},
			{"extended master secret", tt.extended, extended[:]},
			{"client Finished", tt.clientFinished, clientFinished[:]},
			{"server Finished", tt.serverFinished, serverFinished[:]},
		} {
			if got := hex.EncodeToString(c.got); got != c.want {
				t.Errorf("%v: %s is %s, want %s", tt.suite.Hash, c.name, got, c.want)
			}
		}
		if tt.client == "" {
			continue
		}
		client, server := tt.suite.NewPRF(secret).KeyBlock(&clientRandom, &serverRandom)
		if !bytes.Equal(client, unhex(t, tt.client)) || !bytes.Equal(server, unhex(t, tt.server)) {
			t.Errorf("%v: keys are %x and %x, want %s and %s", tt.suite, client, server, tt.client, tt.server)
		}
	}
}

// The key block is MAC keys, keys, IVs, each client first: RFC 5246, Section 6.3.
func TestKeyBlockSplitsInOrder(t *testing.T) {
	clientRandom, serverRandom := [32]byte(count(1, 32)), [32]byte(count(2, 32))
	master := count(3, 48)
	for _, s := range All() {
		b := s.bulk
		block := make([]byte, 2*b.keysLen())
		s.PRF(block, master, "key expansion", serverRandom[:], clientRandom[:])
		take := func(n int) []byte {
			taken := block[:n]
			block = block[n:]
			return taken
		}
		var want [2]Keys
		for _, n := range []int{b.macKey, b.key, b.iv} {
			for side := range want {
				want[side] = append(want[side], take(n)...)
			}
		}
		client, server := s.NewPRF(master).KeyBlock(&clientRandom, &serverRandom)
		if !bytes.Equal(client, want[0]) || !bytes.Equal(server, want[1]) {
			t.Errorf("%v: keys are %x and %x, want %x and %x", s, client, server, want[0], want[1])
		}
	}
}

func BenchmarkPRF(b *testing.B) {
	clientRandom, serverRandom := [32]byte(count(0, 32)), [32]byte(count(32, 32))
	secret := count(64, 48)
	for _, s := range []*Suite{sha256Suite(), sha384Suite()} {
		b.Run(map[crypto.Hash]string{crypto.SHA256: "SHA256", crypto.SHA384: "SHA384"}[s.Hash], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.NewPRF(secret).KeyBlock(&clientRandom, &serverRandom)
			}
		})
	}
}
