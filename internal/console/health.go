package console

import (
	"io"
	"net/http"
)

// serveAlive answers as long as anything is answered.
func serveAlive(w http.ResponseWriter, _ *http.Request) { writeOK(w) }

// serveReady tells whether a client could connect now.
func (c *Console) serveReady(w http.ResponseWriter, _ *http.Request) {
	addresses, accepting := c.backend.Listening()
	switch {
	case len(addresses) == 0:
		writeProblem(w, problem{http.StatusServiceUnavailable, "not listening: no socket is open", ""})
	case !accepting:
		writeProblem(w, problem{http.StatusServiceUnavailable, "not accepting new sessions", ""})
	default:
		writeOK(w)
	}
}

func writeOK(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "ok\n")
}
