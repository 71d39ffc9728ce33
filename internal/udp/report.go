package udp

import (
	"fmt"
	"strings"
)

// bufferSize is what we ask the kernel to hold for a socket each way, in
// bytes. Its default is a few hundred datagrams, which clients that all speak
// at once exceed. It may give less: that is no error.
const bufferSize = 4 << 20

// A Report says how a socket is driven.
type Report struct {
	// System says that it is a socket of the operating system.
	System bool
	// Batch is how many datagrams a system call moves at most, trains counted
	// as one.
	Batch int
	// TrainsIn and TrainsOut say that datagrams of one peer and one length go
	// through the kernel as one: UDP_GRO on the way in, UDP_SEGMENT on the way
	// out.
	TrainsIn, TrainsOut bool
	// PacketInfo says that messages tell the address that the peer wrote to.
	PacketInfo bool
	// In and Out are the buffers of the kernel. Both are zero where it does not
	// tell.
	In, Out Buffer
	// Overflows is how many datagrams came in while In was full, and are lost.
	Overflows uint32
}

// A Buffer is what the kernel holds for a socket in one direction.
type Buffer struct {
	Asked, Given int // bytes
}

func (b Buffer) capped() bool { return b.Given < b.Asked }

// String describes the socket in a few words.
func (r Report) String() string {
	var words []string
	if r.Batch > 1 {
		words = append(words, fmt.Sprintf("batches of %d", r.Batch))
	} else {
		words = append(words, "one datagram at a time")
	}
	switch {
	case r.TrainsIn && r.TrainsOut:
		words = append(words, "segmentation offload")
	case r.TrainsIn:
		words = append(words, "segmentation offload on receive only")
	case r.TrainsOut:
		words = append(words, "segmentation offload on send only")
	}
	if r.In.Given > 0 || r.Out.Given > 0 {
		words = append(words, fmt.Sprintf("buffers of %s in and %s out", size(r.In.Given), size(r.Out.Given)))
	}
	return strings.Join(words, ", ")
}

// Hint says how to have the buffer for what comes in that was asked for. It is
// empty if the kernel gave it. What goes out waits for room, and is not lost.
func (r Report) Hint() string {
	if !r.In.capped() {
		return ""
	}
	return fmt.Sprintf("sysctl -w net.core.rmem_max=%d", r.In.Asked)
}

// size returns a number of bytes in words.
func size(n int) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%.3g MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.3g KiB", float64(n)/(1<<10))
}
