package dtls

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

var soak = flag.Duration("soak", 5*time.Second, "how long TestSoakR30Churn runs")

// R13: no application data of epoch 0 reaches the user, at any point.
func TestR13NoPlaintextApplicationData(t *testing.T) {
	var delivered atomic.Int32
	inWorld(t, func(s *Server) {
		s.Handler = HandlerFunc(func(*Session, []byte) { delivered.Add(1) })
	}, func(w *world) {
		plaintext := record(wire.ContentApplicationData, wire.VersionDTLS12, 0, 77, []byte("attack at dawn"))
		w.inject(clientPeer, plaintext)
		w.net.lose(func(p packet) bool {
			if !bytes.Equal(p.data, plaintext) {
				w.net.send(p.from, p.to, plaintext) // before each datagram, in both directions
			}
			return false
		})
		c := w.dial(clientAddress, clientConfig())
		w.net.lose(loseNone)
		w.inject(clientPeer, plaintext)
		w.net.send(serverPeer, clientPeer, plaintext)
		c.SetReadDeadline(time.Now().Add(time.Second))
		if n, err := c.Read(make([]byte, 100)); err == nil {
			t.Errorf("the client read %d bytes", n)
		}
		if n := delivered.Load(); n != 0 {
			t.Errorf("the server delivered %d datagrams", n)
		}
		if got := w.srv.Stats().Drops[wire.DropPlaintextApplicationData]; got == 0 {
			t.Error("nothing was counted")
		}
		c.Close()
	})
}

// R16: a session is resumed only with extended master secret on both sides,
// and whoever wants to resume goes through the cookie like everybody else.
func TestR16ResumptionGoesThroughTheCookie(t *testing.T) {
	for _, tickets := range []bool{true, version == VersionDTLS13} { // which has no session IDs
		t.Run(fmt.Sprintf("tickets=%v", tickets), func(t *testing.T) {
			inWorld(t, func(s *Server) {
				s.Config.SessionTicketsDisabled = !tickets
				if !tickets {
					s.Config.SessionCache = NewSessionCache(10)
				}
			}, func(w *world) {
				config := clientConfig()
				config.ClientSessionCache = NewClientSessionCache(10)
				w.dial(clientAddress, config).Close()
				cookies := w.srv.Stats().CookiesSent
				c := w.dial("198.51.100.7:40001", config)
				w.wantEcho(c, "resumed")
				if state := c.ConnectionState(); !state.DidResume || !state.ExtendedMasterSecret || string(state.PSKIdentity) != "client" {
					t.Errorf("second handshake: %+v", state)
				}
				got := w.srv.Stats()
				if got.HandshakesResumed != 1 || got.CookiesSent != cookies+1 {
					t.Errorf("%d resumed, %d cookies for the second handshake", got.HandshakesResumed, got.CookiesSent-cookies)
				}
				c.Close()
			})
		})
	}
}

// R19: a peer that fails, in whatever way, leaves no mark on another.
func TestR19FailedPeersLeaveNoMark(t *testing.T) {
	var r roll
	inWorld(t, func(s *Server) {
		r.keep(s)
		s.Config.PSK = StaticPSK{"client": testKey}
	}, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		for name, config := range map[string]*Config{
			"wrong key":        clientConfigFor("client", []byte("wrong")),
			"unknown identity": clientConfigFor("stranger", testKey),
			"endless identity": clientConfigFor(string(make([]byte, 300)), testKey),
			"no common suite": {
				ClientPSK:    clientConfig().ClientPSK,
				CipherSuites: []uint16{TLS_PSK_WITH_AES_128_CBC_SHA256},
			},
			"no key": {
				ClientPSK: func(context.Context, []byte) ([]byte, []byte, error) { return nil, nil, nil },
			},
		} {
			config.HandshakeTimeout = 3 * time.Second
			if _, err := w.tryDial("198.51.100.7:50000", config); err == nil {
				t.Errorf("%s: the handshake succeeded", name)
			}
			if err := echo(c, name); err != nil {
				t.Errorf("after %s: %v", name, err)
			}
			w.dial("198.51.100.7:50000", clientConfig()).Close() // nor on its own address
		}
		synctest.Wait()
		if got := len(r.reasons()); got != 5 {
			t.Errorf("%d sessions were closed, want the 5 that said goodbye", got)
		}
		c.Close()
	})
}

// R20: after the handshake no datagram that fails authentication changes
// anything, has the server answer with an alert, or keeps a session alive.
func TestR20ForgeriesNeitherHarmNorHelpASession(t *testing.T) {
	var r roll
	seed := uint64(20)
	inWorld(t, func(s *Server) {
		r.keep(s)
		s.Config.IdleTimeout = 80 * time.Second
	}, func(w *world) {
		random := rand.New(rand.NewPCG(seed, seed))
		c := w.dial(clientAddress, clientConfig())
		packets := w.capture()
		w.wantEcho(c, "genuine")
		genuine := packets()[0].data
		before := w.srv.Stats().DatagramsSent
		for range 2000 {
			w.inject(clientPeer, forge(random, genuine))
		}
		if got := w.srv.Stats().DatagramsSent; got != before {
			t.Errorf("seed %d: the server answered %d of 2000 forgeries", seed, got-before)
		}
		w.wantEcho(c, "unharmed")
		for range 100 {
			time.Sleep(time.Second)
			w.inject(clientPeer, forge(random, genuine))
		}
		r.wantReasons(t, ErrIdleTimeout)
		c.Close()
	})
}

// forge returns a datagram that resembles a genuine one.
func forge(random *rand.Rand, genuine []byte) []byte {
	b := bytes.Clone(genuine)
	switch random.IntN(4) {
	case 0: // another record number, or type, or version
		b[random.IntN(wire.RecordHeaderLen-2)] ^= byte(1 + random.IntN(255))
	case 1: // other content
		b[wire.RecordHeaderLen+random.IntN(len(b)-wire.RecordHeaderLen)] ^= byte(1 + random.IntN(255))
	case 2: // cut off, and made to look complete
		b = b[:wire.RecordHeaderLen+random.IntN(len(b)-wire.RecordHeaderLen)]
		b[11], b[12] = 0, byte(len(b)-wire.RecordHeaderLen)
	default: // anything at all, but no ClientHello
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		b[0] &^= 16
	}
	return b
}

// R24: before a valid cookie nothing is kept, signed or looked up, the answer
// is not longer than the question, and there are five lines a second at most.
func TestR24NothingIsDoneForStrangers(t *testing.T) {
	var lookups atomic.Int32
	inWorld(t, func(s *Server) {
		s.Config.PSK = PSKFunc(func(context.Context, []byte) ([]byte, error) {
			lookups.Add(1)
			return testKey, nil
		})
	}, func(w *world) {
		w.log.lines()
		hello := firstHello(t)
		const n = 1000
		for i := range n {
			from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)}), 9)
			w.net.send(from, serverPeer, hello)
		}
		synctest.Wait()
		got := w.srv.Stats()
		if got.CookiesSent != n || got.HandshakesStarted != 0 || got.HalfOpen != 0 || lookups.Load() != 0 {
			t.Errorf("%d cookies, %d handshakes, %d look-ups", got.CookiesSent, got.HandshakesStarted, lookups.Load())
		}
		if got.BytesSent > got.BytesReceived {
			t.Errorf("%d bytes sent for %d received", got.BytesSent, got.BytesReceived)
		}
		time.Sleep(2 * time.Second)
		if got := w.log.lines(); len(got) != maxUnverifiedLines+1 || got[maxUnverifiedLines] != fmt.Sprint(n-maxUnverifiedLines, " more not shown") {
			t.Errorf("%d lines, the last %q", len(got), got[len(got)-1])
		}
	})
}

// R24, counted: neither the answer to a hello nor a drop allocates.
func TestR24StrangersCostNoAllocation(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	server, _ := loopback(t, nil)
	hello, garbage := firstHello(t), []byte("garbage")
	raw, err := net.Dial("udp", server.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	buf := make([]byte, 2048)
	allocs := testing.AllocsPerRun(200, func() {
		raw.Write(hello)
		raw.Write(garbage)
		if _, err := raw.Read(buf); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations per hello and datagram of garbage", allocs)
	}
}

// R30: churn, for the race detector: sessions come, send, vanish
// and come back from the same address, while others look on.
func TestSoakR30Churn(t *testing.T) {
	srv := &Server{
		Config: &Config{
			PSK:        PSKFunc(func(context.Context, []byte) ([]byte, error) { return testKey, nil }),
			Observer:   (&logBook{}).observer(""),
			ReadQueue:  16,
			MTU:        512,
			ServerName: "soak",
		},
		Opened: func(s *Session) { s.SetUserData(s.ID()) },
		Closed: func(s *Session, _ error) { s.Send([]byte("too late")) },
		Handler: Async(HandlerFunc(func(s *Session, b []byte) {
			s.ConnectionState().ExportKeyingMaterial("EXPERIMENTAL soak", nil, 16)
			s.Send(b)
			if b[0]%64 == 0 {
				s.Close()
			}
		}), 4),
	}
	n := newMemNet()
	serving := make(chan error, 2)
	for _, address := range []string{serverAddress, "192.0.2.1:2"} {
		pc := n.listen(address)
		go func() { serving <- srv.Serve(pc) }()
	}
	ctx, cancel := context.WithTimeout(context.Background(), *soak)
	defer cancel()
	var completed atomic.Int64
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() { soakClient(ctx, n, i, &completed) })
	}
	clients.Go(func() { soakWatcher(ctx, srv) })
	clients.Wait()
	if _, err := srv.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := <-serving; err != ErrServerClosed {
			t.Error(err)
		}
	}
	stats := srv.Stats()
	if completed.Load() == 0 || stats.Sessions != 0 || stats.HalfOpen != 0 {
		t.Errorf("%d echoes, then %d sessions and %d handshakes are left", completed.Load(), stats.Sessions, stats.HalfOpen)
	}
	t.Logf("%d sessions, %d echoes", stats.HandshakesCompleted, completed.Load())
}

// soakClient comes and goes from the same address.
func soakClient(ctx context.Context, n *memNet, i int, completed *atomic.Int64) {
	random := rand.New(rand.NewPCG(30, uint64(i)))
	server := []string{serverAddress, "192.0.2.1:2"}[i%2]
	for ctx.Err() == nil {
		config := clientConfig()
		config.RetransmitInitial = 5 * time.Millisecond
		config.HandshakeTimeout = time.Second
		conn := n.dial(fmt.Sprint("198.51.100.7:", 1000+i), server)
		c, err := Client(conn, config)
		if err != nil {
			panic(err)
		}
		for range random.IntN(20) {
			c.SetDeadline(time.Now().Add(50 * time.Millisecond))
			if _, err := c.Write([]byte{byte(random.Uint32())}); err != nil {
				break
			}
			if _, err := c.Read(make([]byte, 10)); err == nil {
				completed.Add(1)
			}
		}
		if random.IntN(2) == 0 {
			conn.memSocket.Close() // and no goodbye
		}
		c.Close()
	}
}

// soakWatcher does what a console does, and closes and refuses at times.
func soakWatcher(ctx context.Context, srv *Server) {
	for i := 0; ctx.Err() == nil; i++ {
		srv.Stats()
		srv.Sessions()
		srv.Addrs()
		srv.SetAccepting(i%4 != 0)
		time.Sleep(time.Millisecond)
	}
	srv.SetAccepting(true)
}

// R18: identities are bytes. Those of more than 256 are refused, and counted.
func TestR18IdentitiesAreBytes(t *testing.T) {
	for _, identity := range []string{"", "\x00", "a\x00b", "\xff\xfe", string(bytes.Repeat([]byte{'x'}, 256))} {
		if identity == "" && version == VersionDTLS13 {
			continue // RFC 8446, Section 4.2.11: they have a byte at least
		}
		inWorld(t, func(s *Server) { s.Config.PSK = StaticPSK{identity: testKey} }, func(w *world) {
			c := w.dial(clientAddress, clientConfigFor(identity, testKey))
			infos := w.srv.Sessions()
			if len(infos) != 1 || string(infos[0].State.PSKIdentity) != identity {
				t.Errorf("identity %q: %+v", identity, infos)
			}
			c.Close()
		})
	}
	inWorld(t, nil, func(w *world) {
		_, err := w.tryDial(clientAddress, clientConfigFor(string(make([]byte, 257)), testKey))
		var alert *AlertError
		want := wire.AlertHandshakeFailure
		if version == VersionDTLS13 {
			want = wire.AlertDecryptError // as for an identity that is unknown
		}
		if err == nil || errors.As(err, &alert) && alert.Alert != uint8(want) {
			t.Errorf("257 bytes: %v", err)
		}
	})
}
