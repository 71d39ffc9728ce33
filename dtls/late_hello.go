package dtls

import "runtime"

// A lateHello is the first ClientHello of a sender without a session. It waits
// for the other datagrams that were received together with it: known peers
// and clients that show a cookie come first, whoever floods the server.
type lateHello struct {
	datagram []byte
	from     route
}

// receiveLateHellos deals with the hellos that waited. One of them may have become a
// repetition, when its client's next hello was among the others.
func (s *shard) receiveLateHellos() {
	for i := range s.late {
		hello := &s.late[i]
		if sess := s.table.get(hello.from.peer); sess != nil {
			s.receiveHello(sess, hello.datagram, hello.from)
		} else {
			s.receiveStranger(hello.datagram, hello.from)
		}
	}
	clear(s.late)
	s.late = s.late[:0]
}

// A backlog tells how far a shard is behind with reading.
type backlog struct {
	full int // reads in a row that brought as many datagrams as they could
}

const (
	// pressing is the number of full reads in a row from which on the shard is
	// behind: a worker that had the processor for a few milliseconds leaves
	// fewer.
	pressing = 16
	// maxUnyielding is for how many full reads in a row the workers may have to
	// wait.
	maxUnyielding = 32
)

// pace follows a turn in which n datagrams were read. While the socket has
// more, reading goes first: what does not fit into its buffer is lost, that of
// known peers too. Then the workers have their turn, which they might not get
// otherwise where there is one processor.
func (s *shard) pace(n int) {
	if n < len(s.in) || len(s.in) == 1 {
		s.behind.full = 0
	} else {
		s.behind.full++
	}
	if s.gate == nil {
		return
	}
	s.gate.Press(s.behind.full >= pressing)
	if n > 0 && s.behind.full%maxUnyielding == 0 && s.host.workers.waiting() > 0 {
		s.mu.Unlock()
		runtime.Gosched()
		s.mu.Lock()
	}
}
