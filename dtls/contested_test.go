package dtls

import (
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A gateway gives clients addresses on the outside, and the same one to several
// if it likes. What comes to an address goes to the client that got it last.
type gateway struct {
	w  *world
	mu sync.Mutex

	outside map[netip.AddrPort]netip.AddrPort // by the address inside
	inside  map[netip.AddrPort]netip.AddrPort // by the address outside
	silent  map[netip.AddrPort]bool           // these say nothing once their handshake has begun
}

func (w *world) gateway() *gateway {
	g := &gateway{
		w:       w,
		outside: make(map[netip.AddrPort]netip.AddrPort),
		inside:  make(map[netip.AddrPort]netip.AddrPort),
		silent:  make(map[netip.AddrPort]bool),
	}
	w.net.lose(g.filter)
	return g
}

func (g *gateway) give(inside, outside string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	in, out := netip.MustParseAddrPort(inside), netip.MustParseAddrPort(outside)
	g.outside[in], g.inside[out] = out, in
}

func (g *gateway) silence(inside string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.silent[netip.MustParseAddrPort(inside)] = true
}

func (g *gateway) filter(p packet) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if out, ok := g.outside[p.from]; ok {
		if !g.silent[p.from] || g.w.srv.Stats().HalfOpen == 0 {
			g.w.net.deliver(packet{out, p.to, p.data})
		}
		return true
	}
	if in, ok := g.inside[p.to]; ok && g.outside[in] == p.to {
		g.w.net.deliver(packet{p.from, in, p.data})
	}
	return true
}

// checkShard checks that a shard's table holds each session once, with its
// connection IDs, and that rivals are at the side of the session that has their
// address.
func checkShard(t *testing.T, s *shard) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, sess := range s.table.slots {
		switch {
		case sess == nil:
		case int(sess.index) != i:
			t.Errorf("session %d is at %d and thinks it is at %d", sess.id, i, sess.index)
		case sess.ended:
			t.Errorf("session %d is over", sess.id)
		case sess.listed && sess.established() && sess.live != nil && len(sess.cid()) > 0 && s.table.getCID(sess.cid()) != sess:
			t.Errorf("session %d is not known by its connection ID", sess.id)
		case sess.contender() != nil && s.table.get(sess.rival.peer()) != sess:
			t.Errorf("the rival of session %d waits for an address that it does not have", sess.id)
		}
	}
	for _, slot := range s.table.byPeer {
		if sess := s.table.slots[slot]; !sess.listed {
			t.Errorf("session %d is known by its address alone", sess.id)
		}
	}
	for _, slot := range s.table.byCID {
		if sess := s.table.slots[slot]; !sess.listed && sess.established() {
			t.Errorf("session %d is known by its connection ID alone", sess.id)
		}
	}
}

// A session moves to the address of another, which somebody tries to replace.
// None of them harms the others, in whatever order they leave.
func TestRivalStaysAtItsAddressWhenASessionMovesThere(t *testing.T) {
	const first, second, newcomer = "10.0.0.1:1", "10.0.0.2:2", "10.0.0.3:3"
	for _, test := range []struct {
		name string
		then func(w *world, g *gateway, c *Conn)
	}{
		{"the first session moves on", func(w *world, g *gateway, c *Conn) {
			g.give(first, thirdAddress)
			w.wantEchoWithin(c, "elsewhere", 4*time.Second)
			c.Close()
		}},
		{"the attempt fails", func(w *world, g *gateway, c *Conn) {
			time.Sleep(2 * DefaultHandshakeTimeout)
			g.give(first, thirdAddress)
			c.Close()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var r roll
			inWorld(t, r.keep, func(w *world) {
				g := w.gateway()
				g.give(first, clientAddress)
				a := w.dial(first, movingConfig())
				g.give(second, otherAddress)
				config := clientConfigFor("second", testKey)
				config.ConnectionIDs = ConnectionIDsAsk
				b := w.dial(second, config)

				g.give(newcomer, clientAddress)
				c, err := Client(w.net.dial(newcomer, serverAddress), clientConfigFor("newcomer", testKey))
				if err != nil {
					t.Fatal(err)
				}
				g.silence(newcomer)
				go c.Handshake()
				synctest.Wait()
				if got := w.srv.Stats(); got.HalfOpen != 1 {
					t.Fatalf("%d handshakes", got.HalfOpen)
				}
				sh := w.srv.shards[0]
				g.give(second, clientAddress)
				w.wantEchoWithin(b, "at the contested address", 4*time.Second)
				checkShard(t, sh)
				test.then(w, g, a)
				synctest.Wait()
				checkShard(t, sh)
				w.wantEcho(b, "still here")
				checkShard(t, sh)
				c.Close()
				b.Close()
				time.Sleep(2 * DefaultHandshakeTimeout)
				if got := w.srv.Stats(); sh.table.len() != 0 || got.HalfOpen != 0 || got.Sessions != 0 || len(sh.table.byPeer) != 0 || len(sh.table.byCID) != 0 {
					t.Errorf("%d in the table, stats: %+v", sh.table.len(), got)
				}
				r.wantReasons(t, ErrPeerClosed, ErrPeerClosed)
			})
		})
	}
}
