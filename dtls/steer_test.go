package dtls

import (
	"testing"

	"golang.org/x/net/bpf"

	"github.com/dtlsd/dtlsd/internal/gate"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// verdict runs a steering program as the kernel does.
func verdict(t testing.TB, shards, cidLen int, datagram []byte) uint32 {
	t.Helper()
	vm, err := bpf.NewVM(steering(shards, cidLen))
	if err != nil {
		t.Fatal(err)
	}
	index, err := vm.Run(datagram)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(index)
}

// cidDatagram returns a datagram of DTLS 1.2 with a connection ID.
func cidDatagram(cid []byte, payload int) []byte {
	b := wire.AppendCIDRecordHeader(nil, wire.VersionDTLS12, 1, 7, cid, payload)
	return append(b, make([]byte, payload)...)
}

// unifiedDatagram returns a datagram of DTLS 1.3; with a connection ID unless that
// is empty. It ends where its record does, and has no length.
func unifiedDatagram(cid []byte, payload int) []byte {
	first := byte(0b0010_1011)
	if len(cid) > 0 {
		first |= 0b0001_0000
	}
	b := append([]byte{first}, cid...)
	return append(append(b, 0, 7), make([]byte, payload)...)
}

func TestKernelIsToldOfConnectionIDs(t *testing.T) {
	cid := []byte{0xa7, 2, 3, 4, 5, 6, 7, 8}
	long := append([]byte{0xff}, make([]byte, 254)...)
	plain := record(wire.ContentHandshake, wire.VersionDTLS12, 0, 0, make([]byte, 40))
	for _, test := range []struct {
		name     string
		shards   int
		cidLen   int
		datagram []byte
		want     uint32
	}{
		{"DTLS 1.2", 4, 8, cidDatagram(cid, 40), 0xa7 % 4},
		{"DTLS 1.2, among 3", 3, 8, cidDatagram(cid, 40), 0xa7 % 3},
		{"DTLS 1.2, among 256", 256, 8, cidDatagram(cid, 40), 0xa7},
		{"DTLS 1.2, longest", 256, 255, cidDatagram(long, 40), 0xff},
		{"DTLS 1.2, shortest", 2, 1, cidDatagram(cid[:1], 0), 1},
		{"DTLS 1.2, cut off in its connection ID", 4, 8, cidDatagram(cid, 0)[:18], ownHash},
		{"DTLS 1.2, cut off before it", 4, 8, cidDatagram(cid, 0)[:11], ownHash},
		{"DTLS 1.3", 4, 8, unifiedDatagram(cid, 40), 0xa7 % 4},
		{"DTLS 1.3, longest", 256, 255, unifiedDatagram(long, 40), 0xff},
		{"DTLS 1.3, cut off in its connection ID", 4, 8, unifiedDatagram(cid, 0)[:8], ownHash},
		{"DTLS 1.3, first byte alone", 4, 8, unifiedDatagram(cid, 0)[:1], ownHash},
		{"DTLS 1.3 without", 4, 8, unifiedDatagram(nil, 40), ownHash},
		{"hello", 4, 8, plain, ownHash},
		{"nothing", 4, 8, nil, ownHash},
		{"one byte", 4, 1, []byte{25}, ownHash},
	} {
		if got := verdict(t, test.shards, test.cidLen, test.datagram); got != test.want {
			t.Errorf("%s: to shard %d, want %d", test.name, got, test.want)
		}
	}
}

// What the shards take for a connection ID, the kernel sends to the shard that
// they would hand it over to.
func FuzzSteering(f *testing.F) {
	cid := []byte{0xa7, 2, 3, 4, 5, 6, 7, 8}
	for _, datagram := range [][]byte{
		nil, {25}, cidDatagram(cid, 20), unifiedDatagram(cid, 20), unifiedDatagram(nil, 20), cidDatagram(cid, 0)[:15],
		record(wire.ContentHandshake, wire.VersionDTLS12, 0, 0, make([]byte, 12)),
	} {
		f.Add(uint8(3), uint8(8), datagram)
	}
	f.Add(uint8(255), uint8(1), cidDatagram(cid[:1], 3))
	f.Fuzz(func(t *testing.T, last, cidLen uint8, datagram []byte) {
		shards := int(last) + 1
		got := verdict(t, shards, max(int(cidLen), 1), datagram)
		if got >= uint32(shards) && got != ownHash {
			t.Fatalf("to shard %d of %d", got, shards)
		}
		if cid, ok := gate.CID(datagram, max(int(cidLen), 1)); ok && got != uint32(cid[0])%uint32(shards) {
			t.Fatalf("connection ID %x: to shard %d of %d", cid, got, shards)
		}
	})
}
