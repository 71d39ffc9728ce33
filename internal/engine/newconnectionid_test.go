package engine_test

import (
	"errors"
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// cidOf returns the connection ID of the first record of a datagram of DTLS 1.3.
func cidOf(t *testing.T, datagram []byte, n int) string {
	t.Helper()
	r, _, err := wire.ParseUnifiedRecord(datagram, n)
	if err != nil {
		t.Fatalf("a datagram of ours does not parse: %v", err)
	}
	return string(r.CID)
}

// requested has the client ask for connection IDs, and get them.
func requested(t *testing.T, p *dtlstest.Pair, n int) {
	t.Helper()
	if err := p.Client.RequestCIDs(p.Now, n); err != nil {
		t.Fatal(err)
	}
	p.Client.Drain(p.Now)
	quiet(p)
}

func TestConnectionIDsOf13(t *testing.T) {
	for _, lengths := range [][2]int{{0, 8}, {8, 0}, {4, 8}, {0, 0}, {-1, 8}, {8, -1}} {
		p := connected(t, dtls13, withCIDs(lengths[0], lengths[1]), withCertificates)
		wantEcho(t, p)
		state := p.Server.State()
		if both := lengths[0] >= 0 && lengths[1] >= 0; state.HasCID != both {
			t.Errorf("%v: negotiated: %t", lengths, state.HasCID)
		} else if both && (len(state.LocalCID) != lengths[1] || len(state.RemoteCID) != lengths[0]) {
			t.Errorf("%v: %x and %x", lengths, state.LocalCID, state.RemoteCID)
		}
		updated(t, p, p.Client)
		wantEcho(t, p)
	}
}

func TestAMovingClientHasConnectionIDsThatNobodySaw(t *testing.T) {
	p := connected(t, dtls13, withCIDs(0, 8))
	quiet(p)
	seen := map[string]bool{}
	say := func() {
		p.Client.Say("hello")
		datagram := p.Client.Take()[0]
		cid := cidOf(t, datagram, 8)
		if seen[cid] {
			t.Errorf("connection ID %x serves twice", cid)
		}
		seen[cid] = true
		p.ToServer(datagram)
		wantLast(t, p.Server, "hello")
	}
	say()
	if p.Client.UseNextCID() {
		t.Error("there is a spare connection ID that nobody asked for")
	}
	for range 5 {
		requested(t, p, 2)
		for p.Client.UseNextCID() {
			say()
		}
	}
	if len(seen) != 11 || len(p.Server.CIDs) != 10 || len(p.Server.RetiredCIDs) != 7 {
		t.Errorf("%d used, %d issued, %d retired", len(seen), len(p.Server.CIDs), len(p.Server.RetiredCIDs))
	}
}

func TestRetiredConnectionIDsAreNotTaken(t *testing.T) {
	p := connected(t, dtls13, withCIDs(0, 8))
	quiet(p)
	p.Client.Say("late")
	late := p.Client.Take()[0]
	for range 3 {
		requested(t, p, 3)
		for p.Client.UseNextCID() {
		}
	}
	drops := p.Server.Drops[wire.DropUnknownCID]
	p.ToServer(late)
	wantDrop(t, p.Server, wire.DropUnknownCID, drops+1, "a connection ID that was retired")
	wantEcho(t, p)
}

// A request that comes before the last answer is acknowledged is answered after
// that.
func TestRequestsForConnectionIDsAreAnsweredOneByOne(t *testing.T) {
	p := connected(t, dtls13, withCIDs(0, 8))
	quiet(p)
	for range 2 {
		if err := p.Client.RequestCIDs(p.Now, 1); err != nil {
			t.Fatal(err)
		}
		p.Client.Drain(p.Now)
		p.Settle()
	}
	if got := len(p.Server.CIDs); got != 1 {
		t.Fatalf("%d issued before the first are acknowledged", got)
	}
	quiet(p)
	quiet(p)
	if got := len(p.Server.CIDs); got != 2 {
		t.Errorf("%d issued in all", got)
	}
	if err := p.Client.RequestCIDs(p.Now, 1); err != nil {
		t.Fatal(err)
	}
	p.Client.Drain(p.Now)
	quiet(p)
	wantEcho(t, p)
}

func TestNobodyIsAskedForConnectionIDsThatItHasNot(t *testing.T) {
	p := connected(t, dtls13, withCIDs(8, 0))
	quiet(p)
	body := wire.RequestConnectionID{Count: 1}.AppendTo(nil)
	f := wire.Fragment{Type: wire.TypeRequestConnectionID, Length: 1, Seq: p.Server.PeerSeq(), Body: body}
	p.ToServer(p.Client.SealAs(wire.ContentHandshake, f.AppendTo(nil)))
	if alert := lastSent(t, p); !p.Server.Over || alert.Description != wire.AlertUnexpectedMessage {
		t.Errorf("ended %t with %v", p.Server.Over, alert)
	}
}

func TestConnectionIDsAreAskedForWhereThereAreSome(t *testing.T) {
	for _, options := range [][]dtlstest.Option{{dtls13}, {withCIDs(0, 8)}, {dtls13, withCIDs(8, 0)}} {
		p := connected(t, options...)
		quiet(p)
		if err := p.Client.RequestCIDs(p.Now, 1); !errors.Is(err, engine.ErrNoNewCIDs) {
			t.Errorf("asked: %v", err)
		}
	}
}

// lastSent returns the alert that the server sent last, as the client sees it.
func lastSent(t *testing.T, p *dtlstest.Pair) wire.Alert {
	t.Helper()
	p.FlushServer()
	if len(p.Client.Alerts) == 0 {
		t.Fatal("no alert arrived")
	}
	return p.Client.Alerts[len(p.Client.Alerts)-1]
}

// RFC 9147, Section 9: these messages are unexpected where no connection IDs are
// in use.
func TestConnectionIDMessagesNeedConnectionIDs(t *testing.T) {
	bodies := map[wire.HandshakeType][]byte{
		wire.TypeRequestConnectionID: wire.RequestConnectionID{Count: 1}.AppendTo(nil),
		wire.TypeNewConnectionID:     wire.NewConnectionID{Usage: wire.CIDSpare}.AppendTo(nil),
	}
	for typ, body := range bodies {
		p := connected(t, dtls13)
		quiet(p)
		f := wire.Fragment{Type: typ, Length: uint32(len(body)), Seq: p.Server.PeerSeq(), Body: body}
		p.ToServer(p.Client.SealAs(wire.ContentHandshake, f.AppendTo(nil)))
		if alert := lastSent(t, p); !p.Server.Over || alert.Description != wire.AlertUnexpectedMessage {
			t.Errorf("%v: ended %t with %v", typ, p.Server.Over, alert)
		}
	}
}

// A client that asks for connection IDs and uses none keeps the one that it has.
func TestTheConnectionIDInUseIsNotRetired(t *testing.T) {
	p := connected(t, dtls13, withCIDs(0, 8))
	for range 5 {
		requested(t, p, 4)
		wantAlive(t, p, "after connection IDs that nobody uses")
	}
	if len(p.Server.CIDs) != 3 || len(p.Server.RetiredCIDs) != 0 {
		t.Errorf("%d issued, %d retired; want 3 and none", len(p.Server.CIDs), len(p.Server.RetiredCIDs))
	}
	p.Client.UseNextCID()
	wantAlive(t, p, "with the next one")
	requested(t, p, 4)
	wantAlive(t, p, "after more of them")
	if len(p.Server.CIDs) != 4 || len(p.Server.RetiredCIDs) != 1 {
		t.Errorf("%d issued, %d retired; want one more of each", len(p.Server.CIDs), len(p.Server.RetiredCIDs))
	}
}

// What a restored association's owner cannot make, the peer does not get.
func TestARestoredAssociationNeedsNoSourceOfConnectionIDs(t *testing.T) {
	for _, source := range []engine.CIDSource{nil, dtlstest.CIDs{Len: 5, Rand: dtlstest.NewRand(1)}} {
		v, _ := newVault(t)
		p := connected(t, dtls13, withCIDs(0, 8))
		quiet(p)
		sealed, err := p.Server.Handover(p.Now, v)
		if err != nil {
			t.Fatal(err)
		}
		cfg := *p.ServerConfig
		cfg.CIDs = source
		p.ServerConfig = &cfg
		adopt(t, p, v, sealed)
		requested(t, p, 2)
		if p.Client.UseNextCID() {
			t.Error("there is a new connection ID")
		}
		wantAlive(t, p, "after a request in vain")
	}
}

// A client that moves before its KeyUpdate is acknowledged goes on in the old
// epoch: its records are the newest that there are.
func TestRecordsOfTheOldEpochAreNewestUntilTheNewOneIsInUse(t *testing.T) {
	p := connected(t, dtls13, withCIDs(0, 8))
	quiet(p)
	if err := p.Client.KeyUpdate(p.Now, false); err != nil {
		t.Fatal(err)
	}
	p.Client.Drain(p.Now)
	p.FlushClient()
	p.Client.Say("under the old keys")
	old := p.Client.Take()[0]
	p.Client.Say("under the old keys still")
	late := p.Client.Take()[0]
	if p.ToServer(old); !p.Server.Newest() {
		t.Error("nothing is newer than what came under the old keys")
	}
	quiet(p)
	wantEcho(t, p) // under the new ones
	if p.ToServer(late); p.Server.Newest() {
		t.Error("a record of the old epoch is newer than those of the new one")
	}
	wantLast(t, p.Server, "under the old keys still")
}
