package dtls

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestNegotiatedInDTLS13(t *testing.T) {
	about(t, VersionDTLS13)
	inWorld(t, nil, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		s := c.ConnectionState()
		if s.Version != VersionDTLS13 || s.CipherSuite.ID != TLS_AES_128_GCM_SHA256 || s.Group != tls.X25519MLKEM768 ||
			!s.HelloRetryRequest || s.DidResume || string(s.PSKIdentity) != "client" {
			t.Errorf("%+v", s)
		}
		theirs := w.srv.Sessions()[0].State
		if theirs.CipherSuite != s.CipherSuite || theirs.Group != s.Group || !theirs.HelloRetryRequest || string(theirs.PSKIdentity) != "client" {
			t.Errorf("%+v", theirs)
		}
		if got := w.srv.Stats(); got.RetriesSent != 1 || got.CookiesSent != 1 || got.HandshakesDTLS13 != 1 {
			t.Errorf("%+v", got)
		}
		c.Close()
	})
}

// A server of both versions speaks to a client what that has.
func TestServerOfBothVersions(t *testing.T) {
	inWorld(t, func(s *Server) { s.Config.MinVersion, s.Config.MaxVersion = VersionDTLS12, VersionDTLS13 }, func(w *world) {
		for _, test := range []struct{ lowest, highest, want uint16 }{
			{0, 0, VersionDTLS13},
			{VersionDTLS12, VersionDTLS12, VersionDTLS12},
			{VersionDTLS13, VersionDTLS13, VersionDTLS13},
		} {
			config := clientConfig()
			config.MinVersion, config.MaxVersion = test.lowest, test.highest
			c := w.dial(clientAddress, config)
			w.wantEcho(c, "hello")
			if got := c.ConnectionState().Version; got != test.want {
				t.Errorf("%+v: %s", test, VersionName(got))
			}
			c.Close()
			synctest.Wait()
		}
	})
}

// A hello in several datagrams is an ordinary one: none of them is dropped.
func TestPartsOfHelloAreNoDrops(t *testing.T) {
	about(t, VersionDTLS13)
	var drops []Drop
	inWorld(t, func(s *Server) {
		s.Config.Observer.Drop = func(d Drop) { drops = append(drops, d) }
	}, func(w *world) {
		w.dial(clientAddress, clientConfig()).Close()
		synctest.Wait()
		if got := w.srv.Stats(); got.HelloFragments == 0 || len(drops) != 0 {
			t.Errorf("%d parts, drops %v", got.HelloFragments, drops)
		}
	})
}

// A server with nothing in common with a client says so, and nothing is kept.
func TestRefusedHelloIsTold(t *testing.T) {
	about(t, VersionDTLS13)
	var events []HandshakeEvent
	var why []string
	inWorld(t, func(s *Server) {
		s.Config.Observer.Handshake = func(e HandshakeEvent) {
			events = append(events, e)
			if e.Err != nil {
				why = append(why, e.Err.Error())
			}
		}
	}, func(w *world) {
		config := clientConfig()
		config.MaxVersion = VersionDTLS12
		_, err := w.tryDial(clientAddress, config)
		var alert *AlertError
		if !errors.As(err, &alert) || alert.Alert != uint8(wire.AlertProtocolVersion) {
			t.Errorf("%v", err)
		}
		const text = "no common version: client offers DTLS 1.2; server accepts DTLS 1.3"
		if !w.log.has(KindRefused, "(198.51.100.7:40000): hello refused: "+text) {
			t.Errorf("log:\n%s", strings.Join(w.log.lines(), "\n"))
		}
		w.wantDrops(wire.DropRefusedHello, 1)
		if len(events) != 2 || events[0].Message != "client_hello" || events[1].Alert != "fatal protocol_version" || !events[1].Sent || len(why) != 1 || why[0] != text {
			t.Errorf("%+v, %q", events, why)
		}
		time.Sleep(2 * challengePatience)
		if len(events) != 2 {
			t.Errorf("then %+v", events[2:])
		}
	})
}

// Lines about other strangers leave room for those that say why a hello was
// refused.
func TestRefusedHelloIsToldAmongStrangers(t *testing.T) {
	about(t, VersionDTLS13)
	inWorld(t, nil, func(w *world) {
		for i := range 3 * maxUnverifiedLines {
			from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}), 9)
			w.net.send(from, serverPeer, []byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
		}
		synctest.Wait()
		config := clientConfig()
		config.MaxVersion = VersionDTLS12
		if _, err := w.tryDial(clientAddress, config); err == nil {
			t.Fatal("not refused")
		}
		time.Sleep(2 * time.Second)
		if !w.log.has(KindRefused, "hello refused: no common version") || !w.log.has(KindSuppressed, " more not shown") {
			t.Errorf("log:\n%s", strings.Join(w.log.lines(), "\n"))
		}
	})
}

func TestBadCookieOfDTLS13IsTold(t *testing.T) {
	about(t, VersionDTLS13)
	inWorld(t, nil, func(w *world) {
		packets := w.capture()
		c := w.dial(clientAddress, clientConfig())
		c.Close()
		synctest.Wait()
		stranger := w.raw("203.0.113.9:9")
		for _, p := range packets()[2:4] { // the second hello, of somebody else
			stranger.tell(p.data)
		}
		if !w.log.has(KindRefused, "(203.0.113.9:9): hello refused: cookie is not one that the server made lately for this client and its hello") {
			t.Errorf("log:\n%s", strings.Join(w.log.lines(), "\n"))
		}
		w.wantDrops(wire.DropBadCookie, 1)
	})
}

// A server that has keys alone says so to a client that has none.
func TestClientWithoutKeyInDTLS13(t *testing.T) {
	about(t, VersionDTLS13)
	inWorld(t, nil, func(w *world) {
		_, err := w.tryDial(clientAddress, &Config{InsecureSkipVerify: true})
		var alert *AlertError
		if !errors.As(err, &alert) || alert.Alert != uint8(wire.AlertHandshakeFailure) {
			t.Errorf("%v", err)
		}
		const text = "no credential that the client can use: client offers no pre-shared key; server has pre-shared keys"
		if !w.log.has(KindFailed, text) {
			t.Errorf("log:\n%s", strings.Join(w.log.lines(), "\n"))
		}
	})
}

// With another key than the server's, a client learns it from an alert, which
// anyone may send: it counts at the next timeout.
func TestWrongKeyInDTLS13(t *testing.T) {
	about(t, VersionDTLS13)
	inWorld(t, func(s *Server) { s.Config.PSK = StaticPSK{"known": testKey} }, func(w *world) {
		for identity, why := range map[string]string{"known": "is known, its key does not match", "stranger": "is unknown"} {
			config := clientConfigFor(identity, []byte("another key"))
			var log logBook
			config.Observer = log.observer("Bob")
			start := time.Now()
			_, err := w.tryDial(clientAddress, config)
			var alert *AlertError
			if !errors.Is(err, ErrWrongKey) || !errors.As(err, &alert) || alert.Alert != uint8(wire.AlertDecryptError) || time.Since(start) > DefaultRetransmitInitial {
				t.Errorf("%s: %v", identity, err)
			}
			if !log.has(KindFailed, "Bob: handshake error - the peer sent a fatal alert: decrypt_error: the pre-shared keys of the two sides probably differ, or the identity is unknown") {
				t.Errorf("%s: client's log:\n%s", identity, strings.Join(log.lines(), "\n"))
			}
			if !w.log.has(KindFailed, "(198.51.100.7:40000): Error during SSL handshake: identity '"+identity+"' "+why) {
				t.Errorf("%s: server's log:\n%s", identity, strings.Join(w.log.lines(), "\n"))
			}
		}
		if got := w.srv.Stats(); got.HandshakesFailed[FailedWrongKey] != 2 || got.HalfOpen != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// Each ticket is used once, and each session brings another.
func TestTicketsOfDTLS13AreUsedOnce(t *testing.T) {
	about(t, VersionDTLS13)
	inWorld(t, nil, func(w *world) {
		cache := &singleCache{}
		for _, caches := range []ClientSessionCache{NewClientSessionCache(1), cache} {
			config := clientConfig()
			config.ClientSessionCache = caches
			var last []byte
			for i := range 3 {
				c := w.dial(clientAddress, config)
				if c.ConnectionState().DidResume != (i > 0) {
					t.Errorf("%T: handshake %d resumed: %v", caches, i, i == 0)
				}
				w.wantEcho(c, "hello")
				c.Close()
				synctest.Wait()
				if s := cache.session; s != nil && bytes.Equal(s.Bytes(), last) {
					t.Error("a ticket is still there")
				} else if s != nil {
					last = s.Bytes()
				}
			}
		}
	})
}

// A singleCache has one session, of whatever server.
type singleCache struct {
	mu      sync.Mutex
	session *ClientSession
}

func (c *singleCache) Get(string) *ClientSession {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

func (c *singleCache) Put(_ string, session *ClientSession) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = session
}

func TestKeyUpdates(t *testing.T) {
	about(t, VersionDTLS13)
	var atServer, atClient []bool
	inWorld(t, func(s *Server) {
		s.Config.SessionTicketsDisabled = true
		s.Config.Observer.KeyUpdate = func(u KeyUpdate) { atServer = append(atServer, u.Sent) }
	}, func(w *world) {
		config := clientConfig()
		var log logBook
		config.Observer = log.observer("")
		config.Observer.KeyUpdate = func(u KeyUpdate) { atClient = append(atClient, u.Sent) }
		c := w.dial(clientAddress, config)
		w.wantEcho(c, "old keys")
		if err := c.KeyUpdate(true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // acknowledgements take their time
		w.wantEcho(c, "new keys")
		if len(atServer) != 2 || len(atClient) != 2 {
			t.Errorf("at the server %v, at the client %v", atServer, atClient)
		}
		if got := w.srv.Sessions()[0].KeyUpdates; got != 2 || w.srv.Stats().KeyUpdates != 2 {
			t.Errorf("%d key updates", got)
		}
		if !w.log.has(KindKeyUpdate, "(198.51.100.7:40000): new keys are in use for what the peer sends") ||
			!log.has(KindKeyUpdate, "client: new keys are in use for what we send") {
			t.Errorf("server:\n%s\nclient:\n%s", strings.Join(w.log.lines(), "\n"), strings.Join(log.lines(), "\n"))
		}
		for range 5 {
			if err := w.srv.Session(w.srv.Sessions()[0].ID).KeyUpdate(false); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second) // acknowledgements take their time
			w.wantEcho(c, "newer keys")
		}
		if got := w.srv.Sessions()[0].KeyUpdates; got != 7 {
			t.Errorf("%d key updates", got)
		}
		c.Close()
		if err := c.KeyUpdate(false); !errors.Is(err, ErrSessionClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestNoKeyUpdateInDTLS12(t *testing.T) {
	about(t, VersionDTLS12)
	inWorld(t, nil, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		if err := c.KeyUpdate(true); err != ErrNoKeyUpdate {
			t.Errorf("%v", err)
		}
		c.Close()
	})
}

// What DTLS 1.3 cannot do without is acknowledged: a peer that is gone shows.
func TestSilentPeerAfterAKeyUpdate(t *testing.T) {
	about(t, VersionDTLS13)
	var r roll
	inWorld(t, r.keep, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		w.wantEcho(c, "here")
		time.Sleep(time.Minute)
		w.vanish(c)
		w.srv.Session(w.srv.Sessions()[0].ID).KeyUpdate(false)
		time.Sleep(5 * time.Minute)
		r.wantReasons(t, ErrUnacknowledged)
		if !w.log.has(KindClosed, "(198.51.100.7:40000): the peer acknowledges nothing any more") {
			t.Errorf("log:\n%s", strings.Join(w.log.lines(), "\n"))
		}
	})
}

// A ClientPSK is asked before the first hello of DTLS 1.3, and again with the
// hint of a server that speaks DTLS 1.2.
func TestClientPSKIsAskedForBothVersions(t *testing.T) {
	inWorld(t, func(s *Server) { s.Config.PSKIdentityHint = []byte("hint") }, func(w *world) {
		var hints []string
		config := &Config{ClientPSK: func(_ context.Context, hint []byte) ([]byte, []byte, error) {
			hints = append(hints, string(hint))
			return []byte("client"), testKey, nil
		}}
		c := w.dial(clientAddress, config)
		want := []string{"", "hint"}
		if version == VersionDTLS13 {
			want = want[:1]
		}
		if strings.Join(hints, ";") != strings.Join(want, ";") {
			t.Errorf("hints %q, want %q", hints, want)
		}
		c.Close()
	})
}

// Without cookies, the second hello of a client goes to the session that asked
// for it, in however many parts it comes.
func TestRetryWithoutCookies(t *testing.T) {
	about(t, VersionDTLS13)
	inWorld(t, func(s *Server) { s.Config.Cookies = CookiesNever }, func(w *world) {
		for range 2 { // the second one takes the place of the first
			c := w.dial(clientAddress, clientConfig())
			w.wantEcho(c, "hello")
			if s := c.ConnectionState(); !s.HelloRetryRequest || s.Group != tls.X25519MLKEM768 {
				t.Errorf("%+v", s)
			}
			w.vanish(c)
		}
		if got := w.srv.Stats(); got.HandshakesStarted != 2 || got.HandshakesCompleted != 2 || got.CookiesSent != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// What a HelloRetryRequest said has to be in the configuration for the client.
func TestConfigForClientKeepsWhatTheRetrySaid(t *testing.T) {
	about(t, VersionDTLS13)
	var config *Config
	inWorld(t, func(s *Server) {
		s.Config.GetConfigForClient = func(*tls.ClientHelloInfo) (*Config, error) { return config, nil }
	}, func(w *world) {
		for _, test := range []struct {
			change func(*Config)
			err    string
		}{
			{func(c *Config) { c.PSKIdentityHint = []byte("another") }, ""},
			{func(c *Config) { c.MaxVersion = VersionDTLS12 }, "none of the versions between MinVersion and MaxVersion is one of the server's"},
			{func(c *Config) { c.CipherSuites = []uint16{TLS_AES_256_GCM_SHA384} }, "no TLS_AES_128_GCM_SHA256, which was agreed on before"},
			{func(c *Config) { c.CurvePreferences = []tls.CurveID{tls.X25519} }, "no X25519MLKEM768, which was agreed on before"},
		} {
			config = &Config{PSK: StaticPSK{"*": testKey}}
			test.change(config)
			c, err := w.tryDial(clientAddress, clientConfig())
			if (err == nil) != (test.err == "") {
				t.Errorf("%q: %v", test.err, err)
			}
			if err == nil {
				c.Close()
				synctest.Wait()
			} else if !w.log.has(KindCredentials, test.err) {
				t.Errorf("log:\n%s", strings.Join(w.log.lines(), "\n"))
			}
		}
	})
}

// Whoever finds a session in its handshake may ask for new keys while that is being
// completed.
func TestKeyUpdateDuringTheHandshake(t *testing.T) {
	var asked sync.WaitGroup
	inWorld(t, func(s *Server) {
		s.Config.PSK = PSKFunc(func(context.Context, []byte) ([]byte, error) {
			asked.Go(func() {
				if err := s.Session(1).KeyUpdate(true); err != nil && err != ErrNoKeyUpdate {
					t.Errorf("KeyUpdate: %v", err)
				}
			})
			return testKey, nil
		})
	}, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		defer c.Close()
		w.wantEcho(c, "with the keys of the handshake")
		asked.Wait()
	})
}
