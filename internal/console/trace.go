package console

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// The bounds of a trace.
const (
	traceSteps = 64
	traceDrops = traceSteps / 2 // of these steps: anyone can have datagrams dropped
	traceBytes = 16 << 10       // of bodies and texts
	traceText  = 2 << 10        // of an explanation or a note
)

// A trace is what is kept of one handshake, or of an address from which
// something else comes. Messages are kept as they came: they are decoded when
// someone looks.
type trace struct {
	id      uint64
	version uint64 // of the collection, when the trace last changed
	peer    netip.AddrPort
	session uint64 // 0 before the cookie

	started, last, ended time.Time
	outcome              Outcome
	identity             string // as it came
	unknownIdentity      bool
	explanation          string
	certainty            certainty

	steps     []step
	dropSteps int
	data      []byte // bodies of messages, one after the other
	texts     int    // bytes of the texts of steps
	truncated bool
	drops     [dtls.NumDrops]uint32
	repeated  int // how often the last flight was sent again
}

// A step is one thing that happened, in the form in which it is kept.
type step struct {
	at   time.Duration // since the start
	kind StepKind
	sent bool

	name             string // of a message or an alert
	typ              wire.HandshakeType
	seq              uint16
	length           int // of the message
	offset, fragment int // of a part of it
	body, bodyEnd    int // where in the trace's data the body is
	hasBody          bool

	reason dtls.DropReason
	count  int    // of drops or of attempts
	text   string // of a note
}

// running reports whether the end is still to come.
func (tr *trace) running() bool { return tr.outcome == OutcomeRunning }

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

func (tr *trace) note(e dtls.Entry) { tr.addNote(e.Time, clip(dtls.Escape(withoutPeer(e)), traceText)) }

// add appends a step, if there is room.
func (tr *trace) add(at time.Time, s step) bool {
	tr.last = at
	if len(tr.steps) == traceSteps {
		tr.truncated = true
		return false
	}
	s.at = at.Sub(tr.started)
	tr.steps = append(tr.steps, s)
	return true
}

// addEvent appends a message, an alert or a repeated flight.
func (tr *trace) addEvent(e dtls.HandshakeEvent) {
	s := step{sent: e.Sent}
	switch {
	case e.Retransmission > 0:
		s.kind, s.count = StepRetransmission, e.Retransmission
		tr.repeated = e.Retransmission
	case e.Alert != "":
		s.kind, s.name = StepAlert, e.Alert
	default:
		s.kind, s.name, s.typ, s.seq, s.length = StepMessage, e.Message, wire.HandshakeType(e.Type), e.Seq, e.Length
		s.offset, s.fragment = e.Offset, e.Fragment
		if e.Fragment > 0 {
			s.kind = StepFragment
		}
		if !e.Sent {
			tr.repeated = 0 // what was repeated has arrived
		}
	}
	if tr.add(e.Time, s) && s.kind == StepMessage {
		tr.keepBody(&tr.steps[len(tr.steps)-1], e.Body)
	}
}

func (tr *trace) keepBody(s *step, body []byte) {
	if tr.size()+len(body) > traceBytes {
		tr.truncated = true
		return
	}
	s.body, s.hasBody = len(tr.data), true
	tr.data = append(tr.data, body...)
	s.bodyEnd = len(tr.data)
}

func (tr *trace) size() int { return len(tr.data) + tr.texts }

// addDrop counts a datagram that led to nothing. Those for one reason in a row
// are one step. It does not allocate once there is no room for more.
func (tr *trace) addDrop(d dtls.Drop) {
	tr.drops[d.Reason]++
	tr.last = d.Time
	if n := len(tr.steps); n > 0 && tr.steps[n-1].kind == StepDrop && tr.steps[n-1].reason == d.Reason {
		tr.steps[n-1].count++
		return
	}
	if tr.dropSteps == traceDrops {
		tr.truncated = true
		return
	}
	if tr.add(d.Time, step{kind: StepDrop, reason: d.Reason, count: 1}) {
		tr.dropSteps++
	}
}

// addNote appends a line of the log that explains something.
func (tr *trace) addNote(at time.Time, text string) {
	if tr.size()+len(text) > traceBytes {
		tr.truncated = true
		return
	}
	if tr.add(at, step{kind: StepNote, text: text}) {
		tr.texts += len(text)
	}
}

// end says how the handshake ended.
func (tr *trace) end(at time.Time, outcome Outcome) {
	tr.outcome, tr.last, tr.ended = outcome, at, at
}

// A certainty says how much an explanation is worth.
type certainty uint8

const (
	guess   certainty = iota + 1 // it may be over, or forged
	verdict                      // it is how the handshake ended
	cause                        // it is why it must end so, known before the end
)

// explain sets the explanation, unless there is a better one.
func (tr *trace) explain(text string, c certainty) {
	if c > tr.certainty || c == guess && tr.certainty == guess {
		tr.explanation, tr.certainty = clip(dtls.Escape(text), traceText), c
	}
}

// reset makes tr an empty trace that reuses the memory.
func (tr *trace) reset() { *tr = trace{steps: tr.steps[:0], data: tr.data[:0]} }

// clone returns a copy that nobody writes to.
func (tr *trace) clone() *trace {
	c := *tr
	c.steps, c.data = slices.Clone(tr.steps), bytes.Clone(tr.data)
	return &c
}
