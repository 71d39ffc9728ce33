package dtls

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// lullTime is how long it takes until idle sessions sleep.
const lullTime = trimTime + longRound

// lull lets everybody fall asleep, and checks that so many sessions of the server
// do.
func (w *world) lull(want int) {
	w.t.Helper()
	time.Sleep(lullTime)
	synctest.Wait()
	if got := w.asleep(); got != want {
		w.t.Fatalf("%d sessions sleep, want %d", got, want)
	}
}

// asleep returns how many of the server's sessions sleep.
func (w *world) asleep() int {
	n := 0
	for _, sh := range w.srv.shards {
		n += sh.asleep()
	}
	return n
}

func (s *shard) asleep() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, sess := range s.table.slots {
		if sess != nil && sess.live == nil {
			n++
		}
	}
	return n
}

func TestIdleSessionSleepsAndWakes(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		defer c.Close()
		for range 3 {
			w.wantEcho(c, "good evening")
			w.lull(1)
			if got := c.dialled.shard.asleep(); got != 1 {
				t.Error("the client does not sleep")
			}
			w.wantEcho(c, "good morning")
			if w.asleep() != 0 {
				t.Error("the server still sleeps")
			}
		}
		if got := w.srv.Stats(); got.HandshakesStarted != 1 {
			t.Errorf("stats: %+v", got)
		}
	})
}

// What a session counts, and what was negotiated, is told without waking it.
func TestSleeperIsDescribed(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		defer c.Close()
		w.wantEcho(c, "hello")
		sess := r.session(0)
		sess.SetUserData("of the user's")
		ctx := sess.Context()
		before, state := sess.Info(), sess.ConnectionState()
		w.lull(1)
		after := sess.Info()
		if fmt.Sprintf("%+v", after) != fmt.Sprintf("%+v", before) {
			t.Errorf("described as\n%+v, was\n%+v", after, before)
		}
		if got := sess.ConnectionState(); fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", state) || sess.RemoteAddr() != clientPeer || sess.MaxPayload() != 1<<14 {
			t.Errorf("state %+v", got)
		}
		one, err := state.ExportKeyingMaterial("EXPERIMENTAL", nil, 32)
		if infos := w.srv.Sessions(); len(infos) != 1 || err != nil || w.asleep() != 1 {
			t.Errorf("%d sessions, error %v", len(infos), err)
		}
		w.wantEcho(c, "again")
		two, _ := state.ExportKeyingMaterial("EXPERIMENTAL", nil, 32)
		if !bytes.Equal(one, two) {
			t.Error("other keys are exported")
		}
		if got := sess.Info(); got.Received != 2 || got.Sent != 2 || got.ReceivedBytes != 10 || !got.Since.Equal(before.Since) {
			t.Errorf("after waking: %+v", got)
		}
		w.lull(1)
		if sess.UserData() != "of the user's" || ctx.Err() != nil {
			t.Error("the user's data or context is gone")
		}
		sess.Close()
		synctest.Wait()
		if context.Cause(ctx) != ErrSessionClosed || context.Cause(sess.Context()) != ErrSessionClosed {
			t.Errorf("the context ended for %v", context.Cause(ctx))
		}
		if got := sess.Info(); got.Received != 2 || got.State.CipherSuite != state.CipherSuite || !got.Established {
			t.Errorf("after the end: %+v", got)
		}
	})
}

func TestSendWakes(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		defer c.Close()
		w.wantEcho(c, "hello")
		w.lull(1)
		sent := make(chan error)
		go func() { sent <- r.session(0).Send([]byte("news")) }()
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 10)
		c.SetReadDeadline(time.Now().Add(time.Second))
		if n, err := c.Read(buf); string(buf[:n]) != "news" || err != nil {
			t.Errorf("read %q, %v", buf[:n], err)
		}
		if w.asleep() != 0 {
			t.Error("it still sleeps")
		}
	})
}

// Forgeries and replays wake nobody for long, count as drops and not as life.
func TestForgeriesDoNotKeepASessionAwake(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		defer c.Close()
		packets := w.capture()
		w.wantEcho(c, "hello")
		w.net.lose(loseNone)
		var record []byte
		for _, p := range packets() {
			if p.to == serverPeer {
				record = p.data
			}
		}
		w.lull(1)
		before := r.session(0).Info()
		sh := w.srv.shards[0]
		for i := range 100 {
			forged := bytes.Clone(record)
			if i%2 == 0 {
				forged[len(forged)-1] ^= 1
			}
			w.inject(clientPeer, forged)
			if w.asleep() != 1 {
				t.Fatal("it stays awake")
			}
		}
		after := r.session(0).Info()
		if after.Drops != before.Drops+100 || !after.LastActive.Equal(before.LastActive) || after.Received != before.Received {
			t.Errorf("before %+v, after %+v", before, after)
		}
		if n := len(sh.dorm.slab.chunks); n > 2 || len(sh.dorm.lives) != 1 {
			t.Errorf("%d chunks, %d spare parts", n, len(sh.dorm.lives))
		}
		w.wantEcho(c, "still here")
	})
}

func TestSleeperThatIsIdleForTooLongSaysGoodbye(t *testing.T) {
	var r roll
	inWorld(t, func(s *Server) { s.Config.IdleTimeout = 10 * time.Minute; r.keep(s) }, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		defer c.Close()
		w.wantEcho(c, "hello")
		w.lull(1)
		time.Sleep(12 * time.Minute)
		synctest.Wait()
		r.wantReasons(t, ErrIdleTimeout)
		c.SetReadDeadline(time.Time{})
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the client hears %v", err)
		}
	})
}

// A goodbye to sleepers wakes a few at a time.
func TestShutdownTellsSleepers(t *testing.T) {
	inWorld(t, func(s *Server) { s.Config.HandshakeRate = -1 }, func(w *world) {
		const n = 200
		var conns []*Conn
		for i := range n {
			c := w.dial(fmt.Sprintf("198.51.100.7:%d", 1000+i), clientConfig())
			defer c.Close()
			conns = append(conns, c)
		}
		w.lull(n)
		sh := w.srv.shards[0]
		sh.post(func() { sh.dorm.lives = nil })
		if told, err := w.srv.Shutdown(context.Background()); told != n || err != nil {
			t.Errorf("%d told, %v", told, err)
		}
		if spare := len(sh.dorm.lives); spare > goodbyeBatch+1 {
			t.Errorf("%d were awake at a time", spare)
		}
		for _, c := range conns {
			if _, err := c.Read(make([]byte, 1)); err != io.EOF {
				t.Fatalf("a client hears %v", err)
			}
		}
	})
}

// A client that lost its state begins anew while the session sleeps, in whose
// place it comes at the end.
func TestSleeperIsReplaced(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		old := w.dial(clientAddress, clientConfig())
		w.wantEcho(old, "hello")
		w.lull(1)
		w.vanish(old)
		c := w.dial(clientAddress, clientConfig())
		defer c.Close()
		w.wantEcho(c, "here again")
		r.wantReasons(t, ErrReplaced)
		checkShard(t, w.srv.shards[0])
	})
}

// A session that sleeps is known by its connection IDs, and its peer may come
// from elsewhere, be it proven or not.
func TestSleeperMoves(t *testing.T) {
	for _, checked := range []bool{true, false} {
		var m moveBook
		inWorld(t, m.keep, func(w *world) {
			n := w.rebinding()
			config := movingConfig()
			c := w.dial(clientAddress, config)
			defer c.Close()
			w.wantEcho(c, "hello")
			for _, outside := range []netip.AddrPort{otherPeer, clientPeer, otherPeer} {
				if !checked {
					unchecked(w)
				}
				w.lull(1)
				n.rebind(outside)
				w.wantEchoWithin(c, "from elsewhere", 4*time.Second)
				if got := w.srv.Sessions()[0].Peer; got != outside {
					t.Fatalf("the peer is at %v, want %v", got, outside)
				}
				checkShard(t, w.srv.shards[0])
			}
			if got := w.srv.Stats(); got.HandshakesStarted != 1 {
				t.Errorf("stats: %+v", got)
			}
		})
	}
}

// unchecked makes the server forget that its peer knows challenges.
func unchecked(w *world) {
	sh := w.srv.shards[0]
	sh.post(func() {
		sess := sh.table.last()
		sh.wake(sess)
		sess.negotiated().RRC = false
	})
	synctest.Wait()
}

// Where too many are awake, those idle for a moment sleep.
func TestManySessionsAreNotAwakeForLong(t *testing.T) {
	inShard(t, nil, func(_ *scriptedSocket, sh *shard) {
		sh.post(func() {
			for i := range maxAwake + 100 {
				sess := sh.newSession(route{peer: netip.AddrPortFrom(netip.IPv6Loopback(), uint16(i+1))}, 0)
				sh.table.put(sess)
			}
		})
		synctest.Wait()
		sh.post(func() {
			if next := sh.nextSweep(); next.After(sh.now.Add(crowdedStep)) {
				t.Errorf("the next look is %v from now", next.Sub(sh.now))
			}
		})
		synctest.Wait()
	})
}
