package udp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"
)

// packetInfo tells, for a socket bound to every address of the machine, which
// of them a datagram was sent to, and lets the answer leave from the same: a
// peer with a connected socket would not see it otherwise.
type packetInfo struct {
	in, out []byte // control messages
}

// Lengths of struct in_pktinfo and struct in6_pktinfo, and where the address
// lies in them. Of the two in the former, ipi_spec_dst is the one that an
// answer may leave from, even where the datagram was sent to a broadcast
// address.
const (
	info4Len, info4Addr = 12, 4
	info6Len, info6Addr = 20, 0
)

// newPacketInfo asks the kernel for packet information. It returns nil if the
// kernel refuses.
func newPacketInfo(conn *net.UDPConn) *packetInfo {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil
	}
	var err4, err6 error
	err = raw.Control(func(fd uintptr) {
		err6 = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_RECVPKTINFO, 1)
		err4 = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_PKTINFO, 1)
	})
	if err != nil || err4 != nil && err6 != nil {
		return nil
	}
	return &packetInfo{
		in:  make([]byte, syscall.CmsgSpace(info4Len)+syscall.CmsgSpace(info6Len)),
		out: make([]byte, syscall.CmsgSpace(info6Len)),
	}
}

func (p *packetInfo) read(conn *net.UDPConn, m *Message) error {
	n, oobn, flags, peer, err := conn.ReadMsgUDPAddrPort(m.Buf, p.in)
	if err != nil {
		return err
	}
	m.N, m.Peer = n, peer
	m.Local = localAddr(p.in[:oobn])
	m.Truncated = flags&syscall.MSG_TRUNC != 0
	return nil
}

func (p *packetInfo) write(conn *net.UDPConn, m *Message) error {
	_, _, err := conn.WriteMsgUDPAddrPort(m.Buf, p.control(m.Local), m.Peer)
	return err
}

// localAddr finds the address in the control messages of a received datagram.
// A socket of both families gets one message for each; they agree.
func localAddr(control []byte) netip.Addr {
	for len(control) >= syscall.SizeofCmsghdr {
		length, level, kind := controlHeader(control)
		if length < syscall.SizeofCmsghdr || length > len(control) {
			break
		}
		data := control[syscall.CmsgLen(0):length]
		switch {
		case level == syscall.IPPROTO_IP && kind == syscall.IP_PKTINFO && len(data) >= info4Len:
			return netip.AddrFrom4([4]byte(data[info4Addr:]))
		case level == syscall.IPPROTO_IPV6 && kind == syscall.IPV6_PKTINFO && len(data) >= info6Len:
			if addr := netip.AddrFrom16([16]byte(data[info6Addr:])).Unmap(); !addr.IsMulticast() {
				return addr
			}
		}
		control = control[min(syscall.CmsgSpace(len(data)), len(control)):]
	}
	return netip.Addr{}
}

// control returns a control message that lets a datagram leave from addr. It
// is good until the next call.
func (p *packetInfo) control(addr netip.Addr) []byte {
	clear(p.out)
	data := p.out[syscall.CmsgLen(0):]
	if addr.Is4() {
		ip := addr.As4()
		copy(data[info4Addr:], ip[:])
		putControlHeader(p.out, syscall.CmsgLen(info4Len), syscall.IPPROTO_IP, syscall.IP_PKTINFO)
		return p.out[:syscall.CmsgSpace(info4Len)]
	}
	ip := addr.As16()
	copy(data[info6Addr:], ip[:])
	putControlHeader(p.out, syscall.CmsgLen(info6Len), syscall.IPPROTO_IPV6, syscall.IPV6_PKTINFO)
	return p.out[:syscall.CmsgSpace(info6Len)]
}

// A struct cmsghdr is a size_t and two ints.
const sizeofSizeT = syscall.SizeofCmsghdr - 8

func controlHeader(b []byte) (length, level, kind int) {
	if sizeofSizeT == 8 {
		length = int(binary.NativeEndian.Uint64(b))
	} else {
		length = int(binary.NativeEndian.Uint32(b))
	}
	level = int(int32(binary.NativeEndian.Uint32(b[sizeofSizeT:])))
	kind = int(int32(binary.NativeEndian.Uint32(b[sizeofSizeT+4:])))
	return length, level, kind
}

func putControlHeader(b []byte, length, level, kind int) {
	if sizeofSizeT == 8 {
		binary.NativeEndian.PutUint64(b, uint64(length))
	} else {
		binary.NativeEndian.PutUint32(b, uint32(length))
	}
	binary.NativeEndian.PutUint32(b[sizeofSizeT:], uint32(level))
	binary.NativeEndian.PutUint32(b[sizeofSizeT+4:], uint32(kind))
}
