package wire

import (
	"bytes"
	"errors"
	"testing"
)

func TestParseCIDRecord(t *testing.T) {
	b := unhex(t, "19 fefd 0001 00000000000a c1c2c3 0002 a1a2 19")
	r, rest, err := ParseCIDRecord(b, 3)
	if err != nil {
		t.Fatal(err)
	}
	if r.Version != VersionDTLS12 || r.Epoch != 1 || r.Seq != 10 {
		t.Errorf("%+v", r)
	}
	if !bytes.Equal(r.CID, unhex(t, "c1c2c3")) || !bytes.Equal(r.Payload, unhex(t, "a1a2")) || len(rest) != 1 {
		t.Errorf("connection ID %x, payload %x, rest %x", r.CID, r.Payload, rest)
	}
	if again := rewriteCIDRecord(r, rest); !bytes.Equal(again, b) {
		t.Errorf("written again: %x, from %x", again, b)
	}
	_, _ = append(r.CID, 0xee), append(r.Payload, 0xee)
	if b[14] != 0 || rest[0] != 0x19 {
		t.Errorf("parts grow into what follows: %x", b)
	}
}

func rewriteCIDRecord(r CIDRecord, rest []byte) []byte {
	b := AppendCIDRecordHeader(nil, r.Version, r.Epoch, r.Seq, r.CID, len(r.Payload))
	return append(append(b, r.Payload...), rest...)
}

func TestParseCIDRecordRefuses(t *testing.T) {
	whole := unhex(t, "19 fefd 0001 00000000000a c1c2c3 0002 a1a2")
	for n := range whole {
		want := ParseError{"record", "header"}
		if n >= RecordHeaderLen+3 {
			want.Field = "length"
		}
		if _, rest, err := ParseCIDRecord(whole[:n], 3); !errors.Is(err, want) || rest != nil {
			t.Errorf("first %d bytes: error %v, rest %x", n, err, rest)
		}
	}
	if _, _, err := ParseCIDRecord(whole, 0); !errors.Is(err, ParseError{"record", "type"}) {
		t.Errorf("no connection ID was given: error %v", err)
	}
	whole[0] = byte(ContentApplicationData)
	if _, _, err := ParseCIDRecord(whole, 3); !errors.Is(err, ParseError{"record", "type"}) {
		t.Errorf("another type: error %v", err)
	}
}

// RFC 9146, Section 5.3: seq_num_placeholder, tls12_cid, cid_length, tls12_cid, version, epoch,
// sequence_number, cid, length_of_DTLSInnerPlaintext.
func TestCIDAdditionalData(t *testing.T) {
	got := AppendCIDAdditionalData([]byte{0xee}, VersionDTLS12, 1, MaxRecordSeq-1, []byte{0xc1, 0xc2, 0xc3}, 0x1234)
	if want := unhex(t, "ee ffffffffffffffff 19 03 19 fefd 0001 fffffffffffe c1c2c3 1234"); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

func TestCIDRecordsDoNotAllocate(t *testing.T) {
	good, bad := unhex(t, "19 fefd 0001 00000000000a c1c2c3 0002 a1a2"), make([]byte, 20)
	dst := make([]byte, 0, 64)
	allocs := testing.AllocsPerRun(100, func() {
		r, _, errGood := ParseCIDRecord(good, 3)
		_, _, errBad := ParseCIDRecord(bad, 3)
		if errGood != nil || errBad == nil {
			t.Fatal(errGood, errBad)
		}
		_ = AppendCIDRecordHeader(dst, r.Version, r.Epoch, r.Seq, r.CID, 2)
		_ = AppendCIDAdditionalData(dst, r.Version, r.Epoch, r.Seq, r.CID, 2)
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func FuzzCIDRecord(f *testing.F) {
	f.Add(unhex(f, "19 fefd 0001 00000000000a c1c2c3 0002 a1a2 19"), uint8(3))
	f.Add(unhex(f, "19 fefd ffff ffffffffffff c1 0000"), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, cidLen uint8) {
		r, rest, err := ParseCIDRecord(b, int(cidLen))
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("%v is not ErrMalformed", err)
			}
			return
		}
		if RecordKindOf(b[0]) != RecordCID || len(r.CID) != int(cidLen) {
			t.Errorf("first byte %x, connection ID %x", b[0], r.CID)
		}
		if again := rewriteCIDRecord(r, rest); !bytes.Equal(again, b) {
			t.Errorf("written again:\n got %x\nfrom %x", again, b)
		}
	})
}
