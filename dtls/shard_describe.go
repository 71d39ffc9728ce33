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
	slots := s.table.slots[min(from, len(s.table.slots)):]
	for _, sess := range slots[:min(describeBatch, len(slots))] {
		if sess != nil && sess.listed {
			infos = append(infos, s.describeSession(sess))
		}
	}
	return infos, len(slots) > describeBatch
}

func (s *shard) describeSession(sess *Session) SessionInfo {
	about := s.glimpse(sess)
	info := SessionInfo{
		ID:          sess.id,
		Peer:        sess.peer(),
		Local:       sess.LocalAddr(),
		Established: about.established,
		Received:    about.received.datagrams,
		Sent:        about.sent.datagrams,

		ReceivedBytes:   about.received.bytes,
		SentBytes:       about.sent.bytes,
		Retransmissions: int(about.retransmissions),
		Drops:           about.drops,
		AddressChanges:  int(about.moves),
		KeyUpdates:      int(about.keyUpdates),
	}
	if info.Established {
		info.State = newConnectionState(sess, about.state)
		info.Since = s.at(about.since)
		info.LastActive = s.at(sess.lastActive.Load())
	}
	return info
}

// find returns the session with that ID, or nil. Any goroutine may call it.
func (s *shard) find(id uint64) *Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sess := range s.table.slots {
		if sess != nil && sess.id == id {
			return sess
		}
	}
	return nil
}

// at returns the time of a reading of the shard's clock.
func (s *shard) at(clock uint32) time.Time { return s.start.Add(time.Duration(clock) * tick) }
