package dtls

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A chaos is a world in which everything happens, in any order.
type chaos struct {
	*world
	rand    *rand.Rand
	clients []*Conn
	seen    func() []packet

	mu       sync.Mutex
	sessions []*Session
	open     map[*Session]bool
	over     int
}

const (
	chaosShards  = 3
	chaosMost    = 8 // sessions
	chaosPorts   = 40
	chaosClients = 30
)

func (c *chaos) configure(s *Server) {
	s.Config.MaxSessions, s.Config.WhenFull = chaosMost, EvictWhenFull
	s.Config.IdleTimeout = 20 * time.Minute
	s.Config.Cookies = CookiePolicy(c.rand.IntN(3))
	s.Opened = func(sess *Session) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sessions = append(c.sessions, sess)
		c.open[sess] = true
	}
	s.Closed = func(sess *Session, err error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.open[sess] || err == nil {
			c.t.Errorf("session %d is closed for %v, and was open: %v", sess.ID(), err, c.open[sess])
		}
		delete(c.open, sess)
		c.over++
	}
	s.Handler = HandlerFunc(func(sess *Session, b []byte) {
		c.mu.Lock()
		if !c.open[sess] {
			c.t.Errorf("session %d is not open and gets %q", sess.ID(), b)
		}
		c.mu.Unlock()
		sess.Info()
		sess.Send(b)
	})
}

func (c *chaos) address() string { return portOf(c.rand.IntN(chaosPorts)) }

func (c *chaos) client() *Conn {
	if len(c.clients) == 0 {
		return nil
	}
	return c.clients[c.rand.IntN(len(c.clients))]
}

func (c *chaos) session() *Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sessions) == 0 {
		return nil
	}
	return c.sessions[c.rand.IntN(len(c.sessions))]
}

func (c *chaos) begin() {
	config := clientConfigFor(fmt.Sprint(c.rand.IntN(3)), testKey)
	config.HandshakeTimeout = 5 * time.Second
	if c.rand.IntN(2) == 0 {
		config.ConnectionIDs = ConnectionIDsAsk
		config.ConnectionIDLength = c.rand.IntN(2) * 4
	}
	address := c.address()
	for i, old := range c.clients {
		if old.LocalAddr().String() == address {
			c.vanish(old)
			c.recapture()
			c.clients = append(c.clients[:i], c.clients[i+1:]...)
			break
		}
	}
	synctest.Wait()
	if c.inUse(address) {
		return
	}
	if client, err := c.tryDial(address, config); err == nil {
		c.clients = append(c.clients, client)
	}
}

func (c *chaos) inUse(address string) bool {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	return c.net.sockets[netip.MustParseAddrPort(address)] != nil
}

func (c *chaos) recapture() { c.seen = c.capture() }

func (c *chaos) forge() {
	packets := c.seen()
	for range 20 {
		if len(packets) == 0 {
			return
		}
		p := packets[c.rand.IntN(len(packets))]
		if p.to != serverPeer {
			continue
		}
		data := bytes.Clone(p.data)
		if c.rand.IntN(2) == 0 {
			data[c.rand.IntN(len(data))] ^= 1 << c.rand.IntN(8)
		}
		from := p.from
		if c.rand.IntN(3) == 0 {
			from = netip.MustParseAddrPort(c.address())
		}
		c.net.send(from, serverPeer, data)
	}
}

func (c *chaos) meddle() {
	for range 5 {
		sess := c.session()
		if sess == nil {
			return
		}
		choice := c.rand.IntN(9)
		go func() {
			switch choice {
			case 0:
				sess.Info()
			case 1:
				s := sess.ConnectionState()
				s.ExportKeyingMaterial("EXPERIMENTAL", nil, 16)
			case 2:
				sess.Send([]byte("unasked"))
			case 3:
				sess.KeyUpdate(true)
			case 4:
				sess.Context()
			case 5:
				sess.SetUserData(sess.UserData())
				sess.RemoteAddr()
				sess.LocalAddr()
			case 6:
				c.srv.Sessions()
			case 7:
				c.srv.Session(sess.ID())
			case 8:
				sess.Close()
			}
		}()
	}
}

func (c *chaos) step() {
	client := c.client()
	switch choice := c.rand.IntN(12); {
	case choice < 2 && len(c.clients) < chaosClients:
		c.begin()
	case choice < 3:
		c.forge()
	case choice < 4:
		c.meddle()
	case choice < 5:
		c.srv.sendToSleep()
	case choice < 6:
		time.Sleep(time.Duration(c.rand.IntN(20_000)) * time.Millisecond)
	case choice < 7 && c.rand.IntN(5) == 0:
		time.Sleep(time.Duration(c.rand.IntN(30)) * time.Minute)
	case client == nil:
	case choice < 10:
		client.Write([]byte("hello"))
	case choice < 11:
		address := c.address()
		synctest.Wait()
		if c.inUse(address) {
			return
		}
		client.Rebind(c.net.dial(address, serverAddress))
	default:
		go client.Close()
	}
}

func TestChaos(t *testing.T) {
	for seed := range 4 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			c := &chaos{rand: rand.New(rand.NewPCG(uint64(seed), 1)), open: make(map[*Session]bool)}
			kernel := byPort(chaosShards)
			if seed%2 == 0 {
				kernel = byProgram(t, chaosShards, DefaultConnectionIDLength)
			}
			inGroup(t, chaosShards, kernel, func(s *Server) {
				c.world = &world{t: t}
				c.configure(s)
			}, func(w *world) {
				c.world = w
				c.recapture()
				for range 1000 {
					c.step()
					if c.rand.IntN(3) == 0 {
						synctest.Wait()
					}
				}
				for _, client := range c.clients {
					client.Close()
				}
				time.Sleep(time.Hour)
				synctest.Wait()
				stats := w.srv.Stats()
				if stats.Sessions != 0 || stats.HalfOpen != 0 || len(c.open) != 0 {
					t.Errorf("left: %d sessions, %d handshakes, %d open", stats.Sessions, stats.HalfOpen, len(c.open))
				}
				for _, sh := range w.srv.shards {
					checkShard(t, sh)
					used := 0
					for i := range sh.dorm.slab.chunks {
						used += int(sh.dorm.slab.chunks[i].used)
					}
					if used != 0 || sh.awake.len() != 0 || len(sh.timers.heap) != 0 || len(sh.table.byPeer)+len(sh.table.byCID) != 0 {
						t.Errorf("%d places used, %d awake, %d timers, %d and %d in the table", used, sh.awake.len(), len(sh.timers.heap), len(sh.table.byPeer), len(sh.table.byCID))
					}
				}
			})
		})
	}
}
