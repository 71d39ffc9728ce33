package dtls

import (
	"slices"
	"time"
)

// describeBatch is how many sessions are described before the shard gets to
// work on.
const describeBatch = 1024

// describe appends a description of the shard's sessions. Any goroutine may
// call it.
func (s *shard) describe(infos []SessionInfo) []SessionInfo {
	for from, more := 0, true; more; from += describeBatch {
		infos = slices.Grow(infos, describeBatch) // which may take long, and so not under the lock
		infos, more = s.describeFrom(from, infos)
	}
	return infos
}

// describeFrom describes one batch and reports whether there are more.
func (s *shard) describeFrom(from int, infos []SessionInfo) ([]SessionInfo, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.table.list[min(from, s.table.len()):]
	for _, sess := range list[:min(describeBatch, len(list))] {
		infos = append(infos, s.describeSession(sess))
	}
	return infos, len(list) > describeBatch
}

func (s *shard) describeSession(sess *Session) SessionInfo {
	info := SessionInfo{
		ID:          sess.id,
		Peer:        sess.peer(),
		Local:       sess.LocalAddr(),
		Established: sess.established(),
		Received:    sess.received.datagrams,
		Sent:        sess.sent.datagrams,

		ReceivedBytes:   sess.received.bytes,
		SentBytes:       sess.sent.bytes,
		Retransmissions: int(sess.retransmissions),
		Drops:           sess.drops,
		AddressChanges:  int(sess.moves),
		KeyUpdates:      int(sess.keyUpdates),
	}
	if info.Established {
		info.State = newConnectionState(sess)
		info.Since = s.at(sess.since)
		info.LastActive = s.at(sess.lastActive.Load())
	}
	return info
}

// find returns the session with that ID, or nil. Any goroutine may call it.
func (s *shard) find(id uint64) *Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sess := range s.table.list {
		switch {
		case sess.id == id:
			return sess
		case sess.rival != nil && sess.rival.id == id:
			return sess.rival
		}
	}
	return nil
}

// at returns the time of a reading of the shard's clock.
func (s *shard) at(clock uint32) time.Time { return s.start.Add(time.Duration(clock) * tick) }
