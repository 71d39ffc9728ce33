package load

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// dropAll attaches a filter to a socket that takes no datagram.
func dropAll(conn syscall.RawConn) error {
	nothing := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
	program := &unix.SockFprog{Len: uint16(len(nothing)), Filter: &nothing[0]}
	var refused error
	err := conn.Control(func(fd uintptr) {
		refused = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, program)
	})
	if err != nil {
		return err
	}
	return refused
}
