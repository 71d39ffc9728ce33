package dtls

import (
	"net/netip"
	"slices"
)

// A table holds the sessions of a shard, established or in their handshake, by
// address and, where they have one, by connection ID. A session that tries to
// take the place of another is not in the table but at the other's side, as its
// rival; its connection ID is known all the same.
//
// A peer of DTLS 1.3 that has moved, or is about to, may use connection IDs that it
// asked for. So a session can have several.
//
// A session with a connection ID can do without its address, if another session
// has the same.
//
// Only the shard changes a table, and then with its lock held.
type table struct {
	byPeer map[netip.AddrPort]*Session
	byCID  map[cidKey]*Session
	list   []*Session // all but rivals, in no order, to be walked in steps
}

func newTable() table {
	return table{byPeer: make(map[netip.AddrPort]*Session), byCID: make(map[cidKey]*Session)}
}

func (t *table) get(peer netip.AddrPort) *Session { return t.byPeer[peer] }

func (t *table) getCID(cid []byte) *Session { return t.byCID[cidKeyOf(cid)] }

func (t *table) taken(key cidKey) bool { return t.byCID[key] != nil }

func (t *table) len() int { return len(t.list) }

// has reports whether s is in the table.
func (t *table) has(s *Session) bool {
	return int(s.index) < len(t.list) && t.list[s.index] == s
}

// put adds s, in the place of the session that has its address, if there is
// one.
func (t *table) put(s *Session) {
	if old := t.byPeer[s.peer()]; old != nil {
		t.remove(old)
	}
	t.byPeer[s.peer()] = s
	s.index = int32(len(t.list))
	t.list = append(t.list, s)
}

// putCID makes s known by its connection ID.
func (t *table) putCID(s *Session) {
	if cid := s.cid(); len(cid) > 0 {
		t.byCID[cidKeyOf(cid)] = s
	}
}

// addCID makes s known by another connection ID, unless that is taken.
func (t *table) addCID(s *Session, key cidKey) {
	if !t.taken(key) {
		t.byCID[key] = s
		s.cids = append(s.cids, key)
	}
}

// dropCID makes a connection ID of s free, be it the first or another.
func (t *table) dropCID(s *Session, key cidKey) {
	if t.byCID[key] == s {
		delete(t.byCID, key)
		s.cids = slices.DeleteFunc(s.cids, func(k cidKey) bool { return k == key })
	}
}

// yield lets another session have the address of s.
func (t *table) yield(s *Session) {
	if t.byPeer[s.peer()] == s {
		delete(t.byPeer, s.peer())
	}
}

// move gives s, which has no rival, another address, unless a session has that
// which cannot do without. A rival that waits there goes on waiting.
func (t *table) move(s *Session, to route) {
	t.yield(s)
	s.moved.Store(&to)
	switch other := t.byPeer[to.peer]; {
	case other == nil:
		t.byPeer[to.peer] = s
	case other.established() && len(other.cid()) > 0:
		t.byPeer[to.peer] = s
		s.rival, other.rival = other.rival, nil
	}
}

// remove takes s out. It does nothing if s is not in the table.
func (t *table) remove(s *Session) {
	t.removeCIDs(s)
	t.yield(s)
	if !t.has(s) {
		return
	}
	last := len(t.list) - 1
	t.list[s.index] = t.list[last]
	t.list[s.index].index = s.index
	t.list[last] = nil
	t.list = t.list[:last]
}

// removeCIDs makes the connection IDs of s free.
func (t *table) removeCIDs(s *Session) {
	if cid := s.cid(); len(cid) > 0 {
		t.dropCID(s, cidKeyOf(cid))
	}
	for _, key := range s.cids {
		delete(t.byCID, key)
	}
	s.cids = nil
}
