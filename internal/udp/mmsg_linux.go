package udp

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The two system calls. Package unix has their structs but not the calls.
//
// A pointer may be turned into a number only in the argument of a system call:
// that keeps what it points to where it is. All that the headers point to is
// held, and stays in place, through their own fields, which are pointers.

// Recvmmsg fills headers with what there is, without waiting. headers is not
// empty.
func Recvmmsg(fd uintptr, headers []unix.Mmsghdr) (int, syscall.Errno) {
	n, _, errno := syscall.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&headers[0])), uintptr(len(headers)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

// Sendmmsg sends headers until one fails, without waiting. The error is about
// the first, and comes only if none was sent. headers is not empty.
func Sendmmsg(fd uintptr, headers []unix.Mmsghdr) (int, syscall.Errno) {
	n, _, errno := syscall.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&headers[0])), uintptr(len(headers)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}
