package engine_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// ends runs a test with each side as the one that begins.
func ends(t *testing.T, p func() *dtlstest.Pair, test func(t *testing.T, p *dtlstest.Pair, first, second *dtlstest.Endpoint)) {
	t.Run("client", func(t *testing.T) { p := p(); test(t, p, p.Client, p.Server) })
	t.Run("server", func(t *testing.T) { p := p(); test(t, p, p.Server, p.Client) })
}

func TestCloseNotifyIsAnsweredOnce(t *testing.T) {
	ends(t, func() *dtlstest.Pair { return connected(t) }, func(t *testing.T, p *dtlstest.Pair, first, second *dtlstest.Endpoint) {
		first.Close(p.Now)
		wantOver(t, first, engine.ErrClosed, "the side that closes")
		first.Close(p.Now)
		goodbye := first.Take()
		if len(goodbye) != 1 {
			t.Fatalf("%d datagrams for a goodbye", len(goodbye))
		}
		second.Receive(p.Now, goodbye[0])
		wantOver(t, second, engine.ErrCloseNotify, "the other side")
		if len(second.Alerts) != 1 || second.Alerts[0].Description != wire.AlertCloseNotify {
			t.Errorf("the other side heard %v", second.Alerts)
		}
		answer := second.Take()
		if len(answer) != 1 {
			t.Fatalf("%d datagrams in answer", len(answer))
		}
		first.Receive(p.Now, answer[0])
		second.Receive(p.Now, goodbye[0])
		wantSilent(t, first, "the answer has no answer")
		wantSilent(t, second, "a goodbye that comes twice")
		wantDrop(t, first, wire.DropClosed, 1, "what comes after the end")
		wantDrop(t, second, wire.DropClosed, 1, "what comes after the end")
	})
}

func TestBothSidesMayCloseAtOnce(t *testing.T) {
	p := connected(t)
	p.Client.Close(p.Now)
	p.Server.Close(p.Now)
	p.FlushClient()
	p.FlushServer()
	wantSilent(t, p.Client, "after its own goodbye")
	wantSilent(t, p.Server, "after its own goodbye")
	wantOver(t, p.Client, engine.ErrClosed, "the client closed")
	wantOver(t, p.Server, engine.ErrClosed, "the server closed")
}

func TestNothingHappensAfterTheEnd(t *testing.T) {
	p := connected(t)
	data := said(t, p, "too late")
	p.Server.Close(p.Now)
	p.Server.Take()
	p.ToServer(data)
	p.ToServer(message(wire.TypeClientHello, 0, make([]byte, 60)))
	p.Server.Timeout(p.Now.Add(time.Hour))
	p.Server.Resolve(p.Now, 1, engine.PSK{})
	p.Server.Drain(p.Now)
	wantSilent(t, p.Server, "after the end")
	wantDeadline(t, p, p.Server, 0, "after the end")
	if err := p.Server.Say("more"); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Send says %v", err)
	}
	if _, err := p.Server.ExportKeyingMaterial("EXPERIMENTAL test", nil, false, 16); !errors.Is(err, engine.ErrNotEstablished) {
		t.Errorf("ExportKeyingMaterial says %v", err)
	}
	if len(p.Server.Received) > 0 || p.Server.Association.Established() || p.Server.Overhead() != 0 {
		t.Error("a closed association looks established")
	}
}

func TestR17NoSecretOutlivesTheEnd(t *testing.T) {
	midway := func() *dtlstest.Pair {
		p := dtlstest.NewPair(t, 1, only(plainPSK))
		rest, _ := lastFlight(t, p)
		p.ToServer(rest[0])
		return p
	}
	midway13 := func() *dtlstest.Pair {
		p := dtlstest.NewPair(t, 1, dtls13, clientOwner(func(e *dtlstest.Endpoint) { e.Hold = true }), withCertificates)
		for len(p.Client.Questions) > 0 && !p.Client.Established && p.Client.Awaits() != "await certificate_verify" {
			p.Client.AnswerHeld(p.Now)
			p.FlushClient()
			p.FlushServer()
		}
		return p
	}
	for name, pair := range map[string]func() *dtlstest.Pair{
		"established":                    func() *dtlstest.Pair { return connected(t) },
		"during a handshake":             midway,
		"DTLS 1.3 established":           func() *dtlstest.Pair { return connected(t, dtls13) },
		"during a handshake of DTLS 1.3": midway13,
		"DTLS 1.3 after updates": func() *dtlstest.Pair {
			p := connected(t, dtls13)
			for range 5 {
				updated(t, p, p.Client)
				updated(t, p, p.Server)
			}
			return p
		},
	} {
		ends(t, pair, func(t *testing.T, p *dtlstest.Pair, e, _ *dtlstest.Endpoint) {
			places := e.HeldSecrets()
			if len(bytes.Trim(slices.Concat(places...), "\x00")) == 0 {
				t.Fatalf("%s: no secrets to begin with", name)
			}
			e.Close(p.Now)
			if left := slices.Concat(append(places, e.HeldSecrets()...)...); len(bytes.Trim(left, "\x00")) > 0 {
				t.Errorf("%s: secrets are left: %x", name, left)
			}
		})
	}
}

func TestAbortTellsThePeerWhy(t *testing.T) {
	ends(t, func() *dtlstest.Pair { return connected(t) }, func(t *testing.T, p *dtlstest.Pair, first, second *dtlstest.Endpoint) {
		refusal := &engine.LocalError{Alert: wire.AlertAccessDenied, Err: errors.New("not today")}
		first.Abort(p.Now, refusal)
		wantOver(t, first, refusal, "the side that refuses")
		second.Receive(p.Now, first.Take()[0])
		wantEndedByAlert(t, second, engine.AlertError{Alert: wire.AlertAccessDenied, Authenticated: true}, "the other side")
		first.Abort(p.Now, refusal)
		wantSilent(t, first, "after the end")
	})
}

func TestCloseDuringTheHandshakeTellsThePeer(t *testing.T) {
	p := dtlstest.NewPair(t, 1)
	p.FlushClient()
	p.FlushServer()
	p.Server.Close(p.Now)
	wantOver(t, p.Server, engine.ErrClosed, "a handshake that is given up")
	if got, ok := lastAlert(t, p.Server); !ok || got.Description != wire.AlertCloseNotify {
		t.Errorf("the peer is told %v", got)
	}
	p.FlushServer()
	if p.Client.Over {
		t.Fatal("the client believes what anyone could have sent")
	}
	p.Advance(time.Second)
	wantEndedByAlert(t, p.Client, engine.AlertError{Alert: wire.AlertCloseNotify}, "nothing else came until the timeout")
}

func TestAuthenticatedFatalAlertEndsAtOnce(t *testing.T) {
	ends(t, func() *dtlstest.Pair { return connected(t) }, func(t *testing.T, p *dtlstest.Pair, first, second *dtlstest.Endpoint) {
		second.Receive(p.Now, first.SealAs(wire.ContentAlert, alert(wire.AlertFatal, wire.AlertAccessDenied)))
		wantEndedByAlert(t, second, engine.AlertError{Alert: wire.AlertAccessDenied, Authenticated: true}, "a fatal alert of the peer")
		wantSilent(t, second, "a fatal alert has no answer")
	})
}

func TestAuthenticatedWarningIsOnlyReported(t *testing.T) {
	p := connected(t)
	for _, description := range []wire.AlertDescription{wire.AlertNoRenegotiation, wire.AlertUserCanceled, 200} {
		p.ToServer(p.Client.SealAs(wire.ContentAlert, alert(wire.AlertWarning, description)))
	}
	if len(p.Server.Alerts) != 3 {
		t.Errorf("reported %v", p.Server.Alerts)
	}
	wantAlive(t, p, "after warnings")
}

func TestAuthenticatedAlertThatMeansNothingIsFatal(t *testing.T) {
	for _, test := range []struct {
		name    string
		content []byte
		want    wire.AlertDescription
	}{
		{"a level that does not exist", []byte{0x42, 10}, wire.AlertIllegalParameter},
		{"half an alert", []byte{2}, wire.AlertDecodeError},
		{"two alerts", []byte{1, 0, 1, 0}, wire.AlertDecodeError},
	} {
		p := connected(t)
		p.ToServer(p.Client.SealAs(wire.ContentAlert, test.content))
		p.FlushServer()
		wantEndedByAlert(t, p.Client, engine.AlertError{Alert: test.want, Authenticated: true}, test.name)
	}
}

func TestPlaintextAlertDoesNothingAfterTheHandshake(t *testing.T) {
	p := connected(t)
	for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
		before := len(e.Alerts)
		e.Receive(p.Now, plaintext(wire.ContentAlert, alert(wire.AlertFatal, wire.AlertHandshakeFailure)))
		e.Receive(p.Now, plaintext(wire.ContentAlert, alert(wire.AlertWarning, wire.AlertCloseNotify)))
		wantDrop(t, e, wire.DropPlaintextAlert, 2, "alerts that anyone could have sent")
		if len(e.Alerts) != before {
			t.Errorf("%v reports %v", e.Side(), e.Alerts)
		}
	}
	wantAlive(t, p, "after plaintext alerts")
}

func TestR21PlaintextAlertIsAHint(t *testing.T) {
	hint := plaintext(wire.ContentAlert, alert(wire.AlertFatal, wire.AlertHandshakeFailure))

	t.Run("shown at once, believed at the timeout", func(t *testing.T) {
		p := dtlstest.NewPair(t, 1)
		p.Client.Take()
		p.Client.Receive(p.Now, hint)
		if len(p.Client.Alerts) != 1 || p.Client.Alerts[0].Description != wire.AlertHandshakeFailure {
			t.Errorf("reported %v", p.Client.Alerts)
		}
		p.Advance(time.Second - time.Nanosecond)
		if p.Client.Over {
			t.Fatal("ended before the timeout")
		}
		p.Advance(time.Nanosecond)
		wantEndedByAlert(t, p.Client, engine.AlertError{Alert: wire.AlertHandshakeFailure}, "no progress until the timeout")
		wantSilent(t, p.Client, "no repetition for a peer that refused")
	})

	t.Run("forgotten when the peer goes on", func(t *testing.T) {
		p := dtlstest.NewPair(t, 1)
		p.FlushClient()
		p.Client.Receive(p.Now, hint)
		p.FlushServer()
		p.ToServer(hint)
		p.Client.Take()
		p.Advance(time.Second)
		if p.Client.Over || p.Client.Repeated != 1 {
			t.Fatalf("the client: %v after %d repetitions", p.Client.Err, p.Client.Repeated)
		}
		wantEndedByAlert(t, p.Server, engine.AlertError{Alert: wire.AlertHandshakeFailure}, "the server saw no progress")
	})

	t.Run("not held against a peer that waits for us", func(t *testing.T) {
		p := dtlstest.NewPair(t, 1, only(plainPSK), serverOwner(func(e *dtlstest.Endpoint) { e.Hold = true }))
		p.FlushClient()
		p.FlushServer()
		p.FlushClient()
		p.ToServer(hint)
		for range 5 {
			p.Now = p.Now.Add(time.Second)
			p.Server.Timeout(p.Now)
		}
		p.Server.AnswerHeld(p.Now)
		p.Connect()
	})

	t.Run("shown a few times only, believed whenever it comes", func(t *testing.T) {
		p := dtlstest.NewPair(t, 1)
		p.FlushClient()
		warning := plaintext(wire.ContentAlert, alert(wire.AlertWarning, wire.AlertUserCanceled))
		p.ToServer(append(bytes.Repeat(warning, 4000), hint...))
		if n := len(p.Server.Alerts); n == 0 || n > 8 {
			t.Errorf("%d alerts reported for one datagram", n)
		}
		p.Advance(time.Second)
		wantEndedByAlert(t, p.Server, engine.AlertError{Alert: wire.AlertHandshakeFailure}, "the last alert was fatal")
	})

	t.Run("warnings are no hint", func(t *testing.T) {
		p := dtlstest.NewPair(t, 1)
		p.Client.Receive(p.Now, plaintext(wire.ContentAlert, alert(wire.AlertWarning, wire.AlertUnrecognizedName)))
		p.Advance(time.Second)
		if p.Client.Over {
			t.Error("a warning ended the handshake")
		}
	})
}

func TestAuthenticatedAlertEndsAHandshakeAtOnce(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(plainPSK))
	p.FlushClient()
	p.FlushServer()
	flight := pieces(t, p.Client.Take()...)
	p.ToServer(flight[0])
	p.ToServer(p.Client.SealAs(wire.ContentAlert, alert(wire.AlertFatal, wire.AlertUserCanceled)))
	wantEndedByAlert(t, p.Server, engine.AlertError{Alert: wire.AlertUserCanceled, Authenticated: true}, "a protected alert before Finished")
}
