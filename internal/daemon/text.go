package daemon

import (
	"fmt"
	"net/netip"
	"sync"

	"github.com/dtlsd/dtlsd/dtls"
)

// A textPrinter writes for people: information to one stream, datagrams to
// the other, in the words of Qt's example programs.
type textPrinter struct {
	information, datagrams Stream

	mu  sync.Mutex
	buf []byte
}

func newTextPrinter(information, datagrams Stream) *textPrinter {
	return &textPrinter{information: information, datagrams: datagrams}
}

func (p *textPrinter) line(l Line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buf = appendPainted(p.buf[:0], p.information.Colour, paintOf(l), func(b []byte) []byte {
		return dtls.AppendEscaped(b, []byte(l.Text))
	})
	p.information.Write(p.buf)
}

func (p *textPrinter) datagram(d Datagram, detail Detail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buf = p.buf[:0]
	if detail == DetailMeta {
		p.append(func(b []byte) []byte {
			b = appendPeer(append(b, "A message from "...), d.Peer)
			return fmt.Appendf(b, ": %d bytes, %d on the wire", d.PlaintextSize, d.CiphertextSize)
		})
	} else {
		p.appendBlock(d)
	}
	_, err := p.datagrams.Write(p.buf)
	return err
}

func (p *textPrinter) answer(d Datagram) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buf = p.buf[:0]
	p.append(func(b []byte) []byte { return dtls.AppendEscaped(b, d.Plaintext) })
	_, err := p.datagrams.Write(p.buf)
	return err
}

func (p *textPrinter) appendBlock(d Datagram) {
	p.append(func(b []byte) []byte { return append(b, "---------------"...) })
	p.append(func(b []byte) []byte { return appendPeer(append(b, "A message from "...), d.Peer) })
	p.append(func(b []byte) []byte { return append(b, "DTLS datagram:"...) })
	p.append(func(b []byte) []byte {
		b = appendSpacedHex(append(b, ' '), d.Ciphertext)
		return appendRest(b, d.CiphertextSize-len(d.Ciphertext))
	})
	p.append(func(b []byte) []byte { return append(b, "As plain text:"...) })
	p.append(func(b []byte) []byte {
		b = dtls.AppendEscaped(append(b, ' '), d.Plaintext)
		return appendRest(b, d.PlaintextSize-len(d.Plaintext))
	})
}

// append appends one line about a datagram.
func (p *textPrinter) append(text func([]byte) []byte) {
	p.buf = appendPainted(p.buf, p.datagrams.Colour, darkMagenta, text)
}

func appendRest(b []byte, n int) []byte {
	if n <= 0 {
		return b
	}
	return fmt.Appendf(b, " ... and %d more bytes", n)
}

// appendPainted appends a line and its end. The colour ends before the line
// does, or a terminal would fill the rest of the screen's line with it.
func appendPainted(b []byte, depth Colour, p paint, text func([]byte) []byte) []byte {
	if depth == NoColour {
		return append(text(b), '\n')
	}
	b = p.appendCode(b, depth)
	return append(text(b), "\x1b[0m\n"...)
}

// prefix is how a line about a peer begins; empty if the peer is not known.
func prefix(peer netip.AddrPort) string {
	if !peer.IsValid() {
		return ""
	}
	return string(appendPeer(nil, peer)) + ": "
}

// appendPeer appends an address as Qt writes it: (127.0.0.1:22334).
func appendPeer(b []byte, peer netip.AddrPort) []byte {
	b = append(b, '(')
	b = peer.AppendTo(b)
	return append(b, ')')
}
