package suite

import (
	"bytes"
	"crypto/cipher"
	"errors"
	"io"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

func newTestCBC(t testing.TB, s *Suite, encryptThenMAC bool) (*Protection, *cbc) {
	t.Helper()
	p := newTestProtection(t, s, encryptThenMAC)
	return p, p.cbc
}

func cbcSuites() []*Suite {
	return []*Suite{Lookup(wire.TLS_PSK_WITH_AES_128_CBC_SHA256), Lookup(wire.TLS_PSK_WITH_AES_256_CBC_SHA384)}
}

func TestCBCPadding(t *testing.T) {
	tests := []struct {
		name          string
		body          []byte
		padding, good int
	}{
		{"one byte", []byte{9, 9, 0}, 1, 1},
		{"two bytes", []byte{9, 1, 1}, 2, 1},
		{"all of the body", []byte{2, 2, 2}, 3, 1},
		{"longer than the body", []byte{3, 3, 3}, 1, 0},
		{"first byte wrong", []byte{0, 2, 2}, 1, 0},
		{"second byte wrong", []byte{2, 0, 2}, 1, 0},
		{"longest", bytes.Repeat([]byte{255}, 256), 256, 1},
		{"longest, one byte missing", bytes.Repeat([]byte{255}, 255), 1, 0},
		{"longest, first byte wrong", append([]byte{254}, bytes.Repeat([]byte{255}, 255)...), 1, 0},
		{"longest, behind data", append(make([]byte, 100), bytes.Repeat([]byte{255}, 256)...), 256, 1},
		{"bytes before the padding do not count", append(bytes.Repeat([]byte{7}, 300), 0), 1, 1},
	}
	for _, tt := range tests {
		if padding, good := cbcPadding(tt.body); padding != tt.padding || good != tt.good {
			t.Errorf("%s: %d bytes, good %d, want %d, %d", tt.name, padding, good, tt.padding, tt.good)
		}
	}
}

func TestExtractMACCopiesFromEveryOffset(t *testing.T) {
	for _, size := range []int{32, 48} {
		for _, n := range []int{size + 1, size + 100, size + maxPadding, size + maxPadding + 1, 1024} {
			body := make([]byte, n)
			for i := range body {
				body[i] = byte(i*167 + i>>8)
			}
			for start := max(0, n-size-maxPadding); start <= n-size-1; start++ {
				tag := make([]byte, size)
				extractMAC(tag, body, start)
				if !bytes.Equal(tag, body[start:start+size]) {
					t.Fatalf("%d bytes at %d of %d: %x, want %x", size, start, n, tag, body[start:start+size])
				}
			}
		}
	}
}

// sealRaw encrypts content as it stands, MAC and padding included.
func (p *cbc) sealRaw(content []byte) wire.Record {
	payload := append(make([]byte, 16), content...)
	cipher.NewCBCEncrypter(p.block, payload[:16]).CryptBlocks(payload[16:], payload[16:])
	return wire.Record{Type: wire.ContentApplicationData, Version: wire.VersionDTLS12, Epoch: 1, Seq: 2, Payload: payload}
}

// A padding oracle would show as a record that fails in another way.
func TestMACThenEncryptFailsInOneWay(t *testing.T) {
	for _, s := range cbcSuites() {
		p, c := newTestCBC(t, s, false)
		valid := func(plaintext []byte, padding int) []byte {
			aad := appendAdditionalData(nil, wire.ContentApplicationData, wire.VersionDTLS12, recordNumber(1, 2))
			setLength(aad, len(plaintext))
			b := c.appendMAC(bytes.Clone(plaintext), aad, plaintext)
			return append(b, bytes.Repeat([]byte{byte(padding - 1)}, padding)...)
		}
		for padding := 1; padding <= 256; padding++ {
			plaintext := count(0, (16-(c.mac.Size()+padding)%16)%16)
			content := valid(plaintext, padding)
			if got, err := p.Open(c.sealRaw(content)); err != nil || !bytes.Equal(got, plaintext) {
				t.Errorf("%v: padding of %d bytes: %x, %v", s, padding, got, err)
			}
			for i := range content {
				changed := bytes.Clone(content)
				changed[i] ^= 0x80
				if got, err := p.Open(c.sealRaw(changed)); err != ErrOpen {
					t.Errorf("%v: padding of %d bytes, byte %d of %d changed: %x, %v", s, padding, i, len(content), got, err)
				}
			}
		}
		if _, err := p.Open(c.sealRaw(bytes.Repeat([]byte{15}, 16*8))); err != ErrOpen {
			t.Errorf("%v: padding alone: %v", s, err)
		}
		if _, err := p.Open(c.sealRaw(bytes.Repeat([]byte{255}, 256))); err != ErrOpen {
			t.Errorf("%v: padding that leaves no room for a MAC: %v", s, err)
		}
	}
}

// countingHash counts the compressions that its user causes.
type countingHash struct {
	buffered, blockSize, compressions int
}

func (h *countingHash) Write(b []byte) (int, error) {
	h.compressions += (h.buffered + len(b)) / h.blockSize
	h.buffered = (h.buffered + len(b)) % h.blockSize
	return len(b), nil
}
func (h *countingHash) Sum(b []byte) []byte {
	// The end marker and the length, an eighth of a block, take one block or two.
	h.compressions += (h.buffered + 1 + h.blockSize/8 + h.blockSize - 1) / h.blockSize
	return append(b, make([]byte, h.Size())...)
}
func (h *countingHash) Reset()         { h.buffered = 0 }
func (h *countingHash) Size() int      { return h.blockSize / 2 }
func (h *countingHash) BlockSize() int { return h.blockSize }

func TestRecordsCostTheSameCompressionsWhateverTheirPadding(t *testing.T) {
	for _, blockSize := range []int{64, 128} {
		for _, longest := range []int{0, 1, 50, 51, 52, 100, 255, 1000} {
			want := 0
			for n := longest; n >= max(0, longest-255); n-- {
				h := &countingHash{blockSize: blockSize}
				p := &cbc{mac: h, decoy: h}
				p.appendMAC(nil, nil, make([]byte, n))
				p.equalise(n, longest)
				if n == longest {
					want = h.compressions
				}
				if h.compressions != want {
					t.Errorf("blocks of %d: %d bytes of at most %d cost %d compressions, not %d", blockSize, n, longest, h.compressions, want)
				}
			}
		}
	}
}

func TestEncryptThenMACAndMACThenEncryptDiffer(t *testing.T) {
	for _, s := range cbcSuites() {
		outer, inner := newTestProtection(t, s, true), newTestProtection(t, s, false)
		for _, pair := range [][2]*Protection{{outer, inner}, {inner, outer}} {
			sealed := pair[0].Seal(nil, wire.ContentApplicationData, 1, 1, count(0, 50))
			if _, err := pair[1].Open(parseRecord(t, sealed)); err != ErrOpen {
				t.Errorf("%v: %v", s, err)
			}
		}
	}
}

// RFC 5246, Section 6.2.3.2: an IV must be unpredictable, so equal numbers
// under equal keys must not have equal IVs once the source of randomness
// differs.
func TestExplicitIVsDependOnTheRandomness(t *testing.T) {
	s := cbcSuites()[0]
	ivs := map[string]bool{}
	for i := range 10 {
		p, err := s.NewProtection(testKeys(s), true, bytes.NewReader(count(byte(i), 16)))
		if err != nil {
			t.Fatal(err)
		}
		for seq := range uint64(10) {
			ivs[string(parseRecord(t, p.Seal(nil, wire.ContentApplicationData, 1, seq, nil)).Payload[:16])] = true
		}
	}
	if len(ivs) != 100 {
		t.Errorf("%d different IVs in 100 records", len(ivs))
	}
}

func TestCBCNeedsRandomness(t *testing.T) {
	s := cbcSuites()[0]
	for _, rand := range []io.Reader{nil, bytes.NewReader(make([]byte, 15))} {
		if _, err := s.NewProtection(testKeys(s), true, rand); err == nil {
			t.Error("made a protection without randomness")
		}
	}
	broken := errors.New("broken")
	if _, err := s.NewProtection(testKeys(s), true, io.MultiReader(failingReader{broken})); !errors.Is(err, broken) {
		t.Errorf("the cause is lost: %v", err)
	}
	for _, s := range Default() {
		if _, err := s.NewProtection(testKeys(s), true, nil); err != nil {
			t.Errorf("%v needs randomness: %v", s, err)
		}
	}
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }
