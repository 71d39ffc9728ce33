package wire

import (
	"bytes"
	"testing"
)

func TestNewConnectionIDListsItsConnectionIDs(t *testing.T) {
	m, err := ParseNewConnectionID(unhex(t, "0006 02c1c2 02c3c4 01"))
	if err != nil || m.Usage != CIDSpare {
		t.Fatalf("%+v, %v", m, err)
	}
	var joined []byte
	for cid := range m.CIDs.All() {
		joined = append(joined, cid...)
	}
	if !bytes.Equal(joined, unhex(t, "c1c2c3c4")) {
		t.Errorf("connection IDs %x", joined)
	}
}

func FuzzRequestConnectionID(f *testing.F) { fuzzMessage13(f, reencode(ParseRequestConnectionID)) }

func FuzzNewConnectionID(f *testing.F) { fuzzMessage13(f, reencode(ParseNewConnectionID)) }
