package daemon

import (
	"bytes"
	"log/slog"
	"testing"
	"time"
)

func TestJSONLines(t *testing.T) {
	now := time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC)
	var information, datagrams bytes.Buffer
	p := newJSONPrinter(&information, &datagrams)

	p.line(Line{Time: now, Level: slog.LevelInfo, Text: "Server is listening"})
	p.line(Line{Time: now, Level: slog.LevelDebug, Text: "a\x1b\u009b\u202eb", Peer: peer6, Attrs: []slog.Attr{slog.String("kind", "x")}})
	const wantInformation = `{"time":"2000-01-01T12:00:00Z","level":"INFO","msg":"Server is listening"}
{"time":"2000-01-01T12:00:00Z","level":"DEBUG","msg":"a\\x1b\\xc2\\x9b\\xe2\\x80\\xaeb","peer":"[::1]:34908","kind":"x"}
`
	if information.String() != wantInformation {
		t.Errorf("got\n%s\nwant\n%s", information.String(), wantInformation)
	}

	d := Datagram{Time: now, Peer: peer4, Ciphertext: []byte{0x17, 0xfe}, CiphertextSize: 2, Plaintext: []byte("a\xff"), PlaintextSize: 2}
	p.datagram(d, DetailFull)
	p.datagram(d, DetailMeta)
	p.answer(d)
	const wantDatagrams = `{"time":"2000-01-01T12:00:00Z","level":"INFO","msg":"datagram","peer":"127.0.0.1:34908","size":2,"wire_size":2,"ciphertext":"17fe","plaintext":"61ff","text":"a\\xff"}
{"time":"2000-01-01T12:00:00Z","level":"INFO","msg":"datagram","peer":"127.0.0.1:34908","size":2,"wire_size":2}
{"time":"2000-01-01T12:00:00Z","level":"INFO","msg":"datagram","peer":"127.0.0.1:34908","size":2,"plaintext":"61ff","text":"a\\xff"}
`
	if datagrams.String() != wantDatagrams {
		t.Errorf("got\n%s\nwant\n%s", datagrams.String(), wantDatagrams)
	}
}
