//go:build linux

// Command udp echoes datagrams without encryption, in batches and without
// segmentation: the floor for any server in Go.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/dtlsd/dtlsd/internal/udp"
)

const (
	batchSize    = 64
	socketBuffer = 4 << 20
	maxDatagram  = 2048
)

func main() {
	port := flag.Int("p", 0, "port of 127.0.0.1")
	flag.Parse()
	fmt.Fprintln(os.Stderr, serve(*port))
	os.Exit(1)
}

// serve returns why it could not begin, or why it had to end.
func serve(port int) error {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		return err
	}
	if err := errors.Join(socket.SetReadBuffer(socketBuffer), socket.SetWriteBuffer(socketBuffer)); err != nil {
		return err
	}
	conn, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	fmt.Println("READY")
	return newEcho().run(conn)
}

// An echo reads a batch and sends it back with the same headers.
type echo struct {
	headers []unix.Mmsghdr
	vectors []unix.Iovec
	names   [][unix.SizeofSockaddrInet4]byte // of the peers
	data    [][maxDatagram]byte
	count   int // datagrams read
	sent    int
}

func newEcho() *echo {
	return &echo{
		headers: make([]unix.Mmsghdr, batchSize), vectors: make([]unix.Iovec, batchSize),
		names: make([][unix.SizeofSockaddrInet4]byte, batchSize), data: make([][maxDatagram]byte, batchSize),
	}
}

func (e *echo) run(conn syscall.RawConn) error {
	read, write := e.read, e.write
	for {
		e.prepare()
		if err := conn.Read(read); err != nil {
			return err
		}
		for i := range e.count {
			e.vectors[i].SetLen(int(e.headers[i].Len))
		}
		e.sent = 0
		if err := conn.Write(write); err != nil {
			return err
		}
	}
}

// prepare makes room for a batch.
func (e *echo) prepare() {
	for i := range e.headers {
		e.vectors[i].Base = &e.data[i][0]
		e.vectors[i].SetLen(maxDatagram)
		h := &e.headers[i].Hdr
		h.Name, h.Namelen, h.Iov = &e.names[i][0], unix.SizeofSockaddrInet4, &e.vectors[i]
		h.SetIovlen(1)
	}
}

// read reports whether it read something; otherwise it is called again when
// there is something.
func (e *echo) read(fd uintptr) bool {
	n, errno := udp.Recvmmsg(fd, e.headers)
	e.count = max(0, n)
	return errno != unix.EAGAIN
}

// write reports whether all was sent. A datagram that cannot be sent is passed
// over.
func (e *echo) write(fd uintptr) bool {
	for e.sent < e.count {
		n, errno := udp.Sendmmsg(fd, e.headers[e.sent:e.count])
		if errno == unix.EAGAIN {
			return false
		}
		e.sent += max(1, n)
	}
	return true
}
