package engine

import (
	"math/rand/v2"
	"testing"
)

const lastNumber = 1<<48 - 1

func TestR07WindowEdges(t *testing.T) {
	for _, test := range []struct {
		name  string
		taken []uint64
		seq   uint64
		want  bool
	}{
		{"the first number of all", nil, 0, true},
		{"the last number of all", nil, lastNumber, true},
		{"the first number again", []uint64{0}, 0, false},
		{"the next number", []uint64{0}, 1, true},
		{"a number left out", []uint64{0, 2}, 1, true},
		{"a number left out, twice", []uint64{0, 2, 1}, 1, false},
		{"the last that fits in the window", []uint64{64}, 1, true},
		{"the first behind the window", []uint64{64}, 0, false},
		{"the last that fits, taken before", []uint64{1, 64}, 1, false},
		{"one left out, at the window's end", []uint64{0, 63}, 1, true},
		{"one taken, at the window's end", []uint64{0, 63}, 0, false},
		{"a window's length ahead", []uint64{0}, 64, true},
		{"what a jump left behind", []uint64{0, 1, 1000}, 937, true},
		{"what a jump left too far behind", []uint64{0, 1, 1000}, 936, false},
		{"what a jump left at the window's end", []uint64{5, 69}, 6, true},
		{"the last number again", []uint64{lastNumber}, lastNumber, false},
		{"the last number but one", []uint64{lastNumber}, lastNumber - 1, true},
		{"the first number after the last", []uint64{lastNumber}, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var w replayWindow
			for _, seq := range test.taken {
				if !w.fresh(seq) {
					t.Fatalf("%d is not fresh", seq)
				}
				w.mark(seq)
			}
			if w.fresh(test.seq) != test.want {
				t.Errorf("after %d, %d is fresh: %v, want %v", test.taken, test.seq, !test.want, test.want)
			}
		})
	}
}

func TestReplayWindowAgreesWithASetOfAllThatWasTaken(t *testing.T) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, seed))
	var w replayWindow
	taken, highest := map[uint64]bool{}, uint64(0)
	for range 20_000 {
		seq := highest + uint64(r.IntN(8))
		switch r.IntN(8) {
		case 0:
			seq = highest + uint64(r.IntN(200))
		case 1, 2, 3:
			seq = highest - min(highest, uint64(r.IntN(100)))
		}
		old := len(taken) > 0 && seq+replayWindowSize <= highest
		if want := !taken[seq] && !old; w.fresh(seq) != want {
			t.Fatalf("seed %d: with %d as the highest, %d is fresh: %v, want %v", seed, highest, seq, !want, want)
		} else if want {
			w.mark(seq)
			taken[seq] = true
			highest = max(highest, seq)
		}
	}
}
