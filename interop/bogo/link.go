package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"strconv"
	"time"
)

// A command is the first byte of what the runner and the shim send each other.
// There is another one, which changes the first timeout of an association
// while it runs; that is a function of BoringSSL's interface.
type command byte

const (
	commandDatagram  command = 'P' // both ways: a datagram
	commandTimeout   command = 'T' // the clock moves on
	commandTimeoutOK command = 't' // from the shim: it will now
	commandMTU       command = 'M' // datagrams have another size from here on
	commandDeadline  command = 'E' // when the next timer has to expire
)

// maxDatagram is more than any datagram of the tests has.
const maxDatagram = 1 << 16

// forever is what the runner says when it expects no timer to be running.
const forever = time.Duration(-1)

// A frame is a command with what belongs to it.
type frame struct {
	command  command
	datagram []byte        // commandDatagram; good until the next frame
	duration time.Duration // commandTimeout, commandDeadline
	mtu      int           // commandMTU
}

// A link is the connection to the runner. It carries datagrams in order and
// without loss; the tests that lose some do so on their side.
type link struct {
	conn   *net.TCPConn
	in     *bufio.Reader
	buffer [maxDatagram]byte
}

// dial connects to the runner and says which of its shims this is.
func dial(port int, ipv6 bool, shimID uint64) (*link, error) {
	host := "127.0.0.1"
	if ipv6 {
		host = "::1"
	}
	conn, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	l := &link{conn: conn.(*net.TCPConn), in: bufio.NewReaderSize(conn, maxDatagram)}
	// Of all numbers on this connection, the first one alone has its least
	// significant byte in front.
	if _, err := conn.Write(binary.LittleEndian.AppendUint64(nil, shimID)); err != nil {
		conn.Close()
		return nil, err
	}
	return l, nil
}

// read returns the next frame. At the end of the connection it returns io.EOF.
func (l *link) read() (frame, error) {
	first, err := l.in.ReadByte()
	if err != nil {
		return frame{}, err
	}
	f := frame{command: command(first)}
	switch f.command {
	case commandDatagram:
		f.datagram, err = l.readDatagram()
	case commandTimeout, commandDeadline:
		f.duration, err = l.readDuration()
	case commandMTU:
		var n uint32
		n, err = l.readUint32()
		f.mtu = int(n)
	default:
		return frame{}, fmt.Errorf("runner sent command %q: %w", first, errUnimplemented)
	}
	if err != nil {
		return frame{}, fmt.Errorf("command %q cut off: %w", first, err)
	}
	return f, nil
}

func (l *link) readDatagram() ([]byte, error) {
	n, err := l.readUint32()
	if err != nil {
		return nil, err
	}
	if n > maxDatagram {
		return nil, fmt.Errorf("datagram of %d bytes", n)
	}
	_, err = io.ReadFull(l.in, l.buffer[:n])
	return l.buffer[:n], err
}

func (l *link) readDuration() (time.Duration, error) {
	var b [8]byte
	if _, err := io.ReadFull(l.in, b[:]); err != nil {
		return 0, err
	}
	switch n := binary.BigEndian.Uint64(b[:]); {
	case n == math.MaxUint64:
		return forever, nil
	case n > math.MaxInt64:
		return 0, fmt.Errorf("duration of %d ns", n)
	default:
		return time.Duration(n), nil
	}
}

func (l *link) readUint32() (uint32, error) {
	var b [4]byte
	_, err := io.ReadFull(l.in, b[:])
	return binary.BigEndian.Uint32(b[:]), err
}

// sendDatagram sends one datagram.
func (l *link) sendDatagram(datagram []byte) error {
	b := make([]byte, 0, 5+len(datagram))
	b = append(b, byte(commandDatagram))
	b = binary.BigEndian.AppendUint32(b, uint32(len(datagram)))
	_, err := l.conn.Write(append(b, datagram...))
	return err
}

// confirmTimeout says that everything sent before was sent before the clock
// moved.
func (l *link) confirmTimeout() error {
	_, err := l.conn.Write([]byte{byte(commandTimeoutOK)})
	return err
}

// abandon ends the connection from this side and waits for the runner to do
// the same. Closed at once, the connection would be reset, and the runner
// would not read what is still under way to it.
func (l *link) abandon() {
	if l.conn.CloseWrite() == nil {
		// Whatever the runner still says, there is nobody left to answer.
		_, _ = io.Copy(io.Discard, l.in)
	}
}

func (l *link) close() { l.conn.Close() }
