package dtls

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/udp"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// turn hands datagrams to a shard as if they had been received together.
func (s *shard) turn(ms ...udp.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range ms {
		s.receive(&ms[i])
	}
	s.receiveLateHellos()
	s.out.reset()
}

// wantService has a client make a session and use it.
func (w *world) wantService(local, text string) {
	w.t.Helper()
	c := w.dial(local, clientConfig())
	defer c.Close()
	w.wantEcho(c, text)
}

func TestHelloWithACookieComesFirst(t *testing.T) {
	about(t, VersionDTLS12)
	inWorld(t, nil, func(w *world) {
		hello := firstHello(t)
		packets := w.capture()
		w.inject(clientPeer, hello)
		second := withCookie(t, hello, cookieIn(t, packets()))
		var order []uint64
		sh := w.srv.shards[0]
		var ms []udp.Message
		for i := range 5 {
			ms = append(ms, udp.Message{Buf: anotherHello(hello, uint64(i)), Peer: netip.AddrPortFrom(serverPeer.Addr(), uint16(i+1))})
		}
		ms = append(ms, udp.Message{Buf: second, Peer: clientPeer}, udp.Message{Buf: bytes.Clone(hello), Peer: clientPeer})
		started := func() uint64 { return sh.counters.started.Load() }
		for i := range ms[:6] {
			sh.mu.Lock()
			sh.receive(&ms[i])
			order = append(order, sh.counters.cookies.Load())
			sh.mu.Unlock()
		}
		if started() != 1 || order[5] != 1 {
			t.Errorf("%d handshakes begin before %d more cookies are sent", started(), order[5]-1)
		}
		sh.turn(ms[6]) // what waited, and a repetition
		if n := sh.counters.cookies.Load(); n != 6 || started() != 1 {
			t.Errorf("%d cookies, %d handshakes: each of the five is to be asked, the client not again", n, started())
		}
	})
}

func TestCookiesHaveARateUnderAFlood(t *testing.T) {
	inWorld(t, func(s *Server) { s.Config.CookieRate = 100 }, func(w *world) {
		hello := firstHello(t)
		for i := range 1000 {
			w.inject(netip.AddrPortFrom(netip.AddrFrom4([4]byte{100, 64, byte(i), byte(i)}), 1), anotherHello(hello, uint64(i)))
		}
		stats := w.srv.Stats()
		if stats.CookiesSent == 0 || stats.CookiesSent > 32 || stats.CookiesSent+stats.Drops[wire.DropAnswerLimit] != 1000 {
			t.Errorf("%d cookies, %d hellos dropped", stats.CookiesSent, stats.Drops[wire.DropAnswerLimit])
		}
		time.Sleep(time.Second)
		w.wantService(clientAddress, "after the flood")
	})
}

func TestCookiesUnderLoadOnly(t *testing.T) {
	inWorld(t, func(s *Server) {
		s.Config.Cookies = CookiesUnderLoad
		s.Config.MaxHalfOpen = 80
	}, func(w *world) {
		w.wantService(clientAddress, "nobody asked me")
		if n := w.srv.Stats().CookiesSent; n != 0 {
			t.Errorf("%d cookies without load", n)
		}
		hello := firstHello(t)
		for i := range 30 {
			w.inject(netip.AddrPortFrom(serverPeer.Addr(), uint16(i+1)), anotherHello(hello, uint64(i)))
		}
		stats := w.srv.Stats()
		if stats.HalfOpen != 80/crowdedPart || stats.CookiesSent != 30-80/crowdedPart {
			t.Errorf("%d handshakes of senders that may not exist, and %d cookies", stats.HalfOpen, stats.CookiesSent)
		}
		w.wantService(clientAt(1), "I was asked")
		time.Sleep(DefaultHandshakeTimeout + 10*time.Second)
		before := w.srv.Stats().CookiesSent
		w.wantService(clientAt(2), "nobody asked me")
		if n := w.srv.Stats().CookiesSent; n != before {
			t.Errorf("%d cookies after the load", n-before)
		}
	})
}

// Without load nobody asks for a cookie, but who comes where somebody is already has
// to prove that it is the same client: others may send in its name.
func TestForgedHelloDisturbsNoHandshakeWithoutCookies(t *testing.T) {
	inWorld(t, func(s *Server) { s.Config.Cookies = CookiesUnderLoad }, func(w *world) {
		hello := firstHello(t)
		w.inject(clientPeer, anotherHello(hello, 1))
		first := w.srv.Sessions()
		w.inject(clientPeer, anotherHello(hello, 2)) // of somebody else
		stats := w.srv.Stats()
		if len(first) != 1 || stats.HalfOpen != 1 || stats.HandshakesStarted != 1 || stats.CookiesSent != 1 {
			t.Errorf("%d handshakes at first, now %d of %d, %d cookies", len(first), stats.HalfOpen, stats.HandshakesStarted, stats.CookiesSent)
		}
	})
}

// A server that does not ask for a cookie sends no more than three times what it
// received, as RFC 9000, Section 8.1 has it.
func TestAmplificationWithoutCookies(t *testing.T) {
	for _, policy := range []CookiePolicy{CookiesNever, CookiesUnderLoad} {
		cert := newAuthority(t).issue(t, "ecdsa", serverName)
		for range 20 {
			cert.Certificate = append(cert.Certificate, cert.Certificate[0])
		}
		inWorld(t, func(s *Server) {
			withCertificate(cert)(s)
			s.Config.Cookies = policy
		}, func(w *world) {
			hello := helloOf(t, &Config{InsecureSkipVerify: true, ServerName: serverName, MinVersion: version, MaxVersion: version})
			behind := append(bytes.Clone(hello), record(wire.ContentApplicationData, wire.VersionDTLS12, 1, 0, make([]byte, 500))...)
			packets := w.capture()
			for peer, datagram := range map[netip.AddrPort][]byte{clientPeer: hello, otherPeer: behind} {
				w.inject(peer, datagram)
				time.Sleep(2 * DefaultHandshakeTimeout)
				sent := 0
				for _, p := range packets() {
					if p.to == peer {
						sent += len(p.data)
					}
				}
				if sent == 0 || sent > 3*len(datagram) {
					t.Errorf("policy %v: %d bytes for a datagram of %d", policy, sent, len(datagram))
				}
			}
			if n := w.srv.Stats().CookiesSent; n != 0 {
				t.Errorf("policy %v: %d cookies", policy, n)
			}
		})
	}
}

func TestBacklog(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		sh := w.srv.shards[0]
		sh.mu.Lock()
		defer sh.mu.Unlock()
		for range pressing {
			sh.pace(fullRead)
		}
		if sh.behind.full != pressing {
			t.Errorf("%d full reads are counted of %d", sh.behind.full, pressing)
		}
		sh.pace(fullRead - 1)
		if sh.behind.full != 0 {
			t.Errorf("a shard that has caught up is %d reads behind", sh.behind.full)
		}
	})
}

// Jobs are done however many datagrams there are to read.
func TestWorkersHaveTheirTurnInAFlood(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		sh := w.srv.shards[0]
		sh.mu.Lock()
		defer sh.mu.Unlock()
		for range 2 * maxYields {
			sh.host.workers.do(func() {})
		}
		turns := 0
		for ; sh.host.workers.waiting() > 0 && turns < 1000*pressing; turns++ {
			sh.pace(fullRead)
		}
		if sh.host.workers.waiting() > 0 {
			t.Errorf("%d jobs wait after %d full reads", sh.host.workers.waiting(), turns)
		}
	})
}
