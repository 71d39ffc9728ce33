package dtls

import (
	"io"
	"net/netip"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// An arrival is what matters of a datagram while it is being opened, and after.
type arrival struct {
	session    *Session // whose it is
	from       route
	late       bool    // it came to the socket that the shard had before
	answered   bool    // it held an answer to a path_challenge
	challenged bool    // it held a path_challenge whose answer is still to leave
	cookie     [8]byte // of that
	budget     int     // bytes that may answer it where the peer is not known to be
}

// begin begins with another datagram, of n bytes.
func (a *arrival) begin(sess *Session, from route, n int) {
	*a = arrival{session: sess, from: from, late: a.late, budget: amplification * n}
}

// mayAnswer reports whether an answer of n bytes may leave, and takes it off the
// budget. Our records may be longer than the peer's, and the address somebody
// else's.
func (a *arrival) mayAnswer(sess *Session, n int) bool {
	if a.from.peer == sess.peer() {
		return true
	}
	a.budget -= n
	return a.budget >= 0
}

// peerOf returns where the last datagram of a session came from, if it is the one
// being opened.
func (a *arrival) peerOf(sess *Session) netip.AddrPort {
	if a.session == sess {
		return a.from.peer
	}
	return sess.peer()
}

// receiveByCID takes a datagram with the connection ID of a session.
func (s *shard) receiveByCID(sess *Session, datagram []byte, from route) {
	if !sess.established() && from.peer != sess.peer() {
		// A handshake stays where its cookie was shown.
		s.dropFor(sess, wire.DropUnknownPeer)
		return
	}
	s.receiveFor(sess, datagram, from)
}

// follow looks whether the peer of a session has another address now. It comes
// after a datagram of n bytes was received for the session.
func (s *shard) follow(sess *Session, from route, n int) {
	check := sess.path
	if check == nil && from.peer == sess.peer() || sess.ended || !sess.established() {
		return
	}
	if !sess.assoc.Newest() || s.arrival.answered {
		return // what an answer means, the check has said
	}
	switch {
	case check == nil, check.stage == unproven && from.peer != check.candidate.peer:
		s.suspectMove(sess, from, n)
	case check.stage == unproven:
		check.hear(from.peer, sess.peer(), n)
		sess.path = nil
	default:
		s.conclude(sess, check.hear(from.peer, sess.peer(), n))
	}
}

// suspectMove begins to find out whether a peer has moved.
func (s *shard) suspectMove(sess *Session, to route, n int) {
	checked := sess.negotiated().RRC
	if !checked && s.host.config.AddressChange == AddressChangeIfChecked {
		return
	}
	sess.path = newPathCheck(s.now, to, n, checked)
	if !checked {
		s.move(sess, to, false)
		return
	}
	s.advancePath(sess)
}

// advancePath does what is due in the check of a session's path.
func (s *shard) advancePath(sess *Session) {
	check := sess.path
	outcome := check.timeout(s.now)
	if outcome == pathOpen && check.wantsChallenge(s.now) && !s.challenge(sess) {
		outcome = pathLost
	}
	s.conclude(sess, outcome)
}

// challenge sends a path_challenge. It reports false if there is no randomness
// for one.
func (s *shard) challenge(sess *Session) bool {
	m := wire.ReturnRoutabilityCheck{Type: wire.RRCPathChallenge}
	if _, err := io.ReadFull(s.host.config.rand(), m.Cookie[:]); err != nil {
		return false
	}
	to, ok := sess.path.challenge(m.Cookie, sess.at(), len(m.AppendTo(nil))+sess.assoc.Overhead())
	if ok {
		s.sendCheck(sess, m, to)
	}
	return true
}

// sendCheck sends a message of the return routability check.
func (s *shard) sendCheck(sess *Session, m wire.ReturnRoutabilityCheck, to route) {
	datagram, err := sess.assoc.AppendRoutabilityCheck(s.out.room(checkRoom+sess.assoc.Overhead()), m)
	if err != nil {
		return
	}
	s.observePacket(sess, true, to, datagram)
	s.queue(datagram, to)
}

// checkRoom is the length of a return_routability_check.
const checkRoom = 9

// hearCheck takes an authenticated message of the return routability check.
func (s *shard) hearCheck(sess *Session, m wire.ReturnRoutabilityCheck) {
	challenged := m.Type == wire.RRCPathChallenge
	s.arrival.answered, s.arrival.challenged, s.arrival.cookie = !challenged, challenged, m.Cookie
	if sess.path != nil && !challenged {
		stage := sess.path.stage
		s.conclude(sess, sess.path.answer(s.now, s.arrival.from.peer, m))
		if sess.path != nil && sess.path.stage != stage {
			s.advancePath(sess)
		}
	}
}

// emit puts a datagram of the engine on its way. What answers a path_challenge
// goes to where that came from: RFC 9853, Section 5.4.
func (s *shard) emit(sess *Session, datagram []byte) {
	to := sess.at()
	if s.arrival.challenged {
		s.arrival.challenged = false
		switch {
		case s.arrival.late:
			s.sendDrop(sess)
			return
		case !s.arrival.mayAnswer(sess, len(datagram)):
			s.dropFor(sess, wire.DropUnprovenAddress)
			return
		}
		to = s.arrival.from
	} else if sess.path != nil && sess.path.stage == unproven && !sess.path.spend(len(datagram)) {
		s.dropFor(sess, wire.DropUnprovenAddress)
		return
	}
	datagram = append(s.out.room(len(datagram)), datagram...)
	s.observePacket(sess, true, to, datagram)
	s.queue(datagram, to)
}

// conclude does what follows from a step of the check of a session's path.
func (s *shard) conclude(sess *Session, outcome pathOutcome) {
	check := sess.path
	switch outcome {
	case pathOpen:
		s.timers.set(sess, sess.deadline())
		return
	case pathMoved:
		s.move(sess, check.candidate, true)
	default:
		s.counters.checksFailed.Add(1)
		s.logStays(sess, check.candidate.peer, outcome == pathLost)
	}
	if s.release(sess); !sess.ended {
		s.timers.set(sess, sess.deadline())
	}
}

// release ends the check of a session's path and sends what it held back.
func (s *shard) release(sess *Session) {
	check := sess.path
	sess.path = nil
	for _, plaintext := range check.held {
		s.send(sess, plaintext)
	}
}

// mayLeave reports whether a datagram with n bytes of plaintext may be sent to
// the peer now. If not, it is kept or dropped.
func (s *shard) mayLeave(sess *Session, plaintext []byte) bool {
	check := sess.path
	switch {
	case check == nil:
		return true
	case check.stage == unproven && check.spend(len(plaintext)+sess.assoc.Overhead()):
		return true
	case check.stage != unproven && check.hold(plaintext):
		return false
	}
	s.dropFor(sess, wire.DropUnprovenAddress)
	return false
}

// move gives a session another address of its peer.
func (s *shard) move(sess *Session, to route, checked bool) {
	from := sess.peer()
	rival := sess.rival
	sess.rival = nil
	if other := s.table.get(to.peer); other != nil {
		s.wake(other)
	}
	s.table.move(sess, to)
	if rival != nil {
		s.table.put(rival)
	}
	sess.moves++
	s.counters.moves.Add(1)
	s.tellMove(sess, from, checked)
}

// earlier returns the earlier of two times, of which zero ones are none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
