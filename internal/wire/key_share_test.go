package wire

import (
	"bytes"
	"slices"
	"testing"
)

func TestKeyShareList(t *testing.T) {
	want := []KeyShare{{GroupX25519MLKEM768, bytes.Repeat([]byte{0xaa}, 1216)}, {GroupX25519, []byte{0xb1, 0xb2}}}
	list := KeyShareList(AppendKeyShares(nil, want...))
	same := func(a, b KeyShare) bool { return a.Group == b.Group && bytes.Equal(a.KeyExchange, b.KeyExchange) }
	if got := slices.Collect(list.All()); !slices.EqualFunc(got, want, same) {
		t.Errorf("shares %v, want %v", got, want)
	}
	if k, ok := list.Find(GroupX25519); !ok || !same(k, want[1]) {
		t.Errorf("X25519: %v, %v", k, ok)
	}
	if k, ok := list.Find(GroupP256); ok {
		t.Errorf("P-256, which is not there: %v", k)
	}
	for k := range list.All() {
		if k.Group != GroupX25519MLKEM768 {
			t.Fatalf("went on to %v", k.Group)
		}
		break
	}
	if got := AppendKeyShares(nil, KeyShare{GroupX25519, make([]byte, 1<<16)}); got != nil {
		t.Errorf("too long: %d bytes", len(got))
	}
}

// RFC 8446, Section 4.2.8: a client may send no share, and be told the group.
func TestKeyShareListMayBeEmpty(t *testing.T) {
	e, err := ParseClientExtensions13(unhex(t, "0033 0002 0000"))
	if err != nil || !e.HasKeyShare || len(e.KeyShares) != 0 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestKeyShareListDoesNotAllocate(t *testing.T) {
	list := KeyShareList(AppendKeyShares(nil, KeyShare{GroupP256, []byte{1}}, KeyShare{GroupX25519, []byte{2}}))
	allocs := testing.AllocsPerRun(100, func() {
		if k, ok := list.Find(GroupX25519); !ok || k.KeyExchange[0] != 2 {
			t.Fatal(k)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
