package dtls

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/gate"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// anotherHello returns a ClientHello datagram that differs in its random.
func anotherHello(hello []byte, n uint64) []byte {
	const random = wire.RecordHeaderLen + wire.FragmentHeaderLen + 2
	d := bytes.Clone(hello)
	binary.BigEndian.PutUint64(d[random:], n)
	return d
}

func TestForgedHellosDoNotStopTheClockOfAHandshake(t *testing.T) {
	about(t, VersionDTLS12)
	inWorld(t, nil, func(w *world) {
		hello := firstHello(t)
		packets := w.capture()
		w.inject(clientPeer, hello)
		w.inject(clientPeer, withCookie(t, hello, cookieIn(t, packets())))
		if n := w.srv.Stats().HalfOpen; n != 1 {
			t.Fatalf("%d handshakes in progress, want one", n)
		}
		for range 100 {
			w.inject(clientPeer, anotherHello(hello, 42))
			time.Sleep(900 * time.Millisecond)
		}
		if stats := w.srv.Stats(); stats.HalfOpen != 0 || stats.Retransmissions == 0 {
			t.Errorf("%d handshakes in progress after 90 s, %d flights repeated", stats.HalfOpen, stats.Retransmissions)
		}
	})
}

func TestHelloBehindSomethingElseIsNotAcceptedEither(t *testing.T) {
	about(t, VersionDTLS12)
	inWorld(t, nil, func(w *world) {
		w.srv.SetAccepting(false)
		synctest.Wait()
		hello := firstHello(t)
		alert := record(wire.ContentAlert, wire.VersionDTLS12, 0, 0, []byte{1, 0})
		packets := w.capture()
		w.inject(clientPeer, append(bytes.Clone(alert), hello...))
		w.inject(clientPeer, append(bytes.Clone(alert), withCookie(t, hello, cookieIn(t, packets()))...))
		if n := w.srv.Stats().HandshakesStarted; n != 0 {
			t.Errorf("%d handshakes begin at a server that accepts none", n)
		}
	})
}

func TestR19OneNetworkCannotTakeAllPlaces(t *testing.T) {
	const limit = 1000
	h := newHalfOpen(limit, gate.Networks{})
	greedy, other := netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("198.51.100.7")
	begun := 0
	for ; !h.full(greedy) && begun < limit; begun++ {
		h.begin(greedy)
	}
	if begun != limit/networkShare {
		t.Errorf("one network has %d of %d handshakes", begun, limit)
	}
	if h.full(netip.MustParseAddr("203.0.113.200")) != true || h.full(other) {
		t.Error("the share is not that of the network")
	}
	h.end(greedy)
	if h.full(greedy) {
		t.Error("a handshake that ended leaves no place")
	}
	for range begun - 1 {
		h.end(greedy)
	}
	if len(h.begun) != 0 || h.total.Load() != 0 {
		t.Errorf("after all ended, %d networks and %d handshakes are counted", len(h.begun), h.total.Load())
	}
}

func TestLookUpsOfHandshakesThatAreOverTakePlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHalfOpen(2, gate.Networks{})
		addr := netip.MustParseAddr("203.0.113.9")
		release := make(chan struct{})
		for range 2 {
			h.lookUp(func() { <-release })
		}
		if !h.full(addr) {
			t.Error("there is place for a handshake beside as many look-ups as handshakes may be in progress")
		}
		close(release)
		synctest.Wait()
		if h.full(addr) {
			t.Error("look-ups that ended take places")
		}
	})
}

func TestHandshakesOfManyNetworksAreForgotten(t *testing.T) {
	h := newHalfOpen(1000, gate.Networks{})
	for i := range 1_000_000 {
		addr := netip.AddrFrom4([4]byte{100, byte(i >> 16), byte(i >> 8), byte(i)})
		h.begin(addr)
		if i >= 1000 {
			old := i - 1000
			h.end(netip.AddrFrom4([4]byte{100, byte(old >> 16), byte(old >> 8), byte(old)}))
		}
		if len(h.begun) > 1001 {
			t.Fatalf("%d networks for 1000 handshakes", len(h.begun))
		}
	}
}

func TestNetworksOfTheConfigurationCount(t *testing.T) {
	inWorld(t, func(s *Server) {
		s.Config.NetworkIPv4 = 32
		s.Config.HandshakeRate, s.Config.HandshakeBurst = 1, 1
	}, func(w *world) {
		start := time.Now()
		w.wantService("198.51.100.1:1", "one")
		w.wantService("198.51.100.2:1", "two")
		if d := time.Since(start); d > 0 {
			t.Errorf("another network waited for %v", d)
		}
		w.wantDrops(wire.DropRateLimited, 0)
	})
}
