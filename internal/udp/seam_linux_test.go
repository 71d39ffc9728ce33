package udp

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A picky kernel sends what its rule lets through.
type picky struct {
	refuse func(h *unix.Mmsghdr) syscall.Errno // 0 to send
	trains int                                 // that were tried
}

func (p *picky) sendmmsg(fd uintptr, headers []unix.Mmsghdr) (int, syscall.Errno) {
	for i := range headers {
		if isTrain(&headers[i]) {
			p.trains++
		}
		errno := p.refuse(&headers[i])
		if errno == 0 {
			_, errno = Sendmmsg(fd, headers[i:i+1])
		}
		switch {
		case errno != 0 && i == 0:
			return 0, errno
		case errno != 0:
			return i, 0
		}
	}
	return len(headers), 0
}

// isTrain reports whether a header asks for segments. There is no packet
// information in these tests.
func isTrain(h *unix.Mmsghdr) bool { return h.Hdr.Controllen > 0 }

// withKernel returns a socket that sends through p, and two that it sends to.
// These do not meet in the table of groups: their trains would be shorter.
func withKernel(t *testing.T, p *picky) (s *udpSocket, peers [2]Socket, to [2]netip.AddrPort) {
	s = NewSocket(listen(t, "udp4", "127.0.0.1:0")).(*udpSocket)
	if !s.Report().TrainsOut {
		t.Skip("the kernel cuts no trains")
	}
	s.out.sendmmsg = p.sendmmsg
	for place(to[0]) == place(to[1]) {
		for i, address := range []string{"127.0.0.2:0", "127.0.0.3:0"} {
			peers[i] = NewSocket(plain{listen(t, "udp4", address)})
			to[i], _ = AddrPort(peers[i].LocalAddr())
		}
	}
	return s, peers, to
}

// alternating returns n datagrams to each of two peers, in turn.
func alternating(n int, to [2]netip.AddrPort) []Message {
	ms := alike(2 * n)
	for i := range ms {
		ms[i].Peer = to[i%2]
	}
	return ms
}

func every(ms []Message, to netip.AddrPort) []string {
	return bodies(slices.DeleteFunc(slices.Clone(ms), func(m Message) bool { return m.Peer != to }))
}

func TestRefusedTrainIsSentOneByOne(t *testing.T) {
	for _, errno := range []syscall.Errno{unix.EIO, unix.EINVAL, unix.EMSGSIZE} {
		var to [2]netip.AddrPort
		p := &picky{refuse: func(h *unix.Mmsghdr) syscall.Errno {
			if sa := inet4(nameOf(h)); isTrain(h) && sa.Addr == to[1].Addr().As4() {
				return errno
			}
			return 0
		}}
		s, peers, to2 := withKernel(t, p)
		to = to2
		// The train to the second peer is tried twice, as the first call ends
		// before it; from then on there is only the other.
		for round, wantTrains := range []int{3, 4} {
			ms := alternating(5, to)
			want := [2][]string{every(ms, to[0]), every(ms, to[1])}
			if n, err := s.WriteBatch(ms); n != len(ms) || err != nil {
				t.Fatalf("WriteBatch = %d, %v", n, err)
			}
			for i, peer := range peers {
				if got := bodies(readAll(t, peer, 5)); !slices.Equal(got, want[i]) {
					t.Fatalf("%v, round %d: peer %d got %q, want %q", errno, round, i, got, want[i])
				}
			}
			if p.trains != wantTrains {
				t.Errorf("%v, round %d: %d trains were tried, want %d", errno, round, p.trains, wantTrains)
			}
		}
		if !s.Report().TrainsOut {
			t.Errorf("%v to one peer ended the trains of all", errno)
		}
	}
}

func TestSocketGivesUpTrainsThatAreAlwaysRefused(t *testing.T) {
	p := &picky{refuse: func(h *unix.Mmsghdr) syscall.Errno {
		if isTrain(h) {
			return unix.EIO
		}
		return 0
	}}
	s, peers, to := withKernel(t, p)
	for i := range maxRefusals {
		if !s.Report().TrainsOut {
			t.Fatalf("trains ended after %d refusals", i)
		}
		clear(s.out.singles) // as if it were another peer
		ms := alternating(2, to)[:3]
		ms = slices.DeleteFunc(ms, func(m Message) bool { return m.Peer != to[0] })
		if n, err := s.WriteBatch(ms); n != 2 || err != nil {
			t.Fatalf("WriteBatch = %d, %v", n, err)
		}
		readAll(t, peers[0], 2)
	}
	if s.Report().TrainsOut {
		t.Errorf("trains go on after %d refusals", maxRefusals)
	}
}

func TestWriteErrorPutsTheTakenFirst(t *testing.T) {
	var to [2]netip.AddrPort
	p := &picky{refuse: func(h *unix.Mmsghdr) syscall.Errno {
		if inet4(nameOf(h)).Addr == to[1].Addr().As4() {
			return unix.EPERM
		}
		return 0
	}}
	s, peers, to2 := withKernel(t, p)
	to = to2
	ms := alternating(3, to)
	toFirst, toSecond := every(ms, to[0]), every(ms, to[1])
	n, err := s.WriteBatch(ms)
	if n != 3 || !errors.Is(err, unix.EPERM) {
		t.Fatalf("WriteBatch = %d, %v", n, err)
	}
	if got := bodies(ms); !slices.Equal(got, append(toFirst, toSecond...)) {
		t.Errorf("the order is %q", got)
	}
	if got := bodies(readAll(t, peers[0], 3)); !slices.Equal(got, toFirst) {
		t.Errorf("got %q", got)
	}
	if n, err := s.WriteBatch(ms[n+1:]); n != 0 || !errors.Is(err, unix.EPERM) {
		t.Errorf("the next: WriteBatch = %d, %v", n, err)
	}
}

func TestReceiverSplitsAndTellsOfTruncation(t *testing.T) {
	s := NewSocket(listen(t, "udp4", "0.0.0.0:0")).(*udpSocket)
	s.in.recvmmsg = func(_ uintptr, headers []unix.Mmsghdr) (int, syscall.Errno) {
		h := &headers[0]
		copy(s.in.buffers[0], "one two three")
		h.Len, h.Hdr.Flags = 13, unix.MSG_TRUNC
		*inet4(&s.in.names[0]) = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: swapPort(7), Addr: [4]byte{192, 0, 2, 9}}
		h.Hdr.SetControllen(copy(s.in.controls[0][:], controlOfTrain("192.0.2.7", 4)))
		return 1, 0
	}
	s.in.begin()
	s.in.limit = 1
	s.in.receive(0)
	if got := bodies(s.in.messages); !slices.Equal(got, []string{"one ", "two ", "thre", "e"}) {
		t.Fatalf("got %q", got)
	}
	for i, m := range s.in.messages {
		if m.Peer.String() != "192.0.2.9:7" || m.Local.String() != "192.0.2.7" || m.Truncated != (i == 3) {
			t.Errorf("%q came as %+v", m.Buf, m)
		}
	}
}

func TestErrorComesAfterTheMessagesBeforeIt(t *testing.T) {
	s := NewSocket(listen(t, "udp4", "127.0.0.1:0")).(*udpSocket)
	c := dial(t, s.LocalAddr().String())
	c.Write([]byte("before"))
	calls := 0
	s.in.recvmmsg = func(fd uintptr, headers []unix.Mmsghdr) (int, syscall.Errno) {
		if calls++; calls == 2 {
			return 0, unix.ENOMEM
		}
		return Recvmmsg(fd, headers)
	}
	if got := readOne(t, s); string(got.Buf) != "before" {
		t.Fatalf("got %q", got.Buf)
	}
	if _, err := s.ReadBatch(); !errors.Is(err, unix.ENOMEM) {
		t.Fatalf("ReadBatch: %v", err)
	}
	c.Write([]byte("after"))
	if got := readOne(t, s); string(got.Buf) != "after" {
		t.Fatalf("got %q", got.Buf)
	}
}

// nameOf returns the address in a header.
func nameOf(h *unix.Mmsghdr) *unix.RawSockaddrInet6 {
	return (*unix.RawSockaddrInet6)(unsafe.Pointer(h.Hdr.Name))
}
