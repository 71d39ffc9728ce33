package wire

import (
	"bytes"
	"errors"
	"testing"
)

func TestParseFragment(t *testing.T) {
	tests := []struct {
		name     string
		b        string
		fragment Fragment
		whole    bool
		rest     int
	}{
		{"whole message", "01 000002 0003 000000 000002 aabb",
			Fragment{TypeClientHello, 2, 3, 0, []byte{0xaa, 0xbb}}, true, 0},
		{"message without a body", "0e 000000 0005 000000 000000",
			Fragment{TypeServerHelloDone, 0, 5, 0, []byte{}}, true, 0},
		{"last byte, another message follows", "0b 010000 ffff 00ffff 000001 aa 0e",
			Fragment{TypeCertificate, 0x10000, 0xffff, 0xffff, []byte{0xaa}}, false, 1},
		{"no bytes of a longer message", "0b 000010 0001 000000 000000",
			Fragment{TypeCertificate, 0x10, 1, 0, []byte{}}, false, 0},
		{"largest numbers", "0b ffffff ffff fffffe 000001 aa",
			Fragment{TypeCertificate, 0xffffff, 0xffff, 0xfffffe, []byte{0xaa}}, false, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := unhex(t, test.b)
			f, rest, err := ParseFragment(b)
			if err != nil {
				t.Fatal(err)
			}
			if !equalFragments(f, test.fragment) || len(rest) != test.rest {
				t.Errorf("got %+v and %d bytes, want %+v and %d", f, len(rest), test.fragment, test.rest)
			}
			if f.Whole() != test.whole {
				t.Errorf("whole: %v", f.Whole())
			}
			if again := append(f.AppendTo(nil), rest...); !bytes.Equal(again, b) {
				t.Errorf("written again: %x, from %x", again, b)
			}
		})
	}
}

func equalFragments(a, b Fragment) bool {
	return a.Type == b.Type && a.Length == b.Length && a.Seq == b.Seq && a.Offset == b.Offset && bytes.Equal(a.Body, b.Body)
}

func TestParseFragmentRefuses(t *testing.T) {
	tests := []struct {
		name, b, field string
	}{
		{"nothing", "", "header"},
		{"a header cut off", "01 000002 0003 000000 0000", "header"},
		{"a body cut off", "01 000002 0003 000000 000002 aa", "fragment_length"},
		{"the largest length without a body", "01 ffffff 0003 000000 ffffff", "fragment_length"},
		{"a body longer than the message", "01 000001 0003 000000 000002 aabb", "fragment_offset"},
		{"an offset behind the message", "01 000001 0003 000002 000000", "fragment_offset"},
		{"an end behind the message", "01 ffffff 0003 ffffff 000001 aa", "fragment_offset"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, rest, err := ParseFragment(unhex(t, test.b))
			if !errors.Is(err, ParseError{"handshake", test.field}) || rest != nil {
				t.Errorf("error %v, rest %x", err, rest)
			}
		})
	}
}

func TestMessageHeaderIsThatOfAWholeFragment(t *testing.T) {
	f := Fragment{Type: TypeCertificate, Length: 0x01234, Seq: 0x0506, Body: make([]byte, 0x01234)}
	got := AppendMessageHeader(nil, f.Type, f.Seq, len(f.Body))
	if want := f.AppendTo(nil)[:FragmentHeaderLen]; !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

func TestParseFragmentDoesNotAllocate(t *testing.T) {
	good, bad := unhex(t, "01 000002 0003 000000 000002 aabb"), unhex(t, "01 000001 0003 000002 000000")
	allocs := testing.AllocsPerRun(100, func() {
		_, _, errGood := ParseFragment(good)
		_, _, errBad := ParseFragment(bad)
		if errGood != nil || errBad == nil {
			t.Fatal(errGood, errBad)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func FuzzFragment(f *testing.F) {
	for _, recording := range recordings {
		for _, datagram := range readRecording(f, recording.file) {
			f.Add(datagram[RecordHeaderLen:])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fragment, rest, err := ParseFragment(b)
		if err != nil {
			return
		}
		if uint64(fragment.Offset)+uint64(len(fragment.Body)) > uint64(fragment.Length) {
			t.Errorf("fragment leaves its message: %+v", fragment)
		}
		if again := append(fragment.AppendTo(nil), rest...); !bytes.Equal(again, b) {
			t.Errorf("written again:\n got %x\nfrom %x", again, b)
		}
	})
}
