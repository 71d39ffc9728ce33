package dtls

import (
	"bytes"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// maxAsyncQueue is how many datagrams wait for a worker of an [Async] handler.
const maxAsyncQueue = 1024

// Async returns a handler that calls h on one of so many workers, so that h
// may wait. The datagrams of one session keep their order: they have the same
// worker. When a worker does not keep up, datagrams are dropped and counted.
//
// Shutdown and Close do not wait for the workers. They finish what they have,
// but their sessions are closed by then, and Send fails.
func Async(h Handler, workers int) Handler {
	a := &asyncHandler{handler: h}
	for range max(workers, 1) {
		a.lanes = append(a.lanes, newWorkers(1))
	}
	return a
}

// An asyncHandler has a lane for each worker, with one job at a time.
type asyncHandler struct {
	handler Handler
	lanes   []*workers
}

// ServeDTLS copies the datagram and leaves.
func (a *asyncHandler) ServeDTLS(s *Session, datagram []byte) {
	lane := a.lanes[s.id%uint64(len(a.lanes))]
	if lane.waiting() >= maxAsyncQueue {
		s.shard.counters.drops[wire.DropQueueFull].Add(1)
		return
	}
	datagram = bytes.Clone(datagram)
	lane.do(func() { a.handler.ServeDTLS(s, datagram) })
}
