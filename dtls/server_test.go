package dtls

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestServerEchoes(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		for i := range 10 {
			w.wantEcho(c, fmt.Sprint("datagram ", i))
		}
		sess := r.session(0)
		if sess.RemoteAddr() != clientPeer || sess.LocalAddr() != serverPeer || sess.ID() == 0 {
			t.Errorf("session %d between %v and %v", sess.ID(), sess.LocalAddr(), sess.RemoteAddr())
		}
		if got, want := sess.ConnectionState().CipherSuite, c.ConnectionState().CipherSuite; got != want {
			t.Errorf("server has %v, client %v", got, want)
		}
		c.Close()
		synctest.Wait()
		r.wantReasons(t, ErrPeerClosed)
		if err := sess.Send(nil); err != ErrSessionClosed {
			t.Errorf("Send after the end: %v", err)
		}
	})
}

func TestServerCounts(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		w.wantEcho(c, "one")
		w.wantEcho(c, "two")
		got := w.srv.Stats()
		if got.Sessions != 1 || got.HalfOpen != 0 || got.HandshakesStarted != 1 || got.HandshakesCompleted != 1 ||
			got.CookiesSent != 1 || got.MessagesReceived != 2 || got.MessagesSent != 2 {
			t.Errorf("%+v", got)
		}
		received, sent := uint64(5), uint64(5)
		if version == VersionDTLS13 {
			received, sent = 6, 6 // the second hello and its answer have two parts; the ticket goes with the acknowledgement
		}
		if got.DatagramsReceived != received || got.DatagramsSent != sent || got.BytesReceived == 0 || got.BytesSent == 0 {
			t.Errorf("datagrams: %+v", got)
		}
		infos := w.srv.Sessions()
		if len(infos) != 1 || infos[0].Peer != clientPeer || !infos[0].Established || infos[0].Received != 2 || infos[0].Sent != 2 ||
			string(infos[0].State.PSKIdentity) != "client" {
			t.Errorf("Sessions: %+v", infos)
		}
		c.Close()
		synctest.Wait()
		if got := w.srv.Stats(); got.Sessions != 0 || len(w.srv.Sessions()) != 0 {
			t.Errorf("%d sessions after the last was closed", got.Sessions)
		}
	})
}

func TestShutdownTellsEveryPeer(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		const n = 200 // several batches
		var conns []*Conn
		for i := range n {
			conns = append(conns, w.dial(fmt.Sprintf("198.51.100.8:%d", 1000+i), clientConfig()))
		}
		told, err := w.srv.Shutdown(context.Background())
		if told != n || err != nil {
			t.Errorf("Shutdown = %d, %v", told, err)
		}
		for i, c := range conns {
			if _, err := c.Read(nil); err != io.EOF {
				t.Errorf("client %d: %v", i, err)
			}
			c.Close()
		}
		if got := r.reasons(); len(got) != n || got[0] != ErrServerClosed {
			t.Errorf("%d sessions closed, the first for %v", len(got), got[0])
		}
		if _, err := w.tryDial(clientAddress, clientConfig()); err == nil {
			t.Error("a handshake after Shutdown succeeded")
		}
	})
}

func TestShutdownEndsWithItsContext(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		for i := range 3 * goodbyeBatch {
			c := w.dial(fmt.Sprintf("198.51.100.8:%d", 1000+i), clientConfig())
			defer c.Close()
		}
		ctx, cancel := context.WithTimeout(context.Background(), goodbyePace/2)
		defer cancel()
		told, err := w.srv.Shutdown(ctx)
		if told != goodbyeBatch || err != context.DeadlineExceeded {
			t.Errorf("Shutdown = %d, %v", told, err)
		}
	})
}

func TestServeAfterShutdown(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.srv.Shutdown(context.Background())
		pc := w.net.listen("192.0.2.1:1")
		if err := w.srv.Serve(pc); err != ErrServerClosed {
			t.Errorf("Serve = %v", err)
		}
		if !isClosed(pc.gone) {
			t.Error("the socket is still open")
		}
	})
}

func TestServerOnSeveralSockets(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		second := w.net.listen("192.0.2.1:5684")
		go func() { w.serving <- w.srv.Serve(second) }()
		synctest.Wait()
		if got := w.srv.Addrs(); len(got) != 2 {
			t.Fatalf("Addrs = %v", got)
		}
		first := w.dial(clientAddress, clientConfig())
		other, err := Client(w.net.dial("198.51.100.7:40001", "192.0.2.1:5684"), clientConfig())
		if err != nil {
			t.Fatal(err)
		}
		w.wantEcho(first, "first")
		w.wantEcho(other, "second")

		// The end of one socket is the end of its sessions, and of no others.
		second.Close()
		if err := <-w.serving; !errors.Is(err, net.ErrClosed) || err == ErrServerClosed {
			t.Errorf("Serve = %v", err)
		}
		w.wantEcho(first, "still there")
		if got := w.srv.Stats(); got.Sessions != 1 || got.HandshakesCompleted != 2 {
			t.Errorf("%+v", got)
		}
		other.Close()
		first.Close()
	})
}

func TestSetAcceptingLetsKnownPeersGoOn(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		w.log.lines()
		w.srv.SetAccepting(false)
		synctest.Wait()
		wantLines(t, w.log.lines(), "Server is not accepting new connections")
		config := clientConfig()
		config.HandshakeTimeout = 5 * time.Second
		if _, err := w.tryDial("198.51.100.7:40001", config); !errors.Is(err, ErrHandshakeTimeout) {
			t.Errorf("handshake: %v", err)
		}
		wantLines(t, w.log.lines()) // ignored, silently
		w.wantDrops(wire.DropNotListening, 3)
		w.wantEcho(c, "known")
		w.srv.SetAccepting(true)
		synctest.Wait()
		wantLines(t, w.log.lines(), "Server is listening on address 192.0.2.1 and port 22334")
		w.dial("198.51.100.7:40001", clientConfig()).Close()
		c.Close()
	})
}

func TestHandlersMaySendFromOtherGoroutines(t *testing.T) {
	const n = 50
	inWorld(t, func(s *Server) {
		s.Handler = HandlerFunc(func(s *Session, b []byte) {
			for i := range n {
				go s.Send(fmt.Append(nil, string(b), i))
			}
		})
	}, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		io.WriteString(c, "answer ")
		seen := make(map[string]bool)
		buf := make([]byte, 100)
		for range n {
			size, err := c.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			seen[string(buf[:size])] = true
		}
		if len(seen) != n || !seen["answer 0"] {
			t.Errorf("%d different answers", len(seen))
		}
		c.Close()
	})
}

func TestSessionSend(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		sess := r.session(0)
		if got := sess.MaxPayload(); got != wire.MaxPlaintext {
			t.Errorf("MaxPayload = %d", got)
		}
		if err := sess.Send(make([]byte, sess.MaxPayload()+1)); err != ErrMessageTooLarge {
			t.Errorf("too large: %v", err)
		}
		w.wantEcho(c, strings.Repeat("x", sess.MaxPayload()))
		sess.Send([]byte("last words"))
		sess.Close()
		sess.Close()
		buf := make([]byte, 100)
		if size, err := c.Read(buf); string(buf[:size]) != "last words" {
			t.Errorf("got %q, %v: what was sent before Close must arrive", buf[:size], err)
		}
		if _, err := c.Read(buf); err != io.EOF {
			t.Errorf("after Close: %v", err)
		}
		r.wantReasons(t, ErrSessionClosed)
		c.Close()
	})
}

// While a handler runs, nothing leaves: what it sends queues up to a bound.
func TestSendQueueIsBounded(t *testing.T) {
	var sent int
	var err error
	inWorld(t, func(s *Server) {
		s.Handler = HandlerFunc(func(s *Session, b []byte) {
			for err == nil {
				if err = s.Send([]byte("x")); err == nil {
					sent++
				}
			}
		})
	}, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		io.WriteString(c, "go")
		synctest.Wait()
		if err != ErrQueueFull || sent != maxInboxItems {
			t.Errorf("%d sent, then %v", sent, err)
		}
		w.wantDrops(wire.DropQueueFull, 1)
		buf := make([]byte, 10)
		if _, err := c.Read(buf); err != nil {
			t.Errorf("what was taken must arrive: %v", err)
		}
		c.Close()
	})
}

func TestSessionsCarryUserData(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		sess := r.session(0)
		if got := sess.UserData(); got != nil {
			t.Errorf("UserData = %v", got)
		}
		sess.SetUserData(7)
		sess.SetUserData("another type")
		if got := sess.UserData(); got != "another type" {
			t.Errorf("UserData = %v", got)
		}
		ctx := sess.Context()
		if ctx.Err() != nil || sess.Context() != ctx {
			t.Errorf("context %v, %v", ctx.Err(), sess.Context())
		}
		c.Close()
		<-ctx.Done()
		if got := context.Cause(ctx); got != ErrPeerClosed {
			t.Errorf("cause %v", got)
		}
		late := w.dial(clientAddress, clientConfig())
		second := r.session(1)
		late.Close()
		synctest.Wait()
		if got := context.Cause(second.Context()); got != ErrPeerClosed {
			t.Errorf("cause of a context that was asked for late: %v", got)
		}
	})
}

func TestIdleSessionsEnd(t *testing.T) {
	var r roll
	inWorld(t, func(s *Server) {
		r.keep(s)
		s.Config.IdleTimeout = 80 * time.Second
	}, func(w *world) {
		busy, idle := w.dial("198.51.100.7:1", clientConfig()), w.dial("198.51.100.7:2", clientConfig())
		for range 10 {
			time.Sleep(10 * time.Second)
			w.wantEcho(busy, "here")
		}
		r.wantReasons(t, ErrIdleTimeout)
		if _, err := idle.Read(nil); err != io.EOF {
			t.Errorf("the idle client was not told: %v", err)
		}
		start := time.Now()
		busy.SetReadDeadline(time.Time{})
		busy.Read(nil)
		if d := time.Since(start); d < 79*time.Second || d > 91*time.Second {
			t.Errorf("the busy client was closed after %v", d)
		}
		busy.Close()
		idle.Close()
	})
}

// An idle session never ends earlier than asked for, and at most an eighth, or
// a second, later.
func TestIdleSessionsEndOnTime(t *testing.T) {
	for _, timeout := range []time.Duration{100 * time.Millisecond, time.Second, 1500 * time.Millisecond, 3 * time.Second, 20 * time.Second, 30 * time.Minute} {
		for _, offset := range []time.Duration{0, 50 * time.Millisecond, 99 * time.Millisecond, 950 * time.Millisecond} {
			inWorld(t, func(s *Server) { s.Config.IdleTimeout = timeout }, func(w *world) {
				time.Sleep(offset)
				c := w.dial(clientAddress, clientConfig())
				c.SetDeadline(time.Time{})
				w.wantEcho(c, "hello")
				start := time.Now()
				c.SetDeadline(time.Time{})
				if _, err := c.Read(nil); err != io.EOF {
					t.Errorf("%v: %v", timeout, err)
				}
				if d := time.Since(start); d < timeout || d > timeout+max(timeout/8, time.Second) {
					t.Errorf("a timeout of %v, begun %v later: ended after %v", timeout, offset, d)
				}
				c.Close()
			})
		}
	}
}

func TestIdleTimeoutCanBeOff(t *testing.T) {
	var r roll
	inWorld(t, func(s *Server) {
		r.keep(s)
		s.Config.IdleTimeout = -1
	}, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		time.Sleep(48 * time.Hour)
		w.wantEcho(c, "two days later") // with keys that were trimmed
		c.Close()
	})
}

// A store that waits stalls its own handshakes, and nobody else.
func TestSlowPSKStoreStallsNobodyElse(t *testing.T) {
	inWorld(t, func(s *Server) {
		s.Config.PSK = PSKFunc(func(ctx context.Context, identity []byte) ([]byte, error) {
			if string(identity) == "slow" {
				time.Sleep(20 * time.Second)
			}
			return testKey, nil
		})
	}, func(w *world) {
		established := w.dial("198.51.100.7:1", clientConfigFor("quick", testKey))
		var wg sync.WaitGroup
		start := time.Now()
		wg.Go(func() {
			c := w.dial("198.51.100.7:2", clientConfigFor("slow", testKey))
			if d := time.Since(start); d < 20*time.Second || d > 40*time.Second {
				t.Errorf("the slow handshake took %v", d)
			}
			c.Close()
		})
		synctest.Wait()
		w.wantEcho(established, "no delay")
		w.dial("198.51.100.7:3", clientConfigFor("quick", testKey)).Close()
		if d := time.Since(start); d > time.Second {
			t.Errorf("others waited for %v", d)
		}
		wg.Wait()
		established.Close()
	})
}

func TestLookUpEndsWithItsHandshake(t *testing.T) {
	ended := make(chan error, 1)
	inWorld(t, func(s *Server) {
		s.Config.HandshakeTimeout = 5 * time.Second
		s.Config.PSK = PSKFunc(func(ctx context.Context, identity []byte) ([]byte, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return nil, ctx.Err()
		})
	}, func(w *world) {
		_, err := w.tryDial(clientAddress, func() *Config {
			c := clientConfig()
			c.HandshakeTimeout = 10 * time.Second
			return c
		}())
		if !errors.Is(err, ErrHandshakeTimeout) {
			t.Errorf("handshake: %v", err)
		}
		if err := <-ended; err != context.Canceled {
			t.Errorf("look-up: %v", err)
		}
	})
}

func TestStoreThatFailsIsReported(t *testing.T) {
	inWorld(t, func(s *Server) {
		s.Config.PSK = PSKFunc(func(context.Context, []byte) ([]byte, error) { return nil, errors.New("database is down") })
	}, func(w *world) {
		w.tryDial(clientAddress, clientConfig())
		if !w.log.has(KindCredentials, "(198.51.100.7:40000): the look-up of a pre-shared key failed: database is down") {
			t.Errorf("log:\n%s", strings.Join(w.log.lines(), "\n"))
		}
	})
}

func TestHalfOpenLimit(t *testing.T) {
	inWorld(t, func(s *Server) {
		s.Config.MaxHalfOpen = 2
		s.Config.PSK = PSKFunc(func(ctx context.Context, _ []byte) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
	}, func(w *world) {
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				config := clientConfig()
				config.HandshakeTimeout = 2 * time.Second
				w.tryDial(fmt.Sprint("198.51.100.7:", 1+i), config)
			})
		}
		synctest.Wait()
		if got := w.srv.Stats(); got.HalfOpen != 2 || got.Drops[wire.DropHalfOpenLimit] != 1 {
			t.Errorf("%d half open, %d refused", got.HalfOpen, got.Drops[wire.DropHalfOpenLimit])
		}
		wg.Wait()
	})
}

func TestSessionLimit(t *testing.T) {
	inWorld(t, func(s *Server) { s.Config.MaxSessions = 1 }, func(w *world) {
		c := w.dial("198.51.100.7:1", clientConfig())
		config := clientConfig()
		config.HandshakeTimeout = time.Second / 2
		if _, err := w.tryDial("198.51.100.7:2", config); !errors.Is(err, ErrHandshakeTimeout) {
			t.Errorf("the one too many: %v", err)
		}
		w.wantDrops(wire.DropSessionLimit, 1)
		w.wantDrops(wire.DropHalfOpenLimit, 0)
		c.Close()
		w.dial("198.51.100.7:2", clientConfig()).Close()
	})
}

func TestHandshakeRateOfANetwork(t *testing.T) {
	inWorld(t, func(s *Server) {
		s.Config.HandshakeRate, s.Config.HandshakeBurst = 1, 3
	}, func(w *world) {
		for i := range 3 {
			w.dial(fmt.Sprintf("198.51.100.%d:1", i), clientConfig()).Close()
		}
		start := time.Now()
		w.dial("198.51.100.9:1", clientConfig()).Close() // after its retransmission
		if d := time.Since(start); d < time.Second/2 {
			t.Errorf("the fourth of a network waited for %v", d)
		}
		start = time.Now()
		w.dial("203.0.113.1:1", clientConfig()).Close()
		if d := time.Since(start); d > 0 {
			t.Errorf("another network waited for %v", d)
		}
		w.wantDrops(wire.DropRateLimited, 1)
	})
}

func TestAsyncHandlerKeepsTheOrderOfASession(t *testing.T) {
	inWorld(t, func(s *Server) {
		s.Handler = Async(HandlerFunc(func(s *Session, b []byte) {
			time.Sleep(time.Second)
			s.Send(b)
		}), 2)
	}, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		const n = 20
		for i := range n {
			c.Write([]byte{byte(i)})
		}
		buf := make([]byte, 10)
		for i := range n {
			if size, err := c.Read(buf); err != nil || size != 1 || buf[0] != byte(i) {
				t.Fatalf("answer %d: %v, %v", i, buf[:size], err)
			}
		}
		c.Close()
	})
}

func TestServerNeedsItsFields(t *testing.T) {
	for name, srv := range map[string]*Server{
		"Config":       {Handler: HandlerFunc(nil)},
		"Handler":      {Config: &Config{PSK: StaticPSK{}}},
		"Certificates": {Config: &Config{}, Handler: HandlerFunc(func(*Session, []byte) {})},
		"unknown port": {Config: &Config{PSK: StaticPSK{}}, Handler: HandlerFunc(nil), Addr: "127.0.0.1:99999"},
	} {
		if err := srv.ListenAndServe(); err == nil || name != "unknown port" && !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// A server that withdrew serves again, as the same server.
func TestServerServesAgainAfterWithdraw(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		first := w.dial(clientAddress, clientConfig())
		w.wantEcho(first, "before")
		id := r.session(0).ID()
		told, err := w.srv.Withdraw(context.Background())
		if told != 1 || err != nil {
			t.Errorf("told %d peers, %v", told, err)
		}
		if err := <-w.serving; err != ErrServerClosed {
			t.Errorf("Serve returned %v", err)
		}
		if _, err := first.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the client heard %v instead of goodbye", err)
		}
		r.wantReasons(t, ErrServerClosed)

		w.serve(serverAddress)
		again := w.dial(clientAddress, clientConfig())
		w.wantEcho(again, "after")
		if next := r.session(1).ID(); next == id {
			t.Errorf("two sessions have the ID %d", id)
		}
		if got := w.srv.Stats(); got.HandshakesCompleted != 2 || got.Sessions != 1 {
			t.Errorf("%+v", got)
		}
		again.Close()
	})
}

// While a server says goodbye no session begins that would end without one.
func TestNobodyComesInDuringGoodbyes(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		for i := range 3 * goodbyeBatch {
			defer w.dial(fmt.Sprintf("198.51.100.8:%d", 1000+i), clientConfig()).Close()
		}
		late := make(chan error, 1)
		go func() {
			time.Sleep(goodbyePace / 2)
			c, err := w.tryDial(clientAddress, clientConfig())
			if err == nil {
				c.Close()
			}
			late <- err
		}()
		if told, err := w.srv.Withdraw(context.Background()); told != 3*goodbyeBatch || err != nil {
			t.Errorf("Withdraw = %d, %v", told, err)
		}
		if err := <-late; err == nil {
			t.Error("a session began while the others ended")
		}
		if n := len(r.reasons()); n != 3*goodbyeBatch {
			t.Errorf("%d sessions ended", n)
		}
		if err := <-w.serving; err != ErrServerClosed {
			t.Errorf("Serve returned %v", err)
		}
		w.serve(serverAddress)
		c := w.dial("198.51.100.9:1", clientConfig())
		w.wantEcho(c, "after")
		c.Close()
	})
}

func TestServerFindsSessionsByID(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		other := w.dial("198.51.100.8:40000", clientConfig())
		defer other.Close()
		want := r.session(0)
		if got := w.srv.Session(want.ID()); got != want {
			t.Errorf("found %v", got)
		}
		c.Close()
		synctest.Wait()
		if got := w.srv.Session(want.ID()); got != nil {
			t.Errorf("found a session that is over: %v", got)
		}
	})
}

// What is known of a session is what was sent and received over it, also when
// it is over.
func TestSessionInfoCountsBothWays(t *testing.T) {
	var last SessionInfo
	inWorld(t, func(s *Server) {
		s.Closed = func(sess *Session, _ error) { last = sess.Info() }
	}, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		w.wantEcho(c, "12345")
		w.wantEcho(c, "1234567")
		w.inject(clientPeer, record(wire.ContentApplicationData, wire.VersionDTLS12, 1, 99, make([]byte, 40)))
		c.Close()
		synctest.Wait()
	})
	if last.Received != 2 || last.Sent != 2 || last.ReceivedBytes != 12 || last.SentBytes != 12 || last.Drops != 1 || last.Retransmissions != 0 {
		t.Errorf("%+v", last)
	}
	if last.Peer != clientPeer || string(last.State.PSKIdentity) != "client" {
		t.Errorf("%+v", last)
	}
}
