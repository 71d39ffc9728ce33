package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// update has a side change its keys, and returns what it sends.
func update(t *testing.T, p *dtlstest.Pair, e *dtlstest.Endpoint, request bool) [][]byte {
	t.Helper()
	if err := e.KeyUpdate(p.Now, request); err != nil {
		t.Fatal(err)
	}
	e.Drain(p.Now)
	return e.Take()
}

func TestAMessageThatFollowsAKeyUpdateWaitsForTheNewKeys(t *testing.T) {
	p := connected(t, dtls13, withCIDs(0, 8))
	quiet(p)
	news := update(t, p, p.Server, false)
	if err := p.Client.RequestCIDs(p.Now, 2); err != nil {
		t.Fatal(err)
	}
	p.Client.Drain(p.Now)
	p.FlushClient()
	wantSilent(t, p.Server, "the connection IDs wait for the new keys")
	for _, datagram := range news {
		p.Client.Receive(p.Now, datagram)
	}
	quiet(p)
	if !p.Client.UseNextCID() {
		t.Error("there are no new connection IDs")
	}
	wantAlive(t, p, "after all that")
}

func TestNothingIsRepeatedOnceTheNumbersAreUsedUp(t *testing.T) {
	p := connected(t, dtls13, withCIDs(8, 8))
	quiet(p)
	v, _ := newVault(t)
	if _, err := p.Server.Snapshot(p.Now, v, 1); err != nil {
		t.Fatal(err)
	}
	if err := p.Server.RequestCIDs(p.Now, 1); err != nil {
		t.Fatal(err)
	}
	p.Server.Drain(p.Now)
	p.Server.Take() // lost
	for _, datagram := range update(t, p, p.Client, false) {
		p.ToServer(datagram)
	}
	p.Advance(time.Hour) // the ACK is due, and so is the repetition
	wantOver(t, p.Server, engine.ErrSequenceExhausted, "no number for an ACK")
	wantSilent(t, p.Server, "after the end")
}

// The peer goes on with new keys only when it has all that is before the
// KeyUpdate, which an ACK of that alone does not say.
func TestKeysWaitForWhatIsBeforeTheirUpdate(t *testing.T) {
	p := connected(t, dtls13, withCIDs(8, 8))
	quiet(p)
	if err := p.Server.RequestCIDs(p.Now, 1); err != nil {
		t.Fatal(err)
	}
	p.Server.Drain(p.Now)
	p.Server.Take() // lost
	for _, datagram := range update(t, p, p.Server, false) {
		p.Client.Receive(p.Now, datagram)
	}
	p.Client.Timeout(p.Now.Add(ackTime))
	if acks := p.Client.Take(); len(acks) != 1 {
		t.Fatalf("%d datagrams, want an ACK", len(acks))
	} else {
		p.ToServer(acks[0])
	}
	if p.Server.KeyUpdates != 0 {
		t.Error("new keys are in use before the peer has them")
	}
	wantAlive(t, p, "between an update and what is before it")
	wait(p)
	if p.Server.KeyUpdates != 1 || p.Server.OldWrites() != 0 {
		t.Errorf("%d updates, keys of %d epochs before", p.Server.KeyUpdates, p.Server.OldWrites())
	}
	wantAlive(t, p, "after the update")
}

func TestMessagesThatComeBeforeTheHandshakeIsOverAreTakenAtItsEnd(t *testing.T) {
	p := dtlstest.NewPair(t, 1, dtls13)
	p.FlushClient()
	p.FlushServer()
	finished := p.Client.Take()
	for _, datagram := range append(update(t, p, p.Client, false), finished...) {
		p.ToServer(datagram)
	}
	if p.Server.KeyUpdates != 1 {
		t.Errorf("%d updates taken", p.Server.KeyUpdates)
	}
	quiet(p)
	wantAlive(t, p, "after an early update")
}

func TestR21ForgedAlertDoesNotRestartAHandshakeUnderItsKeys(t *testing.T) {
	for _, records := range []int{1, 2} {
		p := dtlstest.NewPair(t, 1, append(retrying, oneByOne)...)
		p.FlushClient()
		p.FlushServer()
		p.Client.AddCookie([]byte("cookie"))
		p.Server.Take()
		p.FlushClient()
		flight := p.Server.Take()
		if len(flight) == 1 {
			flight = splitRecords13(t, flight[0])
		}
		for _, datagram := range flight[:records] {
			p.Client.Receive(p.Now, datagram)
		}
		p.Client.Receive(p.Now, plaintext(wire.ContentAlert, alert(wire.AlertFatal, wire.AlertIllegalParameter)))
		p.Client.Take()
		p.Advance(time.Second)
		if p.Client.Over && records > 1 {
			t.Errorf("after %d records: %v", records, p.Client.Err)
		}
	}
}

// splitRecords13 returns each record of a datagram as a datagram.
func splitRecords13(t *testing.T, datagram []byte) [][]byte {
	t.Helper()
	var all [][]byte
	for len(datagram) > 0 {
		_, rest, err := wire.ParseRecord(datagram)
		if err != nil {
			if _, rest, err = wire.ParseUnifiedRecord(datagram, 0); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, datagram[:len(datagram)-len(rest)])
		datagram = rest
	}
	return all
}

func TestTrimDropsTheExpandedKeysOfEveryEpoch(t *testing.T) {
	p := connected(t, dtls13)
	for range 3 {
		updated(t, p, p.Client)
		updated(t, p, p.Server)
	}
	update(t, p, p.Server, false)
	for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
		if e.Trim(); e.Expanded() {
			t.Errorf("%v has expanded keys", e.Side())
		}
	}
	wait(p)
	wantAlive(t, p, "after being idle")
}

// brokenSealer seals nothing.
type brokenSealer struct{ engine.Sealer }

var errNoKey = errors.New("no key to seal with")

func (brokenSealer) Seal(time.Time, []byte) ([]byte, error) { return nil, errNoKey }

func TestAServerWithoutTicketKeysServesWithoutTickets(t *testing.T) {
	p := connected(t, dtls13, client(func(cfg *engine.Config) { cfg.SessionCache = true }),
		server(func(cfg *engine.Config) { cfg.Tickets = brokenSealer{sealer(t, 1)} }))
	if len(p.Server.Warnings) != 1 || !errors.Is(p.Server.Warnings[0], errNoKey) {
		t.Errorf("warnings: %v", p.Server.Warnings)
	}
	wantAlive(t, p, "without tickets")
}

// RFC 8446, Section 4.6.1: "Clients MUST NOT cache tickets for longer than 7
// days, regardless of the ticket_lifetime".
func TestATicketIsNotOfferedAfterAWeek(t *testing.T) {
	p := connected(t, dtls13, client(func(cfg *engine.Config) { cfg.SessionCache = true }))
	m := wire.NewSessionTicket13{Lifetime: 1 << 31, Nonce: []byte{1}, Ticket: []byte("a ticket")}
	p.Client.Receive(p.Now, p.Server.SealAs(wire.ContentHandshake, late(wire.TypeNewSessionTicket, p.Client.PeerSeq(), m.AppendTo(nil))))
	const week = 7 * 24 * 60 * 60
	if len(p.Client.Stored) != 1 || p.Client.Stored[0].Lifetime != week {
		t.Errorf("stored: %+v", p.Client.Stored)
	}
}

// late returns a message that comes after the handshake, as its content.
func late(typ wire.HandshakeType, seq uint16, body []byte) []byte {
	return wire.Fragment{Type: typ, Length: uint32(len(body)), Seq: seq, Body: body}.AppendTo(nil)
}

// What is not acknowledged may take longer than a delivery is kept at rest. Until
// then its owner has nothing to do.
func TestDeadlineIsNeverOverWhileAMessageIsRepeated(t *testing.T) {
	p := connected(t, dtls13, both(func(cfg *engine.Config) { cfg.RetransmitLimit = 20 }))
	quiet(p)
	begun := p.Now
	update(t, p, p.Server, false) // lost
	for !p.Server.Over {
		next := p.Server.Deadline()
		if !next.After(p.Now) {
			t.Fatalf("after %v the deadline is %v ago", p.Now.Sub(begun), p.Now.Sub(next))
		}
		p.Now = next
		p.Server.Timeout(p.Now)
		p.Server.Take()
	}
	if took := p.Now.Sub(begun); p.Server.Repeated != 20 || took < 15*time.Minute {
		t.Errorf("repeated %d times in %v", p.Server.Repeated, took)
	}
}

// A record may hold more than what ends the association, which has no keys after
// that.
func TestNothingIsSaidAfterAFragmentThatEndsAnAssociation(t *testing.T) {
	p := connected(t, dtls13, withCIDs(0, 8))
	quiet(p)
	for range 2 { // the second answer waits for the first to arrive
		if err := p.Client.RequestCIDs(p.Now, 1); err != nil {
			t.Fatal(err)
		}
		p.Client.Drain(p.Now)
		p.Settle()
	}
	next := p.Server.PeerSeq()
	bad := wire.Fragment{Type: wire.TypeKeyUpdate, Seq: next, Length: 1 << 20, Body: []byte{0}}.AppendTo(nil)
	good := late(wire.TypeKeyUpdate, next, []byte{0})
	sealed := p.Client.SealAs(wire.ContentHandshake, append(bad, good...))
	p.ToServer(sealed)
	wantOverWith(t, p.Server, wire.AlertIllegalParameter)
	if sent := p.Server.Take(); len(sent) != 1 || p.Server.Buffered() > 0 {
		t.Errorf("%d datagrams, want an alert; %d bytes kept", len(sent), p.Server.Buffered())
	}
}
