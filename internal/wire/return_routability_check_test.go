package wire

import (
	"bytes"
	"errors"
	"testing"
)

func TestReturnRoutabilityCheck(t *testing.T) {
	for typ, name := range []string{"path_challenge", "path_response", "path_drop"} {
		b := append([]byte{byte(typ)}, 1, 2, 3, 4, 5, 6, 7, 8)
		m, err := ParseReturnRoutabilityCheck(b)
		if err != nil || m.Type.String() != name || m.Cookie != [8]byte{1, 2, 3, 4, 5, 6, 7, 8} {
			t.Errorf("%+v, %v", m, err)
		}
		if again := m.AppendTo(nil); !bytes.Equal(again, b) {
			t.Errorf("written again: %x, from %x", again, b)
		}
		for n := range b {
			if _, err := ParseReturnRoutabilityCheck(b[:n]); !errors.Is(err, ErrMalformed) {
				t.Errorf("first %d bytes: error %v", n, err)
			}
		}
		if _, err := ParseReturnRoutabilityCheck(append(b, 0)); !errors.Is(err, ErrMalformed) {
			t.Errorf("with a byte more: error %v", err)
		}
	}
}

func TestUnknownReturnRoutabilityChecksCanBeIgnored(t *testing.T) {
	for _, b := range [][]byte{{3}, {255, 1, 2, 3}} {
		m, err := ParseReturnRoutabilityCheck(b)
		if err != nil || m.Type != RRCType(b[0]) || m.Type.Known() {
			t.Errorf("%x: %+v, %v", b, m, err)
		}
	}
	if got := RRCType(3).String(); got != "rrc_msg_type 3" {
		t.Errorf("name %q", got)
	}
}

func FuzzReturnRoutabilityCheck(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Add([]byte{3})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseReturnRoutabilityCheck(b)
		if err == nil && m.Type.Known() && !bytes.Equal(m.AppendTo(nil), b) {
			t.Errorf("written again: %x, from %x", m.AppendTo(nil), b)
		}
	})
}
