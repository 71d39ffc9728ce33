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
	var steps []string
	inWorld(t, func(s *Server) {
		s.Config.Observer.Handshake = func(e HandshakeEvent) {
			direction := "<"
			if e.Sent {
				direction = ">"
			}
			steps = append(steps, fmt.Sprint(direction, " ", e.Message, e.Alert, " ", e.Seq, " ", e.Retransmission))
			if e.Peer != clientPeer || e.Session == 0 || e.Time.IsZero() {
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
		"< client_hello 1 0",
		"> server_hello 1 0",
		"> server_key_exchange 2 0",
		"> server_hello_done 3 0",
		">  0 1", // repeated
	}
	if len(steps) < len(want) || strings.Join(steps[:len(want)], "; ") != strings.Join(want, "; ") {
		t.Errorf("got  %s\nwant %s", strings.Join(steps, "; "), strings.Join(want, "; "))
	}
	if last := steps[len(steps)-1]; last != "< warning close_notify 0 0" {
		t.Errorf("the last step is %q", last)
	}
}

func TestObserverSeesDrops(t *testing.T) {
	var drops []string
	inWorld(t, func(s *Server) {
		s.Config.Observer.Drop = func(d Drop) { drops = append(drops, fmt.Sprint(d.Peer, " ", d.Reason)) }
	}, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		w.inject(clientPeer, record(wire.ContentApplicationData, wire.VersionDTLS12, 1, 99, make([]byte, 40)))
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
