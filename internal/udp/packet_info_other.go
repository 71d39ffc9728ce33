//go:build !linux

package udp

import "net"

// packetInfo is not known how to be had on this platform: answers leave from
// the address that the kernel picks.
type packetInfo struct{}

func newPacketInfo(*net.UDPConn) *packetInfo { return nil }

func (*packetInfo) read(*net.UDPConn, *Message) error  { return nil }
func (*packetInfo) write(*net.UDPConn, *Message) error { return nil }
