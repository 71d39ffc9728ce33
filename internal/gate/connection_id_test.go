package gate

import (
	"bytes"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

var testCID = []byte{0xc0, 0x1d, 0xc0, 0x1d, 1, 2, 3, 4}

// cidDatagram returns a datagram of one record of DTLS 1.2 with a connection ID.
func cidDatagram(cid []byte) []byte {
	return append(wire.AppendCIDRecordHeader(nil, wire.VersionDTLS12, 1, 7, cid, 20), make([]byte, 20)...)
}

// unifiedDatagram returns a datagram of one record of DTLS 1.3.
func unifiedDatagram(h wire.UnifiedHeader) []byte {
	h.Epoch, h.Length = 3, 20
	return append(h.AppendTo(nil), make([]byte, 20)...)
}

func TestCIDIsFoundInTheFirstRecord(t *testing.T) {
	plain := append(wire.AppendRecordHeader(nil, wire.ContentApplicationData, wire.VersionDTLS12, 1, 7, 20), make([]byte, 20)...)
	cut := cidDatagram(testCID)
	for _, c := range []struct {
		name     string
		datagram []byte
		length   int
		want     []byte
	}{
		{"DTLS 1.2", cidDatagram(testCID), 8, testCID},
		{"DTLS 1.2, one byte", cidDatagram(testCID[:1]), 1, testCID[:1]},
		{"DTLS 1.2, and a record behind it", append(cidDatagram(testCID), plain...), 8, testCID},
		{"DTLS 1.3", unifiedDatagram(wire.UnifiedHeader{CID: testCID}), 8, testCID},
		{"DTLS 1.3, the shortest header", unifiedDatagram(wire.UnifiedHeader{CID: testCID, ShortSeq: true, OmitLength: true}), 8, testCID},
		{"DTLS 1.3 without one", unifiedDatagram(wire.UnifiedHeader{}), 8, nil},
		{"DTLS 1.2 without one", plain, 8, nil},
		{"where we give none", cidDatagram(testCID), 0, nil},
		{"DTLS 1.3 where we give none", unifiedDatagram(wire.UnifiedHeader{CID: testCID}), 0, nil},
		{"cut off", cut[:len(cut)-1], 8, nil},
		{"cut off within", cut[:14], 8, nil},
		{"nothing", nil, 8, nil},
		{"junk", []byte("GET / HTTP/1.1\r\n\r\n"), 8, nil},
	} {
		got, ok := CID(c.datagram, c.length)
		if ok != (c.want != nil) || !bytes.Equal(got, c.want) && ok {
			t.Errorf("%s: %x, %v", c.name, got, ok)
		}
	}
}

func TestCIDAllocatesNothing(t *testing.T) {
	datagrams := [][]byte{
		cidDatagram(testCID), cidDatagram(testCID)[:20],
		unifiedDatagram(wire.UnifiedHeader{CID: testCID}), unifiedDatagram(wire.UnifiedHeader{CID: testCID})[:5],
	}
	if n := testing.AllocsPerRun(100, func() {
		for _, d := range datagrams {
			CID(d, len(testCID))
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Whatever arrives, a connection ID has the length of ours and lies where both versions have it.
func FuzzCID(f *testing.F) {
	f.Add(cidDatagram(testCID), uint8(8))
	f.Add(unifiedDatagram(wire.UnifiedHeader{CID: testCID}), uint8(8))
	f.Add(cidDatagram(testCID)[:16], uint8(255))
	f.Fuzz(func(t *testing.T, datagram []byte, n uint8) {
		cid, ok := CID(datagram, int(n))
		if !ok {
			return
		}
		if len(cid) != int(n) || n == 0 {
			t.Fatalf("%d bytes where ours have %d", len(cid), n)
		}
		if !bytes.HasPrefix(datagram[1:], cid) && !bytes.HasPrefix(datagram[11:], cid) {
			t.Fatalf("%x is not in %x", cid, datagram)
		}
	})
}
