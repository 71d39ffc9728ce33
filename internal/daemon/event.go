package daemon

import (
	"log/slog"
	"net/netip"
	"time"
)

// A Line is one piece of information.
type Line struct {
	Time  time.Time
	Level slog.Level
	Text  string         // complete in itself, the peer included; need not be printable
	Peer  netip.AddrPort // for those who filter; zero if it is about no peer
	Attrs []slog.Attr    // for those who filter
	Alert bool           // to be seen at once by those who watch a terminal, whatever its level
}

// A Datagram is one that was received and opened. Ciphertext and Plaintext
// may be cut off; the sizes are those of the whole.
type Datagram struct {
	Time           time.Time
	Peer           netip.AddrPort
	Ciphertext     []byte // the UDP payload
	Plaintext      []byte
	CiphertextSize int
	PlaintextSize  int
}

// A printer shows what happens, in the order in which it is told. Of its
// errors those count that lose data.
type printer interface {
	line(Line)
	datagram(d Datagram, detail Detail) error // that came to a server
	answer(d Datagram) error                  // that came to a client: its plaintext, for a pipe
}

func newPrinter(format LogFormat, streams Streams) printer {
	if format == FormatJSON {
		return newJSONPrinter(streams.Information, streams.Data)
	}
	return newTextPrinter(streams.Information, streams.Data)
}
