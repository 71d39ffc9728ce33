package wire

import (
	"bytes"
	"errors"
	"testing"
)

func TestParseRecord(t *testing.T) {
	tests := []struct {
		name   string
		b      string
		record Record
		rest   int
	}{
		{"handshake", "16 feff 0000 000000000001 0002 aabb",
			Record{ContentHandshake, VersionDTLS10, 0, 1, []byte{0xaa, 0xbb}}, 0},
		{"another record follows", "17 fefd 0001 00000000000a 0001 aa 17fefd",
			Record{ContentApplicationData, VersionDTLS12, 1, 10, []byte{0xaa}}, 3},
		{"no payload", "17 fefd 0001 000000000000 0000",
			Record{ContentApplicationData, VersionDTLS12, 1, 0, []byte{}}, 0},
		{"last epoch and sequence number", "15 fefd ffff ffffffffffff 0001 00",
			Record{ContentAlert, VersionDTLS12, 1<<16 - 1, MaxRecordSeq, []byte{0}}, 0},
		{"unknown type and version", "63 0303 0000 000000000000 0000",
			Record{ContentType(0x63), Version(0x0303), 0, 0, []byte{}}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := unhex(t, test.b)
			r, rest, err := ParseRecord(b)
			if err != nil {
				t.Fatal(err)
			}
			if !equalRecords(r, test.record) || len(rest) != test.rest {
				t.Errorf("got %+v and %d bytes, want %+v and %d", r, len(rest), test.record, test.rest)
			}
			again := append(AppendRecordHeader(nil, r.Type, r.Version, r.Epoch, r.Seq, len(r.Payload)), r.Payload...)
			if !bytes.Equal(append(again, rest...), b) {
				t.Errorf("written again: %x, from %x", again, b)
			}
		})
	}
}

func equalRecords(a, b Record) bool {
	return a.Type == b.Type && a.Version == b.Version && a.Epoch == b.Epoch && a.Seq == b.Seq && bytes.Equal(a.Payload, b.Payload)
}

func TestParseRecordRefusesWhatIsCutOff(t *testing.T) {
	whole := unhex(t, "16 fefd 0000 000000000001 0002 aabb")
	for n := range whole {
		want := ParseError{"record", "header"}
		if n >= RecordHeaderLen {
			want.Field = "length"
		}
		if _, rest, err := ParseRecord(whole[:n]); !errors.Is(err, want) || rest != nil {
			t.Errorf("first %d bytes: error %v, rest %x", n, err, rest)
		}
	}
}

// Records are opened in place: appending to a payload must not run into the next record.
func TestRecordPayloadCannotGrowIntoTheNextRecord(t *testing.T) {
	b := unhex(t, "17 fefd 0001 000000000000 0001 aa 17")
	r, rest, err := ParseRecord(b)
	if err != nil {
		t.Fatal(err)
	}
	_ = append(r.Payload, 0xff)
	if rest[0] != 0x17 {
		t.Errorf("next record starts with %x", rest[0])
	}
}

func TestParseRecordDoesNotAllocate(t *testing.T) {
	good, bad := unhex(t, "17 fefd 0001 000000000000 0001 aa"), make([]byte, 5)
	allocs := testing.AllocsPerRun(100, func() {
		_, _, errGood := ParseRecord(good)
		_, _, errBad := ParseRecord(bad)
		if errGood != nil || errBad == nil {
			t.Fatal(errGood, errBad)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func FuzzRecord(f *testing.F) {
	for _, recording := range recordings {
		for _, datagram := range readRecording(f, recording.file) {
			f.Add(datagram)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, rest, err := ParseRecord(b)
		if err != nil {
			return
		}
		again := AppendRecordHeader(nil, r.Type, r.Version, r.Epoch, r.Seq, len(r.Payload))
		again = append(append(again, r.Payload...), rest...)
		if !bytes.Equal(again, b) {
			t.Errorf("written again:\n got %x\nfrom %x", again, b)
		}
	})
}

func BenchmarkParseRecord(b *testing.B) {
	datagram := append(AppendRecordHeader(nil, ContentApplicationData, VersionDTLS12, 1, 7, 64), make([]byte, 64)...)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ParseRecord(datagram); err != nil {
			b.Fatal(err)
		}
	}
}
