package wire

import (
	"slices"
	"testing"
)

func TestUint16List(t *testing.T) {
	list := Uint16List(AppendUint16s(nil, GroupX25519, GroupP256, GroupX25519MLKEM768))
	want := []uint16{29, 23, 4588}
	if got := slices.Collect(list.All()); !slices.Equal(got, want) {
		t.Errorf("elements %v, want %v", got, want)
	}
	if list.Len() != 3 || list.At(2) != 4588 {
		t.Errorf("length %d, last %d", list.Len(), list.At(2))
	}
	for _, v := range want {
		if !list.Contains(v) {
			t.Errorf("does not contain %d", v)
		}
	}
	// 0x1d00 stands in the bytes, across two elements.
	if list.Contains(0x1d00) || Uint16List(nil).Contains(0) {
		t.Error("contains what is not there")
	}
}

func TestUint16ListIterationStops(t *testing.T) {
	for v := range (Uint16List{0, 1, 0, 2}).All() {
		if v != 1 {
			t.Fatalf("went on to %d", v)
		}
		break
	}
}

func TestUint16ListIgnoresAnOddByte(t *testing.T) {
	list := Uint16List{0, 1, 9}
	if list.Len() != 1 || !slices.Equal(slices.Collect(list.All()), []uint16{1}) {
		t.Errorf("length %d", list.Len())
	}
}

func TestUint16ListDoesNotAllocate(t *testing.T) {
	list := Uint16List(AppendUint16s(nil, GroupX25519, GroupP256))
	allocs := testing.AllocsPerRun(100, func() {
		n := 0
		for range list.All() {
			n++
		}
		if n != 2 || !list.Contains(23) {
			t.Fatal(n)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
