package dtls

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// drain does what a verb of the engine left to do. It follows every verb.
func (s *shard) drain(sess *Session) {
	s.reserve(sess)
	a := sess.assoc
	for e := a.Next(); e.Kind != engine.EventNone; e = a.Next() {
		s.on(sess, &e)
	}
	s.settle(sess)
}

func (s *shard) on(sess *Session, e *engine.Event) {
	switch e.Kind {
	case engine.EventSend:
		s.emit(sess, e.Data)
	case engine.EventRoutabilityCheck:
		s.hearCheck(sess, e.Check)
	case engine.EventData:
		s.deliver(sess, e.Data)
	case engine.EventEstablished:
		s.establish(sess)
	case engine.EventClosed:
		s.end(sess, s.reason(sess, e.Err))
	case engine.EventDrop:
		s.stray(sess, e.Drop)
	case engine.EventSecret:
		s.logSecret(sess, e.Data)
	case engine.EventStoreSession:
		s.storeSession(sess, e)
	case engine.EventMessage:
		s.observeMessage(sess, e.Message)
	case engine.EventFragment:
		s.observeMessage(sess, e.Message)
	case engine.EventRetransmit:
		s.counters.retransmissions.Add(1)
		sess.retransmissions++
		s.observeRetransmission(sess, e.Message.Attempt)
	case engine.EventAlert:
		s.observeAlert(sess, e.Alert)
	case engine.EventAlertSent:
		s.observeHandshake(sess, HandshakeEvent{Sent: true, Alert: e.Alert.String()})
	case engine.EventKeyUpdate:
		s.hearKeyUpdate(sess, e.Message.Sent)
	case engine.EventCIDIssued:
		s.table.addCID(sess, cidKeyOf(e.Data))
	case engine.EventCIDRetired:
		s.table.dropCID(sess, cidKeyOf(e.Data))
	case engine.EventWarning:
		s.warn(sess, e.Err)
	default:
		s.ask(sess, e)
	}
}

// settle puts a session in order after a verb.
func (s *shard) settle(sess *Session) {
	if sess.ended {
		return
	}
	if hs := sess.hs; hs != nil {
		if hs.refused != nil {
			sess.assoc.Abort(s.now, hs.refused)
			s.drain(sess)
			return
		}
		if hs.received && hs.questions == 0 {
			hs.received = false
			s.logProgress(sess)
		}
	}
	s.timers.set(sess, sess.deadline())
}

// deadline returns when the engine wants to be told the time, or the zero
// time.
func (s *Session) deadline() time.Time {
	if s.assoc == nil {
		return s.hs.expires
	}
	return earlier(s.assoc.Deadline(), s.path.deadline())
}

// deliver hands plaintext to the owner.
func (s *shard) deliver(sess *Session, plaintext []byte) {
	if sess.hs != nil || sess.closing.Load() {
		s.stray(sess, wire.DropClosed)
		return
	}
	s.touch(sess)
	sess.received.add(len(plaintext))
	s.counters.messagesIn.Add(1)
	s.callOut()
	if s.watched {
		s.host.observer.Datagram(Datagram{Time: s.now, Session: sess.id, Peer: s.arrival.peerOf(sess), Ciphertext: s.observed, Plaintext: plaintext})
	}
	taken := s.host.owner.received(sess, plaintext)
	s.callBack()
	if !taken {
		s.dropFor(sess, wire.DropReadQueueFull)
	}
}

// send seals plaintext into a datagram.
func (s *shard) send(sess *Session, plaintext []byte) {
	if sess.ended || !sess.established() {
		return
	}
	s.wake(sess)
	if sess.path != nil && !s.mayLeave(sess, plaintext) {
		return
	}
	n := len(plaintext) + sess.assoc.Overhead()
	datagram, err := sess.assoc.Send(s.out.room(n), plaintext)
	if err != nil {
		s.close(sess, publicError(err))
		return
	}
	if sess.version13 {
		s.timers.set(sess, sess.deadline()) // the keys may have done enough
	}
	s.touch(sess)
	sess.sent.add(len(plaintext))
	s.counters.messagesOut.Add(1)
	s.observePacket(sess, true, sess.at(), datagram)
	s.queue(datagram, sess.at())
	if s.watched {
		s.callOut()
		s.host.observer.Datagram(Datagram{Time: s.now, Session: sess.id, Peer: sess.peer(), Sent: true, Ciphertext: datagram, Plaintext: plaintext})
		s.callBack()
	}
}

// queue puts a datagram, which was appended to the room of the outbox, on its
// way.
func (s *shard) queue(datagram []byte, to route) {
	s.out.add(datagram, to)
	if s.out.full() {
		s.flush()
	}
}

// touch says that a session is in use.
func (s *shard) touch(sess *Session) {
	if now := s.clock(); sess.lastActive.Load() != now {
		sess.lastActive.Store(now)
	}
}

// establish turns a handshake into a session that its owner gets to see.
func (s *shard) establish(sess *Session) {
	hs := sess.hs
	state := sess.assoc.State()
	s.keepState(sess, state)
	if hs.refused = s.refusedByUser(sess); hs.refused != nil {
		return
	}
	if hs.refused = s.makeRoom(sess); hs.refused != nil {
		return
	}
	s.takePlace(sess)
	if !sess.byCID {
		s.table.removeCIDs(sess) // the server wanted none
	}
	elapsed := s.now.Sub(hs.begun)
	hs.end()
	sess.hs = nil
	sess.since = s.clock()
	sess.lastActive.Store(sess.since)
	s.host.halfOpen.end(sess.peer().Addr())
	s.host.sessions.Add(1)
	s.counters.completed.Add(1)
	if state.Resumed {
		s.counters.resumed.Add(1)
	}
	if sess.version13 {
		s.counters.completed13.Add(1)
	}
	s.logEstablished(sess, elapsed)
	s.callOut()
	s.host.owner.opened(sess)
	s.callBack()
}

// keepState keeps what was negotiated.
func (s *shard) keepState(sess *Session, state *engine.State) {
	sess.state = state
	sess.version13 = state.Suite13 != nil
	sess.byCID = len(state.LocalCID) > 0
	sess.maxPayload.Store(int32(sess.assoc.MaxPlaintext()))
	hs := sess.hs
	if hs.verified != nil {
		sess.rarely().verified = hs.verified
	}
	if hs.profile != s.host.profile {
		sess.rarely().profile = hs.profile
	}
}

func (s *shard) refusedByUser(sess *Session) error {
	verify := sess.hs.profile.config.VerifyConnection
	if verify == nil {
		return nil
	}
	s.callOut()
	defer s.callBack()
	err := verify(newConnectionState(sess, sess.state))
	if err == nil {
		return nil
	}
	return &engine.LocalError{Alert: wire.AlertAccessDenied, Err: fmt.Errorf("refused by VerifyConnection: %w", err)}
}

// takePlace ends the session in whose place an established one comes.
func (s *shard) takePlace(sess *Session) {
	old := s.table.get(sess.peer())
	if old == sess {
		return
	}
	if old != nil {
		s.wake(old)
		old.rival = nil
	}
	if old != nil && !s.staysBeside(old, sess) {
		s.end(old, ErrReplaced)
	} else if old != nil {
		s.table.yield(old)
	}
	s.table.put(sess)
}

// staysBeside reports whether an established session goes on although another one
// has its address now: it has a connection ID, by which its peer finds it from
// elsewhere, and the other one is of somebody else. Gateways that translate
// addresses use them again.
func (s *shard) staysBeside(old, sess *Session) bool {
	s.wake(old)
	return old.byCID && !samePeer(old.negotiated(), sess.negotiated())
}

// samePeer reports whether the peers of two sessions have shown the same
// credentials.
func samePeer(a, b *engine.State) bool {
	return bytes.Equal(a.Identity, b.Identity) && slices.EqualFunc(a.PeerChain, b.PeerChain, bytes.Equal)
}

// close says goodbye to the peer of a session and ends it, for that reason.
func (s *shard) close(sess *Session, reason error) {
	if sess.ended {
		return
	}
	s.wake(sess)
	if sess.path != nil {
		s.release(sess)
	}
	switch {
	case sess.ended: // by what was held back
	case sess.assoc == nil:
		s.end(sess, reason)
	default:
		s.goodbye = reason
		sess.assoc.Close(s.now)
		s.drain(sess)
		s.goodbye = nil
	}
}

// reason returns why an association ended, in words for users.
func (s *shard) reason(sess *Session, err error) error {
	if err == engine.ErrClosed && s.goodbye != nil {
		return s.goodbye
	}
	if sess.established() && errors.Is(err, engine.ErrHandshakeTimeout) {
		return ErrUnacknowledged
	}
	reason := publicError(err)
	if alert, ok := reason.(*AlertError); ok && sess.hs != nil && s.host.side == engine.Client {
		alert.Offered = sess.hs.profile.offered(wire.AlertDescription(alert.Alert))
		alert.wrongKey = sess.hs.known && wire.AlertDescription(alert.Alert) == wire.AlertDecryptError
	}
	return reason
}

// end takes a session off the shard, in whatever state it is. Its peer hears
// nothing of it.
func (s *shard) end(sess *Session, reason error) {
	if sess.ended {
		return
	}
	s.wake(sess)
	sess.state = sess.negotiated()
	sess.ended = true
	s.dead = append(s.dead, sess)
	sess.closing.Store(true)
	s.timers.set(sess, time.Time{})
	s.unlist(sess)
	sess.assoc, sess.path = nil, nil
	if hs := sess.hs; hs != nil {
		s.host.halfOpen.end(sess.peer().Addr())
		s.counters.failed[failureReason(reason)].Add(1)
		hs.end()
		s.logFailed(sess, reason)
		s.callOut()
		s.host.owner.failed(sess, reason)
		s.callBack()
		return
	}
	s.host.sessions.Add(-1)
	s.logEnded(sess, reason)
	s.callOut()
	sess.endContext(reason)
	s.host.owner.closed(sess, reason)
	s.callBack()
}

// unlist takes a session out of the table, where its rival gets its place.
func (s *shard) unlist(sess *Session) {
	if current := s.table.get(sess.peer()); current != nil && current.contender() == sess {
		current.rival = nil
	}
	s.table.remove(sess)
	if sess.rival != nil {
		s.table.put(sess.rival)
		sess.rival = nil
	}
}

// failureReason returns the counter for a handshake that ended for reason.
func failureReason(reason error) FailureReason {
	var (
		alert       *AlertError
		certificate *CertificateError
		protocol    *ProtocolError
	)
	switch {
	case errors.Is(reason, ErrWrongKey):
		return FailedWrongKey
	case errors.Is(reason, ErrHandshakeTimeout):
		return FailedTimeout
	case errors.As(reason, &alert):
		return FailedAlert
	case errors.As(reason, &certificate):
		return FailedCertificate
	case errors.As(reason, &protocol):
		return FailedProtocol
	case reason == ErrReplaced:
		return FailedReplaced
	case reason == ErrSessionClosed, reason == ErrServerClosed:
		return FailedClosed
	default:
		return FailedOther
	}
}

// export derives keys for another protocol. Any goroutine may call it.
func (s *shard) export(sess *Session, label string, context []byte, length int) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.associationOf(sess)
	if a == nil {
		return nil, ErrSessionClosed
	}
	out, err := a.ExportKeyingMaterial(label, context, context != nil, length)
	if err != nil {
		return nil, fmt.Errorf("dtls: %w", err)
	}
	return out, nil
}
