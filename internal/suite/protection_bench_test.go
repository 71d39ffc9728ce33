package suite

import (
	"fmt"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// benchmarked has one suite for each way of protecting records.
func benchmarked() []*Suite {
	return []*Suite{
		Lookup(wire.TLS_PSK_WITH_AES_128_GCM_SHA256),
		Lookup(wire.TLS_PSK_WITH_AES_256_GCM_SHA384),
		Lookup(wire.TLS_PSK_WITH_CHACHA20_POLY1305_SHA256),
		Lookup(wire.TLS_PSK_WITH_AES_128_CCM),
		Lookup(wire.TLS_PSK_WITH_AES_256_CCM),
		Lookup(wire.TLS_PSK_WITH_AES_128_CCM_8),
		Lookup(wire.TLS_PSK_WITH_AES_128_CBC_SHA256),
	}
}

func BenchmarkSeal(b *testing.B) {
	for _, s := range benchmarked() {
		for _, n := range []int{64, 256, 1200} {
			b.Run(fmt.Sprintf("%s/%d", s.OpenSSLName, n), func(b *testing.B) {
				p := newTestProtection(b, s, true)
				plaintext := make([]byte, n)
				dst := make([]byte, 0, 2048)
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for seq := uint64(0); b.Loop(); seq++ {
					p.Seal(dst, wire.ContentApplicationData, 1, seq, plaintext)
				}
			})
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, s := range benchmarked() {
		for _, n := range []int{64, 256, 1200} {
			b.Run(fmt.Sprintf("%s/%d", s.OpenSSLName, n), func(b *testing.B) {
				p := newTestProtection(b, s, true)
				sealed := p.Seal(nil, wire.ContentApplicationData, 1, 1, make([]byte, n))
				datagram := make([]byte, len(sealed))
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					copy(datagram, sealed)
					r, _, err := wire.ParseRecord(datagram)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := p.Open(r); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkSeal13(b *testing.B) {
	for _, s := range All13() {
		for _, n := range []int{64, 256, 1200} {
			b.Run(fmt.Sprintf("%s/%d", s.Name, n), func(b *testing.B) {
				p := newTestProtection13(b, s)
				plaintext := make([]byte, n)
				dst := make([]byte, 0, 2048)
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for seq := uint64(0); b.Loop(); seq++ {
					p.Seal(append(dst, 0x2f, 0, 0, 0, 0), 5, wire.ContentApplicationData, seq, plaintext, 0)
				}
			})
		}
	}
}

func BenchmarkOpen13(b *testing.B) {
	for _, s := range All13() {
		for _, n := range []int{64, 256, 1200} {
			b.Run(fmt.Sprintf("%s/%d", s.Name, n), func(b *testing.B) {
				p := newTestProtection13(b, s)
				sealed := p.Seal([]byte{0x2f, 0, 0, 0, 0}, 5, wire.ContentApplicationData, 1, make([]byte, n), 0)
				datagram := make([]byte, len(sealed))
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					copy(datagram, sealed)
					header, ciphertext := datagram[:5], datagram[5:]
					if bits, ok := p.RevealNumber(header, ciphertext); !ok || bits != 1 {
						b.Fatal("the number is wrong")
					}
					if _, _, err := p.Open(header, ciphertext, 1); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
