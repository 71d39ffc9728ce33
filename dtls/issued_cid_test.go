package dtls

import (
	"testing"
	"testing/synctest"
	"time"
)

// onShard runs f on the shard of a client's connection, with its session.
func onShard(c *Conn, f func(sh *shard, s *Session)) {
	sh := c.dialled.shard
	sh.post(func() {
		s := sh.table.last()
		sh.wake(s)
		f(sh, s)
		sh.drain(s)
	})
	synctest.Wait()
}

// A client that moves can ask for connection IDs that nobody has seen, and is
// known by them: RFC 9147, Section 9.
func TestSessionIsKnownByEachConnectionIDThatTheClientGot(t *testing.T) {
	about(t, VersionDTLS13)
	var m moveBook
	inWorld(t, m.keep, func(w *world) {
		n := w.rebinding()
		c := w.dial(clientAddress, movingConfig())
		table := &w.srv.shards[0].table
		for round := range 3 {
			onShard(c, func(sh *shard, s *Session) {
				if err := s.assoc.RequestCIDs(sh.now, 2); err != nil {
					t.Error(err)
				}
			})
			if len(table.byCID) < 3 {
				t.Fatalf("round %d: the server knows %d connection IDs", round, len(table.byCID))
			}
			onShard(c, func(_ *shard, s *Session) {
				if !s.assoc.UseNextCID() {
					t.Errorf("round %d: there is no other connection ID", round)
				}
			})
			outside := otherPeer
			if round%2 == 1 {
				outside = clientPeer
			}
			n.rebind(outside)
			w.wantEchoWithin(c, "from the new address", 4*time.Second)
			w.wantEcho(c, "once more")
			if got := w.srv.Sessions()[0].Peer; got != outside {
				t.Errorf("round %d: the peer is at %v", round, got)
			}
		}
		if got := w.srv.Stats(); got.HandshakesStarted != 1 || len(table.byCID) > 5 {
			t.Errorf("%d connection IDs, stats: %+v", len(table.byCID), got)
		}
		c.Close()
		synctest.Wait()
		if len(table.byCID) != 0 {
			t.Errorf("%d connection IDs are left", len(table.byCID))
		}
	})
}

func TestTableKnowsASessionByItsOtherConnectionIDs(t *testing.T) {
	table := newTable()
	a, b := sessionAt(1), sessionAt(2)
	table.put(a)
	table.put(b)
	for key, s := range map[cidKey]*Session{1: a, 2: a, 3: b} {
		table.addCID(s, key)
	}
	table.addCID(b, 1) // which is taken
	table.dropCID(b, 2)
	if table.byCID[1] != a.index || table.byCID[2] != a.index || table.byCID[3] != b.index {
		t.Errorf("%v", table.byCID)
	}
	table.dropCID(a, 1)
	table.addCID(b, 1)
	table.remove(a)
	if len(table.byCID) != 2 || table.byCID[1] != b.index || table.byCID[3] != b.index {
		t.Errorf("%v", table.byCID)
	}
	table.remove(b)
	if len(table.byCID) != 0 {
		t.Errorf("%v", table.byCID)
	}
}
