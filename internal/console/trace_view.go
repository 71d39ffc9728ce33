package console

import (
	"github.com/dtlsd/dtlsd/dtls"
)

// A brief is what a summary is made from, without a look at the steps.
type brief struct {
	HandshakeSummary
	identity string
	drops    [dtls.NumDrops]uint32
}

// brief copies and formats nothing: whoever serves datagrams waits for it.
func (tr *trace) brief() brief {
	return brief{
		HandshakeSummary: HandshakeSummary{
			ID: tr.id, Peer: tr.peer, Session: tr.session, Started: tr.started, Ended: tr.ended, Outcome: tr.outcome,
			ElapsedMS: milliseconds(tr.last.Sub(tr.started)), Steps: len(tr.steps), Explanation: tr.explanation,
		},
		identity: tr.identity,
		drops:    tr.drops,
	}
}

func (b *brief) summary() HandshakeSummary {
	s := b.HandshakeSummary
	s.Started, s.Identity = s.Started.UTC(), dtls.Escape(b.identity)
	if !s.Ended.IsZero() {
		s.Ended = s.Ended.UTC()
	}
	if s.Outcome == OutcomeGarbage {
		s.Explanation = garbage(&b.drops)
	}
	return s
}

// view describes a trace with its steps.
func (tr *trace) view() HandshakeTrace {
	b := tr.brief()
	view := HandshakeTrace{HandshakeSummary: b.summary(), Truncated: tr.truncated, Trace: make([]Step, len(tr.steps))}
	chosen := tr.choice()
	flights := flightCounter{last: make(map[bool]int)}
	for i := range tr.steps {
		s := &tr.steps[i]
		view.Trace[i] = s.view()
		view.Trace[i].Flight = flights.of(s)
		if s.hasBody {
			view.Trace[i].Fields = decode(s.typ, tr.data[s.body:s.bodyEnd], &chosen)
		}
	}
	return view
}

// view describes a step without its fields.
func (s *step) view() Step {
	v := Step{AtMS: milliseconds(s.at), Sent: s.sent, Kind: s.kind, Name: dtls.Escape(s.name)}
	switch s.kind {
	case StepMessage, StepFragment:
		v.Seq, v.Length = new(int(s.seq)), new(s.length)
		if s.kind == StepFragment {
			v.Offset, v.FragmentLength = new(s.offset), s.fragment
		}
	case StepRetransmission:
		v.Attempt = s.count
	case StepDrop:
		v.Name, v.Count, v.Text = s.reason.String(), s.count, dropAdvice(s.reason)
	case StepNote:
		v.Text = s.text
	}
	return v
}

// A flightCounter numbers the groups of steps in one direction. A flight that is
// sent again has the number that it had.
type flightCounter struct {
	n    int
	sent bool
	last map[bool]int // of those sent, and of those received
}

// of returns the number of the flight of a step; 0 for a step that is in none.
func (c *flightCounter) of(s *step) int {
	switch s.kind {
	case StepDrop, StepEstablished, StepNote:
		return 0
	}
	if again := c.last[s.sent]; s.kind == StepRetransmission && again > 0 {
		return again
	}
	if c.n == 0 || c.sent != s.sent {
		c.n++
		c.sent = s.sent
	}
	c.last[s.sent] = c.n
	return c.n
}
