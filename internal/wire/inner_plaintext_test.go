package wire

import (
	"bytes"
	"errors"
	"testing"
)

func TestInnerPlaintext(t *testing.T) {
	tests := []struct {
		name, b, content string
		typ              ContentType
		padding          int
	}{
		{"content", "a1a2 16", "a1a2", ContentHandshake, 0},
		{"padding", "a1a2 17 000000", "a1a2", ContentApplicationData, 3},
		{"content that ends with zeros", "a10000 17 00", "a10000", ContentApplicationData, 1},
		{"no content", "17", "", ContentApplicationData, 0},
		{"no content, and padding", "1a 0000", "", ContentACK, 2},
		{"unknown type", "a1 63", "a1", ContentType(0x63), 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := unhex(t, test.b)
			content, typ, err := ParseInnerPlaintext(b)
			if err != nil || !bytes.Equal(content, unhex(t, test.content)) || typ != test.typ {
				t.Fatalf("%x of %v, %v", content, typ, err)
			}
			if again := AppendInnerPlaintext(nil, content, typ, test.padding); !bytes.Equal(again, b) {
				t.Errorf("written again: %x, from %x", again, b)
			}
			if _ = append(content, 0xee); b[len(content)] != byte(typ) {
				t.Error("content grows into its type")
			}
		})
	}
}

// RFC 8446, Section 5.4: without a non-zero byte there is no type.
func TestInnerPlaintextWithoutATypeIsMalformed(t *testing.T) {
	for _, b := range [][]byte{nil, {}, {0}, make([]byte, 1<<14)} {
		if content, typ, err := ParseInnerPlaintext(b); !errors.Is(err, ErrMalformed) || content != nil || typ != 0 {
			t.Errorf("%d zero bytes: %x of %v, %v", len(b), content, typ, err)
		}
	}
}

func TestInnerPlaintextDoesNotAllocate(t *testing.T) {
	b, dst := append([]byte{1, 2, 23}, make([]byte, 100)...), make([]byte, 0, 256)
	allocs := testing.AllocsPerRun(100, func() {
		content, typ, err := ParseInnerPlaintext(b)
		if err != nil || len(AppendInnerPlaintext(dst, content, typ, 100)) != len(b) {
			t.Fatal(err)
		}
		if _, _, err := ParseInnerPlaintext(b[50:]); err == nil {
			t.Fatal("zeros have a type")
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func FuzzInnerPlaintext(f *testing.F) {
	f.Add(unhex(f, "a1a2 17 000000"))
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, b []byte) {
		content, typ, err := ParseInnerPlaintext(b)
		if err != nil {
			if len(bytes.Trim(b, "\x00")) != 0 {
				t.Errorf("%x: %v", b, err)
			}
			return
		}
		again := AppendInnerPlaintext(nil, content, typ, len(b)-len(content)-1)
		if typ == 0 || !bytes.Equal(again, b) {
			t.Errorf("written again: %x, from %x", again, b)
		}
	})
}
