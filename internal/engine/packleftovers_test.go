package engine_test

import (
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A last flight can be asked for again while its sender is packed, for as long as
// otherwise.
func TestLastFlightIsSentAgainByWhoWasPacked(t *testing.T) {
	for _, late := range []bool{false, true} {
		p, finished := lostLastFlight(t)
		first := p.Server.NextPlain()
		p.Server.Nap()
		p.Server.Nap()
		p.Now = p.Now.Add(time.Second)
		if late {
			p.Now = p.Now.Add(lingerTime)
		}
		p.Server.Timeout(p.Now)
		p.Client.Timeout(p.Now)
		p.FlushClient()
		again := p.Server.Take()
		if sent := len(again) > 0; sent == late {
			t.Errorf("late: %v, sent again: %v", late, sent)
		}
		for _, datagram := range again {
			if r, _, err := dtlstest.ParseRecord(datagram, -1); err != nil || r.Epoch != 0 || r.Seq != first {
				t.Errorf("the flight begins with record %d of epoch %d, %v; want %d of epoch 0", r.Seq, r.Epoch, err, first)
			}
		}
		p.ToServer(finished)
		wantSilent(t, p.Server, "a replay asks for nothing")
		if late {
			wantDeadline(t, p, p.Server, 0, "the flight is forgotten")
		} else {
			wantDeadline(t, p, p.Server, lingerTime-time.Second, "the flight is kept")
		}
	}
}

// A client that did not get our acknowledgement repeats its last flight under the
// old keys. It is acknowledged again although we were packed, while the keys are
// kept.
func TestLastFlightIsAcknowledgedByWhoWasPacked(t *testing.T) {
	for _, test := range []struct {
		after time.Duration
		want  bool
	}{{time.Second, true}, {lingerTime - time.Second, true}, {lingerTime, false}} {
		p := dtlstest.NewPair(t, 1, dtls13, withCertificates)
		p.FlushClient()
		for !p.Server.Established {
			p.FlushServer()
			p.FlushClient()
		}
		p.Server.Take() // the acknowledgement is lost
		p.Server.Nap()
		p.Now = p.Now.Add(test.after)
		p.Server.Timeout(p.Now)
		p.Client.Timeout(p.Now)
		p.FlushClient()
		p.Now = p.Now.Add(time.Second)
		p.Server.Timeout(p.Now)
		if got := len(p.Server.Take()) > 0; got != test.want {
			t.Errorf("after %v, acknowledged: %v", test.after, got)
		}
	}
}

// Old keys are good for what comes late, when there were new ones before and
// after a nap.
func TestOldKeysOutliveANap(t *testing.T) {
	p := rested(t, dtls13, withCertificates)
	if err := p.Client.Say("late"); err != nil {
		t.Fatal(err)
	}
	late := p.Client.Take()[0]
	for _, datagram := range update(t, p, p.Client, false) {
		p.ToServer(datagram)
	}
	quiet(p)
	if err := p.Client.Say("new"); err != nil {
		t.Fatal(err)
	}
	p.FlushClient()
	p.Server.Nap()
	p.ToServer(late)
	if n := len(p.Server.Received); n != 2 {
		t.Errorf("%d messages arrived, want 2", n)
	}
	p.Server.Nap()
	p.Now = p.Now.Add(time.Hour)
	p.Server.Timeout(p.Now)
	wantDeadline(t, p, p.Server, 0, "nothing is kept for ever")
}

// Tickets that a client lacks keep the server awake. The client may sleep: it still
// has what the keys of tickets come from, takes each ticket once, and acknowledges
// those that come again.
func TestTicketsReachAClientThatNaps(t *testing.T) {
	options := []dtlstest.Option{dtls13, withCertificates,
		client(func(cfg *engine.Config) { cfg.SessionCache = true }),
		server(func(cfg *engine.Config) { cfg.Tickets = sealer(t, 1) })}
	p := dtlstest.NewPair(t, 1, options...)
	p.FlushClient()
	for !p.Server.Established {
		p.FlushServer()
		p.FlushClient()
	}
	if p.Server.AtRest() {
		t.Error("a server is at rest whose tickets are not acknowledged")
	}
	tickets := p.Server.Take()
	for _, datagram := range tickets {
		p.Client.Receive(p.Now, datagram)
	}
	p.Now = p.Client.NextTransmission()
	p.Client.Timeout(p.Now)
	p.Client.Take() // the acknowledgement is lost
	p.Client.Nap()
	p.Now = p.Server.NextTransmission()
	p.Server.Timeout(p.Now)
	if p.Server.Repeated == 0 {
		t.Fatal("the tickets are not repeated")
	}
	p.FlushServer()
	if p.Client.AtRest() {
		t.Error("a client is at rest that has something to acknowledge")
	}
	p.Now = p.Client.NextTransmission()
	p.Client.Timeout(p.Now)
	p.FlushClient()
	if !p.Server.AtRest() {
		t.Error("a server is not at rest whose tickets are acknowledged")
	}
	p.Server.Nap()
	p.Client.Nap()
	if n := len(p.Client.Stored); n != 1 {
		t.Fatalf("the client stores %d sessions, want one", n)
	}
	wantEcho(t, p)
	wantResumed(t, dtlstest.NewPair(t, 2, append(options, offering(p.Client.Stored[0]))...), true, "with a ticket that came before a nap")
}

// A ticket that comes to a client after a nap has a key that both derive.
func TestAClientThatWasPackedTakesTickets(t *testing.T) {
	options := []dtlstest.Option{dtls13, withCertificates,
		client(func(cfg *engine.Config) { cfg.SessionCache = true }),
		server(func(cfg *engine.Config) { cfg.Tickets = sealer(t, 1) })}
	awake, asleep := rested(t, options...), rested(t, options...)
	for _, p := range []*dtlstest.Pair{awake, asleep} {
		if p == asleep {
			p.Client.Nap()
			p.Client.Nap()
		}
		p.Client.Stored = nil
		m := wire.NewSessionTicket13{Lifetime: 3600, Nonce: []byte{9}, Ticket: []byte("a ticket")}
		p.Client.Receive(p.Now, p.Server.SealAs(wire.ContentHandshake, late(wire.TypeNewSessionTicket, p.Client.PeerSeq(), m.AppendTo(nil))))
		if len(p.Client.Stored) != 1 {
			t.Fatalf("the client stores %d sessions, want one", len(p.Client.Stored))
		}
	}
	if a, b := awake.Client.Stored[0].Master, asleep.Client.Stored[0].Master; a != b || a == [48]byte{} {
		t.Errorf("the keys are %x, and %x after a nap", a, b)
	}
}
