package console

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/dtlsd/dtlsd/dtls"
)

func (c *Console) serveSessions(w http.ResponseWriter, r *http.Request) {
	q, err := parseSessionsQuery(r.URL.Query())
	if err != nil {
		writeProblem(w, problemOf(http.StatusBadRequest, err))
		return
	}
	writeJSON(w, http.StatusOK, c.sessions.page(q))
}

func (c *Console) serveSession(w http.ResponseWriter, r *http.Request) {
	if s := c.sessionOf(w, r); s != nil {
		info := s.Info()
		writeJSON(w, http.StatusOK, sessionView(&info, c.sessions.now()))
	}
}

// serveCloseSession says goodbye to the peer.
func (c *Console) serveCloseSession(w http.ResponseWriter, r *http.Request) {
	if s := c.sessionOf(w, r); s != nil {
		c.backend.Tell(fmt.Sprintf("(%v): disconnected from the console", s.RemoteAddr()))
		s.Close()
		w.WriteHeader(http.StatusNoContent)
	}
}

// sessionOf returns the session of a request, or answers that there is none and
// returns nil.
func (c *Console) sessionOf(w http.ResponseWriter, r *http.Request) *dtls.Session {
	id, ok := c.idOf(w, r)
	if !ok {
		return nil
	}
	s := c.backend.Session(id)
	if s == nil {
		writeProblem(w, noSession(id))
	}
	return s
}

func noSession(id uint64) problem {
	return problem{http.StatusNotFound, "there is no session " + strconv.FormatUint(id, 10),
		"if it has ended, /api/v1/sessions/closed tells why"}
}

// idOf returns the number in the path of a request, or answers that it is none
// and returns false. Numbers begin anew when the program does: who says which
// run of it is meant gets nothing of another one.
func (c *Console) idOf(w http.ResponseWriter, r *http.Request) (id uint64, ok bool) {
	if boot := r.URL.Query().Get("boot"); boot != "" && boot != c.boot {
		writeProblem(w, problem{http.StatusPreconditionFailed, "the server was restarted: what had this number is gone", "look for it among what there is now"})
		return 0, false
	}
	text := r.PathValue("id")
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		writeProblem(w, problem{http.StatusBadRequest, strconv.Quote(text) + " is not a number", ""})
	}
	return id, err == nil
}
