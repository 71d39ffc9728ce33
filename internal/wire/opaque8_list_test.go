package wire

import (
	"bytes"
	"slices"
	"testing"
)

func TestOpaque8List(t *testing.T) {
	want := [][]byte{{0xa1}, {}, {0xb1, 0xb2}}
	list := Opaque8List(AppendOpaque8s(nil, want...))
	if !bytes.Equal(list, unhex(t, "01a1 00 02b1b2")) {
		t.Errorf("written: %x", list)
	}
	if got := slices.Collect(list.All()); !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("elements %x, want %x", got, want)
	}
	if n, ok := list.count(0); n != 3 || !ok {
		t.Errorf("count %d, %v", n, ok)
	}
	if _, ok := list.count(1); ok {
		t.Error("an empty element has one byte")
	}
	if _, ok := list[:len(list)-1].count(0); ok {
		t.Error("the last element is cut off")
	}
	for v := range list.All() {
		if len(v) != 1 {
			t.Fatalf("went on to %x", v)
		}
		break
	}
}

func TestOpaque8ListOfNothing(t *testing.T) {
	if got := AppendOpaque8s(nil); got == nil || len(got) != 0 {
		t.Errorf("written: %v", got)
	}
	if got := AppendOpaque8s(nil, make([]byte, 256)); got != nil {
		t.Errorf("too long: %d bytes", len(got))
	}
}
