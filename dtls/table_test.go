package dtls

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

func sessionAt(port int) *Session {
	return &Session{route: route{peer: netip.AddrPortFrom(netip.IPv6Loopback(), uint16(port))}}
}

// checkTable checks that the list and the map hold the same sessions.
func checkTable(t *testing.T, table *table, want int) {
	t.Helper()
	if table.len() != want || len(table.byPeer) != want {
		t.Fatalf("%d in the list, %d in the map, want %d", table.len(), len(table.byPeer), want)
	}
	for i, s := range table.list {
		if s.index != i || table.get(s.peer) != s {
			t.Fatalf("session %v at %d thinks it is at %d", s.peer, i, s.index)
		}
	}
}

func TestTable(t *testing.T) {
	table := newTable()
	a, b, c := sessionAt(1), sessionAt(2), sessionAt(3)
	table.put(a)
	table.put(b)
	table.put(c)
	checkTable(t, &table, 3)
	table.remove(a)
	table.remove(a)
	checkTable(t, &table, 2)
	again := sessionAt(2)
	table.put(again)
	checkTable(t, &table, 2)
	if table.get(b.peer) != again {
		t.Error("the newer session did not get the place")
	}
	table.remove(b) // is not there any more
	checkTable(t, &table, 2)
}

func TestTimersComeInOrder(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, seed))
	var timers timers
	sessions := make([]*Session, 100)
	for i := range sessions {
		sessions[i] = sessionAt(i)
	}
	at := make(map[*Session]time.Time)
	for range 5000 {
		s := sessions[random.IntN(len(sessions))]
		var when time.Time
		if random.IntN(3) > 0 {
			when = limitTime.Add(time.Duration(random.IntN(1000)) * time.Second)
			at[s] = when
		} else {
			delete(at, s)
		}
		timers.set(s, when)
	}
	if len(timers.heap) != len(at) {
		t.Fatalf("seed %d: %d timers, want %d", seed, len(timers.heap), len(at))
	}
	last := time.Time{}
	for len(at) > 0 {
		next := timers.next()
		if timers.due(next.Add(-1)) != nil {
			t.Fatalf("seed %d: a timer is early", seed)
		}
		s := timers.due(next)
		if s == nil || !at[s].Equal(next) || next.Before(last) {
			t.Fatalf("seed %d: %v is due at %v, set to %v", seed, s, next, at[s])
		}
		timers.set(s, time.Time{})
		delete(at, s)
		last = next
	}
	if !timers.next().IsZero() || timers.due(limitTime.AddDate(9, 0, 0)) != nil {
		t.Error("timers are left")
	}
}
