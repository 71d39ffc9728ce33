package console

import (
	"net/netip"
	"time"
)

// An Outcome is how a handshake ended, so far.
type Outcome string

// The outcomes.
const (
	OutcomeRunning     Outcome = "running"
	OutcomeEstablished Outcome = "established"
	OutcomeFailed      Outcome = "failed"
	OutcomeUnanswered  Outcome = "unanswered" // the client never answered the cookie
	OutcomeGarbage     Outcome = "garbage"    // what came begins no handshake
)

// A HandshakeSummary is a handshake in a list.
type HandshakeSummary struct {
	ID          uint64         `json:"id"`
	Peer        netip.AddrPort `json:"peer"`
	Session     uint64         `json:"session,omitempty"`
	Started     time.Time      `json:"started"`
	Ended       time.Time      `json:"ended,omitzero"`
	Outcome     Outcome        `json:"outcome"`
	ElapsedMS   float64        `json:"elapsed_ms"` // to the end, or to the last step
	Identity    string         `json:"identity,omitempty"`
	Steps       int            `json:"steps"`
	Explanation string         `json:"explanation,omitempty"`
}

// A HandshakeTrace is a handshake with its steps.
type HandshakeTrace struct {
	HandshakeSummary
	Trace     []Step `json:"trace"`
	Truncated bool   `json:"truncated,omitempty"` // there were more steps, or more bytes, than are kept
}

// A StepKind says what happened in a step.
type StepKind string

// The kinds.
const (
	StepMessage        StepKind = "message"
	StepFragment       StepKind = "fragment"
	StepRetransmission StepKind = "retransmission"
	StepAlert          StepKind = "alert"
	StepDrop           StepKind = "drop"
	StepEstablished    StepKind = "established"
	StepNote           StepKind = "note"
)

// A Step is one thing that happened in a handshake. Which fields it has depends
// on its kind.
type Step struct {
	AtMS   float64  `json:"at_ms"` // since the handshake started
	Sent   bool     `json:"sent"`  // by the server
	Kind   StepKind `json:"kind"`
	Name   string   `json:"name,omitempty"`   // of the message or alert, or the reason of a drop
	Flight int      `json:"flight,omitempty"` // which group of steps in one direction

	Seq            *int `json:"seq,omitempty"`    // message_seq
	Length         *int `json:"length,omitempty"` // of the message's body
	Offset         *int `json:"offset,omitempty"` // of a fragment
	FragmentLength int  `json:"fragment_length,omitempty"`

	Attempt int    `json:"attempt,omitempty"` // of a retransmission
	Count   int    `json:"count,omitempty"`   // of drops in a row
	Text    string `json:"text,omitempty"`    // of a note, or what a drop mostly means

	Fields []Field `json:"fields,omitempty"`
}

// A Field is a part of a message.
type Field struct {
	Name   string  `json:"name"`
	Values []Value `json:"values"`
}

// A Value is a value of a field, or an element of a list.
type Value struct {
	Text     string `json:"text"`
	Accepted *bool  `json:"accepted,omitempty"` // whether the server chose it, where it chose from a list
}

// milliseconds returns a duration as the page wants it, to the microsecond.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
