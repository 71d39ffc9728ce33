package console

import (
	"context"
	"crypto/tls"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// Each failure is explained as soon as the server knows of it, and the
// explanation outlives the end of the handshake.

func TestWrongKeyIsExplained(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		const want = `identity "sensor-7" is known, its key does not match`
		go w.tryDial(&dtls.Config{ClientPSK: dtls.StaticClientPSK("sensor-7", []byte("another key here"))})
		synctest.Wait() // no time has passed
		w.want(OutcomeRunning, want)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		w.want(OutcomeFailed, want)
		if got := w.trace().Identity; got != "sensor-7" {
			t.Errorf("identity %q", got)
		}
	})
}

func TestUnknownIdentityIsExplained(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		const want = `identity "sensor-8" is unknown: the server has no key for it`
		go w.tryDial(&dtls.Config{ClientPSK: dtls.StaticClientPSK("sensor-8", testKey)})
		synctest.Wait()
		w.want(OutcomeRunning, want)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		w.want(OutcomeFailed, want)
	})
}

func TestFailingLookUpIsExplained(t *testing.T) {
	inWorld(t, func(s *dtls.Server) {
		s.Config.PSK = dtls.PSKFunc(func(context.Context, []byte) ([]byte, error) { return nil, errors.New("no route to the directory") })
	}, func(w *world) {
		w.fail(clientConfig())
		w.want(OutcomeFailed, "the look-up of a pre-shared key failed: no route to the directory")
	})
}

func TestNoCommonCipherSuiteIsExplained(t *testing.T) {
	inWorld(t, func(s *dtls.Server) {
		s.Config.CipherSuites = []uint16{dtls.TLS_PSK_WITH_AES_128_GCM_SHA256}
	}, func(w *world) {
		config := clientConfig()
		config.CipherSuites = []uint16{dtls.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256, dtls.TLS_PSK_WITH_AES_128_CCM_8}
		w.fail(config)
		w.want(OutcomeFailed, "no common cipher suite: client offers ECDHE-PSK-CHACHA20-POLY1305, PSK-AES128-CCM8; server accepts PSK-AES128-GCM-SHA256")
		w.wantSteps("< client_hello", "> hello_verify_request", "< client_hello", "> alert fatal handshake_failure", "< note")
	})
}

// hello returns a datagram with a ClientHello of that version and cookie.
func hello(version wire.Version, seq uint16, cookie []byte) []byte {
	m := wire.ClientHello{
		Version: version, Cookie: cookie, CompressionMethods: []byte{0},
		CipherSuites: wire.AppendUint16s(nil, wire.TLS_PSK_WITH_AES_128_GCM_SHA256, wire.TLS_PSK_WITH_AES_128_CCM_8),
	}
	body := m.AppendTo(nil)
	f := wire.Fragment{Type: wire.TypeClientHello, Length: uint32(len(body)), Seq: seq, Body: body}
	return record(f.AppendTo(nil), uint64(seq))
}

// record returns a datagram of one handshake record in plaintext.
func record(content []byte, seq uint64) []byte {
	return append(wire.AppendRecordHeader(nil, wire.ContentHandshake, wire.VersionDTLS10, 0, seq, len(content)), content...)
}

// begin has a client in plaintext say hello and answer the cookie.
func (w *world) begin(from netip.AddrPort, version wire.Version) {
	w.t.Helper()
	client := w.network.listen(from)
	w.inject(from, hello(version, 0, nil))
	answer, err := client.next()
	if err != nil {
		w.t.Fatal(err)
	}
	request, err := wire.ParseHelloVerifyRequest(answer.payload[wire.RecordHeaderLen+wire.FragmentHeaderLen:])
	if err != nil {
		w.t.Fatal(err)
	}
	w.inject(from, hello(version, 1, request.Cookie))
}

func TestNoCommonVersionIsExplained(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.begin(clientPeer, wire.VersionDTLS10)
		w.want(OutcomeFailed, "no common version: client offers DTLS 1.0; server accepts DTLS 1.2")
	})
}

func TestUntrustedClientCertificateIsExplained(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	inWorld(t, func(s *dtls.Server) {
		s.Config.PSK = nil
		s.Config.Certificates = []tls.Certificate{ours.issue(t, "server.example")}
		s.Config.ClientAuth, s.Config.ClientCAs = tls.RequireAndVerifyClientCert, ours.pool
	}, func(w *world) {
		w.fail(&dtls.Config{RootCAs: ours.pool, ServerName: "server.example", Certificates: []tls.Certificate{theirs.issue(t, "device")}})
		got := w.trace()
		if got.Outcome != OutcomeFailed || !strings.HasPrefix(got.Explanation, "the client's certificate is not trusted: x509: certificate signed by unknown authority") {
			t.Errorf("%s %q", got.Outcome, got.Explanation)
		}
	})
}

func TestMissingClientCertificateIsExplained(t *testing.T) {
	ours := newAuthority(t)
	inWorld(t, func(s *dtls.Server) {
		s.Config.PSK = nil
		s.Config.Certificates = []tls.Certificate{ours.issue(t, "server.example")}
		s.Config.ClientAuth, s.Config.ClientCAs = tls.RequireAndVerifyClientCert, ours.pool
	}, func(w *world) {
		w.fail(&dtls.Config{RootCAs: ours.pool, ServerName: "server.example"})
		w.want(OutcomeFailed, "client has no certificate, and the server requires one")
	})
}

func TestClientThatRefusesIsExplained(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	inWorld(t, func(s *dtls.Server) {
		s.Config.PSK = nil
		s.Config.Certificates = []tls.Certificate{ours.issue(t, "server.example")}
	}, func(w *world) {
		w.fail(&dtls.Config{RootCAs: theirs.pool, ServerName: "server.example"})
		const want = "the client refused with the alert unknown_ca: it does not trust the server's certificate"
		w.want(OutcomeRunning, want+"; as anyone may have sent that, the server still waits")
		time.Sleep(time.Minute)
		synctest.Wait()
		w.want(OutcomeFailed, want)
	})
}

func TestClientThatNeverAnswersTheCookieIsExplained(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.inject(clientPeer, hello(wire.VersionDTLS12, 0, nil))
		w.want(OutcomeRunning, "")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		const want = "the client never answered the cookie: probably a firewall or a spoofed source"
		w.want(OutcomeUnanswered, want)
		w.wantSteps("< client_hello", "> hello_verify_request")

		// It goes on trying, which is the same story.
		w.inject(clientPeer, hello(wire.VersionDTLS12, 0, nil))
		w.want(OutcomeUnanswered, want)
		w.wantSteps("< client_hello", "> hello_verify_request", "< client_hello", "> hello_verify_request")
		if n := len(w.traces.summaries()); n != 1 {
			t.Errorf("%d traces", n)
		}
	})
}

func TestGarbageIsExplained(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		for range 3 {
			w.inject(clientPeer, []byte("GET / HTTP/1.1\r\nHost: 192.0.2.1:22334\r\n\r\n"))
		}
		w.want(OutcomeGarbage, "datagrams that are no DTLS come from this address (reason malformed_record, 3 of them); is another protocol sent to this port?")
		if got := w.trace(); len(got.Trace) != 1 || got.Trace[0].Name != "malformed_record" || got.Trace[0].Count != 3 {
			t.Errorf("%+v", got.Trace)
		}

		// The same device, repaired.
		c := w.dial(clientConfig())
		w.want(OutcomeEstablished, "")
		c.Close()
	})
}

func TestLostLastFlightIsExplained(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.loseNth(3) // after the cookie and the first flight
		c := w.dial(clientConfig())
		w.want(OutcomeEstablished, "the last flight of the handshake was lost on its way to the client: it was sent again")
		got := w.trace()
		if last := got.Trace[len(got.Trace)-1]; last.Kind != StepRetransmission || last.Attempt != 1 || last.AtMS < 100 {
			t.Errorf("the last step is %+v", last)
		}
		c.Close()
	})
}

func TestSilentClientIsExplained(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.begin(clientPeer, wire.VersionDTLS12)
		w.want(OutcomeRunning, "")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		got := w.trace()
		if got.Outcome != OutcomeFailed || !strings.HasPrefix(got.Explanation,
			"the client fell silent: its client_key_exchange was awaited and never came, though the server sent its flight again ") {
			t.Errorf("%s %q", got.Outcome, got.Explanation)
		}
	})
}

func TestClientThatBeginsAgainIsExplained(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.begin(clientPeer, wire.VersionDTLS12)
		w.dial(clientConfig()).Close()
		all := w.traces.summaries()
		const want = "the client began again from the same address and port before this handshake was complete"
		if len(all) != 2 || all[0].Outcome != OutcomeEstablished || all[1].Outcome != OutcomeFailed || all[1].Explanation != want {
			t.Errorf("%+v", all)
		}
	})
}

func TestRefusedClientIsExplained(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.server.SetAccepting(false)
		w.inject(clientPeer, hello(wire.VersionDTLS12, 0, nil))
		w.want(OutcomeFailed, "the server accepts no new sessions (not_listening)")
	})
}

// Nobody but the client can have its handshake told as a failure of another
// sort than it is.
func TestForgedAlertExplainsNothingInTheEnd(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		alert := wire.Alert{Level: wire.AlertFatal, Description: wire.AlertHandshakeFailure}.AppendTo(nil)
		forged := append(wire.AppendRecordHeader(nil, wire.ContentAlert, wire.VersionDTLS12, 0, 7, len(alert)), alert...)
		answers := 0
		w.network.lose(func(d datagram) bool {
			if d.from == serverPeer {
				if answers++; answers == 2 { // the first flight after the cookie
					w.network.sockets[serverPeer].put(datagram{clientPeer, serverPeer, forged})
				}
			}
			return false
		})
		w.dial(clientConfig()).Close()
		w.want(OutcomeEstablished, "")
		if !slices.Contains(stepLines(w.trace()), "< alert fatal handshake_failure") {
			t.Error("the alert is no step")
		}
	})
}
