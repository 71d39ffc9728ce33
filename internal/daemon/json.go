package daemon

import (
	"context"
	"encoding/hex"
	"io"
	"log/slog"

	"github.com/dtlsd/dtlsd/dtls"
)

// A jsonPrinter writes one JSON object a line: information to one stream,
// datagrams to the other. Text is escaped as for people, because a log is
// read on terminals too; the exact bytes are there in hex.
type jsonPrinter struct {
	information, datagrams slog.Handler
}

func newJSONPrinter(information, datagrams io.Writer) *jsonPrinter {
	// What is shown was decided before.
	everything := &slog.HandlerOptions{Level: slog.LevelDebug}
	return &jsonPrinter{
		information: slog.NewJSONHandler(information, everything),
		datagrams:   slog.NewJSONHandler(datagrams, everything),
	}
}

func (p *jsonPrinter) line(l Line) {
	r := slog.NewRecord(l.Time, l.Level, dtls.Escape(l.Text), 0)
	if l.Peer.IsValid() {
		r.AddAttrs(slog.String("peer", l.Peer.String()))
	}
	r.AddAttrs(l.Attrs...)
	p.information.Handle(context.Background(), r)
}

func (p *jsonPrinter) datagram(d Datagram, detail Detail) error {
	attrs := []slog.Attr{slog.Int("wire_size", d.CiphertextSize)}
	if detail == DetailFull {
		attrs = append(attrs, slog.String("ciphertext", hex.EncodeToString(d.Ciphertext)))
		attrs = append(attrs, plaintextAttrs(d)...)
	}
	return p.printDatagram(d, attrs)
}

func (p *jsonPrinter) answer(d Datagram) error {
	return p.printDatagram(d, plaintextAttrs(d))
}

func (p *jsonPrinter) printDatagram(d Datagram, attrs []slog.Attr) error {
	r := slog.NewRecord(d.Time, slog.LevelInfo, "datagram", 0)
	r.AddAttrs(slog.String("peer", d.Peer.String()), slog.Int("size", d.PlaintextSize))
	r.AddAttrs(attrs...)
	return p.datagrams.Handle(context.Background(), r)
}

func plaintextAttrs(d Datagram) []slog.Attr {
	return []slog.Attr{
		slog.String("plaintext", hex.EncodeToString(d.Plaintext)),
		slog.String("text", dtls.Escape(string(d.Plaintext))),
	}
}
