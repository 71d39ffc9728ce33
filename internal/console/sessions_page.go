package console

import (
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// A SessionsPage is a part of the sessions that there are.
type SessionsPage struct {
	Total    int       `json:"total"`
	Matched  int       `json:"matched"`
	Offset   int       `json:"offset"`
	Refresh  int64     `json:"refresh_after_ms"` // nothing new comes before
	Sessions []Session `json:"sessions"`
}

// pageOfSessions cuts a page out of sessions in their order.
func pageOfSessions(arranged []*dtls.SessionInfo, q sessionsQuery, now time.Time) SessionsPage {
	from := min(q.offset, len(arranged))
	part := arranged[from:min(from+q.limit, len(arranged))]
	p := SessionsPage{Matched: len(arranged), Offset: q.offset, Sessions: make([]Session, len(part))}
	for i, info := range part {
		p.Sessions[i] = sessionView(info, now)
	}
	return p
}
