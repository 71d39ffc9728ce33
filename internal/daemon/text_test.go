package daemon

import (
	"bytes"
	"io"
	"log/slog"
	"net/netip"
	"testing"
)

var (
	peer4 = netip.MustParseAddrPort("127.0.0.1:34908")
	peer6 = netip.MustParseAddrPort("[::1]:34908")
)

func TestDatagramBlockIsWordForWordQts(t *testing.T) {
	const want = "---------------\n" +
		"A message from (127.0.0.1:34908)\n" +
		"DTLS datagram:\n" +
		" 17 fe fd 00 01\n" +
		"As plain text:\n" +
		" I am Alice (clone number 0), please, accept our ping 0\n"
	var out bytes.Buffer
	p := newTextPrinter(Stream{Writer: io.Discard}, Stream{Writer: &out})
	p.datagram(Datagram{
		Peer:           peer4,
		Ciphertext:     []byte{0x17, 0xfe, 0xfd, 0, 1},
		CiphertextSize: 5,
		Plaintext:      []byte("I am Alice (clone number 0), please, accept our ping 0"),
		PlaintextSize:  54,
	}, DetailFull)
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestDatagramCannotForgeLinesOrReachTheTerminal(t *testing.T) {
	var out bytes.Buffer
	p := newTextPrinter(Stream{Writer: io.Discard}, Stream{Writer: &out})
	text := []byte("x\n---------------\nA message from (10.0.0.1:1)\x1b[2J")
	p.datagram(Datagram{Peer: peer6, Plaintext: text, PlaintextSize: len(text)}, DetailFull)
	const want = "---------------\nA message from ([::1]:34908)\nDTLS datagram:\n \nAs plain text:\n" +
		` x\x0a---------------\x0aA message from (10.0.0.1:1)\x1b[2J` + "\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestCutDatagramSaysWhatIsMissing(t *testing.T) {
	var out bytes.Buffer
	p := newTextPrinter(Stream{Writer: io.Discard}, Stream{Writer: &out})
	p.datagram(Datagram{Peer: peer4, Ciphertext: []byte{1, 2}, CiphertextSize: 1200, Plaintext: []byte("ab"), PlaintextSize: 1170}, DetailFull)
	for _, want := range []string{" 01 02 ... and 1198 more bytes\n", " ab ... and 1168 more bytes\n"} {
		if !bytes.Contains(out.Bytes(), []byte(want)) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

func TestMetaShowsNoContent(t *testing.T) {
	var out bytes.Buffer
	p := newTextPrinter(Stream{Writer: io.Discard}, Stream{Writer: &out})
	p.datagram(Datagram{Peer: peer4, CiphertextSize: 45, PlaintextSize: 8}, DetailMeta)
	if got, want := out.String(), "A message from (127.0.0.1:34908): 8 bytes, 45 on the wire\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLinesAreColouredOnlyWhereColoursAreWanted(t *testing.T) {
	tests := []struct {
		level slog.Level
		want  string
	}{
		{slog.LevelError, "\x1b[48;2;220;20;60;38;2;255;255;255mtext\x1b[0m\n"},
		{slog.LevelWarn, "\x1b[48;2;255;140;0;38;2;0;0;0mtext\x1b[0m\n"},
		{slog.LevelInfo, "\x1b[48;2;0;0;139;38;2;255;255;255mtext\x1b[0m\n"},
		{slog.LevelDebug, "\x1b[48;2;0;0;139;38;2;255;255;255mtext\x1b[0m\n"},
	}
	for _, tt := range tests {
		var coloured, plain bytes.Buffer
		newTextPrinter(Stream{Writer: &coloured, Colour: TrueColour}, Stream{}).line(Line{Level: tt.level, Text: "text"})
		newTextPrinter(Stream{Writer: &plain}, Stream{}).line(Line{Level: tt.level, Text: "text"})
		if coloured.String() != tt.want {
			t.Errorf("%v: got %q, want %q", tt.level, coloured.String(), tt.want)
		}
		if plain.String() != "text\n" {
			t.Errorf("%v: got %q without colours", tt.level, plain.String())
		}
	}
}

func TestIdentityInALineIsEscaped(t *testing.T) {
	var out bytes.Buffer
	newTextPrinter(Stream{Writer: &out}, Stream{}).line(Line{Text: "identity: '\x1b]0;x\a\u202e'"})
	if got, want := out.String(), `identity: '\x1b]0;x\x07\xe2\x80\xae'`+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
