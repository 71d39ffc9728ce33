package udp

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// maxPlan is how many messages are planned at a time.
	maxPlan = 256
	// maxTrain is how many datagrams the kernel cuts out of one send, since it
	// can; newer kernels do twice as many.
	maxTrain = 64
	// maxTrainLen keeps a train below the longest UDP payload of both families.
	maxTrainLen = 65000
	// maxRefusals is how many destinations in a row may refuse trains before
	// the socket does without.
	maxRefusals = 16
	// maxSingles is how many of these are remembered.
	maxSingles = 1024
	// latestBits is the size of the table of groups.
	latestBits = 9
)

// A sender writes batches. Datagrams to the same peer, from the same address and
// of the same length become a train, which goes through the kernel as one: only
// the last of it may be shorter.
type sender struct {
	sendmmsg  func(fd uintptr, headers []unix.Mmsghdr) (int, syscall.Errno)
	drive     func(fd uintptr) bool // transmit, once and for all
	connected bool
	ipv6      bool // family of the socket
	zones     zones

	trains   atomic.Bool             // the kernel cuts trains
	singles  map[netip.Addr]struct{} // destinations to which it does not
	refusals int                     // of trains, one after the other

	messages []Message              // being sent
	next     []int16                // the message after each in its group, or -1
	groups   []group                // in the order of sending
	latest   [1 << latestBits]int16 // the last group of each destination, by place
	done     int                    // groups that were sent
	errno    syscall.Errno          // of the group after those

	headers  []unix.Mmsghdr
	iovecs   []unix.Iovec
	names    []unix.RawSockaddrInet6
	controls []controlOut
	scratch  []Message
}

// A group is what one header sends: a datagram or a train.
type group struct {
	first, last int16 // messages
	count       int
	bytes       int
	open        bool // more may be added
}

// plan puts up to maxPlan messages into groups, and writes the headers.
func (s *sender) plan(ms []Message) {
	s.messages, s.groups, s.next = ms, s.groups[:0], s.next[:0]
	s.done, s.errno = 0, 0
	trains := s.trains.Load() && len(ms) > 1
	for i := range ms {
		s.next = append(s.next, -1)
		if !trains || !s.join(i) {
			s.groups = append(s.groups, group{first: int16(i), last: int16(i), count: 1, bytes: len(ms[i].Buf), open: trains && s.cuts(&ms[i])})
		}
	}
	s.reserve(len(ms))
	used := 0
	for i := range s.groups {
		used += s.fill(i, used)
	}
}

// join adds a message to the latest group of its destination, if that has room,
// and reports whether it did. If not, a group of its own comes next. Nothing is
// added to any but the latest: that keeps the order to each destination.
func (s *sender) join(i int) bool {
	m := &s.messages[i]
	at := len(s.groups) - 1
	if at < 0 || !s.same(&s.groups[at], m) {
		at = int(s.latest[place(m.Peer)])
	}
	if at < 0 || at >= len(s.groups) || !s.same(&s.groups[at], m) || !s.groups[at].takes(s.messages, len(m.Buf)) {
		s.latest[place(m.Peer)] = int16(len(s.groups))
		return false
	}
	g := &s.groups[at]
	s.next[g.last] = int16(i)
	g.last = int16(i)
	g.count++
	g.bytes += len(m.Buf)
	g.open = len(m.Buf) == len(s.messages[g.first].Buf)
	return true
}

// takes reports whether a group has room for a message of n bytes.
func (g *group) takes(ms []Message, n int) bool {
	return g.open && n > 0 && n <= len(ms[g.first].Buf) && g.count < maxTrain && g.bytes+n <= maxTrainLen
}

// same reports whether a message goes the way of a group.
func (s *sender) same(g *group, m *Message) bool {
	first := &s.messages[g.first]
	return s.connected || first.Peer == m.Peer && first.Local == m.Local
}

// cuts reports whether trains are cut on the way to where a message goes.
func (s *sender) cuts(m *Message) bool {
	if len(s.singles) == 0 {
		return true
	}
	_, single := s.singles[m.Peer.Addr()]
	return !single
}

// place spreads destinations over the table of their latest groups. If two meet
// in a place, their trains are shorter, and that is all.
func place(a netip.AddrPort) uint32 {
	ip := a.Addr().As16()
	h := uint32(a.Port())
	for i := 0; i < len(ip); i += 4 {
		h = h*31 + binary.NativeEndian.Uint32(ip[i:])
	}
	return h * 0x9e3779b1 >> (32 - latestBits)
}

// reserve makes room for n headers.
func (s *sender) reserve(n int) {
	if len(s.headers) >= n {
		return
	}
	n = min(2*n, maxPlan)
	s.headers = make([]unix.Mmsghdr, n)
	s.iovecs = make([]unix.Iovec, n)
	s.names = make([]unix.RawSockaddrInet6, n)
	s.controls = make([]controlOut, n)
}

// fill writes the header of a group, with iovecs from used on, and returns how
// many these are.
func (s *sender) fill(i, used int) int {
	g := &s.groups[i]
	m := &s.messages[g.first]
	h := &s.headers[i].Hdr
	if !s.connected {
		h.Name = (*byte)(unsafe.Pointer(&s.names[i]))
		h.Namelen = s.zones.put(&s.names[i], m.Peer, s.ipv6)
	}
	n := s.gather(g, s.iovecs[used:])
	h.Iov = &s.iovecs[used]
	h.SetIovlen(n)
	local, segment := m.Local, 0
	if s.connected {
		local = netip.Addr{}
	}
	if g.count > 1 {
		segment = len(m.Buf)
	}
	h.Control = nil
	length := s.controls[i].put(local, segment)
	if length > 0 {
		h.Control = &s.controls[i][0]
	}
	h.SetControllen(length)
	return n
}

// gather writes the iovecs of a group. Messages that lie one behind the other
// in memory need only one. That is found out by comparing addresses as numbers,
// which nothing is read through: the messages keep the memory in place.
func (s *sender) gather(g *group, iovecs []unix.Iovec) int {
	n, length, end := 0, 0, uintptr(0)
	for i := g.first; i >= 0; i = s.next[i] {
		buf := s.messages[i].Buf
		base := unsafe.SliceData(buf)
		if n == 0 || uintptr(unsafe.Pointer(base)) != end {
			iovecs[n].Base, length = base, 0
			n++
		}
		length += len(buf)
		iovecs[n-1].SetLen(length)
		end = uintptr(unsafe.Pointer(base)) + uintptr(len(buf))
	}
	return n
}

// transmit sends the groups, and reports false if the kernel has no room for
// more at the moment.
func (s *sender) transmit(fd uintptr) bool {
	for s.done < len(s.groups) {
		n, errno := s.sendmmsg(fd, s.headers[s.done:min(s.done+maxCall, len(s.groups))])
		switch errno {
		case 0:
			s.done += n
		case unix.EINTR:
		case unix.EAGAIN:
			return false
		default:
			s.errno = errno
			return true
		}
	}
	return true
}

// taken returns how many messages were sent.
func (s *sender) taken() int {
	if s.done == len(s.groups) {
		return len(s.messages)
	}
	n := 0
	for i := range s.groups[:s.done] {
		n += s.groups[i].count
	}
	return n
}

// rearrange puts messages into the order of sending.
func (s *sender) rearrange(ms []Message) {
	s.scratch = append(s.scratch[:0], ms...)
	at := 0
	for i := range s.groups {
		for j := s.groups[i].first; j >= 0; j = s.next[j] {
			ms[at] = s.scratch[j]
			at++
		}
	}
}

// giveUpTrains reports whether an error is about a train, and not about its
// messages. These can then be sent again: the destination gets no more trains.
func (s *sender) giveUpTrains(errno syscall.Errno) bool {
	switch errno {
	case unix.EIO, unix.EINVAL, unix.EMSGSIZE, unix.EOPNOTSUPP, unix.ENOPROTOOPT:
	default:
		return false
	}
	if s.groups[s.done].count == 1 {
		return false
	}
	if s.refusals++; s.refusals >= maxRefusals || s.connected {
		s.trains.Store(false)
		return true
	}
	if s.singles == nil || len(s.singles) >= maxSingles {
		s.singles = make(map[netip.Addr]struct{})
	}
	// The messages were rearranged: those that were sent come first.
	s.singles[s.messages[s.taken()].Peer.Addr()] = struct{}{}
	return true
}

// trustTrains forgets refusals if a train has left since.
func (s *sender) trustTrains() {
	if s.refusals == 0 {
		return
	}
	for i := range s.groups[:s.done] {
		if s.groups[i].count > 1 {
			s.refusals = 0
			return
		}
	}
}
