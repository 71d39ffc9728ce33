package dtls

import (
	"context"
	"time"
)

// leaving is how a shard comes to its end.
type leaving struct {
	now      bool      // at once
	cause    error     // why at once; nil for the server being closed
	whenIdle bool      // when no session is left
	goodbye  bool      // after saying goodbye to every peer
	next     time.Time // of the next step of that
}

// Goodbyes are paced, so that they do not overrun the network.
const (
	goodbyeBatch = 64
	goodbyePace  = time.Millisecond
)

// sayGoodbye closes the next few sessions of a shard that leaves.
func (s *shard) sayGoodbye() {
	l := &s.leaving
	if !l.goodbye || s.now.Before(l.next) {
		return
	}
	for n := 0; n < goodbyeBatch && s.table.len() > 0; n++ {
		sess := s.table.last()
		if sess.established() {
			s.told.Add(1)
		}
		s.close(sess, ErrServerClosed)
	}
	l.next = time.Time{} // of those who wait for the others of their group
	if s.table.len() > 0 {
		l.next = s.now.Add(goodbyePace)
	}
}

// accepts reports whether handshakes may begin.
func (s *shard) accepts() bool { return s.host.accepting.Load() && !s.leaving.goodbye }

// leaves reports whether the time has come. A shard without sessions waits for
// the others of its group.
func (s *shard) leaves() bool {
	if s.leaving.whenIdle && s.table.len() == 0 && !s.spent {
		s.spent = true
		if s.group.spend() {
			s.leaving.now = true
		}
	}
	return s.leaving.now
}

// finish ends what is left, and the shard. It returns err.
func (s *shard) finish(err error) error {
	for sess := s.table.last(); sess != nil; sess = s.table.last() {
		s.end(sess, err)
		s.bury()
	}
	s.flush()
	s.socket.Close()
	s.forgetOld()
	s.inbox.close()
	s.cause = err
	s.mu.Unlock()
	return err
}

// post has the shard call something. It reports false if the shard is gone.
func (s *shard) post(call func()) bool {
	return s.inbox.post(inboxItem{kind: itemCall, call: call})
}

// wait waits until the shard has done, and sent, what was asked of it before.
func (s *shard) wait() {
	done := make(chan struct{})
	if !s.post(func() {
		s.flush()
		close(done)
	}) {
		return
	}
	select {
	case <-done:
	case <-s.done:
	}
}

// leaveAtOnce ends the shard without a word to its peers.
func (s *shard) leaveAtOnce() { s.leaveFor(ErrServerClosed) }

// leaveFor is leaveAtOnce for a reason.
func (s *shard) leaveFor(cause error) {
	s.post(func() { s.leaving.now, s.leaving.cause = true, cause })
}

// leaveWithGoodbye ends the shard after a goodbye to every peer.
func (s *shard) leaveWithGoodbye() {
	s.post(func() { s.leaving.goodbye, s.leaving.whenIdle = true, true })
}

// awaitEnd waits for the end of the shard, and hastens it when ctx ends.
func (s *shard) awaitEnd(ctx context.Context) error {
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		s.leaveAtOnce()
		return ctx.Err()
	}
}

// leaveWhenIdle ends the shard when its last session ends. Handshakes in
// progress end now.
func (s *shard) leaveWhenIdle() {
	s.post(func() {
		s.leaving.whenIdle = true
		for i := len(s.table.slots) - 1; i > 0; i-- {
			if sess := s.table.slots[i]; sess != nil && !sess.established() {
				s.close(sess, ErrServerClosed)
			}
		}
	})
}
