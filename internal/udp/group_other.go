//go:build !linux

package udp

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/net/bpf"
)

// canShare says that no sockets can have an address in common in such a way
// that each sender is served by one of them.
const canShare = false

func share(net.PacketConn) error { return errors.ErrUnsupported }

func shareBeforeBind(_, _ string, _ syscall.RawConn) error { return errors.ErrUnsupported }

func steer(net.PacketConn, []bpf.RawInstruction) error { return errors.ErrUnsupported }
