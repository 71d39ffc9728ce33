package console

import (
	"bytes"
	"log"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// faultLog returns where net/http reports what it cannot tell anybody else,
// such as a panic: a line of the console.
func (c *Console) faultLog() *log.Logger {
	return log.New(faultWriter{c}, "", 0)
}

type faultWriter struct{ console *Console }

// Write takes one report. Only what is wrong with ourselves becomes a line: of
// the rest, such as failed TLS handshakes and broken HTTP/2, anybody who reaches
// the port can make as much as they like.
func (w faultWriter) Write(report []byte) (int, error) {
	if bytes.Contains(report, []byte(": panic serving")) || bytes.HasPrefix(report, []byte("http: Accept error")) {
		first, _, _ := bytes.Cut(report, []byte("\n"))
		w.console.Tell(time.Now(), dtls.Warning, "console: "+dtls.Escape(string(first)))
	}
	return len(report), nil
}
