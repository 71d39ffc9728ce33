package wire

import (
	"bytes"
	"errors"
	"testing"
)

func TestParseCertificateKeepsTheOrder(t *testing.T) {
	m, err := ParseCertificate(unhex(t, "00000b 000003d1d2d3 000002e1e2"))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Chain) != 2 || !bytes.Equal(m.Chain[0], unhex(t, "d1d2d3")) || !bytes.Equal(m.Chain[1], unhex(t, "e1e2")) {
		t.Errorf("chain %x", m.Chain)
	}
}

func TestCertificatesBeyondTheirLengthPrefixAreNotWritten(t *testing.T) {
	half := make([]byte, 1<<23)
	if got := (Certificate{Chain: [][]byte{half}}).AppendTo(nil); len(got) != 6+len(half) {
		t.Errorf("half of the limit: %d bytes", len(got))
	}
	if got := (Certificate{Chain: [][]byte{half, half}}).AppendTo(nil); got != nil {
		t.Errorf("above the limit: %d bytes", len(got))
	}
}

func TestRawPublicKey(t *testing.T) {
	for _, good := range []string{"000003 d1d2d3", "000000"} {
		body := unhex(t, good)
		if again, err := reencode(ParseRawPublicKey)(body); err != nil || !bytes.Equal(again, body) {
			t.Errorf("%s: written again: %x, %v", good, again, err)
		}
	}
	for _, bad := range []string{"", "0000", "000003 d1d2", "000003 d1d2d3 00"} {
		if _, err := ParseRawPublicKey(unhex(t, bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: error %v", bad, err)
		}
	}
}

func FuzzCertificate(f *testing.F) { fuzzMessage(f, TypeCertificate) }

func FuzzRawPublicKey(f *testing.F) {
	f.Add(unhex(f, "000003d1d2d3"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if again, err := reencode(ParseRawPublicKey)(body); err == nil && !bytes.Equal(again, body) {
			t.Errorf("written again:\n got %x\nfrom %x", again, body)
		}
	})
}
