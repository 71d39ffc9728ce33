package dtls

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// withRoom is a server that has room for n sessions and ends the stalest.
func withRoom(n int, r *roll) func(*Server) {
	return func(s *Server) {
		s.Config.MaxSessions, s.Config.WhenFull = n, EvictWhenFull
		r.keep(s)
	}
}

func clientAt(i int) string { return fmt.Sprintf("198.51.100.7:%d", 1000+i) }

func TestStalestSessionMakesRoom(t *testing.T) {
	var r roll
	inWorld(t, withRoom(3, &r), func(w *world) {
		var conns []*Conn
		for i := range 3 {
			conns = append(conns, w.dial(clientAt(i), clientConfig()))
			defer conns[i].Close()
			time.Sleep(time.Second)
		}
		w.wantEcho(conns[0], "I am in use")
		time.Sleep(safeTime)
		c := w.dial(clientAt(3), clientConfig())
		defer c.Close()
		w.wantEcho(c, "there is room")
		w.wantEcho(conns[0], "I am still there")
		w.wantEcho(conns[2], "and so am I")
		if _, err := conns[1].Read(make([]byte, 10)); err != io.EOF {
			t.Errorf("the client that was silent for longest is told %v", err)
		}
		r.wantReasons(t, ErrEvicted)
		if stats := w.srv.Stats(); stats.SessionsEvicted != 1 || stats.Sessions != 3 {
			t.Errorf("%d counted as evicted, %d sessions", stats.SessionsEvicted, stats.Sessions)
		}
	})
}

func TestSessionsInUseAreNotEvicted(t *testing.T) {
	var r roll
	inWorld(t, withRoom(2, &r), func(w *world) {
		first, second := w.dial(clientAt(0), clientConfig()), w.dial(clientAt(1), clientConfig())
		defer first.Close()
		defer second.Close()
		config := clientConfig()
		config.HandshakeTimeout = safeTime / 2
		if _, err := w.tryDial(clientAt(2), config); !errors.Is(err, ErrHandshakeTimeout) {
			t.Errorf("the one too many: %v", err)
		}
		w.wantEcho(first, "one")
		w.wantEcho(second, "two")
		if stats := w.srv.Stats(); stats.SessionsEvicted != 0 || stats.Drops[wire.DropSessionLimit] == 0 {
			t.Errorf("%d evicted, %d refused", stats.SessionsEvicted, stats.Drops[wire.DropSessionLimit])
		}
	})
}

// Clients that never complete a handshake end nobody's session.
func TestHandshakesInProgressEvictNobody(t *testing.T) {
	about(t, VersionDTLS12)
	var r roll
	inWorld(t, withRoom(1, &r), func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		defer c.Close()
		time.Sleep(time.Minute)
		hello := firstHello(t)
		packets := w.capture()
		other := netip.MustParseAddrPort(clientAt(1))
		w.inject(other, hello)
		w.inject(other, withCookie(t, hello, cookieIn(t, packets())))
		if stats := w.srv.Stats(); stats.HalfOpen != 1 || stats.SessionsEvicted != 0 {
			t.Errorf("%d handshakes in progress, %d sessions evicted", stats.HalfOpen, stats.SessionsEvicted)
		}
		w.wantEcho(c, "I am there")
	})
}

// A client may come when there is something to evict, and be ready when there is not.
func TestClientWithoutRoomIsToldSo(t *testing.T) {
	about(t, VersionDTLS12)
	var r roll
	inWorld(t, func(s *Server) {
		withRoom(1, &r)(s)
		s.Config.PSK = PSKFunc(func(context.Context, []byte) ([]byte, error) {
			time.Sleep(time.Second)
			return testKey, nil
		})
	}, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		defer c.Close()
		time.Sleep(safeTime)
		refused := make(chan error)
		go func() {
			c, err := w.tryDial(clientAt(1), clientConfig())
			if err == nil {
				_, err = c.Read(make([]byte, 10))
				c.Close()
			}
			refused <- err
		}()
		time.Sleep(time.Second / 2)
		w.wantEcho(c, "now I am in use")
		var alert *AlertError
		if err := <-refused; !errors.As(err, &alert) || wire.AlertDescription(alert.Alert) != wire.AlertAccessDenied {
			t.Errorf("the one too many: %v", err)
		}
		w.wantEcho(c, "I am still there")
	})
}

func TestClientThatBeginsAnewKeepsItsPlace(t *testing.T) {
	var r roll
	inWorld(t, withRoom(2, &r), func(w *world) {
		other, c := w.dial(clientAt(1), clientConfig()), w.dial(clientAddress, clientConfig())
		defer other.Close()
		time.Sleep(safeTime)
		w.vanish(c)
		again := w.dial(clientAddress, clientConfig())
		defer again.Close()
		w.wantEcho(again, "here I am again")
		w.wantEcho(other, "and nobody else had to go")
		if n := w.srv.Stats().SessionsEvicted; n != 0 {
			t.Errorf("%d sessions evicted", n)
		}
	})
}

func TestManyClientsAtAFullServer(t *testing.T) {
	var r roll
	inWorld(t, withRoom(100, &r), func(w *world) {
		for i := range 400 {
			defer w.dial(clientAt(i), clientConfig()).Close()
			time.Sleep(time.Second)
		}
		synctest.Wait()
		stats := w.srv.Stats()
		if stats.Sessions != 100 || stats.SessionsEvicted != 300 {
			t.Errorf("%d sessions, %d evicted", stats.Sessions, stats.SessionsEvicted)
		}
		early := 0
		for _, info := range w.srv.Sessions() {
			if time.Since(info.LastActive) > 200*time.Second {
				early++
			}
		}
		if early > 20 {
			t.Errorf("%d of 100 sessions are twice as old as they would be if the stalest went each time", early)
		}
	})
}

// A sample may miss the only stale session when its time has come. Then the next
// samples are for it.
func TestWhoIsOneTooManyDoesNotStay(t *testing.T) {
	const n = 100
	var r roll
	inWorld(t, withRoom(n, &r), func(w *world) {
		var conns []*Conn
		for i := range n {
			conns = append(conns, w.dial(clientAt(i), clientConfig()))
			defer conns[i].Close()
		}
		time.Sleep(safeTime + time.Second)
		for _, c := range conns[1:] {
			w.wantEcho(c, "I am in use")
		}
		for attempt := 0; w.srv.Stats().HandshakesCompleted == n; attempt++ {
			c, err := w.tryAdmission(clientAt(n+attempt), clientConfig())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
		}
		for range 3 {
			w.wantEcho(conns[n-1], "time goes on")
		}
		if stats := w.srv.Stats(); stats.Sessions != n || stats.SessionsEvicted != 1 {
			t.Errorf("%d sessions, %d evicted", stats.Sessions, stats.SessionsEvicted)
		}
	})
}

// Who stays beside the session that has its address now needs a place of its own.
func TestSessionThatStaysBesideAnotherCounts(t *testing.T) {
	const first, second = "10.0.0.1:1", "10.0.0.2:2"
	var r roll
	inWorld(t, withRoom(2, &r), func(w *world) {
		other := w.dial(clientAt(1), clientConfig())
		defer other.Close()
		g := w.gateway()
		time.Sleep(time.Second)
		g.give(first, clientAddress)
		a := w.dial(first, movingConfig())
		defer a.Close()
		time.Sleep(safeTime)
		g.give(second, clientAddress)
		b := w.dial(second, clientConfigFor("second", testKey))
		defer b.Close()
		w.wantEcho(b, "at the same address")
		if stats := w.srv.Stats(); stats.Sessions != 2 || stats.SessionsEvicted != 1 {
			t.Errorf("%d sessions, %d evicted", stats.Sessions, stats.SessionsEvicted)
		}
		r.wantReasons(t, ErrEvicted)
	})
}
