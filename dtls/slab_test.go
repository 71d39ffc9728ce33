package dtls

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// kept is what a test expects of a slab.
type kept map[place][]byte

// check checks that everything lies where it was put, and that nothing is lost
// or counted twice.
func (k kept) check(t *testing.T, s *slab, seed uint64) {
	t.Helper()
	for p, want := range k {
		if !bytes.Equal(s.get(p), want) {
			t.Fatalf("seed %d: at %d lies %x, want %x", seed, p, s.get(p), want)
		}
	}
	used := 0
	for i := range s.chunks {
		used += int(s.chunks[i].used)
	}
	if used != len(k) {
		t.Fatalf("seed %d: %d slots are used by %d strings", seed, used, len(k))
	}
}

func TestSlabKeepsWhatLiesInIt(t *testing.T) {
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	var s slab
	strings := make(kept)
	for round := range 40_000 {
		// It fills and empties in turn.
		if filling := round/5000%2 == 0; len(strings) == 0 || random.IntN(10) < 3 || filling && random.IntN(10) < 8 {
			b := make([]byte, random.IntN(maxSlabbed+1))
			for i := range b {
				b[i] = byte(random.Uint32())
			}
			p := s.put(b)
			if _, taken := strings[p]; taken || p == 0 {
				t.Fatalf("seed %d: place %d is given twice", seed, p)
			}
			strings[p] = b
		} else {
			for p := range strings {
				s.drop(p)
				delete(strings, p)
				break
			}
		}
		if round%1000 == 0 {
			strings.check(t, &s, seed)
		}
	}
	strings.check(t, &s, seed)
	for p := range strings {
		s.drop(p)
	}
	for i := range s.chunks {
		if s.chunks[i].memory != nil {
			t.Error("an empty chunk has memory")
		}
	}
	if s.roomy != [slabClasses]chunkIndex{} {
		t.Error("a chunk without memory has room")
	}
}

func TestSlabFillsItsChunks(t *testing.T) {
	for _, size := range []int{0, 1, slabStep - slabHeader, 200, maxSlabbed} {
		var s slab
		b := make([]byte, size)
		n := 0
		for ; len(s.chunks) < 2; n++ {
			s.put(b)
		}
		slot := (slabHeader + size + slabStep - 1) / slabStep * slabStep
		if want := chunkSize/slot + 1; n != want {
			t.Errorf("%d strings of %d bytes fit into a chunk, want %d", n-1, size, want-1)
		}
	}
}

// Secrets lie in a slab.
func TestSlabWipesWhatIsFreed(t *testing.T) {
	var s slab
	s.put([]byte("so that the chunk stays"))
	p := s.put([]byte("a secret is in it....."))
	s.drop(p)
	if bytes.Contains(s.chunks[0].memory, []byte("secret")) {
		t.Error("it is still there")
	}
}

func TestSlabUsesAPlaceAgain(t *testing.T) {
	var s slab
	a, b := s.put([]byte("a")), s.put([]byte("b"))
	s.drop(a)
	if c := s.put([]byte("c")); c != a {
		t.Errorf("c is at %d, where %d is free", c, a)
	}
	if string(s.get(b)) != "b" {
		t.Errorf("b is %q", s.get(b))
	}
}
