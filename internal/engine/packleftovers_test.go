package engine_test

import (
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
)

// A last flight can be asked for again while its sender is packed, for as long as
// otherwise.
func TestLastFlightIsSentAgainByWhoWasPacked(t *testing.T) {
	for _, late := range []bool{false, true} {
		p, finished := lostLastFlight(t)
		p.Server.Nap()
		p.Server.Nap()
		p.Now = p.Now.Add(time.Second)
		if late {
			p.Now = p.Now.Add(lingerTime)
		}
		p.Server.Timeout(p.Now)
		p.Client.Timeout(p.Now)
		p.FlushClient()
		if sent := len(p.Server.Take()) > 0; sent == late {
			t.Errorf("late: %v, sent again: %v", late, sent)
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
