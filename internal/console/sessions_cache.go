package console

import (
	"sync"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

const (
	// minRefresh is how long a snapshot lasts at least, and restFactor how many
	// times as long as it took to take and to arrange: a hundred thousand
	// sessions on an open page cost at most a twentieth of one core.
	minRefresh = time.Second
	restFactor = 20
	// forgetAfter is when the memory of a snapshot is given back, after the
	// last look at it.
	forgetAfter = time.Minute
)

// A sessionsCache spares the server the questions of several pages, and of
// impatient ones.
type sessionsCache struct {
	snapshot func() []dtls.SessionInfo
	now      func() time.Time

	mu    sync.Mutex
	infos []dtls.SessionInfo
	taken time.Time     // the zero value if there is none
	cost  time.Duration // of taking it

	arrangement   arrangement
	arranged      []*dtls.SessionInfo // nil if not yet
	arrangeCost   time.Duration
	forgetfulness *time.Timer
}

func newSessionsCache(snapshot func() []dtls.SessionInfo) *sessionsCache {
	return &sessionsCache{snapshot: snapshot, now: time.Now}
}

// page answers a query from a snapshot that is recent enough.
func (c *sessionsCache) page(q sessionsQuery) SessionsPage {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refresh()
	c.arrange(q.arrangement)
	p := pageOfSessions(c.arranged, q, c.now())
	p.Total = len(c.infos)
	p.Refresh = c.rest().Milliseconds()
	return p
}

func (c *sessionsCache) refresh() {
	begin := c.now()
	if !c.taken.IsZero() && begin.Sub(c.taken) < c.rest() {
		return
	}
	c.infos, c.arranged = c.snapshot(), nil
	c.taken = c.now()
	c.cost = c.taken.Sub(begin)
	if c.forgetfulness != nil {
		c.forgetfulness.Stop()
	}
	c.forgetfulness = time.AfterFunc(forgetAfter, c.forget)
}

func (c *sessionsCache) arrange(a arrangement) {
	if c.arranged != nil && c.arrangement == a {
		return
	}
	begin := c.now()
	c.arrangement, c.arranged = a, a.arrange(c.infos)
	c.arrangeCost = c.now().Sub(begin)
}

// rest is how long the snapshot lasts.
func (c *sessionsCache) rest() time.Duration {
	return max(minRefresh, restFactor*(c.cost+c.arrangeCost))
}

func (c *sessionsCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.infos, c.arranged, c.taken = nil, nil, time.Time{}
}
