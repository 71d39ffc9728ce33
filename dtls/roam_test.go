package dtls

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A client roams between addresses through a network that loses datagrams, while
// somebody copies what it sends, and is faster at times. Whatever happens: the
// session goes on, it never moves to the attacker, and the attacker gets no more
// than three times what came from there.
func TestSessionOfARoamingClientGoesOn(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { testRoaming(t, seed) })
	}
}

// A wild network is a nat that loses and copies.
type wild struct {
	nat
	mu         sync.Mutex // of the rest
	rand       *rand.Rand
	calm       bool
	seen       [][]byte // of the client
	in, out    int      // bytes from the attacker and to it
	lossy, bad float64  // how often datagrams are lost, and copied
}

func (n *wild) filter(w *world) func(p packet) bool {
	move := n.nat.filter(w)
	return func(p packet) bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		if p.to == thirdPeer {
			n.out += len(p.data)
			return true
		}
		if p.from == clientPeer && !n.calm {
			n.seen = append(n.seen, p.data)
			if n.rand.Float64() < n.bad {
				n.in += len(p.data)
				w.net.deliver(packet{thirdPeer, p.to, p.data})
			}
		}
		if !n.calm && n.rand.Float64() < n.lossy {
			return true
		}
		return move(p)
	}
}

// copyOld sends something that the client has sent in the attacker's name.
func (n *wild) copyOld(w *world) {
	n.mu.Lock()
	var old []byte
	if len(n.seen) > 0 {
		old = n.seen[n.rand.IntN(len(n.seen))]
		n.in += len(old)
	}
	n.mu.Unlock()
	if old != nil {
		w.inject(thirdPeer, old)
	}
}

// settle lets nothing be lost or copied from now on, and checks the traffic of
// the attacker.
func (n *wild) settle(t *testing.T) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calm = true
	if n.out > amplification*n.in {
		t.Errorf("the attacker sent %d bytes and got %d", n.in, n.out)
	}
}

func testRoaming(t *testing.T, seed uint64) {
	var m moveBook
	var r roll
	inWorld(t, func(s *Server) { m.keep(s); r.keep(s) }, func(w *world) {
		c := w.dial(clientAddress, movingConfig())
		n := &wild{rand: rand.New(rand.NewPCG(seed, 9853)), lossy: 0.3, bad: 0.3}
		w.net.lose(n.filter(w))
		places := []netip.AddrPort{{}, otherPeer, netip.MustParseAddrPort("198.51.100.8:1"), netip.MustParseAddrPort("[2001:db8::1]:1")}
		course := rand.New(rand.NewPCG(seed, 9146))
		for range 40 {
			switch course.IntN(4) {
			case 0:
				n.rebind(places[course.IntN(len(places))])
			case 1:
				n.copyOld(w)
			default:
				c.Write([]byte("on the way"))
				synctest.Wait()
				time.Sleep(time.Duration(course.IntN(1000)) * time.Millisecond)
			}
		}
		n.settle(t)
		time.Sleep(3 * pathTimeout)
		c.Write([]byte("is anybody there?")) // a check may begin
		time.Sleep(3 * pathTimeout)
		c.SetReadDeadline(time.Now().Add(time.Millisecond))
		for buf := make([]byte, 100); ; {
			if _, err := c.Read(buf); err != nil {
				break
			}
		}
		w.wantEcho(c, "arrived")
		for _, move := range m.moves {
			if move.To == thirdPeer || !move.Checked {
				t.Errorf("the peer was moved: %+v", move)
			}
		}
		if got := w.srv.Stats(); got.Sessions != 1 || got.HandshakesStarted != 1 {
			t.Errorf("stats: %+v", got)
		}
		c.Close()
		synctest.Wait()
		r.wantReasons(t, ErrPeerClosed)
	})
}

// A client has the server answer challenges that come from somebody else's
// address, in records that are longer than its own.
func TestAnswersToChallengesAreNoLongerThanAnUnprovenAddressMayGet(t *testing.T) {
	for _, length := range []int{0, 8, 64, maxConnectionID} {
		for _, challenges := range []int{1, 20} {
			inWorld(t, nil, func(w *world) {
				config := movingConfig()
				config.ConnectionIDLength = length
				c := w.dial(clientAddress, config)
				var datagram []byte
				onShard(c, func(_ *shard, s *Session) {
					for i := range challenges {
						m := wire.ReturnRoutabilityCheck{Type: wire.RRCPathChallenge, Cookie: [8]byte{byte(i)}}
						datagram, _ = s.assoc.AppendRoutabilityCheck(datagram, m)
					}
				})
				packets := w.capture()
				w.inject(thirdPeer, datagram)
				got, answers := 0, 0
				for _, p := range packets() {
					if p.to == thirdPeer {
						got += len(p.data)
						answers++
					}
				}
				if got > amplification*len(datagram) || length <= 64 && answers != challenges {
					t.Errorf("connection ID of %d bytes: %d bytes in %d answers to %d bytes with %d challenges", length, got, answers, len(datagram), challenges)
				}
				w.net.lose(loseNone)
				w.wantEchoWithin(c, "after that", 4*time.Second)

				// At its own address the client gets what it asks for.
				onShard(c, func(sh *shard, s *Session) {
					m := wire.ReturnRoutabilityCheck{Type: wire.RRCPathChallenge, Cookie: [8]byte{99}}
					datagram, _ = s.assoc.AppendRoutabilityCheck(nil, m)
				})
				packets = w.capture()
				w.inject(clientPeer, datagram)
				if got := len(packets()); got != 2 {
					t.Errorf("%d datagrams", got)
				}
				w.net.lose(loseNone)
				c.Close()
			})
		}
	}
}
