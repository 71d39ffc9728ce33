package dtls

import (
	"runtime"
	"testing"

	"github.com/dtlsd/dtlsd/internal/engine"
)

func TestChoresAreDoneInTheirOrder(t *testing.T) {
	var c chores
	for round := range uint64(3) {
		for i := range uint64(4) {
			c.add(nil, engine.Token(10*round+i), nil)
		}
		for i := range uint64(4) {
			if !c.waiting() {
				t.Fatal("a chore was forgotten")
			}
			if got := c.take().token; got != engine.Token(10*round+i) {
				t.Errorf("token %d in place %d of round %d", got, i, round)
			}
		}
		if c.waiting() {
			t.Fatal("there is one too many")
		}
	}
}

// A server that never gets to the end of its chores does not remember those that
// it has done.
func TestQueueOfChoresThatIsNeverEmptyStaysSmall(t *testing.T) {
	var c chores
	next := engine.Token(0)
	for i := range engine.Token(10_000) {
		c.add(nil, i, nil)
		if c.add(nil, i, nil); i < 100 {
			continue
		}
		for range 2 {
			if got := c.take().token; got != next/2 {
				t.Fatalf("token %d, want %d", got, next/2)
			}
			next++
		}
	}
	if size := cap(c.queue); size > 1024 {
		t.Errorf("room for %d chores, of which %d wait", size, len(c.queue)-c.done)
	}
}

// On one processor the shard signs and agrees on keys itself, between two reads.
func TestOneProcessorDoesItsOwnComputations(t *testing.T) {
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	ca := newAuthority(t)
	server, c := loopback(t, func(server *Server, client *Config) {
		withCertificate(ca.issue(t, "ecdsa", serverName))(server)
		server.Config.MinVersion, server.Config.MaxVersion = version, version
		*client = *ca.trusting()
	})
	server.mu.Lock()
	own := server.shards[0].chores.own
	server.mu.Unlock()
	if !own {
		t.Fatal("it leaves them to workers")
	}
	for range 20 {
		other, err := Dial("udp", server.Addrs()[0].String(), ca.trusting())
		if err != nil {
			t.Fatal(err)
		}
		if err := echo(other, "from another"); err != nil {
			t.Fatal(err)
		}
		other.Close()
		if err := echo(c, "from the first"); err != nil {
			t.Fatal(err)
		}
	}
}

// Whoever left while a chore waited is not waited for.
func TestChoreOfAClosedSessionIsLeftOut(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		sh := w.srv.shards[0]
		sess := sh.newSession(route{peer: clientPeer}, 0)
		sess.closing.Store(true)
		sh.mu.Lock()
		defer sh.mu.Unlock()
		sh.chores.add(sess, 0, func() engine.Result { t.Error("it was done"); return nil })
		sh.doChores()
		if sh.chores.waiting() {
			t.Error("it still waits")
		}
	})
}

// While the socket has more, reading goes first, but not for ever.
func TestChoresWaitForReading(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		sh := w.srv.shards[0]
		sh.mu.Lock()
		defer sh.mu.Unlock()
		sess := sh.newSession(route{peer: clientPeer}, 0)
		sess.ended = true // nothing follows from the answer
		for reads := range pressing + 1 {
			done := false
			sh.chores.add(sess, 0, func() engine.Result { done = true; return nil })
			sh.behind.full = reads
			sh.doChores()
			if want := reads == 0 || reads == pressing; done != want {
				t.Errorf("after %d full reads: done is %v", reads, done)
			}
			sh.chores = chores{}
		}
		sh.behind.full = 0
	})
}
