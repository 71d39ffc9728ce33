package dtls

import "net/netip"

// A table holds the sessions of a shard by address, established or in their
// handshake. A session that tries to take the place of another is not in the
// table but at the other's side, as its rival.
//
// Only the shard changes a table, and then with its lock held.
type table struct {
	byPeer map[netip.AddrPort]*Session
	list   []*Session // the same, in no order, to be walked in steps
}

func newTable() table { return table{byPeer: make(map[netip.AddrPort]*Session)} }

func (t *table) get(peer netip.AddrPort) *Session { return t.byPeer[peer] }

func (t *table) len() int { return len(t.list) }

// put adds s, in the place of the session that has its address, if there is
// one.
func (t *table) put(s *Session) {
	if old := t.byPeer[s.peer]; old != nil {
		t.remove(old)
	}
	t.byPeer[s.peer] = s
	s.index = len(t.list)
	t.list = append(t.list, s)
}

// remove takes s out. It does nothing if s is not in the table.
func (t *table) remove(s *Session) {
	if t.byPeer[s.peer] != s {
		return
	}
	delete(t.byPeer, s.peer)
	last := len(t.list) - 1
	t.list[s.index] = t.list[last]
	t.list[s.index].index = s.index
	t.list[last] = nil
	t.list = t.list[:last]
}
