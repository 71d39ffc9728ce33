package dtls

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

const (
	otherAddress = "198.51.100.7:50001" // where the client is next
	thirdAddress = "203.0.113.66:6"     // somebody else's
)

var otherPeer, thirdPeer = netip.MustParseAddrPort(otherAddress), netip.MustParseAddrPort(thirdAddress)

// movingConfig returns the configuration of a client that asks for connection
// IDs.
func movingConfig() *Config {
	c := clientConfig()
	c.ConnectionIDs = ConnectionIDsAsk
	return c
}

// A moveBook keeps what an observer hears of addresses.
type moveBook struct {
	mu    sync.Mutex
	moves []AddressChange
}

func (m *moveBook) keep(s *Server) {
	s.Config.Observer.AddressChange = func(c AddressChange) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.moves = append(m.moves, c)
	}
}

// want compares the moves so far.
func (m *moveBook) want(t *testing.T, want ...AddressChange) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.moves) != len(want) {
		t.Fatalf("moves: %+v, want %+v", m.moves, want)
	}
	for i, got := range m.moves {
		if got.From != want[i].From || got.To != want[i].To || got.Checked != want[i].Checked || got.Session == 0 {
			t.Errorf("move %d: %+v, want %+v", i, got, want[i])
		}
	}
}

// A nat gives the datagrams of a client another address on their way to the
// server, and those of the server to that address back to the client.
type nat struct {
	mu      sync.Mutex
	outside netip.AddrPort // zero for the client's own
	lost    func(p packet) bool
	toOld   int // datagrams that the server sent to where the client was before
}

// route returns a filter for the network.
func (n *nat) filter(w *world) func(p packet) bool {
	return func(p packet) bool {
		n.mu.Lock()
		outside, lost := n.outside, n.lost
		n.mu.Unlock()
		switch {
		case lost != nil && lost(p):
			return true
		case !outside.IsValid():
			return false
		case p.from == clientPeer:
			w.net.deliver(packet{outside, p.to, p.data})
			return true
		case p.to == outside:
			w.net.deliver(packet{p.from, clientPeer, p.data})
			return true
		case p.to == clientPeer:
			n.mu.Lock()
			n.toOld++
			n.mu.Unlock()
			return true // nobody is there any more
		}
		return false
	}
}

// deliver delivers a packet past the filter.
func (n *memNet) deliver(p packet) {
	n.mu.Lock()
	s := n.socketFor(p)
	n.mu.Unlock()
	if s != nil {
		s.put(p)
	}
}

// rebinding puts a NAT between the client and the server.
func (w *world) rebinding() *nat {
	n := &nat{}
	w.net.lose(n.filter(w))
	return n
}

// rebind gives the client another address on the outside.
func (n *nat) rebind(outside netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.outside = outside
}

// wantEchoWithin is wantEcho with more patience.
func (w *world) wantEchoWithin(c *Conn, text string, patience time.Duration) {
	w.t.Helper()
	c.SetReadDeadline(time.Now().Add(patience))
	if _, err := c.Write([]byte(text)); err != nil {
		w.t.Fatal(err)
	}
	buf := make([]byte, 1<<14)
	n, err := c.Read(buf)
	if err != nil || string(buf[:n]) != text {
		w.t.Fatalf("echo of %q: %q, %v", text, buf[:n], err)
	}
}

func TestConnectionIDsAreNegotiatedWhereTheClientAsks(t *testing.T) {
	for _, test := range []struct {
		name           string
		server         *Config
		client         *Config
		server8, mine8 int // lengths of what the server and the client gave
		checks         bool
	}{
		{"not asked", &Config{}, &Config{}, 0, 0, false},
		{"asked", &Config{}, &Config{ConnectionIDs: ConnectionIDsAsk}, 8, 0, true},
		{"both ways", &Config{ConnectionIDLength: 4}, &Config{ConnectionIDs: ConnectionIDsAsk, ConnectionIDLength: 2}, 4, 2, true},
		{"refused", &Config{ConnectionIDs: ConnectionIDsNever}, &Config{ConnectionIDs: ConnectionIDsAsk}, 0, 0, false},
		{"not asked after all", &Config{ConnectionIDs: ConnectionIDsAsk}, &Config{ConnectionIDLength: 5}, 0, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var r roll
			inWorld(t, func(s *Server) {
				r.keep(s)
				s.Config.ConnectionIDs, s.Config.ConnectionIDLength = test.server.ConnectionIDs, test.server.ConnectionIDLength
			}, func(w *world) {
				config := clientConfig()
				config.ConnectionIDs, config.ConnectionIDLength = test.client.ConnectionIDs, test.client.ConnectionIDLength
				c := w.dial(clientAddress, config)
				w.wantEcho(c, "hello")
				ours, theirs := c.ConnectionState(), r.session(0).ConnectionState()
				if len(theirs.ConnectionID) != test.server8 || len(theirs.PeerConnectionID) != test.mine8 || theirs.AddressChecks != test.checks {
					t.Errorf("the server gave %x and got %x, checks: %v", theirs.ConnectionID, theirs.PeerConnectionID, theirs.AddressChecks)
				}
				if !bytes.Equal(ours.ConnectionID, theirs.PeerConnectionID) || !bytes.Equal(ours.PeerConnectionID, theirs.ConnectionID) {
					t.Errorf("the sides do not agree: %+v, %+v", ours, theirs)
				}
				c.Close()
			})
		})
	}
}

// A NAT gives the client another address. The server asks at the old one, where
// nobody is, and then at the new one.
func TestSessionOutlivesAnotherAddressOfTheClient(t *testing.T) {
	var r roll
	var m moveBook
	inWorld(t, func(s *Server) { r.keep(s); m.keep(s) }, func(w *world) {
		n := w.rebinding()
		c := w.dial(clientAddress, movingConfig())
		w.wantEcho(c, "from the old address")
		w.log.lines()

		n.rebind(otherPeer)
		w.wantEchoWithin(c, "from the new address", 2*time.Second)
		w.wantEcho(c, "once more")
		if got := r.session(0).RemoteAddr(); got != otherPeer {
			t.Errorf("the peer is at %v", got)
		}
		m.want(t, AddressChange{From: clientPeer, To: otherPeer, Checked: true})
		wantLines(t, w.log.lines(), "peer 198.51.100.7:40000 is now at 198.51.100.7:50001, it has passed the return routability check")
		if n.toOld != pathChallenges {
			t.Errorf("%d datagrams to the old address", n.toOld)
		}
		info := r.session(0).Info()
		if info.Peer != otherPeer || info.AddressChanges != 1 {
			t.Errorf("info: %+v", info)
		}
		if got := w.srv.Stats(); got.AddressChanges != 1 || got.AddressChecksFailed != 0 || got.HandshakesStarted != 1 || got.Sessions != 1 {
			t.Errorf("stats: %+v", got)
		}
		n.rebind(netip.AddrPort{})
		w.wantEchoWithin(c, "back again", 2*time.Second)
		if got := r.session(0).RemoteAddr(); got != clientPeer {
			t.Errorf("the peer is at %v", got)
		}
		c.Close()
		synctest.Wait()
		r.wantReasons(t, ErrPeerClosed)
	})
}

// What observers see of datagrams is where they come from and go to.
func TestObserversSeeTheAddressesOfDatagrams(t *testing.T) {
	var mu sync.Mutex
	var packets []Packet
	var from []netip.AddrPort
	inWorld(t, func(s *Server) {
		s.Config.SessionTicketsDisabled = true // which are acknowledged in their own time
		s.Config.Observer.Packet = func(p Packet) {
			mu.Lock()
			defer mu.Unlock()
			packets = append(packets, p)
		}
		s.Config.Observer.Datagram = func(d Datagram) {
			mu.Lock()
			defer mu.Unlock()
			if !d.Sent {
				from = append(from, d.Peer)
			}
		}
	}, func(w *world) {
		n := w.rebinding()
		c := w.dial(clientAddress, movingConfig())
		w.wantEcho(c, "old")
		n.rebind(otherPeer)
		mu.Lock()
		packets = nil
		mu.Unlock()
		w.wantEchoWithin(c, "new", 2*time.Second)
		mu.Lock()
		defer mu.Unlock()
		if len(from) != 2 || from[0] != clientPeer || from[1] != otherPeer {
			t.Errorf("datagrams from %v", from)
		}
		for i, want := range []struct {
			peer netip.AddrPort
			sent bool
		}{
			{otherPeer, false},                                         // the datagram
			{clientPeer, true}, {clientPeer, true}, {clientPeer, true}, // challenges
			{otherPeer, true}, {otherPeer, false}, // challenge and response
			{otherPeer, true}, // the echo
		} {
			if i >= len(packets) || packets[i].Peer != want.peer || packets[i].Sent != want.sent {
				t.Fatalf("packet %d of %d is not %+v", i, len(packets), want)
			}
		}
		c.Close()
	})
}

// withoutChecks has the server not know RFC 9853.
func withoutChecks(t *testing.T, policy AddressChangePolicy, f func(w *world, r *roll, m *moveBook)) {
	var r roll
	var m moveBook
	inWorld(t, func(s *Server) {
		r.keep(s)
		m.keep(s)
		s.Config.AddressChange = policy
		s.Config.MinVersion, s.Config.MaxVersion = version, version // the profile is made once
		p, err := s.Config.profile(engine.Server)
		if err != nil {
			t.Fatal(err)
		}
		p.engine.RRC = false
	}, func(w *world) { f(w, &r, &m) })
}

func TestAddressIsFollowedWithoutACheck(t *testing.T) {
	withoutChecks(t, AddressChangeFollow, func(w *world, r *roll, m *moveBook) {
		n := w.rebinding()
		c := w.dial(clientAddress, movingConfig())
		w.wantEcho(c, "from the old address")
		n.rebind(otherPeer)
		w.wantEcho(c, "from the new address")
		m.want(t, AddressChange{From: clientPeer, To: otherPeer})

		// Until it is heard once more, it gets three times what it sent.
		sess := r.session(0)
		sess.Send(make([]byte, 1000))
		synctest.Wait()
		w.wantDrops(wire.DropUnprovenAddress, 1)
		w.wantEcho(c, "once more")
		sess.Send(make([]byte, 1000))
		synctest.Wait()
		w.wantDrops(wire.DropUnprovenAddress, 1)
		c.Close()
	})
}

func TestAddressStaysWhereOnlyChecksMayChangeIt(t *testing.T) {
	withoutChecks(t, AddressChangeIfChecked, func(w *world, r *roll, m *moveBook) {
		n := w.rebinding()
		c := w.dial(clientAddress, movingConfig())
		n.rebind(otherPeer)
		if err := echo(c, "from the new address"); err == nil {
			t.Error("the answer came to the new address")
		}
		m.want(t)
		if r.session(0).Info().Received != 1 {
			t.Error("the datagram was not delivered")
		}
		n.rebind(netip.AddrPort{})
		w.wantEcho(c, "from the old address")
		c.Close()
	})
}

// Somebody copies what the client sends, and sends it from an address of theirs.
func TestSpoofedCopyOfAnOldRecordMovesNothing(t *testing.T) {
	for _, policy := range []AddressChangePolicy{AddressChangeFollow, AddressChangeIfChecked} {
		withoutChecks(t, policy, testSpoofedCopies)
	}
	var r roll
	var m moveBook
	inWorld(t, func(s *Server) { r.keep(s); m.keep(s) }, func(w *world) { testSpoofedCopies(w, &r, &m) })
}

func testSpoofedCopies(w *world, r *roll, m *moveBook) {
	t := w.t.(*testing.T)
	c := w.dial(clientAddress, movingConfig())
	synctest.Wait() // its last flight has left
	var late packet
	w.net.lose(func(p packet) bool {
		if p.from != clientPeer {
			return false
		}
		late = p
		return true
	})
	c.Write([]byte("never arrived"))
	synctest.Wait()
	packets := w.capture()
	w.wantEcho(c, "mine")
	seen := packets()

	// What the server has seen already is a replay; what it has not is taken, but
	// there was newer.
	w.inject(thirdPeer, late.data)
	for _, p := range seen {
		w.inject(thirdPeer, p.data)
	}
	time.Sleep(3 * pathTimeout)
	for _, p := range packets()[len(seen):] {
		if p.to == thirdPeer {
			t.Errorf("%d bytes went to the attacker", len(p.data))
		}
	}
	if got := r.session(0).RemoteAddr(); got != clientPeer {
		t.Errorf("the peer is at %v", got)
	}
	m.want(t)
	if got := w.srv.Stats(); got.Drops[wire.DropReplay] == 0 || got.AddressChecksFailed != 0 {
		t.Errorf("stats: %+v", got)
	}
	c.Close()
}

// Somebody who is faster than the client copies its newest record. The client
// answers from where it is.
func TestSpoofedCopyOfTheNewestRecordMovesNothingWithChecks(t *testing.T) {
	var r roll
	var m moveBook
	inWorld(t, func(s *Server) { r.keep(s); m.keep(s) }, func(w *world) {
		c := w.dial(clientAddress, movingConfig())
		var toThird int
		w.net.lose(func(p packet) bool {
			if p.to == thirdPeer {
				toThird += len(p.data)
			}
			if p.from == clientPeer {
				w.net.deliver(packet{thirdPeer, p.to, p.data})
			}
			return false
		})
		w.log.lines()
		w.wantEcho(c, "mine")
		w.wantEcho(c, "still mine")
		synctest.Wait()
		if toThird != 0 || r.session(0).RemoteAddr() != clientPeer {
			t.Errorf("%d bytes went to the attacker; the peer is at %v", toThird, r.session(0).RemoteAddr())
		}
		m.want(t)
		if got := w.srv.Stats().AddressChecksFailed; got == 0 {
			t.Error("no check")
		}
		if !w.log.has(KindNotMoved, "peer 198.51.100.7:40000 seemed to be at 203.0.113.66:6, but the peer answered from where it was: its address stays") {
			t.Errorf("lines: %q", w.log.lines())
		}
		w.net.lose(loseNone)
		c.Close()
	})
}

// Another client gets the address that the first one had, as NATs do it.
func TestSessionWithConnectionIDOutlivesTheLossOfItsAddress(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		n := w.rebinding()
		c := w.dial(clientAddress, movingConfig())
		n.rebind(otherPeer)
		w.wantEchoWithin(c, "elsewhere", 2*time.Second)
		w.inject(otherPeer, []byte("junk from there"))

		other := clientConfigFor("somebody else", testKey)
		n.rebind(thirdPeer) // and now the first address of the client is free
		d := w.dial(otherAddress, other)
		w.wantEcho(d, "me")
		if got := w.srv.Stats().Sessions; got != 2 {
			t.Errorf("%d sessions", got)
		}
		r.wantReasons(t)
		w.wantEchoWithin(c, "third place", 2*time.Second)
		if got := r.session(0).RemoteAddr(); got != thirdPeer {
			t.Errorf("the peer is at %v", got)
		}
		w.wantEcho(d, "me again")
		d.Close()
		c.Close()
		synctest.Wait()
		r.wantReasons(t, ErrPeerClosed, ErrPeerClosed)
	})
}

// The same client comes back from the same address without its state: R22.
func TestR22ClientWithConnectionIDThatLostItsStateGetsIn(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		w.vanish(w.dial(clientAddress, movingConfig()))
		c := w.dial(clientAddress, movingConfig())
		w.wantEcho(c, "after the crash")
		r.wantReasons(t, ErrReplaced)
		if got := w.srv.Stats().Sessions; got != 1 {
			t.Errorf("%d sessions", got)
		}
		c.Close()
	})
}

// A random source that fails leaves peers where they are, and the server serving.
func TestAddressStaysWithoutRandomnessForChallenges(t *testing.T) {
	var broken atomic.Bool
	var r roll
	inWorld(t, func(s *Server) {
		r.keep(s)
		s.Config.Rand = readerFunc(func(b []byte) (int, error) {
			if broken.Load() {
				return 0, io.ErrUnexpectedEOF
			}
			return rand.Read(b)
		})
	}, func(w *world) {
		n := w.rebinding()
		c := w.dial(clientAddress, movingConfig())
		w.wantEcho(c, "from the old address")
		broken.Store(true)
		n.rebind(otherPeer)
		if err := echo(c, "from the new address"); err == nil {
			t.Error("the answer came to the new address")
		}
		n.rebind(netip.AddrPort{})
		w.wantEcho(c, "from the old address again")
		if got := r.session(0).RemoteAddr(); got != clientPeer {
			t.Errorf("the peer is at %v", got)
		}
		c.Close()
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
