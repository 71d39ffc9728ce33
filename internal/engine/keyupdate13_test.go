package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// RFC 9147, Section 8: who is asked for new keys and may have none passes the
// request over.
func TestRequestForNewKeysIsPassedOverWhereThereAreNone(t *testing.T) {
	p := connected(t, dtls13)
	quiet(p)
	v, _ := newVault(t)
	if _, err := p.Server.Snapshot(p.Now, v, 1000); err != nil {
		t.Fatal(err)
	}
	update(t, p, p.Client, true)
	wait(p)
	if p.Server.KeyUpdates != 1 || p.Client.KeyUpdates != 1 {
		t.Errorf("under a snapshot: %d and %d updates, want the client's alone", p.Server.KeyUpdates, p.Client.KeyUpdates)
	}
	wantAlive(t, p, "after a request under a snapshot")

	p = connected(t, dtls13)
	quiet(p)
	engine.ExpectEpoch(p.Server.Association, p.Client.Association, 1<<16-1)
	update(t, p, p.Client, true)
	wait(p)
	wantAlive(t, p, "after a request in the last epoch")
	if err := p.Server.KeyUpdate(p.Now, false); !errors.Is(err, engine.ErrSequenceExhausted) {
		t.Errorf("new keys after the last epoch: %v", err)
	}
}

func TestRequestForNewKeysIsAnswered(t *testing.T) {
	for _, request := range []bool{false, true} {
		p := connected(t, dtls13)
		quiet(p)
		for _, datagram := range update(t, p, p.Client, request) {
			p.ToServer(datagram)
		}
		quiet(p)
		want := 1
		if request {
			want = 2
		}
		if p.Client.KeyUpdates != want || p.Server.KeyUpdates != want {
			t.Errorf("request %t: %d and %d updates, want %d", request, p.Client.KeyUpdates, p.Server.KeyUpdates, want)
		}
		wantAlive(t, p, "after an update")
	}
}

// RFC 9147, Section 5.8.4: there is one KeyUpdate on its way at a time, whoever
// wants more.
func TestNoSecondKeyUpdateBeforeTheACK(t *testing.T) {
	p := connected(t, dtls13)
	quiet(p)
	first := update(t, p, p.Client, false)
	if again := update(t, p, p.Client, true); len(first) != 1 || len(again) > 0 {
		t.Errorf("%d and then %d datagrams, want one and none", len(first), len(again))
	}
	for _, datagram := range update(t, p, p.Server, true) {
		p.Client.Receive(p.Now, datagram)
	}
	wantSilent(t, p.Client, "a request that an update on its way answers")
	p.ToServer(first[0])
	quiet(p)
	if p.Client.KeyUpdates != 2 || p.Server.KeyUpdates != 2 {
		t.Errorf("%d and %d updates, want one each way", p.Client.KeyUpdates, p.Server.KeyUpdates)
	}
	wantAlive(t, p, "after updates that crossed")
}

// RFC 9147, Section 4.5.3: keys change before they have protected too much, and
// protect nothing more after that.
func TestKeysChangeBeforeTheSealLimit(t *testing.T) {
	for _, s := range suite.All13() {
		p := connected(t, dtls13, only13(s), withCertificates)
		quiet(p)
		due := s.SealLimit - s.SealLimit/8
		if due > wire.MaxRecordSeq {
			t.Fatalf("%s: keys that never change", s.Name)
		}
		p.Client.SkipTo(due - 1)
		p.Server.ExpectFrom(due - 1)
		if !p.Client.NextTransmission().IsZero() {
			t.Fatalf("%s: an update too early", s.Name)
		}
		wantAlive(t, p, s.Name)
		if p.Client.NextTransmission().IsZero() {
			t.Fatalf("%s: no update at seven eighths of the limit", s.Name)
		}
		p.Advance(0)
		quiet(p)
		if p.Client.KeyUpdates != 1 || p.Client.LastSent().Epoch != 4 {
			t.Errorf("%s: %d updates, records in epoch %d", s.Name, p.Client.KeyUpdates, p.Client.LastSent().Epoch)
		}
		wantAlive(t, p, s.Name)

		p.Client.SkipTo(s.SealLimit - 1)
		p.Server.ExpectFrom(s.SealLimit - 1)
		if err := p.Client.Say("the last"); err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		if err := p.Client.Say("too much"); !errors.Is(err, engine.ErrSequenceExhausted) {
			t.Errorf("%s: beyond the limit: %v", s.Name, err)
		}
		p.FlushClient()
		wantLast(t, p.Server, "the last")
	}
}

// RFC 9147, Section 4.5.3: forgeries are counted, new keys are asked for, and
// then the old ones open nothing more.
func TestForgeriesUseUpTheOpenLimit(t *testing.T) {
	ccm8 := suite.Lookup13(wire.TLS_AES_128_CCM_8_SHA256)
	p := connected(t, dtls13, only13(ccm8), withCertificates)
	quiet(p)
	forge := func() {
		forged := said(t, p, "data")
		forged[len(forged)-1] ^= 1
		p.ToServer(forged)
	}
	p.Server.Forged(ccm8.OpenLimit/2 - 1)
	p.Advance(0)
	wantSilent(t, p.Server, "just below half of the limit")
	forge()
	p.Advance(0)
	if sent := p.Server.Take(); len(sent) != 1 { // lost
		t.Fatalf("half of the limit: %d datagrams, want a request", len(sent))
	}
	wantAlive(t, p, "while new keys are asked for")

	p.Server.Forged(ccm8.OpenLimit - 1)
	wantAlive(t, p, "below the limit")
	forge()
	p.ToServer(said(t, p, "data"))
	wantDrop(t, p.Server, wire.DropForgeryLimit, 1, "a record after too many forgeries")
	if p.Server.Over {
		t.Fatalf("forgeries end an association: %v", p.Server.Err)
	}

	p.Advance(time.Second) // the request is repeated, and the client follows it
	p.FlushServer()
	p.Advance(ackTime)
	p.FlushClient()
	if p.Client.KeyUpdates == 0 {
		t.Error("the client does not hear of it")
	}
}

// RFC 9147, Section 8: old keys are kept until a record opens under the new
// ones, however long that takes, and a while longer for what is late.
func TestOldKeysAreKeptUntilTheNewOnesAreInUse(t *testing.T) {
	p := connected(t, dtls13)
	quiet(p)
	first, second, late := said(t, p, "first"), said(t, p, "second"), said(t, p, "late")
	for _, datagram := range update(t, p, p.Client, false) {
		p.ToServer(datagram)
	}
	p.Advance(ackTime)
	p.Server.Take() // the ACK is lost: the client does not change its keys
	p.Advance(24 * time.Hour)
	p.Server.Take()
	p.ToServer(first)
	wantLast(t, p.Server, "first")

	p.Client.Take()
	p.Client.Timeout(p.Now)
	wait(p)
	wantAlive(t, p, "with new keys")
	p.ToServer(second)
	wantLast(t, p.Server, "second")
	p.Advance(time.Hour)
	drops := p.Server.Drops[wire.DropFutureEpoch]
	p.ToServer(late)
	wantDrop(t, p.Server, wire.DropFutureEpoch, drops+1, "a record of keys that are gone")
}
