package dtls

import (
	"runtime"

	"github.com/dtlsd/dtlsd/internal/gate"
)

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
	full int // reads in a row that brought a full batch
}

const (
	// fullRead is how many datagrams a read brings at least when it leaves others
	// behind.
	fullRead = 64
	// pressing is the number of full reads in a row from which on the shard is
	// behind: when a worker had the processor for a few milliseconds there are
	// fewer.
	pressing = 16
	// maxYields is how many jobs may be done in between, where there is one
	// processor: each takes as long as a hundred datagrams.
	maxYields = 8
)

func (b backlog) pressure() gate.Pressure {
	switch {
	case b.full == 0:
		return gate.KeepsUp
	case b.full < pressing:
		return gate.Behind
	default:
		return gate.FarBehind
	}
}

// pace follows a turn in which n datagrams were read. While the socket has
// more, reading goes first: what does not fit into its buffer is lost, that of
// known peers too. Once it is empty the shard sleeps, and the workers have their
// turn, or its own chores. They have one in any case after so many datagrams, or they would have to
// wait where there is one processor until the flood is over.
func (s *shard) pace(n int) {
	if s.gate == nil {
		return
	}
	if n < fullRead {
		s.behind.full = 0
	} else {
		s.behind.full++
	}
	s.gate.Press(s.behind.pressure())
	if s.behind.full > 0 && s.behind.full%pressing == 0 {
		s.mu.Unlock()
		for jobs := min(s.host.workers.waiting(), maxYields); jobs > 0; jobs-- {
			runtime.Gosched()
		}
		s.mu.Lock()
	}
}
