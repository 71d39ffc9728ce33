package console

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// maxClosed is how many sessions are remembered.
const maxClosed = 256

// closedSessions remembers the sessions that ended last.
type closedSessions struct {
	mu   sync.Mutex
	ring [maxClosed]ended
	n    int // ever added
}

type ended struct {
	info   dtls.SessionInfo
	at     time.Time
	reason error
}

func newClosedSessions() *closedSessions { return &closedSessions{} }

func (c *closedSessions) add(info dtls.SessionInfo, at time.Time, reason error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ring[c.n%maxClosed] = ended{info, at, reason}
	c.n++
}

// newestFirst returns a copy.
func (c *closedSessions) newestFirst() []ended {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]ended, 0, min(c.n, maxClosed))
	for i := range cap(all) {
		all = append(all, c.ring[(c.n-1-i)%maxClosed])
	}
	return all
}

// A ClosedSession is a session as it was at its end.
type ClosedSession struct {
	Session
	Closed time.Time `json:"closed"`
	Reason string    `json:"reason"`
}

type closedSessionsAnswer struct {
	Sessions []ClosedSession `json:"sessions"`
}

func (c *Console) serveClosedSessions(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, closedSessionsView(c.closed.newestFirst()))
}

func closedSessionsView(all []ended) closedSessionsAnswer {
	answer := closedSessionsAnswer{make([]ClosedSession, len(all))}
	for i, e := range all {
		answer.Sessions[i] = ClosedSession{sessionView(&e.info, e.at), e.at.UTC(), reasonText(e.reason)}
	}
	return answer
}

func reasonText(reason error) string {
	switch {
	case reason == nil:
		return ""
	case errors.Is(reason, dtls.ErrSessionClosed): // nobody else in the daemon closes one
		return "disconnected from the console"
	}
	return dtls.Escape(strings.TrimPrefix(reason.Error(), "dtls: "))
}
