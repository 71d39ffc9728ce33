package dtls

import (
	"errors"
	"net/netip"
	"syscall"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// What a shard tells its observer. Nothing here is formatted unless somebody
// listens.

// logs reports whether anybody listens to the log.
func (s *shard) logs() bool { return s.host.observer.Log != nil }

// logsUnverified reports whether there is to be a line about a peer that has
// proven nothing.
func (s *shard) logsUnverified() bool { return s.logs() && s.host.lines.allow(s.now) }

func (s *shard) log(level Level, kind Kind, peer netip.AddrPort, text string, err error) {
	s.callOut()
	s.host.observer.Log(Entry{Time: s.now, Level: level, Kind: kind, Peer: peer, Text: text, Err: err})
	s.callBack()
}

// logSuppressed accounts for the lines that were not shown.
func (s *shard) logSuppressed() {
	if n := s.host.lines.settle(s.now); n > 0 {
		s.log(Warning, KindSuppressed, netip.AddrPort{}, s.host.voice.suppressed(n), nil)
	}
}

func (s *shard) logEmpty(peer netip.AddrPort) {
	if s.logsUnverified() {
		s.log(Warning, KindEmpty, peer, s.host.voice.empty(), nil)
	}
}

func (s *shard) logUnverified(peer netip.AddrPort) {
	if s.logsUnverified() {
		s.log(Info, KindUnverified, peer, s.host.voice.unverified(peer), nil)
	}
}

func (s *shard) logStarted(peer netip.AddrPort, verified bool) {
	if s.logs() {
		s.log(Info, KindStarted, peer, s.host.voice.started(peer, verified), nil)
	}
}

// logProgress has a line for the first datagram of a handshake. The others
// may be anybody's.
func (s *shard) logProgress(sess *Session) {
	first := !sess.hs.progressed
	sess.hs.progressed = true
	if first && s.logs() || s.logsUnverified() {
		s.log(Info, KindProgress, sess.peer, s.host.voice.progress(sess.peer), nil)
	}
}

func (s *shard) logIdentity(sess *Session, identity []byte) {
	if s.logs() {
		s.log(Info, KindIdentity, sess.peer, s.host.voice.identity(identity), nil)
	}
}

func (s *shard) logUnknownIdentity(sess *Session) {
	if s.logs() && s.host.side == engine.Server {
		s.log(Warning, KindCredentials, sess.peer, s.host.voice.unknownIdentity(sess.peer, sess.hs.identity), ErrUnknownIdentity)
	}
}

func (s *shard) logLookup(sess *Session, what string, err error) {
	if s.logs() {
		s.log(Error, KindCredentials, sess.peer, s.host.voice.lookupFailed(sess.peer, what, err), err)
	}
}

func (s *shard) logEstablished(sess *Session) {
	if s.logs() {
		state := newConnectionState(sess)
		s.callOut()
		s.host.observer.Log(Entry{Time: s.now, Level: Info, Kind: KindEstablished, Peer: sess.peer, Text: s.host.voice.established(sess.peer, &state), State: &state})
		s.callBack()
	}
}

// logStray has a line for a record of the peer that says nothing. Other records
// that lead to nothing may be anybody's, and are only counted.
func (s *shard) logStray(peer netip.AddrPort) {
	if s.logsUnverified() {
		s.log(Warning, KindStray, peer, s.host.voice.stray(peer), nil)
	}
}

func (s *shard) logFailed(sess *Session, reason error) {
	if !s.logs() {
		return
	}
	level := Error
	if reason == ErrReplaced || reason == ErrServerClosed || reason == ErrSessionClosed {
		level = Info
	}
	s.log(level, KindFailed, sess.peer, s.host.voice.failed(sess.peer, reason), reason)
}

// logEnded has a line for each session that ends, except for those that the
// user closed.
func (s *shard) logEnded(sess *Session, reason error) {
	voice := s.host.voice
	switch {
	case !s.logs(), reason == ErrSessionClosed, reason == ErrServerClosed:
	case reason == ErrPeerClosed:
		s.log(Info, KindShutdown, sess.peer, voice.shutdown(sess.peer), reason)
	case reason == ErrReplaced, reason == ErrIdleTimeout:
		s.log(Info, KindClosed, sess.peer, voice.closed(sess.peer, reason), reason)
	default:
		s.log(Error, KindClosed, sess.peer, voice.closed(sess.peer, reason), reason)
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
	case !s.logs():
	case err == ErrWrongKey:
		s.log(Warning, KindWrongKey, sess.peer, s.host.voice.wrongKey(sess.peer, sess.hs.identity), err)
	default:
		s.log(Warning, KindProgress, sess.peer, s.host.voice.closed(sess.peer, err), err)
	}
}

// logSecret writes a line of the key log.
func (s *shard) logSecret(sess *Session, line []byte) {
	p := sess.hs.profile
	s.callOut()
	p.logSecret(line)
	s.callBack()
}

// drop counts a datagram or record that leads to nothing.
func (s *shard) drop(peer netip.AddrPort, reason wire.Drop) {
	s.counters.drops[reason].Add(1)
	if observe := s.host.observer.Drop; observe != nil {
		s.callOut()
		observe(Drop{Time: s.now, Peer: peer, Reason: reason})
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
	s.drop(sess.peer, reason)
	if reason == wire.DropEmptyRecord && sess.established() {
		s.logStray(sess.peer)
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
	if s.logsUnverified() {
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
	if s.logsUnverified() {
		s.log(Warning, KindSocket, peer, s.host.voice.notSent(peer, err), err)
	}
}

// onlySession returns the session of a client.
func (s *shard) onlySession() *Session {
	if s.host.side == engine.Client && s.table.len() == 1 {
		return s.table.list[0]
	}
	return nil
}

// unreachable hears that the network has no way to a client's server. That
// ends a handshake: somebody waits for it. An established session outlives
// it, as anyone can forge such news, and the server may come back.
func (s *shard) unreachable(sess *Session, err error) {
	reason := &UnreachableError{Peer: sess.peer, Err: err}
	s.drop(sess.peer, wire.DropSocketError)
	if !sess.established() {
		s.end(sess, reason)
		return
	}
	if s.logsUnverified() {
		s.log(Warning, KindUnreachable, sess.peer, s.host.voice.unreachable(sess.peer, reason), reason)
	}
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
	observe := s.host.observer.Handshake
	if observe == nil {
		return
	}
	e.Time, e.Session, e.Peer = s.now, sess.id, sess.peer
	s.callOut()
	observe(e)
	s.callBack()
}

func (s *shard) observeMessage(sess *Session, m engine.Message) {
	s.observeHandshake(sess, HandshakeEvent{Sent: m.Sent, Message: m.Type.String(), Seq: m.Seq, Length: m.Length})
}

func (s *shard) observeRetransmission(sess *Session, attempt int) {
	s.observeHandshake(sess, HandshakeEvent{Sent: true, Retransmission: attempt})
	if s.logs() && !sess.established() {
		s.log(Warning, KindRetransmitted, sess.peer, s.host.voice.retransmitted(sess.peer, attempt), nil)
	}
}

func (s *shard) observeAlert(sess *Session, alert wire.Alert) {
	s.observeHandshake(sess, HandshakeEvent{Alert: alert.String()})
	if s.logs() && !sess.established() {
		s.log(Warning, KindAlert, sess.peer, s.host.voice.alert(sess.peer, alert.String()), nil)
	}
}

func (s *shard) logListening() {
	if s.logs() {
		s.log(Info, KindListening, netip.AddrPort{}, s.host.voice.listening(s.socket.LocalAddr().String()), nil)
		if s.host.config.KeyLogWriter != nil {
			s.log(Warning, KindKeyLog, netip.AddrPort{}, s.host.voice.keyLog(), nil)
		}
	}
}

func (s *shard) logAccepting() {
	switch accepting := s.host.accepting.Load(); {
	case !s.logs():
	case accepting:
		s.log(Info, KindListening, netip.AddrPort{}, s.host.voice.listening(s.socket.LocalAddr().String()), nil)
	default:
		s.log(Info, KindNotAccepting, netip.AddrPort{}, s.host.voice.notAccepting(), nil)
	}
}
