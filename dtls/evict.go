package dtls

import (
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A server that is full may end a session that nobody uses. It does so when
// another client has completed its handshake, not before: who has proven
// nothing displaces nobody.

const (
	// safeTime is for how long a session is safe after it was in use.
	safeTime = 10 * time.Second
	// staleSample is how many sessions are looked at to find a stale one. The
	// stalest of so many is nearly always among the stalest twentieth of all.
	staleSample = 64
)

// full reports whether there are as many sessions as there may be, handshakes
// included.
func (s *shard) full() bool {
	h := s.host
	return h.maxSessions() >= 0 && h.sessions.Load()+h.halfOpen.total.Load() >= h.maxSessions()
}

// canEvict reports whether a session could make room for another.
func (s *shard) canEvict() bool {
	return s.host.config.WhenFull == EvictWhenFull && s.stalest() != nil
}

// makeRoom sees to it that a session is ended at the end of the turn if another one
// is one too many. It returns why a client is refused for whom there is no room. One
// that begins anew takes the place that it has.
func (s *shard) makeRoom(sess *Session) error {
	h := s.host
	current := s.table.get(sess.peer())
	switch {
	case h.config.WhenFull != EvictWhenFull, h.maxSessions() < 0, h.sessions.Load() < h.maxSessions():
		return nil
	case current != nil && current != sess && !s.staysBeside(current, sess):
		return nil
	case s.stalest() == nil:
		return &engine.LocalError{Alert: wire.AlertAccessDenied, Err: errFull}
	}
	s.surplus++
	return nil
}

// evict ends sessions in whose place others came, as long as there are too many.
// If the sample has none to end, the next turn has another sample.
func (s *shard) evict() {
	for ; s.surplus > 0; s.surplus-- {
		if s.host.sessions.Load() <= s.host.maxSessions() {
			s.surplus = 0
			return
		}
		stale := s.stalest()
		if stale == nil {
			return
		}
		s.counters.evicted.Add(1)
		s.close(stale, ErrEvicted)
	}
}

// stalest returns a session that has been silent for long, as found in a sample
// of the table, or nil if all of the sample were in use lately. The samples go
// round.
func (s *shard) stalest() *Session {
	var found *Session
	slots := s.table.slots
	for range min(staleSample, len(slots)) {
		if s.evictor++; s.evictor >= len(slots) {
			s.evictor = 0
		}
		sess := slots[s.evictor]
		if sess != nil && sess.listed && sess.established() && (found == nil || sess.lastActive.Load() < found.lastActive.Load()) {
			found = sess
		}
	}
	if found == nil || time.Duration(s.clock()-found.lastActive.Load())*tick < safeTime {
		return nil
	}
	return found
}
