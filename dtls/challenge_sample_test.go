package dtls

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestClientThatNeverAnswersTheCookieIsTold(t *testing.T) {
	inWorld(t, func(s *Server) {
		s.Config.Observer.Handshake = func(HandshakeEvent) {}
	}, func(w *world) {
		w.inject(netip.MustParseAddrPort("203.0.113.9:9"), firstHello(t))
		c := w.dial(clientAddress, clientConfig())
		time.Sleep(challengePatience - time.Millisecond)
		synctest.Wait()
		if w.log.has(KindUnanswered, "") {
			t.Error("the verdict came too early")
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if !w.log.has(KindUnanswered, "(203.0.113.9:9): the client never answered the cookie: probably a firewall or a spoofed source") {
			t.Error("nothing is said of the silent one")
		}
		if w.log.has(KindUnanswered, "("+clientAddress+")") {
			t.Error("the client that answered is said to be silent")
		}
		c.Close()
	})
}

// The log has few lines about strangers, but who watches handshakes hears of
// every client in the sample.
func TestObserverHearsOfEachClientThatNeverAnswers(t *testing.T) {
	const clients = 20
	silent := map[netip.AddrPort]bool{}
	inWorld(t, func(s *Server) {
		s.Config.Observer.Handshake = func(e HandshakeEvent) {
			if e.Unanswered {
				silent[e.Peer] = true
			}
		}
	}, func(w *world) {
		for i := range clients {
			w.inject(netip.AddrPortFrom(netip.MustParseAddr("203.0.113.9"), uint16(1000+i)), firstHello(t))
		}
		w.dial(clientAddress, clientConfig()).Close()
		time.Sleep(challengePatience)
		synctest.Wait()
	})
	if len(silent) != clients || silent[clientPeer] {
		t.Errorf("%d clients never answered, want %d: %v", len(silent), clients, silent)
	}
}

func TestChallengesAreNotSampledForNobody(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.inject(netip.MustParseAddrPort("203.0.113.9:9"), firstHello(t))
		w.srv.mu.Lock()
		defer w.srv.mu.Unlock()
		if sample := &w.srv.shards[0].sample; sample.pending != nil || sample.queue != nil {
			t.Error("a sample was taken")
		}
	})
}

// However many sources there are, the sample is as large as it may be.
func TestChallengeSampleIsBounded(t *testing.T) {
	var sample challengeSample
	now := virtualStart
	address := netip.MustParseAddr("10.0.0.0")
	most := challengesSampled * int(challengePatience/time.Second)
	for range 20 {
		for range 10_000 {
			address = address.Next()
			sample.add(now, netip.AddrPortFrom(address, 1))
		}
		now = now.Add(time.Second)
		for _, ok := sample.next(now); ok; _, ok = sample.next(now) {
		}
		if len(sample.queue) > most || len(sample.pending) > most {
			t.Fatalf("%d in the queue, %d pending", len(sample.queue), len(sample.pending))
		}
	}
	if len(sample.pending) == 0 {
		t.Error("nothing was sampled")
	}
}
