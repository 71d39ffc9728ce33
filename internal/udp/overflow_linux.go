package udp

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// overflows returns how many datagrams a socket had no room for. It is zero
// before Linux 4.12, which does not tell.
func overflows(fd uintptr) uint32 {
	const drops = 8 // SK_MEMINFO_DROPS of linux/sock_diag.h, the last number
	var info [drops + 1]uint32
	size := uint32(unsafe.Sizeof(info))
	_, _, errno := syscall.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return 0
	}
	return info[drops]
}
