package dtls

import (
	"errors"
	"net"

	"golang.org/x/net/bpf"

	"github.com/dtlsd/dtlsd/internal/udp"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// Where a datagram has its connection ID.
const (
	cidOffset12 = 11 // of tls12_cid: RFC 9146, Section 4
	cidOffset13 = 1  // in the unified header: RFC 9147, Section 4
)

// In the first byte of a unified header, 001CSLEE, these bits say that a
// connection ID follows: RFC 9147, Section 4.
const (
	unifiedBits    = 0xf0
	unifiedWithCID = 0x30
)

// ownHash is what a steering program returns where the kernel is to choose the
// socket: no group has that many.
const ownHash = 1<<32 - 1

// steering returns a program for the kernel that sends a datagram with a
// connection ID, of n bytes, to the shard that its first byte names. For others
// the kernel chooses. What is too short for its connection ID is one of these:
// a load from beyond the end would name shard 0.
func steering(shards, n int) []bpf.Instruction {
	const verdict = 3 // instructions from a check of the length to the answer for the others
	return []bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtLen},
		bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: uint32(cidOffset13 + n), SkipFalse: 8 + verdict},
		bpf.LoadAbsolute{Off: 0, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(wire.ContentCID), SkipTrue: 4},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: unifiedBits},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unifiedWithCID, SkipFalse: 4 + verdict},
		bpf.LoadAbsolute{Off: cidOffset13, Size: 1},
		bpf.Jump{Skip: 3},
		bpf.LoadExtension{Num: bpf.ExtLen},
		bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: uint32(cidOffset12 + n), SkipFalse: verdict},
		bpf.LoadAbsolute{Off: cidOffset12, Size: 1},
		bpf.ALUOpConstant{Op: bpf.ALUOpMod, Val: uint32(shards)},
		bpf.RetA{},
		bpf.RetConstant{Val: ownHash},
	}
}

// steer has the kernel bring datagrams to the shards that their connection IDs
// name. Where it cannot, the shards hand them over to each other, which is told.
func (g *group) steer(socket net.PacketConn) {
	first := g.shards[0]
	if len(g.shards) == 1 || first.cids.length == 0 {
		return
	}
	program, err := bpf.Assemble(steering(len(g.shards), first.cids.length))
	if err == nil {
		err = udp.Steer(socket, program)
	}
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		first.post(func() { first.logUnsteered(err) })
	}
}
