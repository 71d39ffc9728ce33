package suite

import (
	"bytes"
	"testing"
)

func TestPSKPremaster(t *testing.T) {
	tests := []struct {
		name             string
		other, psk, want []byte
	}{
		{"PSK alone, RFC 4279, Section 2", nil, []byte{0x1a, 0x2b, 0x3c}, []byte{0, 3, 0, 0, 0, 0, 3, 0x1a, 0x2b, 0x3c}},
		{"empty PSK", nil, nil, []byte{0, 0, 0, 0}},
		{"ECDHE_PSK, RFC 5489, Section 2", []byte{9, 8}, []byte{1, 2, 3}, []byte{0, 2, 9, 8, 0, 3, 1, 2, 3}},
		{"secret of no length", []byte{}, []byte{1}, []byte{0, 0, 0, 1, 1}},
	}
	for _, tt := range tests {
		if got := PSKPremaster(tt.other, tt.psk); !bytes.Equal(got, tt.want) {
			t.Errorf("%s: %x, want %x", tt.name, got, tt.want)
		}
	}
	long := PSKPremaster(nil, make([]byte, 300))
	if len(long) != 604 || long[0] != 1 || long[1] != 44 || long[302] != 1 || long[303] != 44 {
		t.Errorf("lengths above 255 are wrong: %x", long[:4])
	}
}
