package suite

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// testKeys13 returns distinct, fixed keys for one direction of s.
func testKeys13(s *Suite13) Keys {
	k := make(Keys, s.bulk.keysLen13())
	for i := range k {
		k[i] = byte(i*7 + 1)
	}
	return k
}

func newTestProtection13(t testing.TB, s *Suite13) *Protection13 {
	t.Helper()
	p, err := s.NewProtection(testKeys13(s))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// headerForms are the shapes of a unified header, with zeros where number and
// length belong: RFC 9147, Section 4.
var headerForms = []struct {
	name   string
	header string
	bits   int // of the number
}{
	{"short number", "2100", 8},
	{"short number, length", "25000000", 8},
	{"long number", "290000", 16},
	{"long number, length", "2f00000000", 16},
	{"CID, short number", "316369642100", 8},
	{"CID, short number, length", "3563696421000000", 8},
	{"CID, long number", "39636964210000", 16},
	{"CID, long number, length", "3f6369642100000000", 16},
	{"CID that looks like a header, long number, length", "3d2f2f00000000", 16},
}

// eachProtection13 runs f for every suite and every form of header.
func eachProtection13(t *testing.T, f func(t *testing.T, p *Protection13, header []byte, bits int)) {
	for _, s := range All13() {
		for _, form := range headerForms {
			t.Run(s.Name+" "+form.name, func(t *testing.T) {
				f(t, newTestProtection13(t, s), unhex(t, form.header), form.bits)
			})
		}
	}
}

// split returns copies of a record's header and ciphertext.
func split(record []byte, headerLen int) (header, ciphertext []byte) {
	record = bytes.Clone(record)
	return record[:headerLen:headerLen], record[headerLen:]
}

// open13 opens a record of number seq and checks that its header has the last
// bits of it.
func open13(t *testing.T, p *Protection13, header, ciphertext []byte, seq uint64, width int) (wire.ContentType, []byte) {
	t.Helper()
	bits, ok := p.RevealNumber(header, ciphertext)
	if want := uint16(seq & (1<<width - 1)); !ok || bits != want {
		t.Fatalf("the header has number %#x, %v, want %#x", bits, ok, want)
	}
	typ, plaintext, err := p.Open(header, ciphertext, seq)
	if err != nil {
		t.Fatalf("record %d does not open: %v", seq, err)
	}
	return typ, plaintext
}

// Records with sequence number 0x010203040506 under testKeys13, as OpenSSL's
// ciphers make them: application data, an empty handshake record after a
// connection ID, and an ACK with nine bytes of padding.
func TestOpenKnownRecords13(t *testing.T) {
	const seq = 0x010203040506
	contents := []struct {
		headerLen int
		bits      int
		typ       wire.ContentType
		plaintext string
		padding   int
	}{
		{5, 16, wire.ContentApplicationData, "I am NAME, please, accept our ping 7", 0},
		{6, 8, wire.ContentHandshake, "", 0},
		{5, 16, wire.ContentACK, "ack", 9},
	}
	tests := []struct {
		suite   wire.CipherSuite
		records [3]string
	}{
		{wire.TLS_AES_128_GCM_SHA256, [3]string{
			"2f6a9d0035460a61c7ffda34d3376c8ba35ccfc088665601492fd6d79df564ef5a7b8c2b750b33178b80d01816df2436da1f35a004a39e12d869",
			"3263696421641968aee28759ceaf45ed9619d36f060e40",
			"2f99de001d6e496bb0df94759e7240abd3301b54d1ba04fb194062058d086921e358",
		}},
		{wire.TLS_AES_256_GCM_SHA384, [3]string{
			"2fa11c00355f6944b97540ffad41e51c561390a598eab399eec55f1ecc625f975c3ba713fdc3c0fe2abd3a62b76f96f39f5bacfc9f9dad60d46c",
			"3263696421c800f3bc5adbb8c58ac623cdef2876e44bec",
			"2fa6a4001d772a4ece550ebee004c93c267f8c71ed09db98517457399f022d18590a",
		}},
		{wire.TLS_CHACHA20_POLY1305_SHA256, [3]string{
			"2f845200355d335f13724bd7edfed4bf012bee0a33601096516f62a08491ef25dc43d46245afb36e45bd39114b823c90a6792ba6b8561f06d4fa",
			"3263696421fc02509520a66cc81d09c03aa99c71ea870a",
			"2f858b001d75705564520596a0bbf89f714797048029bc5b99c452a867693929f5a4",
		}},
		{wire.TLS_AES_128_CCM_SHA256, [3]string{
			"2fcb730035b2cbca3e78b35b18313426236c54e6dfcabd1cdf0522f8428cc56c8ba4387332d40c8ae028b3a8aae3f3990f30a4e2315b2e2b8209",
			"326369642120ed2f99ff999dd170b48041c2be32cd5d6a",
			"2f3c83001d9a88c04958fd1a5574180653006d173448d5983f2faa752f45fca60c1b",
		}},
		{wire.TLS_AES_128_CCM_8_SHA256, [3]string{
			"2fcb73002db2cbca3e78b35b18313426236c54e6dfcabd1cdf0522f8428cc56c8ba4387332d40c8ae028bc8310c273e58e6d",
			"3263696421aeedebab5358fd1a552b68fdfeee48211b",
			"2f221600159a88c04958fd1a557418065300fd95f09b8e9bbc83",
		}},
	}
	for _, tt := range tests {
		p := newTestProtection13(t, Lookup13(tt.suite))
		for i, c := range contents {
			record := unhex(t, tt.records[i])
			header, ciphertext := split(record, c.headerLen)
			typ, plaintext := open13(t, p, header, ciphertext, seq, c.bits)
			if typ != c.typ || string(plaintext) != c.plaintext {
				t.Errorf("%v: opened %v %q, want %v %q", tt.suite, typ, plaintext, c.typ, c.plaintext)
			}
			clear(header[c.headerLen-c.bits/8:]) // number or length: Seal fills them in
			if got := p.Seal(header, c.headerLen, c.typ, seq, []byte(c.plaintext), c.padding); !bytes.Equal(got, record) {
				t.Errorf("%v: sealed %x, want %x", tt.suite, got, record)
			}
		}
	}
	if len(tests) != len(All13()) {
		t.Errorf("%d suites tested of %d", len(tests), len(All13()))
	}
}

// QUIC hides the numbers of packets in the same way. The samples are from
// RFC 9001, Appendix A.
func TestNumberMaskVectors(t *testing.T) {
	tests := []struct {
		name              string
		suite             wire.CipherSuite
		key, sample, mask string
	}{
		{
			"RFC 9001, Appendix A.2", wire.TLS_AES_128_GCM_SHA256,
			"9f50449e04a0e810283a1e9933adedd2", "d1b1c98dd7689fb8ec11d242b123dc9b", "437b",
		},
		{
			"RFC 9001, Appendix A.3", wire.TLS_AES_128_CCM_SHA256,
			"c206b8d9b9f0f37644430b490eeaa314", "2cd0991cd25b0aac406a5816b6394100", "2ec0",
		},
		{
			"RFC 9001, Appendix A.5", wire.TLS_CHACHA20_POLY1305_SHA256,
			"25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4", "5e5cd55c41f69080575d7999c25a5bfb", "aefe",
		},
	}
	for _, tt := range tests {
		mask, err := Lookup13(tt.suite).bulk.newNumberMask(unhex(t, tt.key))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time it must not depend on the first
			got := make([]byte, 16)
			mask.Encrypt(got, unhex(t, tt.sample))
			if want := unhex(t, tt.mask); !bytes.Equal(got[:len(want)], want) {
				t.Errorf("%s: mask is %x, want %s", tt.name, got, tt.mask)
			}
		}
	}
}

func TestOpenReturnsWhatWasSealed13(t *testing.T) {
	eachProtection13(t, func(t *testing.T, p *Protection13, header []byte, bits int) {
		for n := range 70 {
			roundTrip13(t, p, header, bits, count(byte(n), n), n%5)
		}
		for _, n := range []int{1200, wire.MaxPlaintext - 1, wire.MaxPlaintext} {
			roundTrip13(t, p, header, bits, count(byte(n), n), 0)
		}
	})
}

func roundTrip13(t *testing.T, p *Protection13, header []byte, bits int, plaintext []byte, padding int) {
	t.Helper()
	const prefix, seq = "datagram so far", 0xfedcba987654
	original := bytes.Clone(plaintext)
	sealed := p.Seal(append([]byte(prefix), header...), len(header), wire.ContentApplicationData, seq, plaintext, padding)
	if !bytes.Equal(plaintext, original) {
		t.Fatalf("Seal changed its plaintext of %d bytes", len(plaintext))
	}
	if string(sealed[:len(prefix)]) != prefix {
		t.Fatalf("Seal changed what it appends to: %q", sealed[:len(prefix)])
	}
	head, ciphertext := split(sealed[len(prefix):], len(header))
	if len(ciphertext) != p.SealedLen(len(plaintext), padding) || len(ciphertext) < max(wire.MinCiphertext13, len(plaintext)+1+padding+p.aead.Overhead()) {
		t.Fatalf("%d bytes and %d of padding became %d, SealedLen is %d", len(plaintext), padding, len(ciphertext), p.SealedLen(len(plaintext), padding))
	}
	if header[0]&wire.UnifiedLength != 0 {
		if length := binary.BigEndian.Uint16(head[len(head)-2:]); int(length) != len(ciphertext) {
			t.Fatalf("length in the header is %d, want %d", length, len(ciphertext))
		}
	}
	typ, opened := open13(t, p, head, ciphertext, seq, bits)
	if typ != wire.ContentApplicationData || !bytes.Equal(opened, plaintext) {
		t.Fatalf("opened %v %x", typ, opened)
	}
	if len(opened) > 0 && !inside(opened, ciphertext) {
		t.Fatal("the plaintext does not lie inside the ciphertext")
	}
}

// The last bytes of a plaintext may be zeros themselves: RFC 8446, Section 5.4.
func TestPaddingIsNotContent(t *testing.T) {
	for _, s := range All13() {
		p := newTestProtection13(t, s)
		for _, plaintext := range [][]byte{nil, {0}, make([]byte, 40), {1, 0, 0}} {
			for _, padding := range []int{0, 1, 100} {
				roundTrip13(t, p, unhex(t, "2f00000000"), 16, plaintext, padding)
			}
		}
	}
}

func TestRecordOfZerosHasNoContentType(t *testing.T) {
	for _, s := range All13() {
		p := newTestProtection13(t, s)
		for _, padding := range []int{0, 1, 300} {
			sealed := p.Seal(unhex(t, "290000"), 3, 0, 7, nil, padding)
			header, ciphertext := split(sealed, 3)
			p.RevealNumber(header, ciphertext)
			if typ, got, err := p.Open(header, ciphertext, 7); err != ErrNoContentType {
				t.Errorf("%v: opened %v %x, %v", s, typ, got, err)
			}
		}
	}
}

func TestOpenRefusesEveryChange13(t *testing.T) {
	const seq = 0x010203040506
	eachProtection13(t, func(t *testing.T, p *Protection13, header []byte, bits int) {
		sealed := p.Seal(bytes.Clone(header), len(header), wire.ContentApplicationData, seq, count(0, 40), 0)
		refused := func(what string, header, ciphertext []byte, seq uint64) {
			t.Helper()
			if typ, got, err := p.Open(header, ciphertext, seq); err != ErrOpen {
				t.Errorf("%s: opened %v %x, %v", what, typ, got, err)
			}
		}
		for i := range sealed {
			for bit := range 8 {
				head, ciphertext := split(sealed, len(header))
				p.RevealNumber(head, ciphertext)
				if i < len(header) {
					head[i] ^= 1 << bit
				} else {
					ciphertext[i-len(header)] ^= 1 << bit
				}
				refused(fmt.Sprintf("bit %d of byte %d", bit, i), head, ciphertext, seq)
			}
		}
		for n := range len(sealed) - len(header) {
			head, ciphertext := split(sealed, len(header))
			p.RevealNumber(head, ciphertext)
			refused(fmt.Sprintf("ciphertext cut to %d bytes", n), head, ciphertext[:n], seq)
		}
		for _, other := range []uint64{seq - 1, seq + 1, seq + 1<<16, seq + 1<<48, 0} {
			head, ciphertext := split(sealed, len(header))
			p.RevealNumber(head, ciphertext)
			refused(fmt.Sprintf("number %#x", other), head, ciphertext, other)
		}
		head, ciphertext := split(sealed, len(header))
		open13(t, p, head, ciphertext, seq, bits)
	})
}

func TestOpenRefusesOtherKeys13(t *testing.T) {
	for _, s := range All13() {
		sealed := newTestProtection13(t, s).Seal(unhex(t, "290000"), 3, wire.ContentHandshake, 5, count(0, 24), 0)
		for i := range testKeys13(s) {
			k := testKeys13(s)
			k[i] ^= 0x10
			other, err := s.NewProtection(k)
			if err != nil {
				t.Fatal(err)
			}
			header, ciphertext := split(sealed, 3)
			bits, _ := other.RevealNumber(header, ciphertext)
			if i >= s.bulk.key+s.bulk.iv {
				if bits == 5 {
					t.Errorf("%v: byte %d of the keys does not matter for the number", s, i)
				}
				continue
			}
			if typ, got, err := other.Open(header, ciphertext, 5); err != ErrOpen {
				t.Errorf("%v: byte %d of the keys differs: opened %v %x, %v", s, i, typ, got, err)
			}
		}
	}
}

// A record may have to be tried under more than one key, so that revealing its
// number must leave no trace once undone.
func TestRevealingTwiceRestoresTheRecord(t *testing.T) {
	eachProtection13(t, func(t *testing.T, p *Protection13, header []byte, _ int) {
		sealed := p.Seal(bytes.Clone(header), len(header), wire.ContentACK, 0xa5a5, count(0, 9), 0)
		record := bytes.Clone(sealed)
		head, ciphertext := record[:len(header)], record[len(header):]
		p.RevealNumber(head, ciphertext)
		if bytes.Equal(record, sealed) {
			t.Error("the number was not hidden")
		}
		p.RevealNumber(head, ciphertext)
		if !bytes.Equal(record, sealed) {
			t.Errorf("the record is %x, was %x", record, sealed)
		}
	})
}

// RFC 9147, Section 4.2.3: shorter records are as if they had failed to open.
func TestShortRecordsAreRefused(t *testing.T) {
	for _, s := range All13() {
		p := newTestProtection13(t, s)
		for n := range wire.MinCiphertext13 {
			header, ciphertext := unhex(t, "290000"), count(1, n)
			if bits, ok := p.RevealNumber(header, ciphertext); ok {
				t.Errorf("%v: %d bytes reveal %#x", s, n, bits)
			}
			if typ, got, err := p.Open(header, ciphertext, 1); err != ErrOpen {
				t.Errorf("%v: %d bytes open as %v %x, %v", s, n, typ, got, err)
			}
			if !bytes.Equal(header, unhex(t, "290000")) {
				t.Errorf("%v: the header was changed to %x", s, header)
			}
		}
	}
}

func TestShortHeadersRevealNothing(t *testing.T) {
	p := newTestProtection13(t, All13()[0])
	for _, header := range []string{"", "20", "28", "2c", "2800", "2400", "240000", "2c000000"} {
		h := unhex(t, header)
		if bits, ok := p.RevealNumber(h, make([]byte, 16)); ok || hex.EncodeToString(h) != header {
			t.Errorf("header %s reveals %#x and is %x now", header, bits, h)
		}
	}
}

// R10: the nonce is the IV and the number, so that under one key no two records
// have the same; the epochs of a session have keys that differ.
func TestR10NoNonceRepeats13(t *testing.T) {
	numbers := []uint64{0, 1, 255, 256, 1<<16 - 1, 1 << 16, 1<<32 - 1, 1 << 32, wire.MaxRecordSeq, 1<<64 - 1}
	for _, s := range All13() {
		seen := map[string]string{}
		for direction, secret := range []Secret{count(1, s.Hash.Size()), count(2, s.Hash.Size())} {
			for epoch := range 20 {
				keys := s.TrafficKeys(secret)
				p, err := s.NewProtection(keys)
				if err != nil {
					t.Fatal(err)
				}
				for _, seq := range numbers {
					first := p.Seal(unhex(t, "290000"), 3, wire.ContentApplicationData, seq, []byte("x"), 20)
					used := string(keys[:s.bulk.key]) + string(p.scratch.nonce[:])
					name := fmt.Sprintf("direction %d, epoch %d, record %d", direction, epoch, seq)
					if other, ok := seen[used]; ok {
						t.Errorf("%v: %s and %s have key and nonce in common", s, other, name)
					}
					seen[used] = name
					p.Seal(unhex(t, "2f00000000"), 5, wire.ContentACK, seq^1, []byte("other"), 0)
					if again := p.Seal(unhex(t, "290000"), 3, wire.ContentApplicationData, seq, []byte("x"), 20); !bytes.Equal(again, first) {
						t.Errorf("%v: %s depends on what was sealed before", s, name)
					}
				}
				secret = s.NextTraffic(secret)
			}
		}
	}
}

func TestNewProtection13ChecksTheKeys(t *testing.T) {
	for _, s := range All13() {
		for _, n := range []int{0, s.bulk.keysLen13() - 1, s.bulk.keysLen13() + 1} {
			if _, err := s.NewProtection(make(Keys, n)); err == nil {
				t.Errorf("%v takes %d bytes of keys", s, n)
			}
		}
	}
}

func TestRecordsOf13DoNotAllocate(t *testing.T) {
	for _, s := range All13() {
		p := newTestProtection13(t, s)
		for _, n := range []int{0, 64, 1200} {
			plaintext, datagram := make([]byte, n), make([]byte, 0, 2048)
			var seq uint64
			if allocs := testing.AllocsPerRun(100, func() {
				seq++
				sealed := p.Seal(append(datagram, 0x2f, 0, 0, 0, 0), 5, wire.ContentApplicationData, seq, plaintext, 0)
				header, ciphertext := sealed[:5], sealed[5:]
				if bits, ok := p.RevealNumber(header, ciphertext); !ok || bits != uint16(seq) {
					t.Fatal("the number is wrong")
				}
				if _, _, err := p.Open(header, ciphertext, seq); err != nil {
					t.Fatal(err)
				}
				ciphertext[len(ciphertext)-1] ^= 1
				if _, _, err := p.Open(header, ciphertext, seq); err != ErrOpen {
					t.Fatal(err)
				}
			}); allocs != 0 {
				t.Errorf("%v, %d bytes: %v allocations", s, n, allocs)
			}
		}
	}
}

// Whatever arrives, a record reveals its number or not and opens or not, and
// what opens seals again.
func FuzzOpen13(f *testing.F) {
	for i, s := range All13() {
		p := newTestProtection13(f, s)
		for _, form := range headerForms {
			header := unhex(f, form.header)
			n := len(header)
			sealed := p.Seal(header, n, wire.ContentApplicationData, 9, count(0, 33), 2)
			f.Add(uint8(i), uint64(9), sealed[:n], sealed[n:])
		}
		f.Add(uint8(i), uint64(1<<48), []byte{0x2c}, make([]byte, 3*i))
		f.Add(uint8(i), uint64(0), []byte{0x20, 0}, bytes.Repeat([]byte{0xff}, 16+i))
	}
	f.Fuzz(func(t *testing.T, which uint8, seq uint64, header, ciphertext []byte) {
		p := newTestProtection13(t, All13()[int(which)%len(All13())])
		head, body := bytes.Clone(header), bytes.Clone(ciphertext)
		bits, ok := p.RevealNumber(head, body)
		if !ok {
			if !bytes.Equal(head, header) {
				t.Fatalf("the header was changed to %x", head)
			}
			return
		}
		typ, plaintext, err := p.Open(head, body, seq)
		if err != nil {
			if err != ErrOpen && err != ErrNoContentType {
				t.Fatalf("unexpected error %v", err)
			}
			return
		}
		if len(plaintext) > 0 && !inside(plaintext, body) {
			t.Fatal("the plaintext does not lie inside the ciphertext")
		}
		// Number and length in the header may be others than Seal would write.
		again := p.Seal(bytes.Clone(head), len(head), typ, seq, bytes.Clone(plaintext), 0)
		h, c := split(again, len(head))
		if got, ok := p.RevealNumber(h, c); !ok || bits > 255 && got != uint16(seq) {
			t.Fatalf("sealed again, the number is %#x", got)
		}
		if typ2, plaintext2, err := p.Open(h, c, seq); err != nil || typ2 != typ || !bytes.Equal(plaintext2, plaintext) {
			t.Fatalf("%v %x does not survive sealing: %v %x, %v", typ, plaintext, typ2, plaintext2, err)
		}
	})
}

// The sample comes from the network, and sets every bit of counter and nonce.
func FuzzNumberMask(f *testing.F) {
	f.Add(make([]byte, 16))
	f.Add(bytes.Repeat([]byte{0xff}, 16))
	f.Fuzz(func(t *testing.T, sample []byte) {
		if len(sample) < wire.MinCiphertext13 {
			return
		}
		for _, s := range All13() {
			mask, err := s.bulk.newNumberMask(count(1, s.bulk.key))
			if err != nil {
				t.Fatal(err)
			}
			first, again := make([]byte, 16), make([]byte, 16)
			mask.Encrypt(first, sample)
			mask.Encrypt(again, sample)
			if !bytes.Equal(first, again) {
				t.Fatalf("%v: masks %x and %x", s, first, again)
			}
		}
	})
}
