package dtls

import (
	"net/netip"
	"testing"
)

func sessionAt(port int) *Session {
	return &Session{origin: route{peer: netip.AddrPortFrom(netip.IPv6Loopback(), uint16(port))}}
}

// checkTable checks that the list and the map hold the same sessions.
func checkTable(t *testing.T, table *table, want int) {
	t.Helper()
	if table.len() != want || len(table.byPeer) != want {
		t.Fatalf("%d in the list, %d in the map, want %d", table.len(), len(table.byPeer), want)
	}
	for i, s := range table.list {
		if int(s.index) != i || table.get(s.peer()) != s {
			t.Fatalf("session %v at %d thinks it is at %d", s.peer(), i, s.index)
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
	if table.get(b.peer()) != again {
		t.Error("the newer session did not get the place")
	}
	table.remove(b) // is not there any more
	checkTable(t, &table, 2)
}
