package dtls

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

func sessionAt(port int) *Session {
	return &Session{addr: netip.AddrPortFrom(netip.IPv6Loopback(), uint16(port)), live: &live{}}
}

// checkTable checks that the slots and the map hold the same sessions.
func checkTable(t *testing.T, table *table, want int) {
	t.Helper()
	if table.len() != want || len(table.byPeer) != want {
		t.Fatalf("%d in the table, %d in the map, want %d", table.len(), len(table.byPeer), want)
	}
	for i, s := range table.slots[1:] {
		if s != nil && (int(s.index) != i+1 || table.get(s.peer()) != s) {
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

// A slot leads to one session at a time, however they come and go.
func TestTableUsesSlotsAgain(t *testing.T) {
	const seed = 3
	random := rand.New(rand.NewPCG(seed, seed))
	table := newTable()
	var in []*Session
	for round := range 20_000 {
		grow := round/4000%2 == 0
		switch pick := random.IntN(10); {
		case len(in) == 0 || grow && pick < 7 || pick < 2:
			s := sessionAt(round)
			table.put(s)
			in = append(in, s)
		default:
			i := random.IntN(len(in))
			table.remove(in[i])
			in[i] = in[len(in)-1]
			in = in[:len(in)-1]
		}
		if round%500 == 0 {
			checkTable(t, &table, len(in))
		}
	}
	checkTable(t, &table, len(in))
	for len(in) > 0 {
		if last := table.last(); last == nil || last.index != int32(len(table.slots)-1) {
			t.Fatalf("the last session is %v", last)
		}
		table.remove(in[0])
		in = in[1:]
	}
	checkTable(t, &table, 0)
	if len(table.slots) != 1 || len(table.free) > smallTable {
		t.Errorf("%d slots and %d gaps are left", len(table.slots), len(table.free))
	}
}
