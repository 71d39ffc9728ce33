package dtls

import (
	"container/list"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// A SessionCache stores a server's sessions, so that clients can resume them
// by session ID. What it stores is secret: whoever reads a session can read
// and forge what is said in it.
//
// Except for that of [NewSessionCache], calls have a goroutine of their own
// and may take their time.
type SessionCache interface {
	// Get returns the session of that ID, or nil. ctx ends with the handshake.
	Get(ctx context.Context, id string) []byte
	Put(ctx context.Context, id string, session []byte)
}

// A ClientSessionCache stores a client's sessions for resumption, by the name
// of the server. It must be safe for concurrent use.
//
// A server of DTLS 1.3 may give several tickets for one session, and each is
// stored as a session. They are used once, so that nobody can tell that two
// sessions are of the same client: what Get returned is forgotten with Put
// (RFC 8446, Appendix C.4). That of [NewClientSessionCache] keeps several and
// forgets the one that it returned.
type ClientSessionCache interface {
	// Get returns the session to resume with that server, or nil.
	Get(server string) *ClientSession
	// Put stores a session, or forgets the one that is there if it is nil.
	Put(server string, session *ClientSession)
}

// forget has a cache forget the session that it returned.
func forget(cache ClientSessionCache, server string) {
	if _, forgetsItself := cache.(*clientMemoryCache); !forgetsItself {
		cache.Put(server, nil)
	}
}

// A ClientSession is what a client needs to resume a session.
type ClientSession struct {
	state *engine.SessionState
}

// Version returns the version of the session.
func (s *ClientSession) Version() uint16 { return suiteOf(s.state.Suite).Version }

// usedOnce reports whether the session must be resumed only once.
func (s *ClientSession) usedOnce() bool { return s.Version() == VersionDTLS13 }

// Bytes encodes the session. It contains the session's secrets.
func (s *ClientSession) Bytes() []byte { return s.state.Marshal() }

// ParseClientSession decodes what Bytes made. It keeps data.
func ParseClientSession(data []byte) (*ClientSession, error) {
	state, err := engine.ParseSessionState(data)
	if err != nil {
		return nil, fmt.Errorf("dtls: %w", err)
	}
	return &ClientSession{state}, nil
}

// NewSessionCache returns a [SessionCache] in memory that keeps the sessions
// used last, as many as capacity says.
func NewSessionCache(capacity int) SessionCache {
	return &memoryCache{newLRU[[]byte](capacity)}
}

// NewClientSessionCache returns a [ClientSessionCache] in memory that keeps
// the sessions used last, as many as capacity says.
func NewClientSessionCache(capacity int) ClientSessionCache {
	return &clientMemoryCache{sessions: newLRU[[]*ClientSession](capacity)}
}

// A memoryCache never waits, so that it needs no goroutine.
type memoryCache struct{ sessions *lru[[]byte] }

func (c *memoryCache) Get(_ context.Context, id string) []byte {
	session, _ := c.sessions.get(id)
	return session
}

func (c *memoryCache) Put(_ context.Context, id string, session []byte) {
	c.sessions.put(id, session)
}

// A clientMemoryCache keeps the newest tickets of each server, or the one session
// of DTLS 1.2.
type clientMemoryCache struct {
	mu       sync.Mutex // for what takes more than one step
	sessions *lru[[]*ClientSession]
}

// maxTickets is how many tickets of one server are kept.
const maxTickets = 8

func (c *clientMemoryCache) Get(server string) *ClientSession {
	c.mu.Lock()
	defer c.mu.Unlock()
	list, _ := c.sessions.get(server)
	if len(list) == 0 {
		return nil
	}
	newest := list[len(list)-1]
	if newest.usedOnce() {
		c.set(server, list[:len(list)-1])
	}
	return newest
}

func (c *clientMemoryCache) Put(server string, session *ClientSession) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if session == nil {
		c.sessions.remove(server)
		return
	}
	list, _ := c.sessions.get(server)
	if !session.usedOnce() || len(list) > 0 && !list[0].usedOnce() {
		list = nil
	}
	if len(list) == maxTickets {
		list = list[1:]
	}
	c.set(server, append(slices.Clone(list), session))
}

// set sets what is kept of a server. The caller holds the lock.
func (c *clientMemoryCache) set(server string, list []*ClientSession) {
	if len(list) == 0 {
		c.sessions.remove(server)
		return
	}
	c.sessions.put(server, list)
}

// An lru keeps the values used last. It is safe for concurrent use.
type lru[V any] struct {
	mu       sync.Mutex
	capacity int
	order    *list.List // of lruEntry, the one used last in front
	byKey    map[string]*list.Element
}

type lruEntry[V any] struct {
	key   string
	value V
}

func newLRU[V any](capacity int) *lru[V] {
	return &lru[V]{capacity: max(capacity, 1), order: list.New(), byKey: make(map[string]*list.Element)}
}

func (c *lru[V]) get(key string) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		var none V
		return none, false
	}
	c.order.MoveToFront(e)
	return e.Value.(lruEntry[V]).value, true
}

func (c *lru[V]) put(key string, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		e.Value = lruEntry[V]{key, value}
		c.order.MoveToFront(e)
		return
	}
	c.byKey[key] = c.order.PushFront(lruEntry[V]{key, value})
	if c.order.Len() > c.capacity {
		oldest := c.order.Remove(c.order.Back()).(lruEntry[V])
		delete(c.byKey, oldest.key)
	}
}

func (c *lru[V]) remove(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		c.order.Remove(e)
		delete(c.byKey, key)
	}
}
