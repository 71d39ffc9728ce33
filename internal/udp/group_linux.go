package udp

import (
	"errors"
	"net"
	"os"
	"syscall"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// canShare says that sockets can have an address in common, and that the kernel
// spreads datagrams over them.
const canShare = true

// share lets other sockets be bound where this one is.
func share(socket net.PacketConn) error {
	return control(socket, reusePort)
}

// shareBeforeBind is share for a socket that is not bound yet.
func shareBeforeBind(_, _ string, raw syscall.RawConn) error { return controlRaw(raw, reusePort) }

func reusePort(fd int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
}

func steer(socket net.PacketConn, program []bpf.RawInstruction) error {
	if len(program) == 0 {
		return errors.ErrUnsupported
	}
	filter := make([]unix.SockFilter, len(program))
	for i, in := range program {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	fprog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return control(socket, func(fd int) error {
		return os.NewSyscallError("setsockopt", unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_REUSEPORT_CBPF, &fprog))
	})
}

// control calls f with the descriptor of a socket.
func control(socket net.PacketConn, f func(fd int) error) error {
	conn, ok := socket.(syscall.Conn)
	if !ok {
		return errors.ErrUnsupported
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	return controlRaw(raw, f)
}

func controlRaw(raw syscall.RawConn, f func(fd int) error) error {
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return err
	}
	return failed
}
