package load

import (
	"testing"
	"time"
)

func TestOnlyWhatWasSentIsTakenForAnEcho(t *testing.T) {
	p := newPattern()
	for _, size := range []int{MinSize, 64, 1200, MaxSize} {
		b := make([]byte, size)
		p.fill(b, 7, 1<<32-1, time.Hour)
		if number, at, ok := p.read(b, 7, size); number != 1<<32-1 || at != time.Hour || !ok {
			t.Fatalf("of %d bytes comes back: %d, %v, %v", size, number, at, ok)
		}
		if _, _, ok := p.read(b, 8, size); ok {
			t.Error("another client's is taken")
		}
		if _, _, ok := p.read(b[:size-1], 7, size); ok {
			t.Error("a shorter one is taken")
		}
		if size > MinSize {
			b[size-1] ^= 1
			if _, _, ok := p.read(b, 7, size); ok {
				t.Error("a changed one is taken")
			}
		}
	}
}

func FuzzReadPayload(f *testing.F) {
	p := newPattern()
	b := make([]byte, 64)
	p.fill(b, 1, 2, 3)
	f.Add(b, uint32(1))
	f.Add([]byte("short"), uint32(0))
	f.Fuzz(func(t *testing.T, b []byte, client uint32) {
		if len(b) < MinSize || len(b) > MaxSize {
			return
		}
		number, at, ok := p.read(b, client, len(b))
		if !ok {
			return
		}
		again := make([]byte, len(b))
		p.fill(again, client, number, at)
		if string(again) != string(b) {
			t.Errorf("%x is taken for %x", b, again)
		}
	})
}
