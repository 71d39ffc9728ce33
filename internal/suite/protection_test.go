package suite

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// testKeys returns distinct, fixed keys for one direction of s.
func testKeys(s *Suite) Keys {
	k := make(Keys, s.bulk.keysLen())
	for i := range k {
		k[i] = byte(i*7 + 1)
	}
	return k
}

// zeroReader stands in for randomness where a test must be repeatable.
type zeroReader struct{}

func (zeroReader) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func newTestProtection(t testing.TB, s *Suite, encryptThenMAC bool) *Protection {
	t.Helper()
	p, err := s.NewProtection(testKeys(s), encryptThenMAC, zeroReader{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func parseRecord(t testing.TB, b []byte) wire.Record {
	t.Helper()
	r, rest, err := wire.ParseRecord(bytes.Clone(b))
	if err != nil || len(rest) != 0 {
		t.Fatalf("%x is not one record: %v, %d bytes left", b, err, len(rest))
	}
	return r
}

// eachProtection runs f for every suite, in CBC mode for both constructions.
func eachProtection(t *testing.T, f func(t *testing.T, s *Suite, p *Protection)) {
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) { f(t, s, newTestProtection(t, s, false)) })
		if s.CBC() {
			t.Run(s.Name+" encrypt-then-MAC", func(t *testing.T) { f(t, s, newTestProtection(t, s, true)) })
		}
	}
}

// Records of epoch 1 with sequence number 0x010203040506 under testKeys, as
// OpenSSL's ciphers make them.
func TestOpenKnownRecords(t *testing.T) {
	const plaintext = "I am NAME, please, accept our ping 7"
	tests := []struct {
		name           string
		bulk           bulk
		encryptThenMAC bool
		record         string
	}{
		{"AES-128-GCM", aes128GCM, false, "17fefd0001010203040506003c0001010203040506ffd5b1edabcead5df7a2dddb40faafa40d0ee55ecb52b2218969debcbe389fbb444f3d3719fb0434f8577c8ad3b4cf43d2332f32"},
		{"AES-256-GCM", aes256GCM, false, "17fefd0001010203040506003c0001010203040506f88a3e027c6d2b85d63f0a35ed082c410238e2d7f20fd4a796f40017a59babc3dc764456ec75ace5943986c9c4396989a89b1021"},
		{"ChaCha20-Poly1305", chachaPoly, false, "17fefd000101020304050600346d27e0d6a5ad7d6559d8d0122c4eff2a056ae8bd6323190338df0bffb5f52d637cc652c7527a8cef4adfd41fe4b9a5ff47aeb0bb"},
		{"AES-128-CCM", aes128CCM, false, "17fefd0001010203040506003c0001010203040506dad9400eb5ebf0c2f09f9afee0abade8c8bbcee3f472b79021e863f5b36c2fc1ccec779979b02ef83bc178b8cb8303e9f95fcb1c"},
		{"AES-256-CCM", aes256CCM, false, "17fefd0001010203040506003c0001010203040506ae82971bf718a7beb1edda3b2f8221c798452dd68872198e5e54b178d040bb60b5d4f53f72915e063c1a6b08c4e56c9380d17403"},
		{"AES-128-CCM-8", aes128CCM8, false, "17fefd000101020304050600340001010203040506dad9400eb5ebf0c2f09f9afee0abade8c8bbcee3f472b79021e863f5b36c2fc1ccec77993114f2f4b896602c"},
		{"AES-256-CCM-8", aes256CCM8, false, "17fefd000101020304050600340001010203040506ae82971bf718a7beb1edda3b2f8221c798452dd68872198e5e54b178d040bb60b5d4f53f76e155f26dd0cbb8"},
		{"AES-128-CBC-SHA256", aes128SHA256, false, "17fefd00010102030405060060a0a1a2a3a4a5a6a7a8a9aaabacadaeafe61f2a0f5e74a754b6ae07358644027b7950a4b7e84bd7f767c5d4c7eb6bf2d6db51528f5221f07dfd80300f545ab8ebdde2465aff29234534549937011e7ed89ef21d04b26903f858e71750788f88a7"},
		{"AES-256-CBC-SHA384", aes256SHA384, false, "17fefd00010102030405060070a0a1a2a3a4a5a6a7a8a9aaabacadaeafea4888f4b98e794f096b3a05d05a5c9b4f8f56725815cdb57ae3c05707be1c205452b275609361e7334ca8c258c65d99e39a415e16a848e024bdae0ca5cbfb3f0f21dc82905dd45bf20e8f5ca4df03d83c581ad584e7f34ffd5ad940754ecdc0"},
		{"AES-128-CBC-SHA256, padding longer than needed", aes128SHA256, false, "17fefd00010102030405060090a0a1a2a3a4a5a6a7a8a9aaabacadaeafe61f2a0f5e74a754b6ae07358644027b7950a4b7e84bd7f767c5d4c7eb6bf2d6db51528f5221f07dfd80300f545ab8ebdde2465aff29234534549937011e7ed856758106f37a15ef814a80b612b9f23f31a3fa289ba1e4c988e0c7dcfaa01408a920914b566ad293c1dc9330a69d51bf5cc86d4bfe5a5c6ab236c51f66eaa8e4"},
		{"AES-128-CBC-SHA256, encrypt-then-MAC", aes128SHA256, true, "17fefd00010102030405060060a0a1a2a3a4a5a6a7a8a9aaabacadaeafe61f2a0f5e74a754b6ae07358644027b7950a4b7e84bd7f767c5d4c7eb6bf2d6ac18de6908df4cbf5967d215864bdc898d0c73598a4bd2fd7c1f6b28ab422b5ca623ab6fb5a48743a4ab04935b8c0ea1"},
		{"AES-256-CBC-SHA384, encrypt-then-MAC", aes256SHA384, true, "17fefd00010102030405060070a0a1a2a3a4a5a6a7a8a9aaabacadaeafea4888f4b98e794f096b3a05d05a5c9b4f8f56725815cdb57ae3c05707be1c2004cf0059936a6a79878aaeb254dd33b791dc2b53afc23154076c88de89c72789af9b9a699d55c40faf718f8d932c20fb39473d4e9118fd892bb62d7bfc76a71a"},
		{"AES-128-CBC-SHA256, encrypt-then-MAC, long padding", aes128SHA256, true, "17fefd00010102030405060090a0a1a2a3a4a5a6a7a8a9aaabacadaeafe61f2a0f5e74a754b6ae07358644027b7950a4b7e84bd7f767c5d4c7eb6bf2d662dd5ca62ea9094f083a7a223a5230ceba655c822a9fa8ab112fdda006248dc9a59c0ca66571f0e39f1d6e1ff239892119dfc87db941d3e674d7595bf97e7277cdcc4cbab6443a4fb6fc1906c6a420ed29a915404d7ba4f808bae51aed9d81b8"},
	}
	covered := map[bulk]bool{}
	for _, tt := range tests {
		covered[tt.bulk] = true
		for _, s := range All() {
			if s.bulk != tt.bulk {
				continue
			}
			record := unhex(t, tt.record)
			p := newTestProtection(t, s, tt.encryptThenMAC)
			if got, err := p.Open(parseRecord(t, record)); err != nil || string(got) != plaintext {
				t.Errorf("%s, %v: opened %q, %v", tt.name, s, got, err)
			}
			if s.CBC() {
				continue // the IV of a sealed record is not for the test to choose
			}
			if got := p.Seal(nil, wire.ContentApplicationData, 1, 0x010203040506, []byte(plaintext)); !bytes.Equal(got, record) {
				t.Errorf("%s, %v: sealed %x", tt.name, s, got)
			}
		}
	}
	for _, s := range All() {
		if !covered[s.bulk] {
			t.Errorf("no known record for %v", s)
		}
	}
}

func TestOpenReturnsWhatWasSealed(t *testing.T) {
	eachProtection(t, func(t *testing.T, s *Suite, p *Protection) {
		for n := range 600 {
			roundTrip(t, p, count(byte(n), n))
		}
		for _, n := range []int{1200, 1201, 4096, wire.MaxPlaintext - 1, wire.MaxPlaintext} {
			roundTrip(t, p, count(byte(n), n))
		}
	})
}

func roundTrip(t *testing.T, p *Protection, plaintext []byte) {
	t.Helper()
	const prefix = "datagram so far"
	original := bytes.Clone(plaintext)
	sealed := p.Seal([]byte(prefix), wire.ContentApplicationData, 3, wire.MaxRecordSeq, plaintext)
	if !bytes.Equal(plaintext, original) {
		t.Fatalf("Seal changed its plaintext of %d bytes", len(plaintext))
	}
	if string(sealed[:len(prefix)]) != prefix {
		t.Fatalf("Seal changed what it appends to: %q", sealed[:len(prefix)])
	}
	sealed = sealed[len(prefix):]
	if added := len(sealed) - len(plaintext) - wire.RecordHeaderLen; added > p.Overhead() || added <= 0 {
		t.Fatalf("%d bytes grew by %d, overhead is %d", len(plaintext), added, p.Overhead())
	}
	r := parseRecord(t, sealed)
	if r.Type != wire.ContentApplicationData || r.Version != wire.VersionDTLS12 || r.Epoch != 3 || r.Seq != wire.MaxRecordSeq {
		t.Fatalf("header is %v %v %d %d", r.Type, r.Version, r.Epoch, r.Seq)
	}
	opened, err := p.Open(r)
	if err != nil || !bytes.Equal(opened, plaintext) {
		t.Fatalf("opening %d bytes: %x, %v", len(plaintext), opened, err)
	}
	if len(opened) > 0 && !inside(opened, r.Payload) {
		t.Fatal("the plaintext does not lie inside the payload")
	}
}

// inside reports whether part is a subslice of whole.
func inside(part, whole []byte) bool {
	for i := range whole {
		if &whole[i] == &part[0] {
			return len(part) <= len(whole)-i
		}
	}
	return false
}

func TestOverheadIsReached(t *testing.T) {
	eachProtection(t, func(t *testing.T, s *Suite, p *Protection) {
		largest := 0
		for n := range 17 {
			largest = max(largest, len(p.Seal(nil, wire.ContentApplicationData, 1, 1, make([]byte, n)))-n-wire.RecordHeaderLen)
		}
		if largest != p.Overhead() {
			t.Errorf("Seal adds up to %d bytes, Overhead is %d", largest, p.Overhead())
		}
	})
}

func TestOpenRefusesEveryChange(t *testing.T) {
	eachProtection(t, func(t *testing.T, s *Suite, p *Protection) {
		sealed := p.Seal(nil, wire.ContentApplicationData, 1, 0x010203040506, count(0, 40))
		for i := range sealed {
			if i == 11 || i == 12 {
				continue // the length is checked by what follows
			}
			for bit := range 8 {
				changed := bytes.Clone(sealed)
				changed[i] ^= 1 << bit
				if got, err := p.Open(parseRecord(t, changed)); err != ErrOpen {
					t.Errorf("byte %d changed from %02x to %02x: opened %x, %v", i, sealed[i], changed[i], got, err)
				}
			}
		}
		for n := range len(sealed) - wire.RecordHeaderLen {
			r := parseRecord(t, sealed)
			r.Payload = r.Payload[:n]
			if got, err := p.Open(r); err != ErrOpen {
				t.Errorf("payload cut to %d bytes: opened %x, %v", n, got, err)
			}
		}
		for more := 1; more <= 64; more++ {
			r := parseRecord(t, sealed)
			r.Payload = append(r.Payload, make([]byte, more)...)
			if got, err := p.Open(r); err != ErrOpen {
				t.Errorf("payload %d bytes longer: opened %x, %v", more, got, err)
			}
		}
		if _, err := p.Open(parseRecord(t, sealed)); err != nil {
			t.Errorf("after all that the record itself does not open: %v", err)
		}
	})
}

func TestOpenRefusesOtherKeys(t *testing.T) {
	eachProtection(t, func(t *testing.T, s *Suite, p *Protection) {
		sealed := p.Seal(nil, wire.ContentHandshake, 1, 0, count(0, 24))
		c, isCBC := p.cbc, p.cbc != nil
		encryptThenMAC := isCBC && c.encryptThenMAC
		for i := range testKeys(s) {
			k := testKeys(s)
			k[i] ^= 0x10
			other, err := s.NewProtection(k, encryptThenMAC, zeroReader{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := other.Open(parseRecord(t, sealed))
			// A wrong CBC key behind a right MAC shows in the padding at most.
			if err != ErrOpen && !(encryptThenMAC && i >= s.bulk.macKey && !bytes.Equal(got, count(0, 24))) {
				t.Errorf("byte %d of the keys differs: opened %x, %v", i, got, err)
			}
		}
	})
}

// R10: a nonce is the record number and nothing else, so that no number of
// records, in any order, repeats one.
func TestR10NonceIsTheRecordNumber(t *testing.T) {
	numbers := []struct {
		epoch uint16
		seq   uint64
	}{{0, 0}, {1, 0}, {1, 1}, {1, 255}, {1, 256}, {1, wire.MaxRecordSeq}, {2, 0}, {65535, 0}, {65535, wire.MaxRecordSeq}}
	eachProtection(t, func(t *testing.T, s *Suite, p *Protection) {
		seen := map[string]string{}
		for _, n := range numbers {
			record := parseRecord(t, p.Seal(nil, wire.ContentApplicationData, n.epoch, n.seq, []byte("x")))
			var nonce string
			switch {
			case p.explicit:
				nonce = string(record.Payload[:8])
				if want := fmt.Sprintf("%04x%012x", n.epoch, n.seq); hex.EncodeToString([]byte(nonce)) != want {
					t.Errorf("explicit nonce of record %d.%d is %x, want %s", n.epoch, n.seq, nonce, want)
				}
			case p.cbc == nil:
				nonce = string(p.scratch.nonce[:])
			default:
				nonce = string(record.Payload[:16])
			}
			again := p.Seal(nil, wire.ContentApplicationData, n.epoch, n.seq, []byte("x"))
			if !bytes.Equal(parseRecord(t, again).Payload, record.Payload) {
				t.Errorf("record %d.%d depends on what was sealed before", n.epoch, n.seq)
			}
			number := fmt.Sprint(n.epoch, ".", n.seq)
			if other, ok := seen[nonce]; ok {
				t.Errorf("records %s and %s have the same nonce %x", other, number, nonce)
			}
			seen[nonce] = number
		}
	})
}

// Peers may fill the explicit nonce as they like: RFC 5288, Section 3.
func TestOpenTakesAnyExplicitNonce(t *testing.T) {
	for _, s := range All() {
		p := newTestProtection(t, s, false)
		if !p.explicit {
			continue
		}
		plaintext := count(0, 20)
		nonce := append(p.iv[:4:4], "any eigh"...)
		aad := appendAdditionalData(nil, wire.ContentApplicationData, wire.VersionDTLS12, recordNumber(1, 5))
		setLength(aad, len(plaintext))
		payload := p.aead.Seal([]byte("any eigh"), nonce, plaintext, aad)
		r := wire.Record{Type: wire.ContentApplicationData, Version: wire.VersionDTLS12, Epoch: 1, Seq: 5, Payload: payload}
		if got, err := p.Open(r); err != nil || !bytes.Equal(got, plaintext) {
			t.Errorf("%v: opened %x, %v", s, got, err)
		}
	}
}

// RFC 8439, Section 2.8.2.
func TestChaCha20Poly1305Vector(t *testing.T) {
	keys := append(Keys(count(0x80, 32)), make([]byte, 12)...)
	p, err := Lookup(wire.TLS_PSK_WITH_CHACHA20_POLY1305_SHA256).NewProtection(keys, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := p.aead.Seal(nil, unhex(t, "070000004041424344454647"),
		[]byte("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."),
		unhex(t, "50515253c0c1c2c3c4c5c6c7"))
	want := unhex(t, "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b"+
		"1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116"+
		"1ae10b594f09e26a7e902ecbd0600691")
	if !bytes.Equal(got, want) {
		t.Errorf("sealed %x, want %x", got, want)
	}
}

func TestNewProtectionChecksTheKeys(t *testing.T) {
	for _, s := range All() {
		for _, n := range []int{0, s.bulk.keysLen() - 1, s.bulk.keysLen() + 1} {
			if _, err := s.NewProtection(make(Keys, n), false, zeroReader{}); err == nil {
				t.Errorf("%v takes %d bytes of keys", s, n)
			}
		}
	}
}

func TestAEADsDoNotAllocate(t *testing.T) {
	for _, s := range Default() {
		p := newTestProtection(t, s, false)
		for _, n := range []int{0, 64, 1200} {
			plaintext, datagram := make([]byte, n), make([]byte, 0, 2048)
			var seq uint64
			if allocs := testing.AllocsPerRun(100, func() {
				seq++
				sealed := p.Seal(datagram, wire.ContentApplicationData, 1, seq, plaintext)
				r, _, err := wire.ParseRecord(sealed)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := p.Open(r); err != nil {
					t.Fatal(err)
				}
				r.Payload[len(r.Payload)-1] ^= 1
				if _, err := p.Open(r); err != ErrOpen {
					t.Fatal(err)
				}
			}); allocs != 0 {
				t.Errorf("%v, %d bytes: %v allocations", s, n, allocs)
			}
		}
	}
}

// Whatever arrives, Open answers with a plaintext that seals again or with
// ErrOpen, and goes on working.
func FuzzOpen(f *testing.F) {
	for i, s := range All() {
		for _, etm := range []bool{false, true} {
			sealed := newTestProtection(f, s, etm).Seal(nil, wire.ContentApplicationData, 1, 9, count(0, 33))
			f.Add(uint8(i), etm, uint8(wire.ContentApplicationData), uint16(1), uint64(9), sealed[wire.RecordHeaderLen:])
			f.Add(uint8(i), etm, uint8(wire.ContentHandshake), uint16(0), uint64(0), make([]byte, 16*(i%8)))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, etm bool, contentType uint8, epoch uint16, seq uint64, payload []byte) {
		s := All()[int(which)%len(All())]
		p := newTestProtection(t, s, etm)
		r := wire.Record{
			Type: wire.ContentType(contentType), Version: wire.VersionDTLS12,
			Epoch: epoch, Seq: seq & wire.MaxRecordSeq, Payload: bytes.Clone(payload),
		}
		plaintext, err := p.Open(r)
		switch {
		case err != nil && err != ErrOpen:
			t.Fatalf("unexpected error %v", err)
		case err == nil && len(plaintext) > 0 && !inside(plaintext, r.Payload):
			t.Fatal("the plaintext does not lie inside the payload")
		}
		if err == nil && len(plaintext) <= wire.MaxPlaintext {
			plaintext = bytes.Clone(plaintext)
			again, err := p.Open(parseRecord(t, p.Seal(nil, r.Type, r.Epoch, r.Seq, plaintext)))
			if err != nil || !bytes.Equal(again, plaintext) {
				t.Fatalf("%x does not survive sealing: %x, %v", plaintext, again, err)
			}
		}
	})
}
