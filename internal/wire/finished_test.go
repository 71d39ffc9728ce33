package wire

import "testing"

func FuzzFinished(f *testing.F) { fuzzMessage(f, TypeFinished) }

// RFC 8446, Section 4.4.4: as many bytes as the hash has.
func TestFinished13HasTheLengthOfTheHash(t *testing.T) {
	for _, hashLen := range []int{32, 48} {
		for n := range 64 {
			if m, err := ParseFinished13(make([]byte, n), hashLen); (err == nil) != (n == hashLen) || err == nil && len(m.VerifyData) != n {
				t.Errorf("%d bytes for a hash of %d: %v", n, hashLen, err)
			}
		}
	}
}

func FuzzFinished13(f *testing.F) { fuzzMessage13(f, reencodeFinished13) }
