package dtls

import (
	"bytes"
	"crypto/rand"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
)

func TestConnectionIDNamesItsShard(t *testing.T) {
	for _, shards := range []int{1, 3, 256} {
		seen := make(map[string]bool)
		for index := range shards {
			c := cidSource{length: 8, index: index, shards: shards, rand: rand.Reader, taken: func(cidKey) bool { return false }}
			cid, err := c.AppendCID([]byte("before"))
			if err != nil || len(cid) != 6+8 || string(cid[:6]) != "before" {
				t.Fatalf("%x, %v", cid, err)
			}
			cid = cid[6:]
			if int(cid[0])%shards != index || !bytes.Equal(c.drawn, cid) || seen[string(cid)] {
				t.Errorf("shard %d of %d: %x", index, shards, cid)
			}
			seen[string(cid)] = true
		}
	}
}

func TestConnectionIDIsOfOneSessionOnly(t *testing.T) {
	table := newTable()
	c := cidSource{length: 1, shards: 2, index: 1, rand: rand.Reader, taken: table.taken}
	sessions := 0
	for port := 1; ; port++ {
		cid, err := c.AppendCID(nil)
		if err != nil {
			break // after many draws in vain
		}
		s := sessionAt(port)
		s.hs = &handshake{cid: cid}
		table.put(s)
		table.putCID(s)
		sessions++
		if table.getCID(cid) != s || cid[0]&1 != 1 {
			t.Fatalf("connection ID %x", cid)
		}
	}
	if len(table.byCID) != sessions || sessions < 100 || sessions > 128 {
		t.Errorf("%d sessions have %d connection IDs", sessions, len(table.byCID))
	}
	for table.len() > 0 {
		table.remove(table.last())
	}
	if len(table.byCID) != 0 {
		t.Errorf("%d connection IDs are left", len(table.byCID))
	}
}

// The server draws it when it has found the key, and computes for a while then.
// Meanwhile another handshake goes on.
func TestConnectionIDStaysWithTheSessionItWasDrawnFor(t *testing.T) {
	about(t, VersionDTLS13)
	inWorld(t, nil, func(w *world) {
		w.net.lose(func(p packet) bool { return p.from == clientPeer && w.srv.Stats().HandshakesStarted > 0 })
		other, admitted := w.dialSoon(clientAddress, clientConfig())
		letGo := w.occupyWorkers()
		c, computed := w.dialSoon(otherAddress, movingConfig())

		w.net.lose(loseNone)
		time.Sleep(5 * time.Second)
		if err := <-admitted; err != nil || w.srv.Stats().HandshakesCompleted == 0 {
			t.Fatalf("the other handshake did not go on: %v", err)
		}
		letGo()
		if err := <-computed; err != nil {
			t.Fatal(err)
		}
		w.settle()
		if err := c.Rebind(w.net.dial(thirdAddress, serverAddress)); err != nil {
			t.Fatal(err)
		}
		w.wantEcho(c, "who am I?")
		c.Close()
		other.Close()
	})
}

// dialSoon begins a handshake, and returns once nothing more happens.
func (w *world) dialSoon(local string, config *Config) (c *Conn, done chan error) {
	w.t.Helper()
	c, err := Client(w.net.dial(local, serverAddress), config)
	if err != nil {
		w.t.Fatal(err)
	}
	done = make(chan error, 1)
	go func() { done <- c.Handshake() }()
	synctest.Wait()
	return c, done
}

// occupyWorkers gives all workers of the server something to wait for.
func (w *world) occupyWorkers() (letGo func()) {
	wait := make(chan struct{})
	workers := w.srv.shards[0].host.workers
	for range workers.limit {
		workers.do(func() { <-wait })
	}
	synctest.Wait()
	return func() { close(wait) }
}

func TestTableMovesSessions(t *testing.T) {
	table := newTable()
	withCID := func(port int, cid byte) *Session {
		s := sessionAt(port)
		s.state = &engine.State{LocalCID: []byte{cid}}
		table.put(s)
		table.putCID(s)
		return s
	}
	a, b, c := withCID(1, 1), withCID(2, 2), sessionAt(3)
	table.put(c)

	table.move(a, b.at()) // which b can do without
	if table.get(b.peer()) != a || table.getCID([]byte{2}) != b || table.get(sessionAt(1).peer()) != nil {
		t.Error("a did not get the address of b")
	}
	table.move(a, c.at()) // which c cannot
	if table.get(c.peer()) != c || table.getCID([]byte{1}) != a || table.len() != 3 {
		t.Error("c lost its address")
	}
	table.remove(a)
	table.remove(b)
	if table.len() != 1 || len(table.byCID) != 0 || len(table.byPeer) != 1 || table.get(c.peer()) != c {
		t.Errorf("%d sessions, %d connection IDs, %d addresses", table.len(), len(table.byCID), len(table.byPeer))
	}
}

func TestConnectionIDsOfConfig(t *testing.T) {
	for _, c := range []*Config{
		{ConnectionIDLength: 256}, {ConnectionIDLength: -1}, {ConnectionIDs: 3}, {AddressChange: 2},
	} {
		c.PSK = StaticPSK{"*": testKey}
		if err := c.ValidateServer(); err == nil {
			t.Errorf("%d, %d, %d is accepted", c.ConnectionIDLength, c.ConnectionIDs, c.AddressChange)
		}
	}
	longest := &Config{ConnectionIDLength: 255, PSK: StaticPSK{"*": testKey}}
	if err := longest.ValidateServer(); err != nil {
		t.Error(err)
	}
}
