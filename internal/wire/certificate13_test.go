package wire

import (
	"bytes"
	"testing"
)

func TestParseCertificate13FillsEveryField(t *testing.T) {
	m, err := ParseCertificate13(unhex(t, "02a1a2 000013 000003d1d2d3 0004 fafa0000 000002e1e2 0000"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.Context, unhex(t, "a1a2")) || len(m.Entries) != 2 {
		t.Fatalf("%+v", m)
	}
	first, second := m.Entries[0], m.Entries[1]
	if !bytes.Equal(first.Data, unhex(t, "d1d2d3")) || !bytes.Equal(first.Extensions, unhex(t, "fafa0000")) {
		t.Errorf("first entry %x", first)
	}
	if !bytes.Equal(second.Data, unhex(t, "e1e2")) || len(second.Extensions) != 0 {
		t.Errorf("second entry %x", second)
	}
}

func FuzzCertificate13(f *testing.F) { fuzzMessage13(f, reencode(ParseCertificate13)) }
