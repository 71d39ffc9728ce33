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

// Write takes one report. Failed TLS handshakes are left out, because anybody
// who reaches the port can make as many of them as they like.
func (w faultWriter) Write(report []byte) (int, error) {
	if !bytes.HasPrefix(report, []byte("http: TLS handshake error")) {
		first, _, _ := bytes.Cut(report, []byte("\n"))
		w.console.Tell(time.Now(), dtls.Warning, "console: "+dtls.Escape(string(first)))
	}
	return len(report), nil
}
