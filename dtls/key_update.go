package dtls

import "github.com/dtlsd/dtlsd/internal/engine"

// KeyUpdate has the session go on with new keys for what it sends and, with
// request set, asks the peer to do the same. They are in use once the peer has
// acknowledged it, which [Observer] tells; until then, another call does nothing.
// Sessions change their keys by themselves long before these have done too much.
//
// Like Send it does not wait. It fails with [ErrSessionClosed], or with
// [ErrNoKeyUpdate] in DTLS 1.2 and before the handshake is complete.
//
// RFC 9147, Section 8.
func (s *Session) KeyUpdate(request bool) error {
	switch {
	case s.MaxPayload() == 0, !s.version13: // of a session in its handshake nobody knows the version
		return ErrNoKeyUpdate
	case s.closing.Load():
		return ErrSessionClosed
	case !s.shard.post(func() { s.shard.updateKeys(s, request) }):
		return ErrSessionClosed
	}
	return nil
}

// KeyUpdate completes the handshake, if it is not complete yet, and is then
// [Session.KeyUpdate].
func (c *Conn) KeyUpdate(request bool) error {
	if err := c.Handshake(); err != nil {
		return err
	}
	err := c.session.Load().KeyUpdate(request)
	if err == ErrSessionClosed {
		return c.closeReason()
	}
	return err
}

// updateKeys begins with new keys. An error says that the epochs are used up, and
// then the present keys are the last ones.
func (s *shard) updateKeys(sess *Session, request bool) {
	if sess.ended {
		return
	}
	s.wake(sess)
	err := sess.assoc.KeyUpdate(s.now, request)
	if err != nil && err != engine.ErrClosed && s.logs(Warning) {
		s.logOf(sess, Warning, KindKeyUpdate, s.host.voice.closed(sess.peer(), publicError(err)), publicError(err))
	}
	s.drain(sess)
}

// hearKeyUpdate tells of new keys.
func (s *shard) hearKeyUpdate(sess *Session, sent bool) {
	sess.keyUpdates++
	s.counters.keyUpdates.Add(1)
	if observe := s.host.observer.KeyUpdate; observe != nil {
		s.callOut()
		observe(KeyUpdate{Time: s.now, Session: sess.id, Peer: sess.peer(), Sent: sent})
		s.callBack()
	}
	// A peer may change its keys as often as it likes.
	if sent && s.logs(Info) || !sent && s.logsUnverified(Info) {
		s.logOf(sess, Info, KindKeyUpdate, s.host.voice.keyUpdate(sess.peer(), sent), nil)
	}
}
