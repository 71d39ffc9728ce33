package wire

import (
	"bytes"
	"errors"
	"testing"
)

// The forms of RFC 9147, Section 4, with a connection ID of two bytes where there is one.
var unifiedSamples = []struct {
	name                      string
	b                         string // hex; a record without length ends it
	header, cid, seq, payload string // hex
	rest                      int
}{
	{"minimal", "20 07 a1a2a3", "2007", "", "07", "a1a2a3", 0},
	{"16 bits of sequence number", "29 0708 a1", "290708", "", "0708", "a1", 0},
	{"length", "26 07 0002 a1a2 ffff", "26070002", "", "07", "a1a2", 2},
	{"16 bits and length", "2f 0708 0001 a1 20", "2f07080001", "", "0708", "a1", 1},
	{"connection ID", "30 c1c2 07 a1a2", "30c1c207", "c1c2", "07", "a1a2", 0},
	{"connection ID and 16 bits", "39 c1c2 0708 a1", "39c1c20708", "c1c2", "0708", "a1", 0},
	{"connection ID and length", "36 c1c2 07 0001 a1 ff", "36c1c2070001", "c1c2", "07", "a1", 1},
	{"everything", "3f c1c2 0708 0002 a1a2 3f", "3fc1c207080002", "c1c2", "0708", "a1a2", 1},
	{"no payload", "2c 0708 0000", "2c07080000", "", "0708", "", 0},
	{"no payload and no length", "23 07", "2307", "", "07", "", 0},
}

func TestParseUnifiedRecord(t *testing.T) {
	for _, test := range unifiedSamples {
		t.Run(test.name, func(t *testing.T) {
			b := unhex(t, test.b)
			r, rest, err := ParseUnifiedRecord(b, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, field := range []struct {
				name string
				got  []byte
				want string
			}{
				{"header", r.Header, test.header},
				{"connection ID", r.CID, test.cid},
				{"sequence number", r.Seq, test.seq},
				{"payload", r.Payload, test.payload},
			} {
				if !bytes.Equal(field.got, unhex(t, field.want)) {
					t.Errorf("%s %x, want %s", field.name, field.got, field.want)
				}
			}
			if r.EpochBits != b[0]&3 || len(rest) != test.rest {
				t.Errorf("epoch bits %b, %d bytes left", r.EpochBits, len(rest))
			}
			if again := rewriteUnified(r, rest); !bytes.Equal(again, b) {
				t.Errorf("written again: %x, from %x", again, b)
			}
		})
	}
}

// rewriteUnified writes a record again in the form that it had.
func rewriteUnified(r UnifiedRecord, rest []byte) []byte {
	h := UnifiedHeader{
		CID:        r.CID,
		Epoch:      0x7c | uint64(r.EpochBits),
		ShortSeq:   len(r.Seq) == 1,
		Length:     len(r.Payload),
		OmitLength: r.Header[0]&UnifiedLength == 0,
	}
	for _, digit := range r.Seq {
		h.Seq = h.Seq<<8 | uint64(digit)
	}
	h.Seq |= 0xabcd0000
	return append(append(h.AppendTo(nil), r.Payload...), rest...)
}

func TestUnifiedHeaderSaysWhereItsSequenceNumberLies(t *testing.T) {
	for _, h := range []UnifiedHeader{
		{Seq: 0xfedcb0b1},
		{Seq: 0xfedcb0b1, ShortSeq: true},
		{Seq: 0xfedcb0b1, CID: []byte{1, 2, 3}, OmitLength: true},
		{Seq: 0xfedcb0b1, CID: []byte{1, 2, 3}, ShortSeq: true},
		{Seq: 0xfedcb0b1, ShortSeq: true, OmitLength: true},
	} {
		b := h.AppendTo([]byte{0xee})[1:]
		want := []byte{0xb0, 0xb1}
		if h.ShortSeq {
			want = want[1:]
		}
		if from, to := h.SeqRange(); !bytes.Equal(b[from:to], want) {
			t.Errorf("%+v: %d to %d of %x", h, from, to, b)
		}
		if h.Len() != len(b) {
			t.Errorf("%+v: length %d, written %d", h, h.Len(), len(b))
		}
	}
}

func TestParseUnifiedRecordRefuses(t *testing.T) {
	tests := []struct {
		name, b string
		cidLen  int
		field   string
	}{
		{"nothing", "", 0, "header"},
		{"another form", "16 fefd 0000 000000000001 0000", 0, "header"},
		{"a first byte of 010", "40 07 a1", 0, "header"},
		{"a first byte of 000", "1f 07 a1", 0, "header"},
		{"a connection ID where none was given", "30 c1 07 a1", 0, "connection_id"},
		{"a sequence number cut off", "28 07", 0, "header"},
		{"a connection ID cut off", "30 c1c2", 4, "header"},
		{"a length cut off", "24 07 00", 0, "header"},
		{"a payload cut off", "24 07 0002 a1", 0, "length"},
		{"the largest length", "2c 0708 ffff a1", 0, "length"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, rest, err := ParseUnifiedRecord(unhex(t, test.b), test.cidLen)
			if !errors.Is(err, ParseError{"record", test.field}) || rest != nil || r.Header != nil {
				t.Errorf("error %v, rest %x", err, rest)
			}
		})
	}
}

func TestUnifiedRecordWithLengthDoesNotParseWhenCutOff(t *testing.T) {
	whole := unhex(t, "3f c1c2 0708 0002 a1a2")
	for n := range whole {
		if _, _, err := ParseUnifiedRecord(whole[:n], 2); !errors.Is(err, ErrMalformed) {
			t.Errorf("first %d bytes: error %v", n, err)
		}
	}
}

// The longest connection ID that anybody can negotiate has 255 bytes: RFC 9146, Section 3.
func TestUnifiedRecordWithTheLongestConnectionID(t *testing.T) {
	h := UnifiedHeader{CID: bytes.Repeat([]byte{0xcc}, 255), Epoch: 3, Seq: 1, Length: 1}
	r, rest, err := ParseUnifiedRecord(append(h.AppendTo(nil), 0xaa), 255)
	if err != nil || !bytes.Equal(r.CID, h.CID) || len(r.Header) != h.Len() || len(r.Payload) != 1 || len(rest) != 0 {
		t.Errorf("%+v, %x, %v", r, rest, err)
	}
}

// Records are decrypted in place: appending to a part must not run into the next.
func TestUnifiedRecordPartsCannotGrow(t *testing.T) {
	b := unhex(t, "3f c1c2 0708 0002 a1a2 3f")
	want := bytes.Clone(b)
	r, _, err := ParseUnifiedRecord(b, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]byte{r.CID, r.Seq, r.Header, r.Payload} {
		_ = append(part, 0xee)
	}
	if !bytes.Equal(b, want) {
		t.Errorf("datagram became %x", b)
	}
}

func TestSequenceNumberIsDecryptedWithinTheHeader(t *testing.T) {
	r, _, err := ParseUnifiedRecord(unhex(t, "3f c1c2 0708 0002 a1a2"), 2)
	if err != nil {
		t.Fatal(err)
	}
	r.Seq[0] ^= 0xf0
	r.Seq[1] ^= 0x0f
	if want := unhex(t, "3f c1c2 f707 0002"); !bytes.Equal(r.Header, want) {
		t.Errorf("header %x, want %x", r.Header, want)
	}
}

func TestUnifiedRecordsDoNotAllocate(t *testing.T) {
	good, bad := unhex(t, "3f c1c2 0708 0002 a1a2"), unhex(t, "3f c1c2 0708 0003 a1a2")
	h := UnifiedHeader{CID: []byte{1, 2}, Epoch: 3, Seq: 9, Length: 40}
	dst := make([]byte, 0, 64)
	allocs := testing.AllocsPerRun(100, func() {
		_, _, errGood := ParseUnifiedRecord(good, 2)
		_, _, errBad := ParseUnifiedRecord(bad, 2)
		if errGood != nil || errBad == nil || len(h.AppendTo(dst)) != 7 {
			t.Fatal(errGood, errBad)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func FuzzUnifiedRecord(f *testing.F) {
	for _, s := range unifiedSamples {
		f.Add(unhex(f, s.b), uint8(2))
	}
	f.Fuzz(func(t *testing.T, b []byte, cidLen uint8) {
		r, rest, err := ParseUnifiedRecord(b, int(cidLen))
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("%v is not ErrMalformed", err)
			}
			return
		}
		if len(r.Header)+len(r.Payload)+len(rest) != len(b) {
			t.Errorf("%d + %d + %d bytes of %d", len(r.Header), len(r.Payload), len(rest), len(b))
		}
		if RecordKindOf(b[0]) != RecordUnified {
			t.Errorf("first byte %x", b[0])
		}
		if again := rewriteUnified(r, rest); !bytes.Equal(again, b) {
			t.Errorf("written again:\n got %x\nfrom %x", again, b)
		}
	})
}

func BenchmarkParseUnifiedRecord(b *testing.B) {
	h := UnifiedHeader{CID: make([]byte, 8), Epoch: 3, Seq: 7, Length: 64}
	datagram := append(h.AppendTo(nil), make([]byte, 64)...)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ParseUnifiedRecord(datagram, 8); err != nil {
			b.Fatal(err)
		}
	}
}
