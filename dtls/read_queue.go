package dtls

import (
	"os"
	"sync"
)

// A readQueue holds datagrams until somebody reads them. The shard fills it,
// and never waits; readers empty it. Its buffers are reused.
type readQueue struct {
	limit int

	mu    sync.Mutex
	ring  [][]byte // grows up to limit
	first int
	count int
	end   error         // what readers get after the last datagram
	ready chan struct{} // has a token when there may be something
	ended chan struct{} // closed with end set
}

func newReadQueue(limit int) *readQueue {
	return &readQueue{limit: limit, ready: make(chan struct{}, 1), ended: make(chan struct{})}
}

// put adds a copy of datagram, and reports false if the queue is full.
func (q *readQueue) put(datagram []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.count == q.limit {
		return false
	}
	if q.count == len(q.ring) {
		q.grow()
	}
	slot := &q.ring[(q.first+q.count)%len(q.ring)]
	*slot = append((*slot)[:0], datagram...)
	q.count++
	q.signal()
	return true
}

// grow makes room for more datagrams than were ever waiting.
func (q *readQueue) grow() {
	ring := make([][]byte, min(max(2*len(q.ring), 4), q.limit))
	n := copy(ring, q.ring[q.first:])
	copy(ring[n:], q.ring[:q.first])
	q.ring, q.first = ring, 0
}

// close has readers get err after the last datagram.
func (q *readQueue) close(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.end == nil {
		q.end = err
		close(q.ended)
	}
}

// discard forgets the datagrams that wait.
func (q *readQueue) discard() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ring, q.first, q.count = nil, 0, 0
}

// signal leaves a token for one reader.
func (q *readQueue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take waits for a datagram, copies it into b, and returns its length, which
// may be more than fits.
func (q *readQueue) take(b []byte, d *deadline) (int, error) {
	for {
		expired := d.wait()
		if isClosed(expired) {
			return 0, os.ErrDeadlineExceeded
		}
		if n, err, ok := q.tryTake(b); ok {
			return n, err
		}
		select {
		case <-q.ready:
		case <-q.ended:
		case <-expired:
		}
	}
}

// tryTake reports false if there is neither a datagram nor an end.
func (q *readQueue) tryTake(b []byte) (int, error, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.count == 0 {
		return 0, q.end, q.end != nil
	}
	datagram := q.ring[q.first]
	copy(b, datagram)
	q.first = (q.first + 1) % len(q.ring)
	q.count--
	if q.count > 0 {
		q.signal() // another reader may be waiting
	}
	return len(datagram), nil, true
}
