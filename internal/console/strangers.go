package console

import (
	"net/netip"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// Strangers are addresses without a session: clients whose cookie is still to
// come back, those that never showed one, and what sends something else. Whoever
// makes addresses up displaces no trace of a client that is there.
const (
	tracesPending    = 32 // of clients whose verdict is still to come
	tracesUnanswered = 64
	tracesGarbage    = 64

	// garbageRate is how many addresses a second become traces of garbage. The
	// drops of all others cost a look-up.
	garbageRate = 8

	// attemptTime is how long what a client without a session sends is taken
	// for the same attempt.
	attemptTime = time.Minute
	// pendingTime is when the verdict about a cookie can no longer come.
	pendingTime = 10 * time.Second
	// lateTime is how long after the end of a handshake what comes from its
	// client may still be part of it.
	lateTime = 10 * time.Second
)

// ofStranger hears of a step of a client that has not shown its cookie yet.
func (t *traces) ofStranger(e dtls.HandshakeEvent) {
	tr := t.attemptOf(e.Peer, e.Time)
	switch {
	case e.Unanswered && tr == nil:
	case e.Unanswered:
		if tr.running() {
			t.makeRoom(tracesUnanswered, isUnanswered)
		}
		tr.end(e.Time, OutcomeUnanswered)
		tr.explain("the client never answered the cookie: probably a firewall or a spoofed source", verdict)
		t.changed(tr)
	case tr != nil:
		tr.addEvent(e)
		if e.Err != nil {
			t.makeRoom(tracesGarbage, isGarbage)
			tr.end(e.Time, OutcomeFailed)
			tr.explain(refusedHello(e.Err), verdict)
		}
		t.changed(tr)
	default:
		if t.makeRoomForPending(e.Time) {
			tr = t.begin(e.Peer, e.Time)
			tr.addEvent(e)
		}
	}
}

// attemptOf returns the trace of a client that is at the beginning of its
// handshake, or nil.
func (t *traces) attemptOf(peer netip.AddrPort, now time.Time) *trace {
	tr := t.byPeer[peer]
	if tr == nil || tr.session != 0 || now.Sub(tr.started) > attemptTime {
		return nil
	}
	if !tr.running() && tr.outcome != OutcomeUnanswered {
		return nil
	}
	return tr
}

// concerned returns the trace that a drop for no session belongs to, a new one
// if need be, or nil.
func (t *traces) concerned(d dtls.Drop) *trace {
	tr := t.byPeer[d.Peer]
	switch {
	case tr != nil && tr.session == 0:
		return tr
	case tr != nil && tr.isLate(d):
		return nil
	case !d.Peer.IsValid() || !isTelling(d.Reason) || !t.garbageAllowed(d.Time):
		return nil
	}
	t.makeRoom(tracesGarbage, isGarbage)
	tr = t.begin(d.Peer, d.Time)
	tr.end(d.Time, OutcomeGarbage)
	return tr
}

// isLate reports whether a datagram that is for no session is what was left of
// the session that the trace is of.
func (tr *trace) isLate(d dtls.Drop) bool {
	switch tr.outcome {
	case OutcomeRunning:
		return true
	case OutcomeEstablished:
		return d.Reason == wire.DropUnknownPeer || d.Time.Sub(tr.last) < lateTime
	default:
		return d.Time.Sub(tr.ended) < lateTime
	}
}

// garbageAllowed reports whether another trace of garbage may begin, and counts
// it.
func (t *traces) garbageAllowed(now time.Time) bool {
	if now.Sub(t.second) >= time.Second {
		t.second, t.garbage = now, 0
	}
	t.garbage++
	return t.garbage <= garbageRate
}

// The sorts of those without a session. One that was refused counts as garbage:
// as many of them can be made up.
func isPending(tr *trace) bool    { return tr.session == 0 && tr.outcome == OutcomeRunning }
func isUnanswered(tr *trace) bool { return tr.session == 0 && tr.outcome == OutcomeUnanswered }
func isGarbage(tr *trace) bool {
	return tr.session == 0 && (tr.outcome == OutcomeGarbage || tr.outcome == OutcomeFailed)
}

// makeRoom forgets the oldest trace of a sort where there are as many as may be.
func (t *traces) makeRoom(most int, sort func(*trace) bool) {
	if tr, n := t.oldest(sort); n >= most {
		t.forget(tr)
	}
}

// makeRoomForPending reports whether there is room for a client that was sent a
// cookie. Those that await their verdict are not displaced by more of the kind.
func (t *traces) makeRoomForPending(now time.Time) bool {
	tr, n := t.oldest(isPending)
	if n < tracesPending {
		return true
	}
	if now.Sub(tr.started) < pendingTime {
		return false
	}
	t.forget(tr)
	return true
}
