package suite

import (
	"bytes"
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

func newTestProtection(t testing.TB, s *Suite, encryptThenMAC bool) Protection {
	t.Helper()
	p, err := s.NewProtection(testKeys(s), encryptThenMAC, zeroReader{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestOpenReturnsWhatWasSealed(t *testing.T) {
	for _, s := range All() {
		for _, etm := range []bool{false, true} {
			p := newTestProtection(t, s, etm)
			for _, n := range []int{0, 1, 15, 16, 17, 31, 32, 33, 255, 256, 1200, wire.MaxPlaintext} {
				plaintext := bytes.Repeat([]byte{byte(n)}, n)
				sealed := p.Seal(nil, wire.ContentApplicationData, 1, 7, plaintext)
				if added := len(sealed) - n - wire.RecordHeaderLen; added > p.Overhead() {
					t.Errorf("%v: %d bytes grew by %d, more than the overhead %d", s, n, added, p.Overhead())
				}
				r, rest, err := wire.ParseRecord(sealed)
				if err != nil || len(rest) != 0 {
					t.Fatalf("%v: sealed record does not parse: %v, %d bytes left", s, err, len(rest))
				}
				opened, err := p.Open(r)
				if err != nil || !bytes.Equal(opened, plaintext) {
					t.Fatalf("%v: opening %d bytes: %v", s, n, err)
				}
			}
		}
	}
}
