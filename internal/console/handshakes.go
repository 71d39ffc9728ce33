package console

import (
	"errors"
	"fmt"
	"net/http"
)

type handshakesAnswer struct {
	Handshakes []HandshakeSummary `json:"handshakes"`
}

func (c *Console) serveHandshakes(w http.ResponseWriter, _ *http.Request) {
	summaries := c.traces.summaries()
	if summaries == nil {
		summaries = []HandshakeSummary{} // a list in JSON, if an empty one
	}
	writeJSON(w, http.StatusOK, handshakesAnswer{summaries})
}

func (c *Console) serveHandshake(w http.ResponseWriter, r *http.Request) {
	id, ok := c.idOf(w, r)
	if !ok {
		return
	}
	trace, ok := c.traces.get(id)
	if !ok {
		writeProblem(w, problem{http.StatusNotFound, fmt.Sprintf("there is no handshake %d", id), "the last 256 are kept"})
		return
	}
	writeJSON(w, http.StatusOK, trace)
}

// serveCapture sends the packets of a session with the secrets that decrypt
// them.
func (c *Console) serveCapture(w http.ResponseWriter, r *http.Request) {
	id, ok := c.idOf(w, r)
	if !ok {
		return
	}
	if c.captures == nil {
		writeProblem(w, problem{http.StatusNotFound, "packets are not recorded", "start dtlsd with --console-captures"})
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=session-%d.pcapng", id))
	switch err := c.captures.write(w, id); {
	case errors.Is(err, errNoCapture):
		writeProblem(w, problem{http.StatusNotFound, fmt.Sprintf("there are no packets of session %d", id), ""})
	case err != nil: // too late for an answer: what arrives must not look whole
		panic(http.ErrAbortHandler)
	}
}
