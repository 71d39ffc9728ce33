package wire

import (
	"bytes"
	"testing"
)

func TestParseNewSessionTicket13FillsEveryField(t *testing.T) {
	m, err := ParseNewSessionTicket13(unhex(t, "00001c20 a1a2a3a4 02b1b2 0003c1c2c3 0004 fafa0000"))
	if err != nil {
		t.Fatal(err)
	}
	if m.Lifetime != 7200 || m.AgeAdd != 0xa1a2a3a4 || !bytes.Equal(m.Nonce, unhex(t, "b1b2")) ||
		!bytes.Equal(m.Ticket, unhex(t, "c1c2c3")) || !bytes.Equal(m.Extensions, unhex(t, "fafa0000")) {
		t.Errorf("%+v", m)
	}
}

func FuzzNewSessionTicket13(f *testing.F) { fuzzMessage13(f, reencode(ParseNewSessionTicket13)) }
