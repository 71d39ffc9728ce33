package dtls

import (
	"net/netip"
	"slices"
)

// A table holds the sessions of a shard, established or in their handshake, by
// address and, where they have one, by connection ID. A session that tries to
// take the place of another is not found by its address but is at the other's
// side, as its rival; its connection ID is known all the same.
//
// A peer of DTLS 1.3 that has moved, or is about to, may use connection IDs that it
// asked for. So a session can have several.
//
// A session with a connection ID can do without its address, if another session
// has the same.
//
// The maps have no pointers in them, so that the collector passes over them.
// They lead to a slot, which a session keeps for as long as it is in the table.
//
// Only the shard changes a table, and then with its lock held.
type table struct {
	byPeer map[addrKey]int32
	byCID  map[cidKey]int32
	zones  zones
	slots  []*Session // all of them, with gaps; the first is always empty
	free   []int32    // slots that are gaps, or were some time
	listed int        // sessions but for rivals

	latest     *Session // that get found; nil for none
	latestPeer netip.AddrPort
}

func newTable() table {
	return table{byPeer: make(map[addrKey]int32), byCID: make(map[cidKey]int32), slots: make([]*Session, 1)}
}

func (t *table) get(peer netip.AddrPort) *Session {
	if t.latest != nil && peer == t.latestPeer {
		return t.latest
	}
	key, ok := t.zones.find(peer)
	if !ok {
		return nil
	}
	s := t.slots[t.byPeer[key]]
	t.latest, t.latestPeer = s, peer
	return s
}

// occupied reports whether an address has a session.
func (t *table) occupied(peer netip.AddrPort) bool { return t.get(peer) != nil }

// forget forgets what get found last. It precedes every change of what addresses
// lead to.
func (t *table) forget() { t.latest = nil }

func (t *table) getCID(cid []byte) *Session { return t.slots[t.byCID[cidKeyOf(cid)]] }

func (t *table) taken(key cidKey) bool { return t.byCID[key] != 0 }

// len returns how many sessions there are, rivals not counted.
func (t *table) len() int { return t.listed }

// last returns the session in the last slot, rivals aside, or nil.
func (t *table) last() *Session {
	for _, s := range slices.Backward(t.slots) {
		if s != nil && s.listed {
			return s
		}
	}
	return nil
}

// put adds s, in the place of the session that has its address, if there is
// one.
func (t *table) put(s *Session) {
	if old := t.get(s.peer()); old != nil {
		t.remove(old)
	}
	t.enter(s)
	t.forget()
	t.byPeer[t.zones.key(s.peer())] = s.index
	if !s.listed {
		s.listed = true
		t.listed++
	}
}

// enter gives s a slot, if it has none.
func (t *table) enter(s *Session) {
	if s.index != 0 {
		return
	}
	for len(t.free) > 0 {
		slot := t.free[len(t.free)-1]
		t.free = t.free[:len(t.free)-1]
		if int(slot) < len(t.slots) && t.slots[slot] == nil {
			t.slots[slot], s.index = s, slot
			return
		}
	}
	s.index = int32(len(t.slots))
	t.slots = append(t.slots, s)
}

// putCID makes s known by its connection ID.
func (t *table) putCID(s *Session) {
	if cid := s.cid(); len(cid) > 0 {
		t.enter(s)
		t.byCID[cidKeyOf(cid)] = s.index
	}
}

// addCID makes s known by another connection ID, unless that is taken.
func (t *table) addCID(s *Session, key cidKey) {
	if !t.taken(key) {
		t.byCID[key] = s.index
		s.cids = append(s.cids, key)
	}
}

// dropCID makes a connection ID of s free, be it the first or another.
func (t *table) dropCID(s *Session, key cidKey) {
	if s.index != 0 && t.byCID[key] == s.index {
		delete(t.byCID, key)
		s.cids = slices.DeleteFunc(s.cids, func(k cidKey) bool { return k == key })
	}
}

// yield lets another session have the address of s.
func (t *table) yield(s *Session) {
	if t.get(s.peer()) == s {
		t.forget()
		delete(t.byPeer, t.zones.key(s.peer()))
	}
}

// move gives s, which has no rival, another address, unless a session has that
// which cannot do without. A rival that waits there goes on waiting. None of
// them sleeps.
func (t *table) move(s *Session, to route) {
	t.yield(s)
	s.rarely().moved.Store(&to)
	other := t.get(to.peer)
	t.forget()
	switch {
	case other == nil:
		t.byPeer[t.zones.key(to.peer)] = s.index
	case other.established() && len(other.cid()) > 0:
		t.byPeer[t.zones.key(to.peer)] = s.index
		s.rival, other.rival = other.rival, nil
	}
}

// remove takes s, which does not sleep, out. It does nothing if s is not in the
// table.
func (t *table) remove(s *Session) {
	t.removeCIDs(s)
	t.yield(s)
	if s.listed {
		s.listed = false
		t.listed--
	}
	if s.index == 0 {
		return
	}
	t.slots[s.index] = nil
	t.free = append(t.free, s.index)
	s.index = 0
	t.shrink()
}

// shrink takes the gaps off the end. Once nothing is left, it begins anew with
// as little as at first.
func (t *table) shrink() {
	n := len(t.slots)
	for n > 1 && t.slots[n-1] == nil {
		n--
	}
	if n == 1 && cap(t.free) > smallTable {
		*t = newTable()
		return
	}
	t.slots = t.slots[:n]
}

// smallTable is how many gaps an empty table may remember.
const smallTable = 1024

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
