package suite

import (
	"bytes"
	"crypto"
	"crypto/hkdf"
	"math/rand/v2"
	"testing"
)

// keysOfOne are the labels that are expanded from one traffic secret.
var keysOfOne = []string{"key", "iv", "sn", "finished"}

// expandWithHKDF is expandLabel by package hkdf alone.
func expandWithHKDF(tb testing.TB, d keyDerivation, secret []byte, label string, context []byte, length int) []byte {
	tb.Helper()
	x := &expander{keyDerivation: d}
	x.describe(label, context, length)
	out, err := hkdf.Expand(newHash(d.hash), secret, string(x.info[:len(x.info)-1]), length)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// What an expander derives is what package hkdf derives, for any secret, label,
// context and length, and whatever was derived before.
func TestExpanderIsHKDFExpand(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	draw := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384} {
		for range 50 {
			d := keyDerivation{h, dtls13}
			secret := draw(h.Size())
			x, out := d.expander(secret), draw(3)
			for range 8 {
				label, context := string(draw(random.IntN(256-len(dtls13)))), draw(random.IntN(256))
				n := random.IntN(5 * h.Size())
				if random.IntN(20) == 0 {
					n = 255 * h.Size()
				}
				want := append(bytes.Clone(out), expandWithHKDF(t, d, secret, label, context, n)...)
				if out = x.appendLabel(out, label, context, n); !bytes.Equal(out, want) {
					t.Fatalf("%v, secret %x, label %q, context %x: %x, want %x", h, secret, label, context, out, want)
				}
			}
		}
	}
}

// BenchmarkExpand derives the keys of a traffic secret, and as many values by
// package hkdf.
func BenchmarkExpand(b *testing.B) {
	d, secret := keyDerivation{crypto.SHA256, dtls13}, count(1, 32)
	b.Run("expander", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			x := d.expander(secret)
			for _, label := range keysOfOne {
				x.appendLabel(nil, label, nil, 32)
			}
		}
	})
	b.Run("hkdf", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, label := range keysOfOne {
				expandWithHKDF(b, d, secret, label, nil, 32)
			}
		}
	})
}
