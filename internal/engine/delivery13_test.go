package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// epochBitsOf returns the bits of its epoch in the first record of a datagram.
func epochBitsOf(t *testing.T, datagram []byte) uint8 {
	t.Helper()
	r, _, err := wire.ParseUnifiedRecord(slices.Clone(datagram), 0)
	if err != nil {
		t.Fatalf("a datagram of ours does not parse: %v", err)
	}
	return r.EpochBits
}

// partial returns a pair of which the client has half of the server's flight, and
// the rest of it.
func partial(t *testing.T) (p *dtlstest.Pair, rest [][]byte) {
	t.Helper()
	p = dtlstest.NewPair(t, 1, dtls13, withCertificates, longChain(2), both(func(cfg *engine.Config) { cfg.MTU = engine.MinMTU; cfg.FixedMTU = true }))
	p.FlushClient()
	flight := p.Server.Take()
	if len(flight) < 4 {
		t.Fatalf("a flight of %d datagrams", len(flight))
	}
	half := len(flight) / 2
	for _, datagram := range flight[:half] {
		p.Client.Receive(p.Now, datagram)
	}
	return p, flight[half:]
}

// RFC 9147, Sections 7.1 and 7.2: part of a flight is acknowledged after a
// quarter of the timer, and what is acknowledged is not repeated.
func TestAcknowledgedPartsAreNotRepeated(t *testing.T) {
	p, rest := partial(t)
	wantSilent(t, p.Client, "before the ACK is due")
	wantDeadline(t, p, p.Client, ackTime, "with half of a flight")
	p.Client.Timeout(p.Now.Add(ackTime))
	acks := p.Client.Take()
	if len(acks) != 1 || epochBitsOf(t, acks[0]) != 2 {
		t.Fatalf("%d datagrams in reply to half of a flight", len(acks))
	}
	p.ToServer(acks[0])
	p.Advance(time.Second)
	again := p.Server.Take()
	if len(again) == 0 || len(again) > len(rest) {
		t.Fatalf("%d datagrams repeated, %d were lost", len(again), len(rest))
	}
	for _, datagram := range again {
		p.Client.Receive(p.Now, datagram)
	}
	if n := p.Client.Drops[wire.DropDuplicateMessage]; n > 0 {
		t.Errorf("%d parts repeated that were acknowledged", n)
	}
	p.Connect()
	wantAlive(t, p, "after a flight in two parts")
}

// RFC 9147, Section 7: an ACK in the epochs of the handshake is of no later one.
func TestEpochOfAnACKIsNotBelowWhatItLists(t *testing.T) {
	list := func(epochs ...uint64) []byte {
		var numbers []wire.RecordNumber
		for _, epoch := range epochs {
			numbers = append(numbers, wire.RecordNumber{Epoch: epoch, Seq: 1 << 30})
		}
		return wire.ACK{Records: wire.AppendRecordNumbers(nil, numbers...)}.AppendTo(nil)
	}
	for _, tt := range []struct {
		content []byte
		good    bool
	}{{list(0, 2), true}, {list(2, 3), false}, {list(1 << 40), false}} {
		p, _ := partial(t)
		p.ToServer(p.Client.SealIn(2, wire.ContentACK, tt.content))
		if tt.good == p.Server.Over {
			t.Errorf("%x: over: %v", tt.content, p.Server.Err)
		}
		if !tt.good {
			wantOverWith(t, p.Server, wire.AlertDecodeError)
		}
	}
	p := connected(t, dtls13)
	quiet(p)
	p.ToServer(p.Client.SealAs(wire.ContentACK, list(0, 2, 3, 4, 1<<40)))
	wantAlive(t, p, "after an ACK of what is still to come")
}

// RFC 9147, Section 5.8.1: for as long as a segment may live twice, the client's
// last flight is acknowledged as often as it comes, in the newest epoch.
func TestRepeatedLastFlightIsAcknowledgedAgain(t *testing.T) {
	p := dtlstest.NewPair(t, 1, dtls13)
	p.FlushClient()
	p.FlushServer()
	for range 3 {
		p.FlushClient()
		if !p.Server.Established {
			t.Fatal("no handshake")
		}
		p.Server.Timeout(p.Now.Add(ackTime))
		if acks := p.Server.Take(); len(acks) != 1 || epochBitsOf(t, acks[0]) != 3 { // lost
			t.Fatalf("%d datagrams, want an ACK", len(acks))
		}
		p.Now = p.Client.Deadline()
		p.Client.Timeout(p.Now)
		if len(p.Client.Outbox) == 0 {
			t.Fatal("the client does not repeat its flight")
		}
	}
	quiet(p)
	if !p.Client.NextTransmission().IsZero() {
		t.Error("the client's flight is not acknowledged")
	}
	wantAlive(t, p, "after ACKs that were lost")
}

// RFC 9147, Section 9: where a connection ID is in use, every record has it.
func TestRecordOf13WithoutItsConnectionIDIsDropped(t *testing.T) {
	p := connected(t, dtls13, withCIDs(0, 8))
	quiet(p)
	for i, typ := range []wire.ContentType{wire.ContentApplicationData, wire.ContentAlert} {
		p.ToServer(p.Client.SealWithCID(nil, typ, alert(wire.AlertFatal, wire.AlertInternalError)))
		wantDrop(t, p.Server, wire.DropMissingCID, i+1, "without a connection ID")
	}
	if len(p.Server.Received) > 0 {
		t.Errorf("received %q", p.Server.Received)
	}
	wantAlive(t, p, "after records without a connection ID")
}

// RFC 9147, Section 9: who is told cid_immediate uses one of the new ones from
// then on, and none of those from before.
func TestImmediateConnectionIDIsUsedAtOnce(t *testing.T) {
	p := connected(t, dtls13, withCIDs(0, 8))
	requested(t, p, 2)
	tell := func(usage wire.ConnectionIDUsage, cids ...[]byte) {
		m := wire.NewConnectionID{CIDs: wire.AppendOpaque8s(nil, cids...), Usage: usage}
		p.Client.Receive(p.Now, p.Server.SealAs(wire.ContentHandshake, late(wire.TypeNewConnectionID, p.Client.PeerSeq(), m.AppendTo(nil))))
		p.Client.Take()
	}
	says := func() string { return cidOf(t, said(t, p, "data"), 8) }
	first := says()
	tell(wire.CIDSpare, []byte("spare--1"))
	if says() != first {
		t.Error("a spare connection ID is used at once")
	}
	tell(wire.CIDImmediate, []byte("now----1"), []byte("next---1"))
	if got := says(); got != "now----1" {
		t.Errorf("uses %q", got)
	}
	if !p.Client.UseNextCID() || says() != "next---1" || p.Client.UseNextCID() {
		t.Error("those from before are still used")
	}
	tell(wire.CIDImmediate)
	wantOverWith(t, p.Client, wire.AlertIllegalParameter)
}
