package udp

import (
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// maxSlots is how many datagrams or trains one system call receives.
	maxSlots = 64
	// maxTrainSlots is the same when trains come in: they fill whole buffers,
	// and more of those than the cache of a processor holds are slower.
	maxTrainSlots = 16
	// stagger sets the beginnings of the buffers apart. Without it all of them
	// would compete for the same few lines of the cache.
	stagger = 20 * 64
)

// A receiver reads batches. It begins with one buffer and has more as soon as
// they are filled, so that a socket without much traffic stays small. Pages of
// a buffer that no datagram was long enough to reach take no memory.
type receiver struct {
	recvmmsg  func(fd uintptr, headers []unix.Mmsghdr) (int, syscall.Errno)
	drive     func(fd uintptr) bool // receive, once and for all
	connected bool
	peer      netip.AddrPort // of all messages, if connected
	control   bool           // control messages are asked for
	zones     zones

	buffers  [][]byte
	headers  []unix.Mmsghdr
	iovecs   []unix.Iovec
	names    []unix.RawSockaddrInet6 // or Inet4, which is shorter
	controls []controlIn

	messages []Message     // of this batch
	slots    int           // buffers that hold them
	limit    int           // on slots
	trains   bool          // there are trains in this batch
	blocked  bool          // it had to be waited for
	errno    syscall.Errno // to be told when the messages before it have been
	gatherer gatherer
}

// begin forgets the batch before.
func (r *receiver) begin() {
	r.blocked = false
	r.limit = maxSlots
	if r.trains {
		r.limit = maxTrainSlots
	}
	r.messages, r.slots, r.trains = r.messages[:0], 0, false
	if len(r.buffers) == 0 {
		r.grow(1)
	}
}

// receive reads what there is, and reports false if it has to be waited for.
func (r *receiver) receive(fd uintptr) bool {
	for r.errno == 0 && r.slots < r.limit {
		if r.slots == len(r.buffers) {
			r.grow(min(2*len(r.buffers), maxSlots))
		}
		end := min(len(r.buffers), r.limit)
		n, errno := r.recvmmsg(fd, r.headers[r.slots:end])
		switch errno {
		case 0:
			r.collect(n)
			if r.slots < end {
				return true
			}
		case unix.EINTR:
		case unix.EAGAIN:
			r.blocked = len(r.messages) == 0
			return !r.blocked
		default:
			r.errno = errno
		}
	}
	return true
}

// takeError returns the error that ended the batch, once.
func (r *receiver) takeError() syscall.Errno {
	errno := r.errno
	r.errno = 0
	return errno
}

// grow makes room for batches of n.
func (r *receiver) grow(n int) {
	more := n - len(r.buffers)
	block := make([]byte, more*(MaxDatagram+stagger))
	for i := range more {
		at := i * (MaxDatagram + stagger)
		r.buffers = append(r.buffers, block[at:at+MaxDatagram:at+MaxDatagram])
	}
	r.headers = make([]unix.Mmsghdr, n)
	r.iovecs = make([]unix.Iovec, n)
	r.names = make([]unix.RawSockaddrInet6, n)
	r.controls = make([]controlIn, n)
	for i := range r.headers {
		r.iovecs[i].Base = &r.buffers[i][0]
		r.iovecs[i].SetLen(MaxDatagram)
		h := &r.headers[i].Hdr
		h.Iov = &r.iovecs[i]
		h.SetIovlen(1)
		if !r.connected {
			h.Name = (*byte)(unsafe.Pointer(&r.names[i]))
		}
		if r.control {
			h.Control = &r.controls[i][0]
		}
		r.ready(h)
	}
}

// ready restores what the kernel changes in a header.
func (r *receiver) ready(h *unix.Msghdr) {
	if !r.connected {
		h.Namelen = unix.SizeofSockaddrInet6
	}
	if r.control {
		h.SetControllen(len(controlIn{}))
	}
}

// collect makes messages of n slots that were filled.
func (r *receiver) collect(n int) {
	for i := r.slots; i < r.slots+n; i++ {
		h := &r.headers[i]
		m := Message{
			Buf:       r.buffers[i][:h.Len],
			Peer:      r.peer,
			Truncated: h.Hdr.Flags&unix.MSG_TRUNC != 0,
		}
		if !r.connected {
			m.Peer = r.zones.addrPort(&r.names[i])
		}
		segment := 0
		if r.control {
			m.Local, segment = parseControl(r.controls[i][:h.Hdr.Controllen])
		}
		r.ready(&h.Hdr)
		r.split(m, segment)
	}
	r.slots += n
}

// split adds a message, or each of those that came in a train: all have the
// length of a segment, but for the last, which may be shorter.
func (r *receiver) split(m Message, segment int) {
	if segment <= 0 || segment >= len(m.Buf) {
		r.messages = append(r.messages, m)
		return
	}
	r.trains = true
	train, truncated := m.Buf, m.Truncated
	m.Truncated = false
	for len(train) > segment {
		m.Buf = train[:segment:segment]
		r.messages = append(r.messages, m)
		train = train[segment:]
	}
	m.Buf, m.Truncated = train, truncated
	r.messages = append(r.messages, m)
}
