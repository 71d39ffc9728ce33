package wire

import (
	"math"
	"math/big"
	"slices"
	"testing"
)

func TestReconstructSeq(t *testing.T) {
	tests := []struct {
		name string
		next uint64
		seq  string
		want uint64
	}{
		{"first record", 0, "00", 0},
		{"first record, 16 bits", 0, "0000", 0},
		{"first record came late", 0, "05", 5},
		{"nothing is below 0", 0, "ff", 0xff},
		{"nothing is below 0, 16 bits", 3, "ffff", 0xffff},
		{"the expected one", 0x1234, "1234", 0x1234},
		{"the one before", 0x100, "ff", 0xff},
		{"one window up", 0xff, "00", 0x100},
		{"one window up, 16 bits", 0xfffe, "0001", 0x10001},
		{"one window down, 16 bits", 0x10000, "fff0", 0xfff0},
		{"half a window above", 0x180, "00", 0x200},
		{"less than half a window below", 0x17f, "00", 0x100},
		{"half a window above, not below", 0x100, "80", 0x180},
		{"less than half a window below, not above", 0x100, "81", 0x81},
		{"across 32 bits", 1<<32 - 1, "0000", 1 << 32},
		{"back across 32 bits", 1 << 32, "ffff", 1<<32 - 1},
		{"the last number of 48 bits", MaxRecordSeq, "ffff", MaxRecordSeq},
		{"the last number of all", math.MaxUint64, "ff", math.MaxUint64},
		{"nothing is above the last", math.MaxUint64, "00", math.MaxUint64 - 0xff},
		{"nothing is above the last, 16 bits", math.MaxUint64, "0001", math.MaxUint64 - 0xfffe},
	}
	for _, test := range tests {
		if got := ReconstructSeq(test.next, unhex(t, test.seq)); got != test.want {
			t.Errorf("%s: %#x with %s gives %#x, want %#x", test.name, test.next, test.seq, got, test.want)
		}
	}
}

// seqEdges are the numbers around which something wraps.
var seqEdges = []uint64{0, 1 << 7, 1 << 8, 1 << 15, 1 << 16, 1 << 24, 1 << 31, 1 << 32, 1 << 47, 1 << 48, 1 << 63, math.MaxUint64}

// R9.
func TestReconstructSeqFindsTheClosestAtEveryWrap(t *testing.T) {
	for _, edge := range seqEdges {
		for _, next := range around(edge, 260) {
			for low := range 1 << 8 {
				checkReconstruction(t, next, []byte{byte(low)})
			}
		}
		for _, next := range slices.Concat(around(edge, 1), around(edge+1<<15, 1), around(edge-1<<15, 1)) {
			for low := range 1 << 16 {
				checkReconstruction(t, next, []byte{byte(low >> 8), byte(low)})
			}
		}
	}
}

// around returns the numbers at most distance away from n.
func around(n uint64, distance int) []uint64 {
	var near []uint64
	for d := -distance; d <= distance; d++ {
		if m := n + uint64(d); (m >= n) == (d >= 0) {
			near = append(near, m)
		}
	}
	return near
}

// checkReconstruction compares with a plain search among all candidates nearby.
func checkReconstruction(t *testing.T, next uint64, seq []byte) {
	window, low := uint64(1)<<(8*len(seq)), uint64(0)
	for _, digit := range seq {
		low = low<<8 | uint64(digit)
	}
	best, bestDistance, found := uint64(0), uint64(0), false
	for k := -2; k <= 2; k++ {
		// Whether the candidate is a number of 64 bits is seen at its distance from next.
		candidate := (next/window+uint64(k))*window + low
		up, down := candidate-next, next-candidate
		distance := min(up, down)
		if distance > 3*window || (candidate > next) != (up < down) {
			continue
		}
		if !found || distance < bestDistance || distance == bestDistance && candidate > best {
			best, bestDistance, found = candidate, distance, true
		}
	}
	if got := ReconstructSeq(next, seq); got != best {
		t.Fatalf("%#x with %x gives %#x, want %#x", next, seq, got, best)
	}
}

// Whatever lies in the window around the next number is reconstructed, in whatever order it arrives.
func TestReconstructSeqUndoesTheHeader(t *testing.T) {
	for _, edge := range seqEdges {
		for _, seq := range around(edge, 300) {
			for _, h := range []UnifiedHeader{{Seq: seq, ShortSeq: true}, {Seq: seq}} {
				r, _, err := ParseUnifiedRecord(h.AppendTo(nil), 0)
				if err != nil {
					t.Fatal(err)
				}
				half := 1<<(8*len(r.Seq)-1) - 1
				for _, d := range []int{-half, -half / 2, -1, 0, 1, half / 2, half} {
					next := seq + uint64(d)
					if (next >= seq) != (d >= 0) {
						continue
					}
					if got := ReconstructSeq(next, r.Seq); got != seq {
						t.Fatalf("%#x with %x gives %#x, want %#x", next, r.Seq, got, seq)
					}
				}
			}
		}
	}
}

func TestRecordNumberList(t *testing.T) {
	want := []RecordNumber{{0, 0}, {1, 2}, {3, MaxRecordSeq}, {math.MaxUint64, math.MaxUint64}}
	list := RecordNumberList(AppendRecordNumbers(nil, want...))
	if got := slices.Collect(list.All()); !slices.Equal(got, want) || list.Len() != len(want) {
		t.Errorf("elements %v, want %v", got, want)
	}
	if got := slices.Collect(list[:len(list)-1].All()); !slices.Equal(got, want[:3]) {
		t.Errorf("without the last byte: %v", got)
	}
	for n := range list.All() {
		if n != want[0] {
			t.Fatalf("went on to %v", n)
		}
		break
	}
}

func FuzzReconstructSeq(f *testing.F) {
	f.Add(uint64(0xff), []byte{0})
	f.Add(uint64(0xffff), []byte{0, 0})
	f.Fuzz(func(t *testing.T, next uint64, seq []byte) {
		if len(seq) != 1 && len(seq) != 2 {
			return
		}
		got := ReconstructSeq(next, seq)
		window := new(big.Int).Lsh(big.NewInt(1), uint(8*len(seq)))
		number := new(big.Int).SetUint64(got)
		if low := new(big.Int).Mod(number, window); low.Cmp(new(big.Int).SetBytes(seq)) != 0 {
			t.Errorf("%#x has not the low bits %x", got, seq)
		}
		// At both ends of the numbers the closest one may be further away than half a window.
		if next < 1<<16 || next > math.MaxUint64-1<<16 {
			return
		}
		distance := number.Sub(number, new(big.Int).SetUint64(next))
		if distance.Lsh(distance.Abs(distance), 1).Cmp(window) > 0 {
			t.Errorf("%#x with %x gives %#x, which is not the closest", next, seq, got)
		}
	})
}
