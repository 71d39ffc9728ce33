package dtls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// What Qt's examples secureudpserver and secureudpclient show, and the faults
// of theirs that are not to be found here.

func TestQtTextsOfALifetime(t *testing.T) {
	about(t, VersionDTLS12)
	inWorld(t, func(s *Server) {
		s.Config.PSKIdentityHint = []byte("Qt DTLS example server")
		s.Config.CipherSuites = []uint16{TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256}
		s.Handler = HandlerFunc(func(s *Session, b []byte) { s.Send(fmt.Appendf(nil, "to (%v): ACK", s.RemoteAddr())) })
	}, func(w *world) {
		const name = "Alice (clone number 0)"
		log := &logBook{}
		config := clientConfigFor(name, testKey)
		config.MaxVersion = VersionDTLS12 // Qt asks for the key later
		config.Observer = log.observer(name)
		c := w.dial(clientAddress, config)
		fmt.Fprintf(c, "I am %s, please, accept our ping 0", name)
		buf := make([]byte, 100)
		if n, err := c.Read(buf); string(buf[:n]) != "to (198.51.100.7:40000): ACK" {
			t.Errorf("got %q, %v", buf[:n], err)
		}
		c.Close()
		synctest.Wait()
		wantLines(t, w.log.lines(),
			"Server is listening on address 192.0.2.1 and port 22334",
			"(198.51.100.7:40000): not verified yet",
			"(198.51.100.7:40000): verified, starting a handshake",
			"(198.51.100.7:40000): handshake is in progress ...",
			"PSK callback, received a client's identity: 'Alice (clone number 0)'",
			"Connection with (198.51.100.7:40000) encrypted. Session cipher: ECDHE-PSK-CHACHA20-POLY1305; session protocol: DTLS 1.2.",
			"(198.51.100.7:40000): The DTLS connection has been shutdown")
		wantLines(t, log.lines(),
			name+": starting a handshake",
			name+": continuing with handshake ...",
			name+": providing pre-shared key ...",
			name+": continuing with handshake ...",
			name+": encrypted connection established!")
	})
}

func TestQtTextOfAServerThatQuits(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		log := &logBook{}
		config := clientConfig()
		config.Observer = log.observer("")
		c := w.dial(clientAddress, config)
		log.lines()
		w.srv.Shutdown(context.Background())
		synctest.Wait()
		wantLines(t, log.lines(), "client: shutdown alert received")
		c.Close()
	})
}

func TestQtTextsOfUnansweredClient(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.net.lose(loseAll)
		log := &logBook{}
		config := clientConfig()
		config.Observer = log.observer("")
		config.HandshakeTimeout = 10 * time.Second
		config.MaxVersion = VersionDTLS12 // Qt asks for the key later
		_, err := w.tryDial(clientAddress, config)
		if !errors.Is(err, ErrHandshakeTimeout) {
			t.Errorf("handshake: %v", err)
		}
		var netErr net.Error
		if !errors.As(err, &netErr) || !netErr.Timeout() {
			t.Errorf("%v is no timeout", err)
		}
		wantLines(t, log.lines(),
			"client: starting a handshake",
			"client: handshake timeout, trying to re-transmit", // after 1 s
			"client: handshake timeout, trying to re-transmit", // 2 s more
			"client: handshake timeout, trying to re-transmit", // 4 s more
			"client: handshake error - handshake timed out: await server_hello")
	})
}

// Qt's server is deaf for ever after an empty datagram.
func TestQtEmptyDatagramDoesNotDeafen(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		w.log.lines()
		stranger := w.raw("203.0.113.9:9")
		stranger.tell(nil)
		w.inject(clientPeer, nil)
		wantLines(t, w.log.lines(), "A spurious read notification", "A spurious read notification")
		w.wantDrops(wire.DropEmptyDatagram, 2)
		w.wantEcho(c, "not deaf")
		w.dial("198.51.100.7:40001", clientConfig()).Close()

		// Nor is the client.
		w.net.send(serverPeer, clientPeer, nil)
		w.wantEcho(c, "neither am I")
		c.Close()
	})
}

// Qt's server delivers the second record of a datagram with the next one, and
// loses that.
func TestQtTwoRecordsInADatagramAreBothDelivered(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		var joined []byte
		w.net.lose(func(p packet) bool {
			joined = append(joined, p.data...)
			return true
		})
		c.Write([]byte("first"))
		c.Write([]byte("second"))
		synctest.Wait()
		w.net.lose(loseNone)
		w.inject(clientPeer, joined)
		buf := make([]byte, 100)
		for _, want := range []string{"first", "second"} {
			if n, err := c.Read(buf); string(buf[:n]) != want {
				t.Errorf("got %q, %v; want %q", buf[:n], err, want)
			}
		}
		w.wantEcho(c, "third")
		c.Close()
	})
}

// With Qt, a plaintext alert that anybody can send ends a handshake.
func TestQtForgedAlertDoesNotEndAHandshake(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		forged := record(wire.ContentAlert, wire.VersionDTLS12, 0, 50, wire.Alert{Level: wire.AlertFatal, Description: wire.AlertHandshakeFailure}.AppendTo(nil))
		w.net.lose(func(p packet) bool {
			if !isAlert(p.data) {
				w.net.send(p.from, p.to, forged) // just before
			}
			return false
		})
		c := w.dial(clientAddress, clientConfig())
		w.net.lose(loseNone)
		w.wantEcho(c, "established all the same")
		if !w.log.has(KindAlert, "received the alert 'fatal handshake_failure', which anyone may have sent") {
			t.Error("the alert was not shown")
		}
		c.Close()
	})
}

func isAlert(datagram []byte) bool { return wire.ContentType(datagram[0]) == wire.ContentAlert }

// Qt's server never gives up a handshake, and has no timer to repeat a flight.
func TestQtServerRepeatsItsFlightAndGivesUp(t *testing.T) {
	about(t, VersionDTLS12)
	inWorld(t, nil, func(w *world) {
		stranger := w.raw("203.0.113.9:9")
		hello := firstHello(t)
		stranger.tell(hello)
		stranger.tell(withCookie(t, hello, cookieIn(t, []packet{{data: stranger.answer()}})))
		first := stranger.answer()
		if first == nil {
			t.Fatal("no flight")
		}
		time.Sleep(1100 * time.Millisecond)
		if again := stranger.answer(); again == nil || len(again) != len(first) {
			t.Errorf("after a second there came %d bytes, the flight has %d", len(again), len(first))
		}
		if w.srv.Stats().Retransmissions != 1 {
			t.Errorf("%d retransmissions", w.srv.Stats().Retransmissions)
		}
		time.Sleep(2 * DefaultHandshakeTimeout)
		if got := w.srv.Stats(); got.HalfOpen != 0 || got.HandshakesFailed[FailedTimeout] != 1 {
			t.Errorf("%d half open, failed %v", got.HalfOpen, got.HandshakesFailed)
		}
		if !w.log.has(KindFailed, "(203.0.113.9:9): Error during SSL handshake: handshake timed out: await client_key_exchange") {
			t.Errorf("log:\n%s", strings.Join(w.log.lines(), "\n"))
		}
	})
}

// After a failed handshake, Qt's server keeps a dead entry for the address.
func TestQtFailedHandshakeLeavesNoDeadEntry(t *testing.T) {
	about(t, VersionDTLS12)
	inWorld(t, func(s *Server) {
		s.Config.CipherSuites = []uint16{TLS_PSK_WITH_AES_128_CCM_8}
	}, func(w *world) {
		config := clientConfig()
		config.CipherSuites = []uint16{TLS_PSK_WITH_AES_256_GCM_SHA384}
		_, err := w.tryDial(clientAddress, config)
		var alert *AlertError
		if !errors.As(err, &alert) || alert.Alert != uint8(wire.AlertHandshakeFailure) || alert.Authenticated {
			t.Errorf("handshake without a common suite: %v", err)
		}
		if !w.log.has(KindFailed, "(198.51.100.7:40000): Error during SSL handshake: no common cipher suite: client offers PSK-AES256-GCM-SHA384; server accepts PSK-AES128-CCM8") {
			t.Errorf("log:\n%s", strings.Join(w.log.lines(), "\n"))
		}
		config = clientConfig()
		config.CipherSuites = []uint16{TLS_PSK_WITH_AES_128_CCM_8}
		c := w.dial(clientAddress, config)
		w.wantEcho(c, "with the right suite")
		c.Close()
	})
}

// Qt shows what peers send as it is, and its texts are HTML.
func TestQtIdentitiesAreEscaped(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.dial(clientAddress, clientConfigFor("\x1b[31m<b>\xff\u202e", testKey)).Close()
		if !w.log.has(KindIdentity, `'\x1b[31m<b>\xff\xe2\x80\xae'`) {
			t.Errorf("log:\n%s", strings.Join(w.log.lines(), "\n"))
		}
	})
}

// Qt takes port 99999, and binds another.
func TestQtPort99999IsRefused(t *testing.T) {
	srv := &Server{Addr: "127.0.0.1:99999", Config: &Config{PSK: StaticPSK{"*": testKey}}, Handler: HandlerFunc(nil)}
	if err := srv.ListenAndServe(); err == nil || !strings.Contains(err.Error(), "invalid port") {
		t.Errorf("ListenAndServe: %v", err)
	}
	if _, err := Dial("udp", "127.0.0.1:99999", clientConfig()); err == nil || !strings.Contains(err.Error(), "invalid port") {
		t.Errorf("Dial: %v", err)
	}
}

// With Qt, a client with a wrong key tries for ever, and nobody says why.
func TestQtWrongKeyIsReportedOnBothSides(t *testing.T) {
	about(t, VersionDTLS12)
	inWorld(t, func(s *Server) {
		s.Config.PSK = StaticPSK{"known": testKey}
	}, func(w *world) {
		for _, identity := range []string{"known", "stranger"} {
			w.log.lines()
			log := &logBook{}
			config := clientConfigFor(identity, []byte("another key"))
			config.Observer = log.observer("Bob")
			_, err := w.tryDial(clientAddress, config)
			if !errors.Is(err, ErrHandshakeTimeout) || !errors.Is(err, ErrWrongKey) {
				t.Errorf("%s: %v", identity, err)
			}
			if !log.has(KindWrongKey, "Bob: the server answered but never accepted our Finished: the key is probably wrong") {
				t.Errorf("%s: client's log:\n%s", identity, strings.Join(log.lines(), "\n"))
			}
			// Who operates the server sees which of the two it is.
			if got, want := w.log.has(KindCredentials, "there is no key for identity 'stranger'"), identity == "stranger"; got != want {
				t.Errorf("%s: server said that it has no key: %v", identity, got)
			}
			why := map[string]string{"known": "is known, its key does not match", "stranger": "is unknown"}[identity]
			if !w.log.has(KindWrongKey, "(198.51.100.7:40000): the peer's Finished cannot be decrypted: identity '"+identity+"' "+why) {
				t.Errorf("%s: server's log:\n%s", identity, strings.Join(w.log.lines(), "\n"))
			}
		}
		time.Sleep(DefaultHandshakeTimeout)
		if !w.log.has(KindFailed, "Error during SSL handshake: handshake timed out: identity 'stranger' is unknown") {
			t.Errorf("server's log at the end:\n%s", strings.Join(w.log.lines(), "\n"))
		}
		if got := w.srv.Stats(); got.HandshakesFailed[FailedWrongKey] == 0 || got.HalfOpen != 0 {
			t.Errorf("failed %v, half open %d", got.HandshakesFailed, got.HalfOpen)
		}
	})
}

// What Qt does with strangers' datagrams is right: nothing.
func TestQtGarbageOfStrangers(t *testing.T) {
	hello := firstHello(t)
	for name, datagram := range map[string][]byte{
		"one byte":              {22},
		"text":                  []byte("hello, is anybody there?"),
		"1400 bytes":            bytes.Repeat([]byte{0xff}, 1400),
		"application data":      record(wire.ContentApplicationData, wire.VersionDTLS12, 0, 0, []byte("data")),
		"application data of 1": record(wire.ContentApplicationData, wire.VersionDTLS12, 1, 0, []byte("data")),
		"alert":                 record(wire.ContentAlert, wire.VersionDTLS12, 0, 0, []byte{2, 40}),
		"change cipher spec":    record(wire.ContentChangeCipherSpec, wire.VersionDTLS12, 0, 0, []byte{1}),
		"truncated hello":       hello[:len(hello)-1],
	} {
		inWorld(t, nil, func(w *world) {
			w.log.lines()
			stranger := w.raw("203.0.113.9:9")
			stranger.tell(datagram)
			if got := stranger.answer(); got != nil {
				t.Errorf("%s: answered with %d bytes", name, len(got))
			}
			if isProtected(datagram) {
				wantLines(t, w.log.lines()) // it may be the late close_notify of a session that is over
			} else {
				wantLines(t, w.log.lines(), "(203.0.113.9:9): not verified yet")
			}
			if got := w.srv.Stats(); got.HalfOpen != 0 || total(got.Drops) != 1 {
				t.Errorf("%s: %d half open, drops %v", name, got.HalfOpen, got.Drops)
			}
		})
	}
}

func total(drops [NumDrops]uint64) (n uint64) {
	for _, d := range drops {
		n += d
	}
	return n
}

// Nothing that comes to an established session in its peer's name, but not
// from its peer, has an effect.
func TestQtGarbageForAnEstablishedSession(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		packets := w.capture()
		w.wantEcho(c, "genuine")
		var genuine []byte
		for _, p := range packets() {
			if p.from == clientPeer {
				genuine = p.data
			}
		}
		w.log.lines()
		for name, datagram := range map[string][]byte{
			"text":                []byte("hello, is anybody there?"),
			"bad MAC":             append(bytes.Clone(genuine[:len(genuine)-1]), genuine[len(genuine)-1]^1),
			"replay":              bytes.Clone(genuine),
			"plaintext alert":     record(wire.ContentAlert, wire.VersionDTLS12, 0, 9, []byte{2, 40}),
			"close_notify":        record(wire.ContentAlert, wire.VersionDTLS12, 0, 9, []byte{1, 0}),
			"plaintext data":      record(wire.ContentApplicationData, wire.VersionDTLS12, 0, 9, []byte("data")),
			"epoch 2":             record(wire.ContentApplicationData, wire.VersionDTLS12, 2, 9, bytes.Repeat([]byte{1}, 40)),
			"short ciphertext":    record(wire.ContentApplicationData, wire.VersionDTLS12, 1, 9, []byte{1}),
			"nothing in it":       record(wire.ContentApplicationData, wire.VersionDTLS12, 1, 9, nil),
			"hello, other random": firstHello(t),
		} {
			w.inject(clientPeer, datagram)
			if err := echo(c, "still here"); err != nil {
				t.Errorf("after %s: %v", name, err)
			}
		}
		wantLines(t, w.log.lines(), "(198.51.100.7:40000): not verified yet") // the hello; the rest is counted
		c.Close()
	})
}
