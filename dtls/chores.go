package dtls

import (
	"runtime"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// Chores are the computations of handshakes that a shard does itself. Where there
// is one processor no worker could do them sooner, and the way there and back
// costs as much as the fastest of them: a goroutine, the inbox, a deadline, a read
// that ends with nothing. A turn has time for one or a few, so that no datagram
// waits for long.
type chores struct {
	own   bool // they are not left to workers
	queue []chore
	done  int // at the front of the queue, no more than half of it
}

type chore struct {
	session *Session
	token   engine.Token
	job     engine.Job
}

func (c *chores) waiting() bool { return c.done < len(c.queue) }

func (c *chores) add(sess *Session, token engine.Token, job engine.Job) {
	c.queue = append(c.queue, chore{sess, token, job})
}

// take returns the oldest chore. There must be one.
func (c *chores) take() chore {
	next := c.queue[c.done]
	c.done++
	if rest := c.queue[c.done:]; c.done >= len(rest) {
		n := copy(c.queue, rest)
		clear(c.queue[n:])
		c.queue, c.done = c.queue[:n], 0
	}
	return next
}

// choreTime is how long chores may take before the next read. The one in progress
// is finished.
const choreTime = 150 * time.Microsecond

// doChores does what has waited for longest. Others may look at the shard
// meanwhile, and run in between. While the socket has more, reading goes first: see
// pace.
func (s *shard) doChores() {
	if !s.chores.waiting() || s.behind.full%pressing > 0 {
		return
	}
	s.mu.Unlock()
	for begun := time.Now(); s.chores.waiting() && time.Since(begun) < choreTime; {
		s.doChore()
		runtime.Gosched()
	}
	s.mu.Lock()
}

// doChore does the oldest one. The shard is let go.
func (s *shard) doChore() {
	next := s.chores.take()
	if next.session.closing.Load() {
		return // nobody waits for it any more
	}
	result := next.job()
	s.mu.Lock()
	s.resolve(next.session, next.token, result)
	s.mu.Unlock()
}
