package wire

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// ackSample has two record numbers: RFC 9147, Section 7.
const ackSample = "0020 0000000000000000 0000000000000001 0000000000000002 0000ffffffffffff"

func TestParseACK(t *testing.T) {
	b := unhex(t, ackSample)
	a, err := ParseACK(b)
	if err != nil {
		t.Fatal(err)
	}
	want := []RecordNumber{{0, 1}, {2, MaxRecordSeq}}
	if got := slices.Collect(a.Records.All()); !slices.Equal(got, want) {
		t.Errorf("records %v, want %v", got, want)
	}
	again := ACK{AppendRecordNumbers(nil, want...)}.AppendTo(nil)
	if !bytes.Equal(again, b) {
		t.Errorf("written again: %x", again)
	}
}

// RFC 9147, Section 7.1: an empty list says that nothing in a flight could be read.
func TestACKMayBeEmpty(t *testing.T) {
	a, err := ParseACK([]byte{0, 0})
	if err != nil || a.Records.Len() != 0 {
		t.Errorf("%v, %v", a, err)
	}
	if got := (ACK{}).AppendTo(nil); !bytes.Equal(got, []byte{0, 0}) {
		t.Errorf("written: %x", got)
	}
}

func TestParseACKRefuses(t *testing.T) {
	whole := unhex(t, ackSample)
	bad := [][]byte{
		append(bytes.Clone(whole), 0),
		unhex(t, "0001 00"),
		unhex(t, "000f 0000000000000000 00000000000000"),
	}
	for n := range whole {
		bad = append(bad, whole[:n])
	}
	for _, b := range bad {
		if _, err := ParseACK(b); !errors.Is(err, ParseError{"ack", "record_numbers"}) {
			t.Errorf("%x: error %v", b, err)
		}
	}
}

func TestACKThatIsTooLongIsNotWritten(t *testing.T) {
	if got := (ACK{make([]byte, 1<<16)}).AppendTo(nil); got != nil {
		t.Errorf("%d bytes", len(got))
	}
}

// R5: however many records a peer lists, the list takes no memory of its own.
func TestParseACKDoesNotAllocate(t *testing.T) {
	b := ACK{make([]byte, 16*1023)}.AppendTo(nil)
	allocs := testing.AllocsPerRun(100, func() {
		a, err := ParseACK(b)
		n := 0
		for range a.Records.All() {
			n++
		}
		if err != nil || n != 1023 {
			t.Fatal(err, n)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func FuzzACK(f *testing.F) {
	f.Add(unhex(f, ackSample))
	f.Add([]byte{0, 0})
	fuzzBytes(f, reencode(ParseACK))
}
