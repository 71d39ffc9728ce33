package dtls

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestObserverSeesDatagramsInBothForms(t *testing.T) {
	var seen []Datagram
	inWorld(t, func(s *Server) {
		s.Config.Observer.Datagram = func(d Datagram) {
			d.Ciphertext, d.Plaintext = bytes.Clone(d.Ciphertext), bytes.Clone(d.Plaintext)
			seen = append(seen, d)
		}
	}, func(w *world) {
		packets := w.capture()
		c := w.dial(clientAddress, clientConfig())
		w.wantEcho(c, "a datagram")
		synctest.Wait()
		on := packets()[len(packets())-2:]
		if len(seen) != 2 {
			t.Fatalf("%d datagrams", len(seen))
		}
		for i, d := range seen {
			if d.Sent != (i == 1) || d.Peer != clientPeer || string(d.Plaintext) != "a datagram" || !bytes.Equal(d.Ciphertext, on[i].data) || d.Session == 0 {
				t.Errorf("%+v, on the network %x", d, on[i].data)
			}
		}
		c.Close()
	})
}

func TestObserverSeesTheHandshake(t *testing.T) {
	about(t, VersionDTLS12)
	var steps []string
	inWorld(t, func(s *Server) {
		s.Config.Observer.Handshake = func(e HandshakeEvent) {
			direction := "<"
			if e.Sent {
				direction = ">"
			}
			steps = append(steps, fmt.Sprint(direction, " ", e.Message, e.Alert, " ", e.Seq, " ", e.Retransmission))
			cookie := e.Seq == 0 && e.Message != ""
			if e.Peer != clientPeer || (e.Session == 0) != cookie && e.Message != "" || e.Time.IsZero() || len(e.Body) != e.Length {
				t.Errorf("%+v", e)
			}
		}
	}, func(w *world) {
		lost := 0
		w.net.lose(func(p packet) bool {
			if p.from == serverPeer && len(p.data) > 100 {
				lost++
				return lost == 1 // the first flight
			}
			return false
		})
		c := w.dial(clientAddress, clientConfig())
		c.Close()
		synctest.Wait()
	})
	want := []string{
		"< client_hello 0 0",
		"> hello_verify_request 0 0",
		"< client_hello 1 0",
		"> server_hello 1 0",
		"> server_key_exchange 2 0",
		"> server_hello_done 3 0",
		">  0 1", // repeated
	}
	if len(steps) < len(want) || strings.Join(steps[:len(want)], "; ") != strings.Join(want, "; ") {
		t.Errorf("got  %s\nwant %s", strings.Join(steps, "; "), strings.Join(want, "; "))
	}
	if last := strings.Join(steps[len(steps)-2:], "; "); last != "< warning close_notify 0 0; > warning close_notify 0 0" {
		t.Errorf("the last steps are %q", last)
	}
}

// A HelloRetryRequest is called what it is, although on the wire it is a
// ServerHello.
func TestObserverSeesTheHelloRetryRequest(t *testing.T) {
	about(t, VersionDTLS13)
	var server, client []string
	keep := func(steps *[]string) func(HandshakeEvent) {
		return func(e HandshakeEvent) {
			if strings.Contains(e.Message, "hello") && e.Fragment == 0 {
				*steps = append(*steps, e.Message)
			}
		}
	}
	inWorld(t, func(s *Server) { s.Config.Observer.Handshake = keep(&server) }, func(w *world) {
		config := clientConfig()
		config.Observer = &Observer{Handshake: keep(&client)}
		w.dial(clientAddress, config).Close()
	})
	want := "client_hello hello_retry_request client_hello server_hello"
	for side, steps := range map[string][]string{"server": server, "client": client} {
		if got := strings.Join(steps, " "); got != want {
			t.Errorf("%s: %s, want %s", side, got, want)
		}
	}
}

func TestObserverSeesPartsOfMessages(t *testing.T) {
	parts, messages := 0, 0
	inWorld(t, func(s *Server) {
		s.Config.Certificates = []tls.Certificate{newAuthority(t).issue(t, "rsa", serverName)}
		s.Config.MTU = 256
		s.Config.Observer = &Observer{Handshake: func(e HandshakeEvent) {
			if e.Message != "certificate" {
				return
			}
			if !e.Sent || e.Fragment > 0 && (e.Body != nil || e.Offset+e.Fragment > e.Length) {
				t.Errorf("%+v", e)
			}
			if e.Fragment > 0 {
				parts += e.Fragment
			} else {
				messages += e.Length
			}
		}}
	}, func(w *world) {
		w.dial(clientAddress, &Config{InsecureSkipVerify: true}).Close()
	})
	if messages == 0 || parts != messages {
		t.Errorf("a certificate of %d bytes in parts of %d in all", messages, parts)
	}
}

// What one sees with all of the packets and secrets is what is on the network.
func TestObserverSeesPacketsAndSecrets(t *testing.T) {
	var (
		seen    []string
		secrets []string
		ids     = map[uint64]bool{}
	)
	inWorld(t, func(s *Server) {
		s.Config.Observer.Packet = func(p Packet) {
			seen = append(seen, fmt.Sprintf("%v %x", p.Sent, p.Payload))
			ids[p.Session] = true
			if p.Peer != clientPeer || p.Local != serverPeer || p.Time.IsZero() {
				t.Errorf("%+v", p)
			}
		}
		s.Config.Observer.Secret = func(line Secret) {
			secrets = append(secrets, string(line.Line))
			ids[line.Session] = true
		}
	}, func(w *world) {
		packets := w.capture()
		c := w.dial(clientAddress, clientConfig())
		w.wantEcho(c, "a datagram")
		c.Close()
		synctest.Wait()
		var want []string
		before := 2 // those for the cookie
		if version == VersionDTLS13 {
			before = 3 // and the first part of the second hello
		}
		for _, p := range packets()[before:] {
			want = append(want, fmt.Sprintf("%v %x", p.from == serverPeer, p.data))
		}
		if strings.Join(seen, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(seen, "\n"), strings.Join(want, "\n"))
		}
	})
	first, lines := "CLIENT_RANDOM ", 1
	if version == VersionDTLS13 {
		first, lines = "CLIENT_HANDSHAKE_TRAFFIC_SECRET ", 5
	}
	if len(secrets) != lines || !strings.HasPrefix(secrets[0], first) || len(ids) != 1 || ids[0] {
		t.Errorf("secrets %q, sessions %v", secrets, ids)
	}
}

func TestObserversTellsEach(t *testing.T) {
	var told []string
	note := func(who string) *Observer {
		return &Observer{Name: who, Log: func(Entry) { told = append(told, who) }}
	}
	o := Observers(note("first"), &Observer{Drop: func(Drop) { told = append(told, "drop") }}, note("last"))
	o.Log(Entry{})
	o.Drop(Drop{})
	if got := strings.Join(told, " "); got != "first last drop" || o.Name != "first" {
		t.Errorf("told %s, as %s", got, o.Name)
	}
	if o.Datagram != nil || o.Handshake != nil || o.Packet != nil || o.Secret != nil {
		t.Error("hooks out of nothing cost something")
	}
}

// A line that nobody wants is not put together.
func TestObserverHearsNoLinesBelowItsLevel(t *testing.T) {
	var heard []string
	inWorld(t, func(s *Server) {
		s.Config.Observer = &Observer{LogLevel: Warning, Log: func(e Entry) { heard = append(heard, e.Level.String()) }}
	}, func(w *world) {
		w.dial(clientAddress, clientConfig()).Close()
		synctest.Wait()
		if len(heard) > 0 {
			t.Errorf("a session that goes well has lines of level %v", heard)
		}
		w.inject(clientPeer, nil)
	})
	if len(heard) != 1 || heard[0] != "warning" {
		t.Errorf("an empty datagram has lines of level %v", heard)
	}
}

func TestObserversHearTheLowestLevel(t *testing.T) {
	listens := func(level Level) *Observer { return &Observer{LogLevel: level, Log: func(Entry) {}} }
	for name, test := range map[string]struct {
		of   []*Observer
		want Level
	}{
		"one":                          {[]*Observer{listens(Error)}, Error},
		"the second wants more":        {[]*Observer{listens(Error), listens(Info)}, Info},
		"the first wants more":         {[]*Observer{listens(Warning), listens(Error)}, Warning},
		"who has no hook has no say":   {[]*Observer{listens(Error), {}}, Error},
		"who has no hook, the reverse": {[]*Observer{{}, listens(Error)}, Error},
	} {
		if got := Observers(test.of...).LogLevel; got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestObserverSeesDrops(t *testing.T) {
	var drops []string
	inWorld(t, func(s *Server) {
		s.Config.Observer.Drop = func(d Drop) { drops = append(drops, fmt.Sprint(d.Peer, " ", d.Reason)) }
	}, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		drops = nil // of the parts of a hello
		forged := record(wire.ContentApplicationData, wire.VersionDTLS12, 1, 99, make([]byte, 40))
		if version == VersionDTLS13 {
			forged = append([]byte{0x2f, 0, 99, 0, 40}, make([]byte, 40)...) // RFC 9147, Section 4
		}
		w.inject(clientPeer, forged)
		w.raw("203.0.113.9:9").tell([]byte("x"))
		want := clientAddress + " authentication; 203.0.113.9:9 malformed_record"
		if got := strings.Join(drops, "; "); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		c.Close()
	})
}

// Whatever the user's code asks from within a handler or hook, it gets an
// answer: nothing is held while it runs.
func TestUserCodeMayAskAnything(t *testing.T) {
	asked := 0
	inWorld(t, func(s *Server) {
		ask := func() {
			asked++
			s.Stats()
			s.Addrs()
			for _, info := range s.Sessions() {
				info.State.ExportKeyingMaterial("EXPERIMENTAL test", nil, 16)
			}
			s.SetAccepting(true)
		}
		o := s.Config.Observer
		o.Log = func(Entry) { ask() }
		o.Datagram = func(Datagram) { ask() }
		o.Handshake = func(HandshakeEvent) { ask() }
		o.Drop = func(Drop) { ask() }
		s.Config.VerifyConnection = func(ConnectionState) error { ask(); return nil }
		s.Config.KeyLogWriter = writerFunc(func(b []byte) (int, error) { ask(); return len(b), nil })
		s.Config.PSK = PSKFunc(func(_ context.Context, identity []byte) ([]byte, error) { ask(); return testKey, nil })
		s.Opened = func(*Session) { ask() }
		s.Closed = func(*Session, error) { ask() }
		s.Handler = HandlerFunc(func(s *Session, b []byte) {
			ask()
			s.Context()
			s.Send(b)
		})
	}, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		w.wantEcho(c, "hello")
		w.inject(clientPeer, nil)
		c.Close()
		synctest.Wait()
		if asked < 10 {
			t.Errorf("asked %d times", asked)
		}
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// While the configuration for a client is looked up, what it repeats starts
// nothing new, and neither it nor the server waits for ever.
func TestConfigurationThatNeverComes(t *testing.T) {
	var release chan struct{}
	inWorld(t, func(s *Server) {
		release = make(chan struct{})
		s.Config.HandshakeTimeout = 20 * time.Second
		s.Config.GetConfigForClient = func(*tls.ClientHelloInfo) (*Config, error) {
			<-release
			return nil, nil
		}
	}, func(w *world) {
		config := clientConfig()
		config.HandshakeTimeout = 10 * time.Second
		if _, err := w.tryDial(clientAddress, config); err == nil {
			t.Error("the handshake succeeded")
		}
		if got := w.srv.Stats(); got.HalfOpen != 1 || got.HandshakesStarted != 1 {
			t.Errorf("%d half open, %d started", got.HalfOpen, got.HandshakesStarted)
		}
		time.Sleep(15 * time.Second)
		if got := w.srv.Stats(); got.HalfOpen != 0 || got.HandshakesFailed[FailedTimeout] != 1 {
			t.Errorf("%d half open, failed %v", got.HalfOpen, got.HandshakesFailed)
		}
		close(release)
		synctest.Wait() // it comes too late
	})
}

func TestServerWithoutCookies(t *testing.T) {
	inWorld(t, func(s *Server) { s.Config.Cookies = CookiesNever }, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		w.wantEcho(c, "hello")
		if got := w.srv.Stats().CookiesSent; got != 0 {
			t.Errorf("%d cookies", got)
		}
		if lines := w.log.lines(); lines[1] != "(198.51.100.7:40000): starting a handshake" {
			t.Errorf("lines: %q", lines)
		}
		c.Close()
	})
}

// A ClientHello in fragments gets through the gate's ring, from an address
// without a session and from one with a session.
func TestHelloInFragments(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		for i := range 2 {
			config := clientConfig()
			config.MTU = 256
			for len(config.NextProtos) < 40 {
				config.NextProtos = append(config.NextProtos, fmt.Sprint("protocol number ", len(config.NextProtos)))
			}
			c := w.dial(clientAddress, config)
			w.wantEcho(c, fmt.Sprint("fragments ", i))
			w.vanish(c)
		}
	})
}

func TestClosedConnsCanBeUsedNoMore(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		c.Close()
		if _, err := io.WriteString(c, "x"); err == nil {
			t.Error("Write succeeded")
		}
		if state := c.ConnectionState(); !state.HandshakeComplete {
			t.Error("what was negotiated is forgotten")
		}
	})
}

// The last flight of a handshake is the server's: that it was lost is known
// when the client repeats its own. It is told once, however often that is.
func TestObserverHearsOfALostLastFlight(t *testing.T) {
	about(t, VersionDTLS12)
	var info SessionInfo
	inWorld(t, func(s *Server) {
		s.Closed = func(sess *Session, _ error) { info = sess.Info() }
	}, func(w *world) {
		flights := 0
		w.net.lose(func(p packet) bool {
			if p.from == serverPeer {
				flights++
			}
			return p.from == serverPeer && (flights == 3 || flights == 4) // after cookie and first flight
		})
		c := w.dial(clientAddress, clientConfig())
		log := strings.Join(w.log.lines(), "\n")
		if n := strings.Count(log, "(198.51.100.7:40000): the last flight of the handshake was lost on its way to the peer: re-transmission"); n != 1 {
			t.Errorf("told %d times:\n%s", n, log)
		}
		c.Close()
		synctest.Wait()
	})
	if info.Retransmissions != 2 {
		t.Errorf("%+v", info)
	}
}

func TestObserverHearsHowLongAHandshakeTook(t *testing.T) {
	var took []time.Duration
	inWorld(t, func(s *Server) {
		tell := s.Config.Observer.Log
		s.Config.Observer.Log = func(e Entry) {
			tell(e)
			if e.Kind == KindEstablished || e.Kind == KindFailed {
				took = append(took, e.Elapsed)
			}
			if withoutSession := e.Kind == KindUnverified || e.Kind == KindListening; withoutSession != (e.Session == 0) {
				t.Errorf("%+v", e)
			}
		}
	}, func(w *world) {
		flights := 0
		w.net.lose(func(p packet) bool {
			if p.from == serverPeer {
				flights++
			}
			return p.from == serverPeer && flights == 2 // the first flight after the cookie
		})
		w.dial(clientAddress, clientConfig()).Close()
		synctest.Wait()
	})
	if len(took) != 1 || took[0] != DefaultRetransmitInitial {
		t.Errorf("%v", took)
	}
}

// Who does not want datagrams is not called, and asked again.
func TestObserverMayNotWantDatagrams(t *testing.T) {
	wants, seen := false, 0
	inWorld(t, func(s *Server) {
		s.Config.Observer.Datagram = func(Datagram) { seen++ }
		s.Config.Observer.WantsDatagrams = func(time.Time) bool { return wants }
	}, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		w.wantEcho(c, "unseen")
		synctest.Wait()
		if seen != 0 {
			t.Errorf("called for %d datagrams", seen)
		}
		wants = true
		w.wantEcho(c, "seen")
		synctest.Wait()
		if seen != 2 {
			t.Errorf("called for %d datagrams, want both", seen)
		}
		c.Close()
	})
}

func TestObserversWantDatagramsIfOneDoes(t *testing.T) {
	watches := func(wants func(time.Time) bool) *Observer {
		return &Observer{Datagram: func(Datagram) {}, WantsDatagrams: wants}
	}
	yes := func(time.Time) bool { return true }
	no := func(time.Time) bool { return false }
	for name, test := range map[string]struct {
		of   []*Observer
		want bool
	}{
		"nobody watches":               {[]*Observer{{}, {}}, false},
		"one watches all":              {[]*Observer{watches(no), watches(nil)}, true},
		"one wants them":               {[]*Observer{watches(no), watches(no), watches(yes)}, true},
		"nobody wants them":            {[]*Observer{watches(no), {}, watches(no)}, false},
		"the only one does not":        {[]*Observer{{}, watches(no)}, false},
		"who has no hook has no say":   {[]*Observer{watches(no), {WantsDatagrams: yes}}, false},
		"who has no hook, the reverse": {[]*Observer{{WantsDatagrams: yes}, watches(no)}, false},
	} {
		if got := Observers(test.of...).wantsDatagrams(virtualStart); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
