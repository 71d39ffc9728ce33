package engine_test

import (
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// A client that has a part of a flight says so once, and waits. If that is lost
// and the server may send no more, it needs something to hear.
func TestLostACKOfAHeldFlightIsNotTheEnd(t *testing.T) {
	for lost, name := range []string{"short", "short", strings.Repeat("long.", 40) + "example"} {
		p, received := unproven(t, dtls13, withCertificates, longChain(4), target(engine.Target{ServerName: name}))
		p.FlushServer()
		if p.Client.Awaits() == "await finished" || p.Client.Established {
			t.Fatal("the budget sufficed")
		}
		for range lost {
			p.Client.Timeout(p.Client.Deadline())
			if acks := p.Client.Take(); len(acks) != 1 {
				t.Fatalf("%d lost: %d datagrams, want an ACK", lost, len(acks))
			}
			wantDeadline(t, p, p.Client, 0, "after its ACK")
			p.Now = p.Server.Deadline()
			p.Server.Timeout(p.Now)
			if p.Server.SentBytes > 3*received {
				t.Fatalf("%d bytes sent for %d received", p.Server.SentBytes, received)
			}
			p.FlushServer()
		}
		p.Advance(ackTime) // now it arrives, and the rest follows at once
		p.Connect()
		wantAlive(t, p, "after ACKs that were lost")
	}
}
