package console

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// tracesKept is how many traces there are at most.
const tracesKept = 256

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
