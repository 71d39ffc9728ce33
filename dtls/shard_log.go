package dtls

import (
	"errors"
	"net/netip"
	"syscall"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// What a shard tells its observer. Nothing here is formatted unless somebody
// listens.

// logs reports whether anybody listens to lines of that level.
func (s *shard) logs(level Level) bool { return s.host.observer.logs(level) }

// logsUnverified reports whether there is to be a line of that level about a peer
// that has proven nothing.
func (s *shard) logsUnverified(level Level) bool { return s.logs(level) && s.host.lines.allow(s.now) }

// tell hands an entry to the observer.
func (s *shard) tell(e Entry) {
	e.Time = s.now
	s.callOut()
	s.host.observer.Log(e)
	s.callBack()
}

// log tells of something that concerns no session.
func (s *shard) log(level Level, kind Kind, peer netip.AddrPort, text string, err error) {
	s.tell(Entry{Level: level, Kind: kind, Peer: peer, Text: text, Err: err})
}

// logOf tells of something that concerns a session.
func (s *shard) logOf(sess *Session, level Level, kind Kind, text string, err error) {
	s.tell(Entry{Level: level, Kind: kind, Peer: sess.peer(), Session: sess.id, Text: text, Err: err})
}

// logSuppressed accounts for the lines that were not shown.
func (s *shard) logSuppressed() {
	for _, limit := range [...]*lineLimit{&s.host.lines, &s.host.refusals} {
		if n := limit.settle(s.now); n > 0 && s.logs(Warning) {
			s.log(Warning, KindSuppressed, netip.AddrPort{}, s.host.voice.suppressed(n), nil)
		}
	}
}

func (s *shard) logEmpty(peer netip.AddrPort) {
	if s.logsUnverified(Warning) {
		s.log(Warning, KindEmpty, peer, s.host.voice.empty(), nil)
	}
}

func (s *shard) logUnverified(peer netip.AddrPort) {
	if s.logsUnverified(Info) {
		s.log(Info, KindUnverified, peer, s.host.voice.unverified(peer), nil)
	}
}

// logRefused has a line for a hello that was refused. Most are only counted, and
// the words are found when there is a line.
func (s *shard) logRefused(peer netip.AddrPort, err error) {
	if s.logs(Warning) && s.host.refusals.allow(s.now) {
		s.log(Warning, KindRefused, peer, s.host.voice.refused(peer, err), err)
	}
}

func (s *shard) logStarted(sess *Session, verified bool) {
	if s.logs(Info) {
		s.logOf(sess, Info, KindStarted, s.host.voice.started(sess.peer(), verified), nil)
	}
}

// logProgress has a line for the first datagram of a handshake. The others
// may be anybody's.
func (s *shard) logProgress(sess *Session) {
	first := !sess.hs.progressed
	sess.hs.progressed = true
	if first && s.logs(Info) || s.logsUnverified(Info) {
		s.logOf(sess, Info, KindProgress, s.host.voice.progress(sess.peer()), nil)
	}
}

func (s *shard) logIdentity(sess *Session, identity []byte) {
	if s.logs(Info) {
		s.tell(Entry{Level: Info, Kind: KindIdentity, Peer: sess.peer(), Session: sess.id, Text: s.host.voice.identity(identity), Identity: identity})
	}
}

func (s *shard) logStaleTicket(sess *Session) {
	if s.logs(Info) {
		s.logOf(sess, Info, KindProgress, s.host.voice.staleTicket(sess.peer()), nil)
	}
}

func (s *shard) logUnknownIdentity(sess *Session) {
	if s.logs(Warning) && s.host.side == engine.Server {
		s.logOf(sess, Warning, KindCredentials, s.host.voice.unknownIdentity(sess.peer(), sess.hs.identity), ErrUnknownIdentity)
	}
}

func (s *shard) logLookup(sess *Session, what string, err error) {
	if s.logs(Error) {
		s.logOf(sess, Error, KindCredentials, s.host.voice.lookupFailed(sess.peer(), what, err), err)
	}
}

func (s *shard) logEstablished(sess *Session, elapsed time.Duration) {
	if s.logs(Info) {
		state := newConnectionState(sess, sess.state)
		s.tell(Entry{Level: Info, Kind: KindEstablished, Peer: sess.peer(), Session: sess.id, Text: s.host.voice.established(sess.peer(), &state), State: &state, Elapsed: elapsed})
	}
}

// logStray has a line for a record of the peer that says nothing. Other records
// that lead to nothing may be anybody's, and are only counted.
func (s *shard) logStray(sess *Session) {
	if s.logsUnverified(Warning) {
		s.logOf(sess, Warning, KindStray, s.host.voice.stray(sess.peer()), nil)
	}
}

// tellMove tells that a peer's address changed.
func (s *shard) tellMove(sess *Session, from netip.AddrPort, checked bool) {
	if observe := s.host.observer.AddressChange; observe != nil {
		s.callOut()
		observe(AddressChange{Time: s.now, Session: sess.id, From: from, To: sess.peer(), Checked: checked})
		s.callBack()
	}
	if s.logs(Info) {
		s.logOf(sess, Info, KindMoved, s.host.voice.moved(from, sess.peer(), checked), nil)
	}
}

// logStays tells that a peer's address does not change, as one might have thought.
// Copies of records by anybody lead to that.
func (s *shard) logStays(sess *Session, candidate netip.AddrPort, silent bool) {
	if s.logsUnverified(Warning) {
		s.logOf(sess, Warning, KindNotMoved, s.host.voice.notMoved(sess.peer(), candidate, silent), nil)
	}
}

func (s *shard) logFailed(sess *Session, reason error) {
	level := Error
	if reason == ErrReplaced || reason == ErrServerClosed || reason == ErrSessionClosed {
		level = Info
	}
	if !s.logs(level) {
		return
	}
	text := s.host.voice.failed(sess.peer(), reason)
	switch {
	case s.host.side != engine.Server || !errors.Is(reason, ErrWrongKey):
	case !errors.Is(reason, ErrHandshakeTimeout):
		text = s.host.voice.failedForKey(sess.peer(), sess.hs.identity, sess.hs.known)
	default:
		text = s.host.voice.timedOutForKey(sess.peer(), sess.hs.identity, sess.hs.known)
	}
	s.tell(Entry{Level: level, Kind: KindFailed, Peer: sess.peer(), Session: sess.id, Text: text, Err: reason, Elapsed: s.now.Sub(sess.hs.begun)})
}

// logEnded has a line for each session that ends, except for those that the
// user closed.
func (s *shard) logEnded(sess *Session, reason error) {
	voice := s.host.voice
	switch {
	case reason == ErrSessionClosed, reason == ErrServerClosed:
	case reason == ErrPeerClosed:
		if s.logs(Info) {
			s.logOf(sess, Info, KindShutdown, voice.shutdown(sess.peer()), reason)
		}
	case reason == ErrReplaced, reason == ErrIdleTimeout, reason == ErrEvicted:
		if s.logs(Info) {
			s.logOf(sess, Info, KindClosed, voice.closed(sess.peer(), reason), reason)
		}
	case s.logs(Error):
		s.logOf(sess, Error, KindClosed, voice.closed(sess.peer(), reason), reason)
	}
}

// warn tells what probably goes wrong in a handshake that still waits.
func (s *shard) warn(sess *Session, err error) {
	if errors.Is(err, engine.ErrWrongKey) {
		err = ErrWrongKey
	}
	s.callOut()
	s.host.owner.warned(sess, err)
	s.callBack()
	switch {
	case !s.logs(Warning):
	case err == ErrWrongKey:
		s.logOf(sess, Warning, KindWrongKey, s.host.voice.wrongKey(sess.peer(), sess.hs.identity, sess.hs.known), err)
	default:
		s.logOf(sess, Warning, KindProgress, s.host.voice.closed(sess.peer(), err), err)
	}
}

// logSecret writes a line of the key log.
func (s *shard) logSecret(sess *Session, line []byte) {
	p := s.host.profile
	if sess.hs != nil {
		p = sess.hs.profile
	}
	s.callOut()
	p.logSecret(line)
	if observe := s.host.observer.Secret; observe != nil {
		observe(Secret{Session: sess.id, Line: line})
	}
	s.callBack()
}

// drop counts a datagram that leads to nothing and is for no session.
func (s *shard) drop(peer netip.AddrPort, reason wire.Drop) {
	s.dropOf(Drop{Peer: peer, Reason: reason})
}

// dropFor counts a datagram or record for a session that leads to nothing.
func (s *shard) dropFor(sess *Session, reason wire.Drop) {
	sess.drops++
	s.dropOf(Drop{Peer: sess.peer(), Session: sess.id, Reason: reason})
}

func (s *shard) dropOf(d Drop) {
	s.counters.drops[d.Reason].Add(1)
	if observe := s.host.observer.Drop; observe != nil {
		d.Time = s.now
		s.callOut()
		observe(d)
		s.callBack()
	}
}

// stray counts a record for a session that leads to nothing, unless another
// session is asked as well.
func (s *shard) stray(sess *Session, reason wire.Drop) {
	s.strays++
	if s.muted {
		return
	}
	s.dropFor(sess, reason)
	if reason == wire.DropEmptyRecord && sess.established() {
		s.logStray(sess)
	}
}

// socketError hears of an error of the socket that is not about a peer we
// know, except on a socket with one peer.
func (s *shard) socketError(err error) {
	if sess := s.onlySession(); sess != nil && isUnreachable(err) {
		s.unreachable(sess, err)
		return
	}
	s.drop(netip.AddrPort{}, wire.DropSocketError)
	if s.logsUnverified(Warning) {
		s.log(Warning, KindSocket, netip.AddrPort{}, s.host.voice.socket(err), err)
	}
}

// writeError hears that a datagram could not be sent.
func (s *shard) writeError(peer netip.AddrPort, err error) {
	if sess := s.onlySession(); sess != nil && isUnreachable(err) {
		s.unreachable(sess, err)
		return
	}
	s.drop(peer, wire.DropSocketError)
	if s.logsUnverified(Warning) {
		s.log(Warning, KindSocket, peer, s.host.voice.notSent(peer, err), err)
	}
}

// onlySession returns the session of a client.
func (s *shard) onlySession() *Session {
	if s.host.side == engine.Client && s.table.len() == 1 {
		return s.table.last()
	}
	return nil
}

// unreachable hears that the network has no way to a client's server. That
// ends a handshake: somebody waits for it. An established session outlives
// it, as anyone can forge such news, and the server may come back.
func (s *shard) unreachable(sess *Session, err error) {
	reason := &UnreachableError{Peer: sess.peer(), Err: err}
	s.wake(sess)
	s.dropFor(sess, wire.DropSocketError)
	if !sess.established() {
		s.end(sess, s.reasonBehind(sess, reason))
		return
	}
	if s.logsUnverified(Warning) {
		s.logOf(sess, Warning, KindUnreachable, s.host.voice.unreachable(sess.peer(), reason), reason)
	}
}

// reasonBehind returns why a handshake ends when the server is gone: it may have
// refused before it went.
func (s *shard) reasonBehind(sess *Session, unreachable error) error {
	if sess.assoc == nil {
		return unreachable
	}
	if hint := sess.assoc.Hint(); hint != nil {
		return s.reason(sess, hint)
	}
	return unreachable
}

// isUnreachable tells the errors that ICMP messages become.
func isUnreachable(err error) bool {
	for _, errno := range []syscall.Errno{syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EHOSTUNREACH, syscall.ENETUNREACH} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

func (s *shard) observeHandshake(sess *Session, e HandshakeEvent) {
	if s.host.observer.Handshake == nil {
		return
	}
	e.Time, e.Session, e.Peer = s.now, sess.id, sess.peer()
	s.tellHandshake(e)
}

func (s *shard) tellHandshake(e HandshakeEvent) {
	s.callOut()
	s.host.observer.Handshake(e)
	s.callBack()
}

func (s *shard) observeMessage(sess *Session, m engine.Message) {
	s.observeHandshake(sess, HandshakeEvent{
		Sent: m.Sent, Message: wire.MessageName(m.Type, m.Body), Type: uint8(m.Type), Seq: m.Seq, Length: m.Length, Body: m.Body, Offset: m.Offset, Fragment: m.Fragment,
	})
}

func (s *shard) observeRetransmission(sess *Session, attempt int) {
	s.observeHandshake(sess, HandshakeEvent{Sent: true, Retransmission: attempt})
	switch {
	case !s.logs(Warning), sess.established() && attempt > 1: // once is enough, however often the peer asks
	case sess.established() && sess.version13:
		s.logOf(sess, Warning, KindRetransmitted, s.host.voice.unacknowledged(sess.peer()), nil)
	case sess.established():
		s.logOf(sess, Warning, KindRetransmitted, s.host.voice.lastFlightLost(sess.peer()), nil)
	default:
		s.logOf(sess, Warning, KindRetransmitted, s.host.voice.retransmitted(sess.peer(), attempt), nil)
	}
}

// observePacket tells of a datagram of a session before it is opened, or after
// it was sealed.
func (s *shard) observePacket(sess *Session, sent bool, at route, payload []byte) {
	observe := s.host.observer.Packet
	if observe == nil {
		return
	}
	s.callOut()
	observe(Packet{Time: s.now, Session: sess.id, Peer: at.peer, Local: sess.LocalAddr(), Sent: sent, Payload: payload})
	s.callBack()
}

func (s *shard) observeAlert(sess *Session, alert wire.Alert) {
	if s.host.observer.Handshake != nil {
		s.observeHandshake(sess, HandshakeEvent{Alert: alert.String()})
	}
	if s.logs(Warning) && !sess.established() {
		s.logOf(sess, Warning, KindAlert, s.host.voice.alert(sess.peer(), alert.String()), nil)
	}
}

func (s *shard) logListening() {
	if s.logs(Info) {
		s.log(Info, KindListening, netip.AddrPort{}, s.host.voice.listening(s.socket.LocalAddr().String()), nil)
	}
	s.logSockets()
	if s.host.config.KeyLogWriter != nil && s.logs(Warning) {
		s.log(Warning, KindKeyLog, netip.AddrPort{}, s.host.voice.keyLog(), nil)
	}
}

// logUnsteered tells that the shards have to hand datagrams over to each other.
func (s *shard) logUnsteered(err error) {
	if s.logs(Warning) {
		s.log(Warning, KindSocket, netip.AddrPort{}, s.host.voice.unsteered(err), err)
	}
}

// logSockets says how the sockets of the system are driven. Those that are like
// the one before need no line of their own.
func (s *shard) logSockets() {
	r := s.socket.Report()
	r.Overflows = 0
	s.capped = r.Hint() != ""
	if last := s.host.driven.Swap(&r); !r.System || last != nil && *last == r {
		return
	}
	if s.logs(Info) {
		s.log(Info, KindSockets, netip.AddrPort{}, s.host.voice.sockets(r), nil)
	}
}

// overflowCheck is how often a shard asks whether its socket overflows.
const overflowCheck = 10 * time.Second

// logOverflow warns once when datagrams are lost that a larger buffer might have
// held. Only a shard that has something to do asks: others lose nothing.
func (s *shard) logOverflow() {
	if !s.capped || s.now.Before(s.nextOverflowCheck) {
		return
	}
	s.nextOverflowCheck = s.now.Add(overflowCheck)
	r := s.socket.Report()
	if r.Overflows == 0 {
		return
	}
	s.capped = false
	if !s.host.overflowed.Swap(true) && s.logs(Warning) {
		s.log(Warning, KindSockets, netip.AddrPort{}, s.host.voice.overflow(r.Hint()), nil)
	}
}

func (s *shard) logAccepting() {
	switch accepting := s.host.accepting.Load(); {
	case !s.logs(Info):
	case accepting:
		s.log(Info, KindListening, netip.AddrPort{}, s.host.voice.listening(s.socket.LocalAddr().String()), nil)
	default:
		s.log(Info, KindNotAccepting, netip.AddrPort{}, s.host.voice.notAccepting(), nil)
	}
}
