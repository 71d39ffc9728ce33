package console

import (
	"encoding/hex"
	"net/netip"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// A LogLine is an entry of the log, as the page gets it.
type LogLine struct {
	Seq     uint64    `json:"seq"`
	Time    time.Time `json:"time"`
	Type    string    `json:"type"`  // "log"
	Level   string    `json:"level"` // info, warning or error
	Kind    string    `json:"kind"`
	Peer    string    `json:"peer,omitempty"`
	Session uint64    `json:"session,omitempty"`
	Text    string    `json:"text"`
}

// A DatagramLine is a datagram with application data, as the page gets it. The
// bytes may be cut off, and are missing where payloads are not shown.
type DatagramLine struct {
	Seq            uint64    `json:"seq"`
	Time           time.Time `json:"time"`
	Type           string    `json:"type"` // "datagram"
	Session        uint64    `json:"session"`
	Peer           string    `json:"peer"`
	Sent           bool      `json:"sent"`
	Ciphertext     string    `json:"ciphertext,omitempty"` // in hex
	CiphertextSize int       `json:"ciphertext_size"`      // bytes, of the whole
	Plaintext      string    `json:"plaintext,omitempty"`  // in hex
	PlaintextSize  int       `json:"plaintext_size"`       // bytes, of the whole
}

// A line is either of them as it is kept: nothing is formatted before someone
// reads.
type line struct {
	seq     uint64
	time    time.Time
	peer    netip.AddrPort
	session uint64

	kind  dtls.Kind // empty for a datagram
	level dtls.Level
	text  string

	sent                          bool
	ciphertextSize, plaintextSize int
	ciphertext, plaintext         []byte // good for as long as the lines are not changed
}

func (l *line) isDatagram() bool { return l.kind == "" }

// view returns the line as JSON has it.
func (l *line) view() any {
	if l.isDatagram() {
		return DatagramLine{
			Seq: l.seq, Time: l.time.UTC(), Type: "datagram", Session: l.session, Peer: peerText(l.peer), Sent: l.sent,
			Ciphertext: hex.EncodeToString(l.ciphertext), CiphertextSize: l.ciphertextSize,
			Plaintext: hex.EncodeToString(l.plaintext), PlaintextSize: l.plaintextSize,
		}
	}
	return LogLine{
		Seq: l.seq, Time: l.time.UTC(), Type: "log", Level: l.level.String(), Kind: string(l.kind), Peer: peerText(l.peer),
		Session: l.session, Text: l.text,
	}
}

// peerText writes an address and port, or nothing if there is none.
func peerText(peer netip.AddrPort) string {
	if !peer.IsValid() {
		return ""
	}
	return peer.String()
}
