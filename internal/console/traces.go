package console

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// The bounds of the collection.
const (
	tracesKept = 256

	// Of the traces, those of clients that have proven nothing: of hellos whose
	// cookie is still to come back, of those whose cookie never did, and of
	// addresses from which something else comes. Whoever makes addresses up
	// displaces no trace of a client that is there.
	tracesPending    = 32
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

// traces collects the handshakes that a server is told of. Its hooks copy what
// they are told, and nothing is formatted before someone looks, except for the
// few words of a failure.
type traces struct {
	mu        sync.Mutex
	all       []*trace // the oldest first
	bySession map[uint64]*trace
	byPeer    map[netip.AddrPort]*trace // the newest of each
	spare     *trace                    // one that was forgotten, for its memory
	lastID    uint64
	version   uint64

	second  time.Time // in which the traces of garbage were begun
	garbage int
}

func newTraces() *traces {
	return &traces{bySession: make(map[uint64]*trace), byPeer: make(map[netip.AddrPort]*trace)}
}

// handshake hears of a step. It is a hook of [dtls.Observer].
func (t *traces) handshake(e dtls.HandshakeEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.Session == 0 {
		t.ofStranger(e)
		return
	}
	tr := t.bySession[e.Session]
	switch {
	case tr == nil:
	case tr.running():
		tr.addEvent(e)
		if reason, ok := strings.CutPrefix(e.Alert, "fatal "); ok && !e.Sent {
			tr.explain(refusedByClient(reason)+"; as anyone may have sent that, the server still waits", guess)
		}
		t.changed(tr)
	case tr.outcome == OutcomeEstablished && e.Retransmission > 0:
		tr.addEvent(e)
		tr.explain("the last flight of the handshake was lost on its way to the client: it was sent again", verdict)
		t.changed(tr)
	}
}

// ofStranger hears of a step of a client that has not shown its cookie yet.
func (t *traces) ofStranger(e dtls.HandshakeEvent) {
	tr := t.attemptOf(e.Peer, e.Time)
	switch {
	case e.Unanswered && tr == nil:
	case e.Unanswered:
		t.makeRoom(tracesUnanswered, isUnanswered)
		tr.end(e.Time, OutcomeUnanswered)
		tr.explain("the client never answered the cookie: probably a firewall or a spoofed source", verdict)
		t.changed(tr)
	case tr != nil:
		tr.addEvent(e)
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

// log hears of a line of the log. It is a hook of [dtls.Observer].
func (t *traces) log(e dtls.Entry) {
	if e.Session == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.Kind == dtls.KindStarted {
		t.start(e)
		return
	}
	if tr := t.bySession[e.Session]; tr != nil && tr.running() && tr.hear(e) {
		t.changed(tr)
	}
}

// start begins the trace of a session, or goes on with that of its client's
// first hello.
func (t *traces) start(e dtls.Entry) {
	tr := t.attemptOf(e.Peer, e.Time)
	if tr == nil {
		tr = t.begin(e.Peer, e.Time)
	}
	tr.session = e.Session
	tr.outcome, tr.ended = OutcomeRunning, time.Time{}
	tr.explanation, tr.certainty = "", 0
	t.bySession[e.Session] = tr
	t.changed(tr)
}

// hear takes a line about a handshake in progress. It reports whether the line
// says something that the trace did not.
func (tr *trace) hear(e dtls.Entry) bool {
	switch e.Kind {
	case dtls.KindIdentity:
		tr.identity = string(e.Identity)
	case dtls.KindCredentials:
		tr.unknownIdentity = tr.unknownIdentity || errors.Is(e.Err, dtls.ErrUnknownIdentity)
		tr.note(e)
		tr.explain(tr.missingCredential(e), cause)
	case dtls.KindWrongKey:
		tr.note(e)
		tr.explain(tr.wrongKey(), cause)
	case dtls.KindEstablished:
		tr.add(e.Time, step{kind: StepEstablished})
		tr.end(e.Time, OutcomeEstablished)
		tr.explanation, tr.certainty = "", 0
	case dtls.KindFailed:
		tr.note(e)
		tr.end(e.Time, OutcomeFailed)
		tr.explain(tr.failure(e.Err), verdict)
	default:
		return false
	}
	return true
}

func (tr *trace) note(e dtls.Entry) { tr.addNote(e.Time, clip(printable(withoutPeer(e)), traceText)) }

// drop hears of a datagram or record that led to nothing. It is a hook of
// [dtls.Observer]. Of an established session it is no step of the handshake.
func (t *traces) drop(d dtls.Drop) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tr := t.bySession[d.Session]
	if d.Session == 0 {
		tr = t.concerned(d)
	} else if tr != nil && !tr.running() {
		tr = nil
	}
	if tr == nil {
		return
	}
	tr.addDrop(d)
	if !tr.running() {
		tr.ended = d.Time
	}
	if tr.session == 0 && isRefusal(d.Reason) && tr.outcome != OutcomeFailed {
		tr.end(d.Time, OutcomeFailed)
		tr.explain(refusal(d.Reason), verdict)
	}
	t.changed(tr)
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

// begin begins a trace.
func (t *traces) begin(peer netip.AddrPort, now time.Time) *trace {
	if len(t.all) == tracesKept {
		t.forget(t.expendable())
	}
	tr := t.spare
	if tr == nil {
		tr = &trace{}
	}
	t.spare = nil
	tr.reset()
	t.lastID++
	tr.id, tr.peer, tr.outcome, tr.started, tr.last = t.lastID, peer, OutcomeRunning, now, now
	t.all = append(t.all, tr)
	t.byPeer[peer] = tr
	t.changed(tr)
	return tr
}

func (t *traces) changed(tr *trace) {
	t.version++
	tr.version = t.version
}

// expendable returns the trace to be forgotten: the oldest of those that went
// well, then of those in progress, and at last of those that explain a failure.
func (t *traces) expendable() *trace {
	for _, outcome := range []Outcome{OutcomeEstablished, OutcomeRunning} {
		if tr, n := t.oldest(func(tr *trace) bool { return tr.outcome == outcome }); n > 0 {
			return tr
		}
	}
	return t.all[0]
}

// oldest returns the oldest trace of a sort, and how many there are.
func (t *traces) oldest(sort func(*trace) bool) (oldest *trace, n int) {
	for _, tr := range t.all {
		if sort(tr) {
			if n == 0 {
				oldest = tr
			}
			n++
		}
	}
	return oldest, n
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

func (t *traces) forget(tr *trace) {
	t.all = slices.DeleteFunc(t.all, func(other *trace) bool { return other == tr })
	if t.bySession[tr.session] == tr {
		delete(t.bySession, tr.session)
	}
	if t.byPeer[tr.peer] == tr {
		delete(t.byPeer, tr.peer)
	}
	t.spare = tr
}

// summaries describes all traces, the newest first.
func (t *traces) summaries() []HandshakeSummary {
	all, _ := t.changedSince(0)
	return all
}

// changedSince describes the traces that changed since a version, the newest
// first, and returns the version to ask with next.
func (t *traces) changedSince(version uint64) ([]HandshakeSummary, uint64) {
	changed, now := t.briefsSince(version)
	list := make([]HandshakeSummary, len(changed))
	for i := range changed {
		list[i] = changed[i].summary()
	}
	return list, now
}

func (t *traces) briefsSince(version uint64) ([]brief, uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var changed []brief
	for _, tr := range slices.Backward(t.all) {
		if tr.version > version {
			changed = append(changed, tr.brief())
		}
	}
	return changed, t.version
}

// get returns a trace with its messages decoded.
func (t *traces) get(id uint64) (HandshakeTrace, bool) {
	tr := t.find(id)
	if tr == nil {
		return HandshakeTrace{}, false
	}
	return tr.view(), true
}

func (t *traces) find(id uint64) *trace {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tr := range t.all {
		if tr.id == id {
			return tr.clone()
		}
	}
	return nil
}
