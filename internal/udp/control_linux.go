package udp

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Control messages come and go with datagrams. On the way in they say which
// address of the machine a datagram was sent to, and into which lengths a train
// has to be cut. On the way out they let the answer leave from that address (a
// peer with a connected socket would not see it otherwise), and tell the kernel
// where to cut.

// Lengths of struct in_pktinfo and struct in6_pktinfo, and where the address
// lies in them. Of the two in the former, ipi_spec_dst is the one that an
// answer may leave from, even where the datagram was sent to a broadcast
// address.
const (
	info4Len, info4Addr = unix.SizeofInet4Pktinfo, 4
	info6Len, info6Addr = unix.SizeofInet6Pktinfo, 0
)

// Lengths of what UDP_GRO and UDP_SEGMENT say: an int, and a uint16.
const (
	groLen     = 4
	segmentLen = 2
)

// A header of a control message is a size_t and two ints. It and what follows
// begin at multiples of a size_t.
const (
	headerLen = unix.SizeofCmsghdr
	sizeTLen  = headerLen - 8
)

// space returns what a control message with n bytes of data takes.
func space(n int) int { return headerLen + (n+sizeTLen-1)&^(sizeTLen-1) }

// controlIn has room for what comes with a datagram. A socket of both families
// gets both kinds of packet information.
type controlIn [3*headerLen + info4Len + 4 + info6Len + 4 + groLen + 4]byte

// controlOut has room for what goes with one.
type controlOut [2*headerLen + info6Len + 4 + segmentLen + 6]byte

// parseControl finds the local address and the length of the segments, 0 for
// none, in the control messages of a received datagram. Where there is packet
// information of both families, they agree.
func parseControl(control []byte) (local netip.Addr, segment int) {
	for len(control) >= headerLen {
		length, level, kind := controlHeader(control)
		if length < headerLen || length > len(control) {
			break
		}
		data := control[headerLen:length]
		switch {
		case level == unix.IPPROTO_IP && kind == unix.IP_PKTINFO && len(data) >= info4Len:
			local = netip.AddrFrom4([4]byte(data[info4Addr:]))
		case level == unix.IPPROTO_IPV6 && kind == unix.IPV6_PKTINFO && len(data) >= info6Len:
			addr := netip.AddrFrom16([16]byte(data[info6Addr:])).Unmap()
			if !local.IsValid() && !addr.IsMulticast() {
				local = addr
			}
		case level == unix.IPPROTO_UDP && kind == unix.UDP_GRO && len(data) >= groLen:
			segment = max(0, int(int32(binary.NativeEndian.Uint32(data))))
		}
		control = control[min(space(len(data)), len(control)):]
	}
	return local, segment
}

// put writes what lets a datagram leave from local, if that is valid, and has it
// cut into segments, if they are not 0. It returns the length.
func (c *controlOut) put(local netip.Addr, segment int) int {
	n := 0
	switch {
	case local.Is4():
		ip := local.As4()
		data := c.begin(&n, info4Len, unix.IPPROTO_IP, unix.IP_PKTINFO)
		copy(data[info4Addr:], ip[:])
	case local.Is6():
		ip := local.As16()
		data := c.begin(&n, info6Len, unix.IPPROTO_IPV6, unix.IPV6_PKTINFO)
		copy(data[info6Addr:], ip[:])
	}
	if segment > 0 {
		data := c.begin(&n, segmentLen, unix.IPPROTO_UDP, unix.UDP_SEGMENT)
		binary.NativeEndian.PutUint16(data, uint16(segment))
	}
	return n
}

// begin writes the header of a control message at *n, moves *n behind the
// message, and returns its data, all zero.
func (c *controlOut) begin(n *int, length, level, kind int) []byte {
	b := c[*n:]
	if sizeTLen == 8 {
		binary.NativeEndian.PutUint64(b, uint64(headerLen+length))
	} else {
		binary.NativeEndian.PutUint32(b, uint32(headerLen+length))
	}
	binary.NativeEndian.PutUint32(b[sizeTLen:], uint32(level))
	binary.NativeEndian.PutUint32(b[sizeTLen+4:], uint32(kind))
	*n += space(length)
	data := b[headerLen:space(length)]
	clear(data)
	return data
}

func controlHeader(b []byte) (length, level, kind int) {
	if sizeTLen == 8 {
		length = int(binary.NativeEndian.Uint64(b))
	} else {
		length = int(binary.NativeEndian.Uint32(b))
	}
	level = int(int32(binary.NativeEndian.Uint32(b[sizeTLen:])))
	kind = int(int32(binary.NativeEndian.Uint32(b[sizeTLen+4:])))
	return length, level, kind
}
