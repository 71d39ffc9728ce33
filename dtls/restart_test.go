package dtls

import (
	"bytes"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// R22: the old association ends only when the new handshake is complete
// (RFC 6347, Section 4.2.8).
func TestR22ClientThatLostItsStateGetsIn(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		old := w.dial(clientAddress, clientConfig())
		w.wantEcho(old, "before the crash")
		w.vanish(old)

		w.log.lines()
		c := w.dial(clientAddress, clientConfig())
		w.wantEcho(c, "after the crash")
		r.wantReasons(t, ErrReplaced)
		wantLines(t, w.log.lines(), map[uint16][]string{
			VersionDTLS12: {
				"(198.51.100.7:40000): not verified yet",
				"(198.51.100.7:40000): verified, starting a handshake",
				"(198.51.100.7:40000): handshake is in progress ...",
				"PSK callback, received a client's identity: 'client'",
				"(198.51.100.7:40000): replaced by a new session from the same address",
				"Connection with (198.51.100.7:40000) encrypted. Session cipher: ECDHE-PSK-AES128-GCM-SHA256; session protocol: DTLS 1.2.",
			},
			VersionDTLS13: {
				"(198.51.100.7:40000): not verified yet",
				"(198.51.100.7:40000): not verified yet", // the first part of the second hello
				"(198.51.100.7:40000): verified, starting a handshake",
				"PSK callback, received a client's identity: 'client'",
				"(198.51.100.7:40000): handshake is in progress ...",
				"(198.51.100.7:40000): replaced by a new session from the same address",
				"Connection with (198.51.100.7:40000) encrypted. Session cipher: TLS_AES_128_GCM_SHA256; session protocol: DTLS 1.3; key agreement: X25519MLKEM768.",
			},
		}[version]...)
		if got := w.srv.Stats(); got.Sessions != 1 || got.HalfOpen != 0 {
			t.Errorf("%d sessions and %d handshakes", got.Sessions, got.HalfOpen)
		}
		c.Close()
	})
}

func TestClientThatSaidGoodbyeGetsIn(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		w.dial(clientAddress, clientConfig()).Close()
		c := w.dial(clientAddress, clientConfig())
		w.wantEcho(c, "again")
		r.wantReasons(t, ErrPeerClosed)
		c.Close()
	})
}

// R22, from the side of the one who is to be replaced: someone who can send
// from the address, but cannot complete a handshake, changes nothing.
func TestR22OldSessionOutlivesAFailedAttempt(t *testing.T) {
	about(t, VersionDTLS12)
	var r roll
	inWorld(t, r.keep, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		packets := w.capture()
		w.wantEcho(c, "mine")

		// The attacker sees what comes back, and so the cookie.
		hello := firstHello(t)
		w.inject(clientPeer, hello)
		cookie := cookieIn(t, packets())
		w.inject(clientPeer, withCookie(t, hello, cookie))
		if got := w.srv.Stats(); got.HalfOpen != 1 || got.Sessions != 1 {
			t.Fatalf("%d sessions, %d handshakes: the attack did not work", got.Sessions, got.HalfOpen)
		}
		w.wantEcho(c, "still mine")
		w.inject(clientPeer, record(wire.ContentHandshake, wire.VersionDTLS12, 1, 0, bytes.Repeat([]byte{7}, 40)))
		w.inject(clientPeer, record(wire.ContentAlert, wire.VersionDTLS12, 0, 9, []byte{2, 40}))
		w.wantEcho(c, "still mine")
		time.Sleep(2 * DefaultHandshakeTimeout)
		if got := w.srv.Stats(); got.HalfOpen != 0 || got.Sessions != 1 {
			t.Errorf("%d sessions, %d handshakes after the attempt timed out", got.Sessions, got.HalfOpen)
		}
		w.wantEcho(c, "mine for ever")
		r.wantReasons(t)
		c.Close()
	})
}

func TestHandshakeBegunAnewReplacesTheOneInProgress(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.net.lose(func(p packet) bool {
			return p.to == serverPeer && isLastFlight(p.data)
		})
		config := clientConfig()
		config.HandshakeTimeout = time.Second
		if c, err := w.tryDial(clientAddress, config); err == nil { // its last flight never arrives
			w.vanish(c)
		}
		w.net.lose(loseNone)
		if got := w.srv.Stats().HalfOpen; got != 1 {
			t.Fatalf("%d half open", got)
		}
		c := w.dial(clientAddress, clientConfig())
		w.wantEcho(c, "second try")
		if got := w.srv.Stats(); got.HandshakesFailed[FailedReplaced] != 1 || got.HalfOpen != 0 {
			t.Errorf("failed: %v, half open: %d", got.HandshakesFailed, got.HalfOpen)
		}
		c.Close()
	})
}

// The old session's goodbye, when it comes while a new handshake is in
// progress, leaves that handshake alone.
func TestGoodbyeOfTheOldSessionLeavesTheNewOneAlone(t *testing.T) {
	about(t, VersionDTLS12)
	var r roll
	inWorld(t, r.keep, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		packets := w.capture()
		hello := firstHello(t)
		w.inject(clientPeer, hello)
		w.inject(clientPeer, withCookie(t, hello, cookieIn(t, packets())))
		c.Close()
		synctest.Wait()
		r.wantReasons(t, ErrPeerClosed)
		if got := w.srv.Stats(); got.Sessions != 0 || got.HalfOpen != 1 {
			t.Errorf("%d sessions, %d handshakes", got.Sessions, got.HalfOpen)
		}
	})
}

func TestRepeatedHelloStartsNothing(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		packets := w.capture()
		c := w.dial(clientAddress, clientConfig())
		for _, p := range packets() {
			if p.to == serverPeer {
				w.inject(clientPeer, p.data)
			}
		}
		if got := w.srv.Stats(); got.HandshakesStarted != 1 || got.Sessions != 1 {
			t.Errorf("%d handshakes, %d sessions", got.HandshakesStarted, got.Sessions)
		}
		w.wantEcho(c, "as before")
		c.Close()
	})
}

// isLastFlight reports whether a datagram has a client's Finished.
func isLastFlight(datagram []byte) bool {
	if version == VersionDTLS13 {
		return wire.RecordKindOf(datagram[0]) == wire.RecordUnified
	}
	return bytes.Contains(datagram, []byte{byte(wire.ContentChangeCipherSpec), 0xfe, 0xfd})
}

// cookieIn returns the cookie of the last HelloVerifyRequest.
func cookieIn(t *testing.T, packets []packet) []byte {
	t.Helper()
	for i := len(packets) - 1; i >= 0; i-- {
		r, _, err := wire.ParseRecord(packets[i].data)
		if err != nil || r.Type != wire.ContentHandshake || r.Epoch != 0 {
			continue
		}
		f, _, err := wire.ParseFragment(r.Payload)
		if err != nil || f.Type != wire.TypeHelloVerifyRequest {
			continue
		}
		m, err := wire.ParseHelloVerifyRequest(f.Body)
		if err != nil {
			t.Fatal(err)
		}
		return m.Cookie
	}
	t.Fatal("no HelloVerifyRequest")
	return nil
}

// withCookie returns the datagram of a ClientHello, once more with a cookie.
func withCookie(t *testing.T, datagram, cookie []byte) []byte {
	t.Helper()
	r, _, err := wire.ParseRecord(datagram)
	if err != nil {
		t.Fatal(err)
	}
	f, _, err := wire.ParseFragment(r.Payload)
	if err != nil {
		t.Fatal(err)
	}
	hello, err := wire.ParseClientHello(f.Body)
	if err != nil {
		t.Fatal(err)
	}
	hello.Cookie = cookie
	body := hello.AppendTo(nil)
	payload := append(wire.AppendMessageHeader(nil, f.Type, f.Seq+1, len(body)), body...)
	return record(r.Type, r.Version, 0, r.Seq+1, payload)
}

func TestReadAfterRestartOfTheServerSaysNothing(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		w.srv.Close()
		synctest.Wait()
		// The peers of a server that is closed at once hear nothing.
		c.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := c.Read(nil); err == nil || err == io.EOF {
			t.Errorf("Read: %v", err)
		}
		c.Close()
	})
}
