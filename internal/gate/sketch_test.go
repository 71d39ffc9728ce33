package gate

import (
	"encoding/binary"
	"hash/maphash"
	"testing"
)

func TestSketchNeverCountsTooLittle(t *testing.T) {
	s := sketch{seed: maphash.MakeSeed()}
	key := func(i int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }
	const keys, times = 5000, 7
	far := 0
	for n := 1; n <= times; n++ {
		for i := range keys {
			if got := s.add(key(i)); got < n {
				t.Fatalf("key %d was seen %d times, and %d are counted", i, n, got)
			} else if n == times && got > 3*n {
				far++
			}
		}
	}
	if far > keys/20 {
		t.Errorf("%d of %d keys are counted more than three times", far, keys)
	}
	s.clear()
	if got := s.add(key(1)); got != 1 {
		t.Errorf("%d after everything was forgotten", got)
	}
}

func TestSketchStopsAtTheEnd(t *testing.T) {
	s, key := sketch{seed: maphash.MakeSeed()}, []byte("key")
	for range 1 << 17 {
		s.add(key)
	}
	if got := s.add(key); got != 1<<16-1 {
		t.Errorf("%d", got)
	}
}
